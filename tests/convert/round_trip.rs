//! Out and in again: what a form carries is there, and what it does not is empty.

use std::fs;

use mtwire::session::convert::{
    ErrorKind, ExportOptions, Exported, Format, ImportOptions, Imported, Input, Warning, export, import,
};
use mtwire::session::{App, DcAddress, Network, Secret, State, User};

use crate::sample;

fn there_and_back(state: &State, format: Format, options: &ExportOptions) -> Imported {
    let output = export(state, format, options).unwrap_or_else(|error| panic!("{error}")).output;
    let options = ImportOptions::default();
    match output {
        Exported::Text(text) => import(format, Input::Text(&format!(" {}\n", *text)), &options),
        Exported::File(content) => {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.session");
            fs::write(&path, &*content).unwrap();
            import(format, Input::Path(&path), &options)
        }
    }
    .unwrap_or_else(|error| panic!("{error}"))
}

/// What a string carries of the sample.
fn only_the_key(state: State) -> State {
    State { updates: None, channels: Default::default(), peers: Default::default(), ..state }
}

fn without_hash(state: State) -> State {
    let app = state.app.map(|app| App { id: app.id, hash: Secret::default() });
    let user = state.user.map(|user| User { id: user.id, bot: user.bot, ..User::default() });
    State { app, user, ..state }
}

#[test]
fn our_own_string_carries_servers_user_and_api_id() {
    for network in [Network::Production, Network::Test] {
        let state = State { network, ..sample::state() };
        let back = there_and_back(&state, Format::MtwireString, &ExportOptions::default()).state;
        assert_eq!(back, only_the_key(without_hash(state)));
    }
    let mut state = sample::custom();
    state.dcs.get_mut(&2).unwrap().addresses.push(DcAddress::new("dc.example.org", 8443));
    let back = there_and_back(&state, Format::MtwireString, &ExportOptions::default()).state;
    assert_eq!(back, only_the_key(without_hash(state)));
}

#[test]
fn a_telethon_string_carries_the_key_and_where_it_belongs() {
    for address in ["149.154.167.51", "2001:67c:4e8:f002::a"] {
        let mut state = sample::state();
        state.dcs.get_mut(&2).unwrap().addresses = vec![DcAddress::new(address, 443)];
        let back = there_and_back(&state, Format::TelethonString, &ExportOptions::default()).state;
        assert_eq!(back, State { app: None, user: Some(User::default()), ..only_the_key(state) });
    }
}

#[test]
fn a_telethon_file_carries_peers_and_the_update_state() {
    let state = sample::state();
    let back = there_and_back(&state, Format::TelethonSqlite, &ExportOptions::default()).state;
    let mut wanted = State { app: None, user: Some(User::default()), ..state };
    // Telethon does not note what kind of user or channel it is.
    wanted.peers.values_mut().for_each(|peer| peer.bot_or_broadcast = false);
    assert_eq!(back, wanted);
}

#[test]
fn a_pyrogram_string_carries_the_key_and_the_user() {
    for network in [Network::Production, Network::Test] {
        let state = State { network, ..sample::state() };
        let back = there_and_back(&state, Format::PyrogramString, &ExportOptions::default()).state;
        let mut wanted = only_the_key(without_hash(state));
        wanted.dcs.get_mut(&2).unwrap().addresses.clear();
        assert_eq!(back, wanted);
    }
}

#[test]
fn a_pyrogram_file_carries_peers_and_kurigrams_the_rest() {
    let state = sample::state();
    let kurigram = ExportOptions { kurigram: true, ..ExportOptions::default() };
    let back = there_and_back(&state, Format::PyrogramSqlite, &kurigram).state;
    assert_eq!(back, without_hash(state.clone()));
    let back = there_and_back(&state, Format::PyrogramSqlite, &ExportOptions::default()).state;
    let mut wanted = State { updates: None, channels: Default::default(), ..without_hash(state) };
    wanted.dcs.get_mut(&2).unwrap().addresses.clear();
    assert_eq!(back, wanted);
}

