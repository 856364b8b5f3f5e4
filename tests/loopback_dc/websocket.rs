//! The WebSocket transport of the loopback DC: by our own client's half, and frame by frame by hand (WS-1).

use mtwire::handshake::client::Options;
use mtwire::net::websocket::{self, WsStream};
use mtwire::net::{BoxStream, Connection, ExchangeOptions, Framed, SystemClock};
use mtwire::server::Server;
use mtwire::tl::PacketBuf;
use mtwire::transport::{Codec, Kind, Tagged};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::http::Web;
use super::peer::{LIMIT, start, trusted};

const HANDSHAKE: &str = "GET /apiws HTTP/1.1\r\nHost: dc\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

async fn websocket(server: &Server, path: &str) -> WsStream<TcpStream> {
    let address = server.dcs()[0].socket_addr().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    websocket::open(&format!("ws://{address}{path}"), stream).await.unwrap()
}

async fn exchange(server: &Server, stream: BoxStream, kind: Kind) -> bool {
    let mut connection = Connection::from(Framed::new(stream, Codec::client(kind, &mut rand::rng())));
    let options = ExchangeOptions { dc: 1, keys: trusted(server), limit: LIMIT, expires_in: None };
    mtwire::net::exchange(&mut connection, &SystemClock::new(), options).await.is_ok()
}

/// A frame of a client, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

/// A WebSocket by hand.
async fn by_hand(server: &Server) -> Web {
    let mut web = Web::new(server, 1).await;
    web.say(format!("{HANDSHAKE}Sec-WebSocket-Protocol: binary\r\n\r\n")).await;
    let head = web.head().await;
    assert!(
        head.starts_with("HTTP/1.1 101 ") && head.contains("Sec-WebSocket-Protocol: binary\r\n"),
        "{head}"
    );
    // The example of RFC 6455.
    assert!(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
    web
}

/// The first message of a key exchange, with the obfuscation header in front.
fn opening() -> Vec<u8> {
    let (request, _) =
        mtwire::handshake::client::Exchange::start(Options::permanent(vec![], 1), &mut rand::rng());
    let mut packet: PacketBuf = request;
    let now = SystemClock::new().now().unix;
    let id = mtwire::message::MsgId::at(now, mtwire::message::msg_id::Kind::FromClient).to_wire();
    mtwire::handshake::plain::encode(id, &mut packet);
    let mut codec = Codec::client(Kind::Obfuscated(Tagged::Intermediate), &mut rand::rng());
    codec.encode(&mut packet, false, &mut rand::rng()).unwrap();
    packet.as_slice().to_vec()
}

#[tokio::test]
async fn ws_1_every_obfuscated_transport_is_carried_on_both_paths() {
    let server = start().await;
    for path in ["/apiws", "/apiws_test"] {
        for tagged in Tagged::ALL {
            let stream = Box::new(websocket(&server, path).await);
            assert!(exchange(&server, stream, Kind::Obfuscated(tagged)).await, "{path} {tagged:?}");
        }
    }
}

#[tokio::test]
async fn ws_1_what_is_not_obfuscated_is_refused() {
    let server = start().await;
    for kind in [Kind::Abridged, Kind::Intermediate, Kind::Padded, Kind::Full] {
        let stream = Box::new(websocket(&server, "/apiws").await);
        assert!(!exchange(&server, stream, kind).await, "{kind}");
    }
}

#[tokio::test]
async fn ws_1_the_sub_protocol_and_the_path_are_wanted() {
    let server = start().await;
    for (request, status) in [
        (format!("{HANDSHAKE}\r\n"), "400"),
        (format!("{HANDSHAKE}Sec-WebSocket-Protocol: chat\r\n\r\n"), "400"),
        (HANDSHAKE.replace("/apiws", "/chat") + "Sec-WebSocket-Protocol: binary\r\n\r\n", "404"),
        (HANDSHAKE.replace("13", "8") + "Sec-WebSocket-Protocol: binary\r\n\r\n", "400"),
        ("GET /apiws HTTP/1.1\r\n\r\n".to_owned(), "426"),
    ] {
        let mut web = Web::new(&server, 1).await;
        web.say(&request).await;
        assert_eq!(&web.head().await[9..12], status, "{request}");
    }
}

#[tokio::test]
async fn ws_1_borders_of_frames_mean_nothing_and_fragments_and_pings_may_come_between() {
    let server = start().await;
    let opening = opening();
    let mut web = by_hand(&server).await;
    // One byte in a frame of its own, then a message in fragments with a ping in its middle.
    web.say(frame(0x82, &opening[..1])).await;
    web.say(frame(0x02, &opening[1..50])).await;
    web.say(frame(0x00, &opening[50..70])).await;
    web.say(frame(0x89, b"alive?")).await;
    web.say(frame(0x80, &opening[70..])).await;
    let mut got = Vec::new();
    while !got.contains(&0x82) {
        assert_ne!(web.read_more().await, 0);
        got = web.input.to_vec();
    }
    assert_eq!(&got[..8], b"\x8a\x06alive?", "the pong comes first");
    assert_eq!(got[8], 0x82, "then resPQ");
    web.say(frame(0x88, &1000_u16.to_be_bytes())).await;
    while web.read_more().await != 0 {}
    assert!(
        web.input.ends_with(&[0x88, 2, 0x03, 0xe8]),
        "closed with 1000: {:x?}",
        &web.input[web.input.len() - 4..]
    );
}

#[tokio::test]
async fn hostile_frames_end_the_connection() {
    let server = start().await;
    let mut unmasked = frame(0x82, b"abcd");
    unmasked[1] &= 0x7f;
    let endless = [&[0x82, 0xff][..], &u64::MAX.to_be_bytes(), &[0; 4]].concat();
    let large = [&[0x82, 0xff][..], &(17_u64 << 20).to_be_bytes(), &[0; 4]].concat();
    for (what, bytes) in [
        ("unmasked", unmasked),
        ("a text", frame(0x81, b"hello")),
        ("an unknown opcode", frame(0x83, b"")),
        ("a reserved bit", frame(0xc2, b"")),
        ("a continuation of nothing", frame(0x80, b"abcd")),
        ("a ping in fragments", frame(0x09, b"")),
        ("an endless frame", endless),
        ("a frame of 17 MiB", large),
    ] {
        let mut web = by_hand(&server).await;
        web.say(bytes).await;
        let (mut rest, limit) = (Vec::new(), LIMIT);
        let ended = tokio::time::timeout(limit, web.stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{what} is taken");
    }
    let stream = Box::new(websocket(&server, "/apiws").await);
    assert!(
        exchange(&server, stream, Kind::Obfuscated(Tagged::Abridged)).await,
        "the server is none the worse for it"
    );
}

#[tokio::test]
async fn a_client_refuses_a_server_that_does_not_confirm_the_sub_protocol() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let text = String::from_utf8(request).unwrap();
            assert!(text.to_ascii_lowercase().contains("sec-websocket-protocol: binary\r\n"), "{text}");
            let key = text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
            let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let stream = TcpStream::connect(address).await.unwrap();
    let error = websocket::open(&format!("ws://{address}/apiws"), stream).await.unwrap_err();
    assert!(error.to_string().to_ascii_lowercase().contains("protocol"), "{error}");
}
