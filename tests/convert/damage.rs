//! Strings that were mistyped, cut or made up: an error, never a panic and never another session without a word.

use mtwire::session::convert::{
    Error, ErrorKind, ExportOptions, Exported, Format, ImportOptions, Imported, Input, export, import,
};
use proptest::prelude::*;

use crate::sample;

const STRINGS: [Format; 3] = [Format::MtwireString, Format::TelethonString, Format::PyrogramString];

fn text(format: Format) -> String {
    let export = export(&sample::state(), format, &ExportOptions::default()).unwrap();
    let Exported::Text(text) = &export.output else { panic!("a string") };
    text.to_string()
}

fn read(format: Format, text: &str) -> Result<Imported, Error> {
    import(format, Input::Text(text), &ImportOptions::default())
}

#[test]
fn a_string_that_is_cut_is_refused() {
    for format in STRINGS {
        let whole = text(format);
        for len in 0..whole.len() {
            let cut = &whole[..len];
            // Without a checksum, this much of Pyrogram's newest layout looks like one of the older two.
            if format == Format::PyrogramString && matches!(len, 351 | 356) {
                continue;
            }
            // The padding of Telethon's is not needed to know the end.
            if whole[len..].bytes().all(|byte| byte == b'=') {
                continue;
            }
            assert!(read(format, cut).is_err(), "{format} cut to {len}");
        }
        assert!(read(format, &format!("{whole}AAAA")).is_err());
    }
}

#[test]
fn any_one_wrong_character_of_our_own_string_is_noticed() {
    let whole = text(Format::MtwireString);
    for at in 0..whole.len() {
        let mut bytes = whole.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let error = read(Format::MtwireString, std::str::from_utf8(&bytes).unwrap()).unwrap_err();
        let prefix = at < 8;
        assert!(
            prefix || matches!(error.kind, ErrorKind::Checksum { .. } | ErrorKind::Field { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_newer_string_of_ours_is_told_from_a_broken_one() {
    let error = read(Format::MtwireString, &text(Format::MtwireString).replace("mtwire1_", "mtwire7_"));
    assert!(matches!(error.unwrap_err().kind, ErrorKind::Newer { found: 7, known: 1 }));
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let good = text(Format::PyrogramString);
    let error = read(Format::PyrogramString, &good.replacen(&good[100..101], "+", 1)).unwrap_err();
    assert!(error.to_string().contains("alphabet"), "{error}");
    let zeros = "A".repeat(362);
    assert!(matches!(read(Format::PyrogramString, &zeros).unwrap_err().kind, ErrorKind::NoKey));
    let ones = "_".repeat(361) + "w";
    let error = read(Format::PyrogramString, &ones).unwrap_err();
    assert_eq!(error.to_string(), "pyrogram-string: the api_id at byte 1: over 31 bits");
    let long = "A".repeat(1 << 20);
    assert!(read(Format::PyrogramString, &long).unwrap_err().to_string().contains("longer than any"));
    let file = import(Format::TelethonSqlite, Input::Text("x"), &ImportOptions::default()).unwrap_err();
    assert!(matches!(file.kind, ErrorKind::NotAString));
}

proptest! {
    #[test]
    fn made_up_text_never_panics(text in "1?[A-Za-z0-9_=-]{0,400}") {
        for format in STRINGS {
            _ = read(format, &text);
        }
    }

    #[test]
    fn made_up_text_of_the_right_length_never_panics(
        digits in "[A-Za-z0-9_-]{368}",
        format in prop::sample::select(&STRINGS[..]),
    ) {
        for len in [351, 352, 356, 362, 368] {
            _ = read(format, &digits[..len]);
            _ = read(format, &format!("1{}", &digits[..len]));
            _ = read(format, &format!("mtwire1_{}", &digits[..len]));
        }
    }

    #[test]
    fn a_changed_string_is_an_error_or_written_back_the_same(
        format in prop::sample::select(&STRINGS[..]),
        at: prop::sample::Index,
        with in "[A-Za-z0-9_-]",
    ) {
        let mut changed = text(format);
        let at = at.index(changed.len());
        changed.replace_range(at..=at, &with);
        if let Ok(read) = read(format, &changed)
            && let Ok(again) = export(&read.state, format, &ExportOptions::default())
        {
            let Exported::Text(again) = again.output else { panic!("a string") };
            prop_assert_eq!(&*again, &changed);
        }
    }
}