#[test]
fn what_a_form_cannot_do_without_is_asked_for() {
    let refused = |state: &State, format| {
        let error = export(state, format, &ExportOptions::default()).unwrap_err();
        (error.to_string(), error.kind)
    };
    let strings_and_files = Format::ALL.into_iter().filter(|&format| format != Format::Tdata);
    for format in strings_and_files {
        let nobody = State { user: None, ..sample::state() };
        assert!(refused(&nobody, format).0.contains("log in first"));
        let mut no_key = sample::state();
        no_key.dcs.get_mut(&2).unwrap().auth_key = None;
        assert!(refused(&no_key, format).0.contains("auth key"));
    }
    let unknown = State { user: Some(User::default()), ..sample::state() };
    for format in [Format::PyrogramString, Format::PyrogramSqlite] {
        assert!(refused(&unknown, format).0.contains("mtwire me"));
    }
    let no_app = State { app: None, ..sample::state() };
    assert!(refused(&no_app, Format::PyrogramString).0.contains("api_id"));
    let (message, kind) = refused(&sample::state(), Format::Tdata);
    assert!(matches!(kind, ErrorKind::ReadOnly) && message.contains("only read, not written"));
    let mut by_name = sample::custom();
    by_name.dcs.get_mut(&2).unwrap().addresses = vec![DcAddress::new("localhost", 443)];
    assert!(refused(&by_name, Format::TelethonString).0.contains("IP address"));
    let far =
        State { home_dc: 1000, dcs: [(1000, sample::state().dcs[&2].clone())].into(), ..sample::state() };
    assert!(refused(&far, Format::TelethonString).0.contains("one byte"));
}

#[test]
fn a_session_on_built_in_addresses_gets_one() {
    let mut state = sample::state();
    state.dcs.get_mut(&2).unwrap().addresses.clear();
    assert!(export(&state, Format::TelethonString, &ExportOptions::default()).is_err());
    let fallback = DcAddress::new("149.154.167.51", 443);
    let options = ExportOptions { fallback_address: Some(fallback.clone()), ..ExportOptions::default() };
    let back = there_and_back(&state, Format::TelethonString, &options).state;
    assert_eq!(back.dcs[&2].addresses, [fallback]);
}

#[test]
fn what_is_lost_is_told() {
    let warnings = |state: &State, format| export(state, format, &ExportOptions::default()).unwrap().warnings;
    assert_eq!(warnings(&sample::state(), Format::TelethonString), [Warning::OnlyTheKey(5)]);
    assert_eq!(warnings(&sample::state(), Format::PyrogramSqlite), [Warning::NoUpdateState]);
    let both = [Warning::OnlyTheKey(5), Warning::NoAddress];
    assert_eq!(warnings(&sample::custom(), Format::PyrogramString), both);
    let mut state = sample::state();
    state.peers.values_mut().for_each(|peer| peer.min = true);
    // The group needs no access hash.
    assert_eq!(warnings(&state, Format::TelethonSqlite), [Warning::PeersLeftOut(4)]);
}

#[test]
fn what_the_import_is_told_goes_before_what_the_session_says() {
    let Exported::Text(text) =
        export(&sample::state(), Format::MtwireString, &ExportOptions::default()).unwrap().output
    else {
        panic!("a string")
    };
    let network = sample::custom().network;
    let here = DcAddress::new("127.0.0.1", 4000);
    let options = ImportOptions {
        network: Some(network.clone()),
        addresses: vec![(2, here.clone()), (3, here.clone())],
        app: Some(App { id: 7, hash: Secret::from("h") }),
        ..ImportOptions::default()
    };
    let state = import(Format::MtwireString, Input::Text(&text), &options).unwrap().state;
    assert_eq!((&state.network, state.app.as_ref().map(|app| app.id)), (&network, Some(7)));
    assert_eq!((&state.dcs[&2].addresses, &state.dcs[&3].addresses), (&vec![here.clone()], &vec![here]));
    assert_eq!(state.dcs[&2].auth_key, sample::state().dcs[&2].auth_key);
}

#[test]
fn nothing_secret_is_printed() {
    let export = export(&sample::state(), Format::MtwireString, &ExportOptions::default()).unwrap();
    let Exported::Text(text) = &export.output else { panic!("a string") };
    let shown = format!("{export:?} {:?}", Input::Text(text));
    assert!(shown.contains("Text(..)") && !shown.contains(&text[8..20]), "{shown}");
}

/// The layout that `docs/session-conversion.md` shows.
#[test]
fn the_bytes_of_our_own_string_are_those_that_are_documented() {
    let mut state = sample::state();
    state.dcs.get_mut(&2).unwrap().addresses = vec![DcAddress::new("10.0.0.1", 443)];
    let export = export(&state, Format::MtwireString, &ExportOptions::default()).unwrap();
    let Exported::Text(text) = &export.output else { panic!("a string") };
    // 01 0001 00 | 02 0004 00000002 | 03 0100 5a…
    assert!(text.starts_with("mtwire1_AQABAAIABAAAAAIDAQBaWlpa"), "{}", **text);
    assert_eq!(text.len(), 8 + (4_usize + 7 + 259 + 13 + 12 + 7 + 8).div_ceil(3) * 4 - 2);
}
