//! Quick acks from the call to the event, over sockets (TR-7).

use std::sync::Arc;

use mtwire::crypto::AuthKey;
use mtwire::message::client::{CallOptions, Config, Options, Session};
use mtwire::message::{ClientEvent, ServerTime};
use mtwire::net::{Connection, ExchangeOptions, Route, SystemClock};
use mtwire::server::Server;
use mtwire::tl::{PacketBuf, Serialize, mtproto};
use mtwire::transport::{Frame, Kind, Tagged};

use super::peer::{LIMIT, start, trusted};

async fn connect(server: &Server, kind: Kind) -> Connection {
    let address = (&server.dcs()[0].host, server.dcs()[0].port);
    let address = mtwire::net::Address::new(address.0, address.1);
    mtwire::net::connect(&Route::direct(kind), 1, &address.into(), LIMIT).await.unwrap()
}

/// What a call with a wish for a quick ack brings, in this order.
async fn events_of_a_call(
    connection: &mut Connection,
    clock: &SystemClock,
    key: &AuthKey,
    salt: i64,
) -> Vec<ClientEvent> {
    let now = clock.now();
    let config = Config {
        auth_key: Arc::new(key.clone()),
        salt,
        time: ServerTime::synchronised(now.unix, now),
        options: Options::default(),
    };
    let mut session = Session::new(config, now, &mut rand::rng());
    session.on_connected(now);
    let options = CallOptions { quick_ack: true, ..CallOptions::default() };
    let call = mtproto::functions::DestroySession { session_id: 5 }.to_bytes().unwrap();
    let request = session.call(now, call, options).unwrap();
    let mut events = Vec::new();
    while !events
        .iter()
        .any(|event| matches!(event, ClientEvent::Answer { request: of, .. } if *of == request))
    {
        let mut packet = PacketBuf::new();
        while let Some(transmit) = session.poll_transmit(clock.now(), &mut rand::rng(), &mut packet) {
            connection.queue(std::mem::take(&mut packet), transmit.quick_ack).unwrap();
        }
        let frame = tokio::time::timeout(LIMIT, connection.next()).await.expect("the server is silent");
        match frame.unwrap() {
            Frame::Packet { payload, .. } => session.handle_packet(clock.now(), payload).unwrap(),
            Frame::QuickAck(token) => session.handle_quick_ack(token),
            other => panic!("{other:?}"),
        }
        events.extend(std::iter::from_fn(|| session.poll_event()));
    }
    events
}

#[tokio::test]
async fn tr_7_a_call_is_acknowledged_before_it_is_answered() {
    let server = start().await;
    let clock = SystemClock::new();
    for kind in [
        Kind::Abridged,
        Kind::Intermediate,
        Kind::Padded,
        Kind::Obfuscated(Tagged::Abridged),
        Kind::Obfuscated(Tagged::Intermediate),
        Kind::Obfuscated(Tagged::Padded),
        Kind::WebSocket,
    ] {
        let mut connection = connect(&server, kind).await;
        let options = ExchangeOptions { dc: 1, keys: trusted(&server), limit: LIMIT, expires_in: None };
        let fresh = mtwire::net::exchange(&mut connection, &clock, options).await.unwrap();
        let events = events_of_a_call(&mut connection, &clock, &fresh.auth_key, fresh.salt).await;
        let told = events.iter().position(|event| matches!(event, ClientEvent::QuickAck { .. }));
        let answered = events.iter().position(|event| matches!(event, ClientEvent::Answer { .. }));
        assert!(told.is_some() && told < answered, "{kind}: {events:?}");
    }
}

#[tokio::test]
async fn tr_7_the_full_transport_and_http_have_none() {
    let server = start().await;
    for kind in [Kind::Full, Kind::Http] {
        assert!(!kind.has_quick_acks());
        let mut packet = PacketBuf::new();
        packet.extend_from_slice(&[0; 40]);
        assert!(connect(&server, kind).await.queue(packet, true).is_err(), "{kind}");
    }
}
