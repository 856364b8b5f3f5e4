//! `mtwire session show`.

use mtwire::session::{Change, FileStore, SessionStore, User};

use crate::world::{ADA, BOB, World};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 4648, without the end, where the alphabets and the padding differ.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let triples = bytes.chunks_exact(3).flat_map(|triple| {
        let bits = u32::from_be_bytes([0, triple[0], triple[1], triple[2]]);
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift) as usize & 63]))
    });
    triples.collect()
}

#[test]
fn no_part_of_a_key_is_shown() {
    let world = World::start();
    world.login("ada", &["--phone", ADA], "11111\n").succeeds();
    let shown = [&["--json"][..], &[]].map(|more| world.run("session show", "ada", more).succeeds().stdout);
    let state = world.state("ada");
    let secrets = state.dcs.values().filter_map(|dc| dc.auth_key.as_ref()).map(|key| key.as_bytes().to_vec());
    let secrets: Vec<Vec<u8>> = secrets.chain([state.app.unwrap().hash.expose().to_vec()]).collect();
    assert!(secrets.len() >= 3, "the DC where it began, the home, and the API key");
    assert_eq!(base64(b"Man"), "TWFu");
    for output in &shown {
        let lower = output.to_lowercase();
        for secret in &secrets {
            // Any eight bytes of a key would be too much. The API hash of loopback servers is all zeros in text.
            for part in secret.windows(8).filter(|part| *part != b"00000000") {
                assert!(!lower.contains(&hex(part)), "{output}");
                assert!(!output.as_bytes().windows(8).any(|bytes| bytes == part), "{output}");
            }
            for part in secret.windows(9) {
                let text = base64(part);
                assert!(
                    !output.contains(&text) && !output.contains(&text.replace('+', "-").replace('/', "_"))
                );
            }
        }
    }
    let json: serde_json::Value = serde_json::from_str(&shown[0]).unwrap();
    assert_eq!(
        (&json["home_dc"], &json["user"]["first_name"], &json["login"]),
        (&1.into(), &"Ada".into(), &().into())
    );
    assert!(shown[1].contains("\nuser      Ada Lovelace (@ada), user "), "{}", shown[1]);
}

#[test]
fn a_user_of_whom_only_the_number_is_known_is_shown_by_it() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let store = FileStore::open(world.path("bob")).unwrap();
    for (known, line) in [
        (User::default(), "user 7"),
        (User { username: Some("bob".into()), ..User::default() }, "@bob, user 7"),
        (User { bot: true, phone: Some("1".into()), ..User::default() }, "bot 7, +1"),
    ] {
        store.apply(&[Change::User(Some(User { id: 7, ..known }))]).unwrap();
        let shown = world.run("session show", "bob", &[]).succeeds().stdout;
        assert!(shown.contains(&format!("\nuser      {line}\n")), "{shown}");
    }
}

#[test]
fn an_unfinished_login_is_shown() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "").fails(1, "there is no input for the login code");
    let shown = world.run("session show", "bob", &[]).succeeds().stdout;
    assert!(shown.contains("nobody is logged in\n"), "{shown}");
    assert!(shown.contains(&format!("\nlogin     unfinished, for {BOB}, waits for the code\n")), "{shown}");
}
