//! A session with something in every field that another program can take.

use mtwire::crypto::AuthKey;
use mtwire::session::{
    App, Dc, DcAddress, Network, Peer, PeerKey, PeerKind, Secret, State, UpdateState, User,
};

pub fn state() -> State {
    let mut state = State {
        app: Some(App { id: 12345, hash: Secret::from("0123456789abcdef0123456789abcdef") }),
        home_dc: 2,
        user: Some(User { id: 777_000_111, bot: false, first_name: "Ada".to_owned(), ..User::default() }),
        updates: Some(UpdateState { pts: 70, qts: 3, date: 1_793_491_200, seq: 11 }),
        ..State::default()
    };
    let mut dc = Dc { auth_key: Some(AuthKey::from_bytes([0x5a; 256])), ..Dc::default() };
    dc.addresses = vec![DcAddress::new("149.154.167.51", 443)];
    state.dcs.insert(2, dc.into());
    state.channels.insert(1_006_503_122, 8);
    let peer = |kind, id, access_hash, bot_or_broadcast, username: Option<&str>| Peer {
        key: PeerKey { kind, id },
        access_hash,
        min: false,
        bot_or_broadcast,
        username: username.map(str::to_owned),
        phone: None,
        name: None,
    };
    for peer in [
        peer(PeerKind::User, 777_000_111, Some(-5), false, Some("ada")),
        peer(PeerKind::User, 93_372_553, Some(42), true, None),
        peer(PeerKind::Chat, 12345, None, false, None),
        peer(PeerKind::Channel, 1_006_503_122, Some(99), true, Some("chan")),
        peer(PeerKind::Channel, 2_000_000_001, Some(100), false, None),
    ] {
        state.peers.insert(peer.key, Box::new(peer));
    }
    state
}

/// The same on servers of one's own.
pub fn custom() -> State {
    let pem = mtwire::crypto::keys::production()[0].to_pkcs1_pem();
    State { network: Network::Custom { public_keys: vec![pem.into()] }, ..state() }
}
