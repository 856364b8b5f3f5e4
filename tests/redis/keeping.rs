//! What is kept, and how.

use std::collections::BTreeSet;

use mtwire::crypto::AuthKey;
use mtwire::session::redis::redis::Commands;
use mtwire::session::{
    App, Change, Dc, ErrorKind, Network, Peer, PeerKey, PeerKind, Salt, Secret, SessionStore, State,
    UpdateState, User,
};

use crate::server::RedisServer;

pub fn dc(key: u8) -> Dc {
    Dc { auth_key: Some(AuthKey::from_bytes([key; 256])), salts: vec![Salt::undated(7)], ..Dc::default() }
}

pub fn peer(id: i64) -> Change {
    Change::Peer(Peer {
        key: PeerKey { kind: PeerKind::User, id },
        access_hash: Some(!id),
        min: false,
        bot_or_broadcast: false,
        username: Some(format!("user_{id}")),
        phone: None,
        name: None,
    })
}

fn everything() -> Vec<Vec<Change>> {
    vec![
        vec![
            Change::App(Some(App { id: 17, hash: Secret::from("0123456789abcdef") })),
            Change::Network(Network::Custom { public_keys: vec!["a".into(), "b".into()] }),
            Change::HomeDc(2),
            Change::Dc(2, Some(dc(1))),
            Change::Dc(4, Some(dc(2))),
        ],
        vec![Change::User(Some(User { id: 42, bot: true, first_name: "Bot".into(), ..User::default() }))],
        vec![
            Change::Updates(Some(UpdateState { pts: 1, qts: 2, date: 3, seq: 4 })),
            Change::Channel(5, Some(6)),
        ],
        (1..50).map(peer).collect(),
        vec![
            Change::FutureAuthTokens(vec![Secret::from("token")]),
            Change::Channel(7, Some(8)),
            Change::Channel(7, None),
            Change::ForgetPeer(PeerKey { kind: PeerKind::User, id: 3 }),
            Change::Dc(4, None),
        ],
    ]
}

#[test]
fn what_was_applied_is_there_for_the_next() {
    let Some(server) = RedisServer::start() else { return };
    let mut wanted = State::default();
    for batch in everything() {
        let store = server.open("bot").unwrap();
        assert!(store.with(|state| *state == wanted));
        store.apply(&batch).unwrap();
        batch.iter().for_each(|change| wanted.apply(change));
        assert!(store.with(|state| *state == wanted));
    }
    let store = server.open("bot").unwrap();
    assert!(store.with(|state| *state == wanted));
    assert!(server.open("other").unwrap().with(|state| *state == State::default()));
    store.apply(&store.with(|state| state.log_out(None))).unwrap();
    let after = store.with(State::clone);
    drop(store);
    assert!(server.open("bot").unwrap().with(|state| *state == after && state.peers.is_empty()));
}

#[test]
fn a_change_writes_its_own_field_and_no_other() {
    let Some(server) = RedisServer::start() else { return };
    let store = server.open("bot").unwrap();
    for batch in everything() {
        store.apply(&batch).unwrap();
    }
    let mut connection = server.connection();
    let fields = |connection: &mut mtwire::session::redis::redis::Connection| -> Vec<(Vec<u8>, Vec<u8>)> {
        connection.hgetall("mtwire:session:bot").unwrap()
    };
    let before: BTreeSet<_> = fields(&mut connection).into_iter().collect();
    store.apply(&[peer(1000)]).unwrap();
    let after: BTreeSet<_> = fields(&mut connection).into_iter().collect();
    assert!(after.is_superset(&before));
    let new: Vec<_> =
        after.difference(&before).map(|field| String::from_utf8_lossy(&field.0).into_owned()).collect();
    assert_eq!(new, ["peer:user:1000"]);
    // What is the same already is not written at all, even when nothing could be.
    let calls = |connection: &mut mtwire::session::redis::redis::Connection| -> String {
        let stats: String =
            mtwire::session::redis::redis::cmd("INFO").arg("commandstats").query(connection).unwrap();
        stats.lines().find(|line| line.starts_with("cmdstat_hset:")).unwrap().to_owned()
    };
    let before = calls(&mut connection);
    store.apply(&[peer(1000), Change::HomeDc(2)]).unwrap();
    assert_eq!(calls(&mut connection), before);
}

#[test]
fn what_cannot_be_read_is_named_and_left() {
    let Some(server) = RedisServer::start() else { return };
    let mut connection = server.connection();
    let hash = "mtwire:session:bot";
    server.open("bot").unwrap().apply(&[Change::HomeDc(2), peer(1)]).unwrap();
    let home: Vec<u8> = connection.hget(hash, "home_dc").unwrap();
    let refused = |what: &str| {
        let error = server.open("bot").unwrap_err();
        assert!(matches!(&error.kind, ErrorKind::BadField { field } if field == what), "{error}");
    };
    for bad in
        [&b""[..], b"\x03", b"\xff\x00", b"\x03\x02\x00\x00\x00\x00", &[home.clone(), home.clone()].concat()]
    {
        let (): () = connection.hset(hash, "home_dc", bad).unwrap();
        refused("home_dc");
    }
    let (): () = connection.hset(hash, "home_dc", &home).unwrap();
    // One thing under the name of another.
    let (): () = connection.hset(hash, "peer:user:2", &home).unwrap();
    refused("peer:user:2");
    let (): () = connection.hdel(hash, "peer:user:2").unwrap();
    let (): () = connection.hset(hash, "format", "2").unwrap();
    refused("format");
    let (): () = connection.hdel(hash, "format").unwrap();
    refused("format");
    let (): () = connection.hset(hash, "format", "1").unwrap();
    assert!(server.open("bot").is_ok(), "a failed opening keeps no lease");
}

#[test]
fn nothing_secret_is_printed() {
    let Some(server) = RedisServer::start() else { return };
    let store = server.open("bot").unwrap();
    store.apply(&everything()[0]).unwrap();
    let shown = format!("{store:?}");
    assert!(shown.contains("Secret(..)") && !shown.contains("0123456789abcdef"), "{shown}");
}
