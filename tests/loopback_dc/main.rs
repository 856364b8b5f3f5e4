//! The loopback DC over real sockets, against a peer that is made of the library's parts by hand, so that it can
//! also do what no good client does.

mod flows;
mod http;
mod ipv6;
mod peer;
mod quick_acks;
mod websocket;

use std::time::Duration;

use bytes::Bytes;
use mtwire::crypto::{AuthKey, Side, hash, kdf, rsa::PublicKey};
use mtwire::handshake::client::{Exchange, Options};
use mtwire::handshake::plain;
use mtwire::net::SystemClock;
use mtwire::server::{Event, Server};
use mtwire::tl::{Constructor, Deserialize, PacketBuf, Serialize, enums, functions, mtproto, types};
use mtwire::transport::{Frame, Kind};
use tokio::net::TcpStream;

use peer::{Peer, UPDATES_TOO_LONG, builder, connect, exchange, get_self, send_code, start, trusted};

#[tokio::test]
async fn the_key_exchange_and_a_call_work_over_every_transport() {
    let server = start().await;
    for kind in Kind::FRAMED {
        let mut peer = Peer::new(&server, 3, kind).await;
        let config = peer.call(&functions::help::GetConfig {}).await.unwrap();
        assert_eq!(config.this_dc, 3, "{kind}");
        let ports: Vec<_> = config.dc_options.iter().map(|o| o.port).collect();
        assert_eq!(ports, server.dcs().iter().map(|d| i32::from(d.port)).collect::<Vec<_>>());
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_key_that_is_unknown_here_is_refused() {
    let server = start().await;
    let framed = connect(&server, 1, Kind::Full).await;
    let mut peer = Peer::with(framed, AuthKey::from_bytes([9; 256]), 0, 1);
    peer.send(&[0; 4]);
    peer.refused(-404).await;

    let known_at_two = Peer::new(&server, 2, Kind::Abridged).await;
    let framed = connect(&server, 1, Kind::Abridged).await;
    let mut elsewhere = Peer::with(framed, known_at_two.key, known_at_two.salt, 1);
    elsewhere.send(&[0; 4]);
    elsewhere.refused(-404).await;
}

#[tokio::test]
async fn a_packet_that_was_changed_is_refused() {
    let server = start().await;
    for byte in [8, 30] {
        let mut peer = Peer::new(&server, 2, Kind::Padded).await;
        let msg_id = peer.next_id();
        let mut packet = peer.sealed(msg_id, 1, &functions::help::GetConfig {}.to_bytes().unwrap());
        packet.as_mut_slice()[byte] ^= 1;
        peer.framed.queue(packet, false).unwrap();
        peer.refused(-404).await;
    }
}

#[tokio::test]
async fn rubbish_harms_nobody() {
    let server = start().await;
    for seed in 0..50_u8 {
        let mut stream = TcpStream::connect(server.dcs()[0].socket_addr().unwrap()).await.unwrap();
        let rubbish: Vec<u8> = (0..200).map(|n: u8| n.wrapping_mul(seed).wrapping_add(seed ^ 0xef)).collect();
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, &rubbish).await;
    }
    let mut framed = connect(&server, 1, Kind::Intermediate).await;
    let mut packet = PacketBuf::new();
    packet.extend_from_slice(&[0; 24]);
    framed.queue(packet, false).unwrap();
    assert_eq!(framed.next().await.unwrap(), Frame::TransportError(-404));
    Peer::new(&server, 1, Kind::Full).await;
}

#[tokio::test]
async fn a_wrong_salt_is_put_right() {
    let server = start().await;
    let mut peer = Peer::new(&server, 2, Kind::Intermediate).await;
    peer.salt = 0;
    peer.inited = true;
    let msg_id = peer.send(&functions::help::GetConfig {}.to_bytes().unwrap());
    let told = peer.wait(mtproto::types::BadServerSalt::ID).await;
    let told = mtproto::types::BadServerSalt::from_bytes(told).unwrap();
    assert_eq!((told.bad_msg_id, told.error_code), (msg_id, 48));
    peer.salt = told.new_server_salt;
    assert!(peer.call(&functions::help::GetConfig {}).await.is_ok());
    server.renew_salts();
    peer.send(&functions::help::GetConfig {}.to_bytes().unwrap());
    let told = peer.wait(mtproto::types::BadServerSalt::ID).await;
    assert_ne!(mtproto::types::BadServerSalt::from_bytes(told).unwrap().new_server_salt, peer.salt);
}

#[tokio::test]
async fn keys_and_sessions_outlive_connections() {
    let mut server = start().await;
    let mut events = server.events();
    let mut peer = Peer::new(&server, 2, Kind::Intermediate).await;
    let user = peer.log_in("9996621234").await;
    server.cut_connections();
    assert!(peer.framed.next().await.is_err());
    peer.reconnect(&server, 2).await;
    let enums::User::User(again) = &peer.call(&get_self()).await.unwrap()[0] else { panic!() };
    assert_eq!(again.id, user.id);
    assert!(
        matches!(events.recv().await, Some(Event::Code { phone, code }) if phone == "9996621234" && code == "22222")
    );
    assert!(matches!(events.recv().await, Some(Event::SignedIn { user_id, dc: 2 }) if user_id == user.id));
}

#[tokio::test]
async fn a_repeated_message_is_carried_out_once() {
    let mut server = start().await;
    let mut events = server.events();
    let mut peer = Peer::new(&server, 2, Kind::Intermediate).await;
    peer.call(&functions::help::GetConfig {}).await.unwrap();
    let (msg_id, seqno) = (peer.next_id(), peer.content * 2 + 1);
    peer.content += 1;
    let body = send_code("9996621234").to_bytes().unwrap();
    for _ in 0..3 {
        let packet = peer.sealed(msg_id, seqno, &body);
        peer.framed.queue(packet, false).unwrap();
    }
    peer.answer(msg_id).await.unwrap();
    peer.call(&functions::help::GetConfig {}).await.unwrap();
    assert!(matches!(events.try_recv(), Ok(Event::Code { .. })));
    assert!(events.try_recv().is_err());
}

#[tokio::test]
async fn a_message_is_pushed_to_the_other_account_at_another_dc() {
    let server = start().await;
    let mut ada = Peer::new(&server, 2, Kind::Intermediate).await;
    let me = ada.log_in("9996621234").await;
    let mut bob = Peer::new(&server, 1, Kind::Full).await;
    bob.log_in("9996611234").await;
    let state = bob.call(&functions::updates::GetState {}).await.unwrap();
    let found = ada.call(&functions::contacts::ResolvePhone { phone: "9996611234".into() }).await.unwrap();
    let enums::User::User(other) = &found.users[0] else { panic!() };
    let peer = enums::InputPeer::User(types::InputPeerUser {
        user_id: other.id,
        access_hash: other.access_hash.unwrap(),
    });
    let send = |text: &'static str, random_id| functions::messages::SendMessage {
        peer: peer.clone(),
        message: text.into(),
        random_id,
        ..Default::default()
    };
    ada.call(&send("one", 1)).await.unwrap();
    let pushed = bob.wait(types::UpdateShortMessage::ID).await;
    let pushed = types::UpdateShortMessage::from_bytes(pushed).unwrap();
    assert_eq!((&*pushed.message, pushed.user_id, pushed.pts), ("one", me.id, state.pts + 1));

    // What comes while there is no connection is not lost, either: it is sent again, or the client is told to ask.
    bob.framed = connect(&server, 1, Kind::Abridged).await;
    ada.call(&send("two", 2)).await.unwrap();
    bob.send(&functions::updates::GetState {}.to_bytes().unwrap());
    loop {
        let body = bob.receive().await.unwrap().body;
        let told = body.starts_with(&UPDATES_TOO_LONG.to_le_bytes());
        if told || types::UpdateShortMessage::from_bytes(body).is_ok_and(|m| &*m.message == "two") {
            break;
        }
    }
    let ask = functions::updates::GetDifference { pts: pushed.pts, date: 1, ..Default::default() };
    let enums::updates::Difference::Difference(missed) = bob.call(&ask).await.unwrap() else { panic!() };
    assert_eq!(missed.new_messages.len(), 1);
}

