//! The files of `tests/data/sessions/`, which Telethon, Kurigram, Pyrogram and opentele2 wrote
//! (`tests/interop/make_session_fixtures.py`), are read as `expected.json` says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mtwire::session::convert::{Format, ImportOptions, Imported, Input, Warning, import};
use mtwire::session::{Network, PeerKind, Secret, UpdateState};
use serde_json::Value;

pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions")
}

/// The auth key that the fixtures' writer makes of a number.
pub fn key(seed: u64) -> Vec<u8> {
    (0..256_u64).map(|i| (seed * i + i * i) as u8).collect()
}

fn format_of(name: &str) -> Format {
    let string = Path::new(name).extension().is_some_and(|extension| extension == "txt");
    match name {
        name if name.starts_with("tdata") => Format::Tdata,
        name if name.starts_with("telethon") && string => Format::TelethonString,
        name if name.starts_with("telethon") => Format::TelethonSqlite,
        _ if string => Format::PyrogramString,
        _ => Format::PyrogramSqlite,
    }
}

fn expected() -> BTreeMap<String, Value> {
    serde_json::from_slice(&fs::read(directory().join("expected.json")).unwrap()).unwrap()
}

fn read(name: &str, expected: &Value) -> Imported {
    let options = ImportOptions {
        passcode: expected["passcode"].as_str().map(Secret::from),
        account: expected["account"].as_u64().map(|number| number as u32),
        ..ImportOptions::default()
    };
    let path = directory().join(name.split('#').next().unwrap());
    import(format_of(name), Input::Path(&path), &options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_file_is_read_as_its_writer_meant_it() {
    let all = expected();
    assert_eq!(all.len(), 21);
    for (name, expected) in &all {
        let Imported { state, warnings } = read(name, expected);
        let home = state.home().unwrap();
        assert_eq!(i64::from(state.home_dc), expected["dc"].as_i64().unwrap(), "{name}");
        let seed = expected["key_seed"].as_u64().unwrap();
        assert_eq!(home.auth_key.as_ref().unwrap().as_bytes()[..], key(seed), "{name}");
        let network = if expected["test"] == true { Network::Test } else { Network::Production };
        assert_eq!(state.network, network, "{name}");
        let addresses: Vec<_> = home.addresses.iter().map(|at| (at.host.as_str(), at.port)).collect();
        let wanted = expected["address"].as_array();
        let wanted: Vec<_> =
            wanted.map(|at| (at[0].as_str().unwrap(), at[1].as_u64().unwrap() as u16)).into_iter().collect();
        assert_eq!(addresses, wanted, "{name}");

        let user = state.user.as_ref().unwrap();
        match expected["user"].as_array() {
            Some(wanted) => {
                assert_eq!(
                    (Some(user.id), Some(user.bot)),
                    (wanted[0].as_i64(), wanted[1].as_bool()),
                    "{name}"
                );
            }
            None => assert_eq!((user.id, warnings.contains(&Warning::UserUnknown)), (0, true), "{name}"),
        }
        let api_id = state.app.as_ref().map(|app| i64::from(app.id));
        assert_eq!(api_id, expected["api_id"].as_i64(), "{name}");
        assert_eq!(api_id.is_none(), warnings.contains(&Warning::NoApiId), "{name}");
        assert!(state.app.as_ref().is_none_or(|app| app.hash.expose().is_empty()), "{name}");
        for (dc, seed) in expected["keys"].as_object().into_iter().flatten() {
            let found = &state.dcs[&dc.parse().unwrap()];
            let wanted = key(seed.as_u64().unwrap());
            assert_eq!(found.auth_key.as_ref().unwrap().as_bytes()[..], wanted, "{name}");
        }
        let keys = expected["keys"].as_object().map_or(1, serde_json::Map::len);
        assert_eq!(state.dcs.len(), keys, "{name}");

        let updates = expected["updates"].as_array().map(|at| {
            let number = |index: usize| at[index].as_i64().unwrap() as i32;
            UpdateState { pts: number(0), qts: number(1), date: number(2), seq: number(3) }
        });
        assert_eq!(state.updates, updates, "{name}");
        let channels: BTreeMap<String, Value> =
            state.channels.iter().map(|(id, pts)| (id.to_string(), (*pts).into())).collect();
        let wanted = expected["channels"].as_object().cloned().unwrap_or_default();
        assert_eq!(channels, wanted.into_iter().collect(), "{name}");
        let mut peers: Vec<Value> = state
            .peers
            .values()
            .map(|peer| {
                let kind = match peer.key.kind {
                    PeerKind::User => "user",
                    PeerKind::Chat => "chat",
                    PeerKind::Channel => "channel",
                };
                let bot = peer.bot_or_broadcast;
                serde_json::json!([
                    kind,
                    peer.key.id,
                    peer.access_hash,
                    bot,
                    peer.username,
                    peer.phone,
                    peer.name
                ])
            })
            .collect();
        let mut wanted = expected["peers"].as_array().cloned().unwrap_or_default();
        let order = |peer: &Value| (peer[0].to_string(), peer[1].as_i64());
        peers.sort_by_key(order);
        wanted.sort_by_key(order);
        assert_eq!(peers, wanted, "{name}");
    }
}

/// Everything under the directory, with its content.
fn snapshot(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(snapshot(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn the_originals_stay_as_they_are_journals_included() {
    let before = snapshot(&directory());
    assert!(before.keys().any(|path| path.to_string_lossy().ends_with(".session-wal")));
    for (name, expected) in &expected() {
        read(name, expected);
    }
    assert!(snapshot(&directory()) == before);
}

#[test]
fn what_is_only_in_the_write_ahead_log_is_read() {
    // Without its log, the same file is another session.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    fs::copy(directory().join("kurigram-wal.session"), &path).unwrap();
    let alone = import(Format::PyrogramSqlite, Input::Path(&path), &ImportOptions::default());
    assert!(alone.unwrap_err().to_string().contains("no auth key"));
}

#[test]
fn a_form_taken_for_another_is_told_apart() {
    let wrong = |name: &str, format| {
        let path = directory().join(name);
        import(format, Input::Path(&path), &ImportOptions::default()).unwrap_err().to_string()
    };
    for (name, format, hint) in [
        ("telethon.session", Format::PyrogramSqlite, "a file of Telethon (telethon-sqlite)"),
        ("pyrogram.session", Format::TelethonSqlite, "a file of Pyrogram or Kurigram (pyrogram-sqlite)"),
        ("telethon-ipv4.txt", Format::PyrogramString, "351, 356 or 362 characters"),
        ("pyrogram.txt", Format::TelethonString, "begins with 1"),
        ("pyrogram.txt", Format::MtwireString, "begins with mtwire1_"),
        ("pyrogram.txt", Format::PyrogramSqlite, "not a SQLite database"),
        ("pyrogram.txt", Format::Tdata, "tdata is a directory"),
        ("nothing.session", Format::TelethonSqlite, "cannot read"),
        ("telethon.session", Format::TelethonString, "not text"),
    ] {
        let message = wrong(name, format);
        assert!(
            message.contains(hint) && message.starts_with(format.name()),
            "{name} as {format}: {message}"
        );
    }
}
