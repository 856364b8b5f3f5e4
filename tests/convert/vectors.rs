//! The session strings of `tests/data/vectors.json`, which are others' own: each is read, and written again to the letter
//! where its layout is one that is written.

use mtwire::session::convert::{ExportOptions, Exported, Format, ImportOptions, Input, export, import};
use mtwire::session::{Network, User};
use serde_json::Value;

fn auth_key(text: &str) -> Vec<u8> {
    match text {
        "iota(256)" => (0..=255).collect(),
        "61 x256" => vec![0x61; 256],
        other => panic!("{other}"),
    }
}

#[test]
fn session_strings() {
    let all: Value = serde_json::from_str(include_str!("../data/vectors.json")).unwrap();
    let vectors = all["vectors"].as_array().unwrap().iter().filter(|v| v["kind"] == "session_string");
    let mut seen = 0;
    for vector in vectors {
        let (id, inputs) = (&vector["id"], &vector["inputs"]);
        let name = inputs["format"].as_str().unwrap();
        let format = match name {
            "telethon" => Format::TelethonString,
            name if name.starts_with("pyrogram") => Format::PyrogramString,
            // Forms of other programs that are not asked for.
            _ => continue,
        };
        seen += 1;
        let text = vector["outputs"]["string"].as_str().unwrap();
        let imported = import(format, Input::Text(text), &ImportOptions::default());
        let mut state = imported.unwrap_or_else(|error| panic!("{id}: {error}")).state;
        let dc = &state.dcs[&state.home_dc];
        assert_eq!(inputs["dc"], state.home_dc, "{id}");
        let key = auth_key(inputs["auth_key"].as_str().unwrap());
        assert_eq!(dc.auth_key.as_ref().unwrap().as_bytes()[..], key, "{id}");
        if format == Format::TelethonString {
            assert_eq!(
                (&inputs["ip"], &inputs["port"]),
                (&(*dc.addresses[0].host).into(), &dc.addresses[0].port.into()),
                "{id}"
            );
        } else {
            let user = state.user.as_ref().unwrap();
            assert_eq!((&inputs["user_id"], &inputs["bot"]), (&user.id.into(), &user.bot.into()), "{id}");
            assert_eq!(inputs["test"], state.network == Network::Test, "{id}");
            let api_id = state.app.as_ref().map(|app| app.id);
            assert_eq!(inputs["api_id"].as_i64(), api_id.map(i64::from), "{id}");
        }
        if !name.contains("old") {
            state.user.get_or_insert_with(User::default);
            let Exported::Text(again) = export(&state, format, &ExportOptions::default()).unwrap().output
            else {
                panic!("a string")
            };
            assert_eq!(&**again, text, "{id}");
        }
    }
    assert!(seen >= 4, "{seen}");
}