/// `encrypted_message` of `auth.bindTempAuthKey` (PF-2).
fn binding(permanent: &AuthKey, msg_id: i64, inner: &mtproto::types::BindAuthKeyInner) -> Bytes {
    let mut plain = Vec::from([7; 16]);
    plain.extend(msg_id.to_le_bytes());
    plain.extend(0_i32.to_le_bytes());
    plain.extend(40_i32.to_le_bytes());
    plain.extend(&inner.to_bytes().unwrap());
    assert_eq!(plain.len(), 72);
    let digest = hash::sha1(&[&plain]);
    let msg_key: [u8; 16] = digest[4..].try_into().unwrap();
    plain.extend([3; 8]);
    kdf::v1(permanent, Side::Client, &msg_key).encrypt(&mut plain);
    [&permanent.id_bytes()[..], &msg_key, &plain].concat().into()
}

#[tokio::test]
async fn a_temporary_key_serves_once_it_is_bound() {
    let server = start().await;
    let mut permanent = Peer::new(&server, 2, Kind::Intermediate).await;
    let mut framed = connect(&server, 2, Kind::Intermediate).await;
    let (key, salt) = exchange(&mut framed, Options::temporary(trusted(&server), 2, 3600)).await;
    let mut peer = Peer::with(framed, key, salt, 99);
    assert!(peer.call(&functions::help::GetConfig {}).await.is_ok());
    assert_eq!(peer.call(&send_code("9996621234")).await.unwrap_err(), "AUTH_KEY_PERM_EMPTY");
    let expires_at = i32::try_from(SystemClock::new().now().unix.as_secs()).unwrap() + 3600;
    let inner = mtproto::types::BindAuthKeyInner {
        nonce: 5,
        temp_auth_key_id: peer.key.id(),
        perm_auth_key_id: permanent.key.id(),
        temp_session_id: peer.session_id,
        expires_at,
    };
    let bind = |msg_id, inner: &mtproto::types::BindAuthKeyInner| functions::auth::BindTempAuthKey {
        perm_auth_key_id: permanent.key.id(),
        nonce: 5,
        expires_at,
        encrypted_message: binding(&permanent.key, msg_id, inner),
    };
    // Each field that is wrong spoils the binding.
    let wrong = [
        mtproto::types::BindAuthKeyInner { nonce: 6, ..inner.clone() },
        mtproto::types::BindAuthKeyInner { temp_auth_key_id: 1, ..inner.clone() },
        mtproto::types::BindAuthKeyInner { perm_auth_key_id: 1, ..inner.clone() },
        mtproto::types::BindAuthKeyInner { temp_session_id: 1, ..inner.clone() },
        mtproto::types::BindAuthKeyInner { expires_at: 1, ..inner.clone() },
    ];
    for wrong in wrong {
        let msg_id = peer.next_id() + 4;
        peer.last = msg_id - 4;
        let request = bind(msg_id, &wrong).to_bytes().unwrap();
        let packet = peer.sealed(msg_id, peer.content * 2 + 1, &request);
        (peer.last, peer.content) = (msg_id, peer.content + 1);
        peer.framed.queue(packet, false).unwrap();
        assert_eq!(peer.answer(msg_id).await.unwrap_err(), "ENCRYPTED_MESSAGE_INVALID", "{wrong:?}");
    }
    let late = bind(4, &inner).to_bytes().unwrap();
    let msg_id = peer.send(&late);
    assert_eq!(peer.answer(msg_id).await.unwrap_err(), "ENCRYPTED_MESSAGE_INVALID", "another msg_id");

    let msg_id = peer.next_id();
    let request = bind(msg_id, &inner).to_bytes().unwrap();
    let packet = peer.sealed(msg_id, peer.content * 2 + 1, &request);
    peer.content += 1;
    peer.framed.queue(packet, false).unwrap();
    assert_eq!(bool::from_bytes(peer.answer(msg_id).await.unwrap()), Ok(true));
    let user = peer.log_in("9996621234").await;
    let enums::User::User(seen) = &permanent.call(&get_self()).await.unwrap()[0] else { panic!() };
    assert_eq!(seen.id, user.id, "the login is the permanent key's");
}

