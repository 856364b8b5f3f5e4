//! A session file with a history.

use std::path::Path;

use mtwire::{
    crypto::AuthKey,
    session::{
        App, Change, CodeVia, Dc, DcAddress, FileStore, Network, Peer, PeerKey, PeerKind, PendingLogin, Salt,
        Secret, SessionStore, Stage, State, UpdateState, User,
        file::{Cost, Passphrase},
    },
};

/// The batches of a login, one after another.
pub fn batches() -> Vec<Vec<Change>> {
    let dc = Dc {
        auth_key: Some(AuthKey::from_bytes(std::array::from_fn(|i| i as u8))),
        salts: vec![Salt::undated(0x1122_3344_5566_7788)],
        time_offset: -3,
        addresses: vec![DcAddress::new("127.0.0.1", 4430)],
        authorized: false,
    };
    let login = PendingLogin {
        phone: "+9996621234".into(),
        phone_code_hash: Secret::from("c0ffee"),
        dc: 2,
        sent_at: 1_700_000_000,
        via: CodeVia::App,
        length: Some(5),
        hint: None,
        next: Some(CodeVia::Sms),
        timeout: Some(60),
        stage: Stage::Code,
    };
    let user = User { id: 777_000, first_name: "Ada".into(), ..User::default() };
    let peer = Peer {
        key: PeerKey { kind: PeerKind::User, id: 42 },
        access_hash: Some(-1),
        min: false,
        bot_or_broadcast: true,
        username: Some("bot".into()),
        phone: None,
        name: None,
    };
    vec![
        vec![
            Change::App(Some(App { id: 17, hash: Secret::from("0123456789abcdef") })),
            Change::Network(Network::Test),
            Change::HomeDc(2),
            Change::Dc(2, Some(dc)),
        ],
        vec![Change::Login(Some(login))],
        vec![Change::Login(None), Change::User(Some(user))],
        vec![Change::Updates(Some(UpdateState { pts: 1, qts: 2, date: 3, seq: 4 })), Change::Peer(peer)],
        vec![Change::Channel(5, Some(6))],
    ]
}

/// Writes the file and gives the states that were acknowledged, the empty one first.
pub fn write(path: &Path) -> Vec<State> {
    write_with(path, None)
}

/// A passphrase that costs next to nothing, for the many openings of a test.
pub fn passphrase(secret: &str) -> Passphrase {
    Passphrase::new(secret).cost(Cost { memory_kib: 8, passes: 1, lanes: 1 })
}

/// [`write`] of an encrypted file.
pub fn write_with(path: &Path, passphrase: Option<&Passphrase>) -> Vec<State> {
    let store = FileStore::open_with(path, passphrase).unwrap();
    let mut states = vec![State::default()];
    for batch in batches() {
        store.apply(&batch).unwrap();
        states.push(store.with(State::clone));
    }
    states
}
