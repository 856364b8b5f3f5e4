//! A QR code in the characters of a terminal.

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

/// White paper and black ink, whatever the colours of the terminal: phones do not read a code that is inverted.
const INK_ON_PAPER: &str = "\x1b[30;107m";
const RESET: &str = "\x1b[0m";

/// The lines that show `text`, two rows of the code in each; `None` if it is too long for a QR code. On a `screen` the
/// colours are set; elsewhere a light background is assumed.
pub(super) fn lines(text: &[u8], screen: bool) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    // Of the quiet zone half is drawn: phones need no more on a screen, and the whole would not fit one of 24 lines.
    let drawn = code.render::<Dense1x2>().quiet_zone(false).build();
    let width = drawn.lines().next()?.chars().count();
    let quiet = " ".repeat(width);
    let line = |line: &str| match screen {
        true => format!("{INK_ON_PAPER}  {line}  {RESET}"),
        false => format!("  {line}  "),
    };
    Some(std::iter::once(&*quiet).chain(drawn.lines()).chain([&*quiet]).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::{super::texts, *};

    #[test]
    fn a_login_url_fits_a_small_terminal() {
        let url = format!("tg://login?token={}", "x".repeat(48));
        let drawn = lines(url.as_bytes(), false).unwrap();
        let help = texts::scan_help(30);
        let shown = drawn.iter().map(String::as_str).chain([texts::SCAN, &url, &help]);
        assert!(shown.clone().all(|line| line.chars().count() < 80), "a line that is broken counts twice");
        // The cursor stands in one more.
        assert!(shown.count() < 24);
        assert!(lines(&[b'x'; 5000], false).is_none());
    }

    #[test]
    fn colours_are_set_only_on_a_screen() {
        assert!(lines(b"x", true).unwrap().iter().all(|line| line.starts_with(INK_ON_PAPER)));
        assert!(lines(b"x", false).unwrap().iter().all(|line| !line.contains('\x1b')));
    }
}