#[tokio::test]
async fn a_destroyed_key_is_gone() {
    let server = start().await;
    let mut peer = Peer::new(&server, 2, Kind::Intermediate).await;
    peer.call(&functions::help::GetConfig {}).await.unwrap();
    peer.send(&mtproto::functions::DestroyAuthKey {}.to_bytes().unwrap());
    // The connection has used the key until now, and must not go on with what it remembers. What the key was told
    // before is still told.
    peer.send(&functions::help::GetConfig {}.to_bytes().unwrap());
    peer.wait(0xf660_e1d4 /* destroy_auth_key_ok */).await;
    peer.refused(-404).await;
    peer.reconnect(&server, 2).await;
    peer.send(&functions::help::GetConfig {}.to_bytes().unwrap());
    peer.refused(-404).await;
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = builder().state_dir(dir.path()).start().await.unwrap();
    let mut peer = Peer::new(&server, 2, Kind::Intermediate).await;
    let user = peer.log_in("9996621234").await;
    let fingerprint = server.fingerprint();
    server.shutdown().await;
    assert!(peer.framed.next().await.is_err());

    let server = builder().state_dir(dir.path()).start().await.unwrap();
    assert_eq!(server.fingerprint(), fingerprint);
    peer.reconnect(&server, 2).await;
    let enums::User::User(again) = &peer.call(&get_self()).await.unwrap()[0] else { panic!() };
    assert_eq!(again.id, user.id);
}

#[tokio::test]
async fn too_many_connections_are_closed() {
    let server = builder().max_connections(2).start().await.unwrap();
    let first = Peer::new(&server, 1, Kind::Intermediate).await;
    let _second = Peer::new(&server, 2, Kind::Intermediate).await;
    assert!(connect(&server, 1, Kind::Intermediate).await.next().await.is_err());
    drop(first);
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut framed = connect(&server, 1, Kind::Intermediate).await;
        let (request, _) = Exchange::start(Options::permanent(trusted(&server), 1), &mut rand::rng());
        let mut request = request;
        plain::encode(4, &mut request);
        framed.queue(request, false).unwrap();
        if framed.next().await.is_ok() {
            return;
        }
    }
    panic!("the place of a closed connection is not given again");
}

#[tokio::test]
async fn the_ready_line_says_where_to_go() {
    let server = start().await;
    let ready = server.ready_json();
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["dcs"][1]["port"], server.dcs()[1].port);
    let key = PublicKey::from_pem(ready["public_key"].as_str().unwrap()).unwrap();
    assert_eq!(ready["fingerprint"], format!("{:016x}", key.fingerprint()));
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let server = start().await;
    let port = server.dcs()[0].port;
    let error = Server::builder().port(port).dcs(1).start().await.unwrap_err();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    assert!(Server::builder().port(65535).dcs(2).start().await.is_err());
    assert!(Server::builder().dcs(0).start().await.is_err());
    assert!(Server::builder().key_pem("rubbish").start().await.is_err());
}
