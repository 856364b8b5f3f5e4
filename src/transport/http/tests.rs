//! What goes in comes out, however it is cut; and what no peer may do.

use bytes::BytesMut;
use proptest::{collection::vec, prelude::*};

use super::{Answer, Connection, Fault, MAX_HEAD, Request, Requests, answer, refusal};
use crate::tl::PacketBuf;
use crate::transport::{Codec, Error, ErrorKind, Frame, Kind, MAX_FRAME};

fn packet(bytes: &[u8]) -> PacketBuf {
    let mut packet = PacketBuf::new();
    packet.extend_from_slice(bytes);
    packet
}

fn posted(codec: &mut Codec, bytes: &[u8]) -> Vec<u8> {
    let mut packet = packet(bytes);
    codec.encode(&mut packet, false, &mut rand::rng()).unwrap();
    packet.as_slice().to_vec()
}

fn said(bytes: &[u8], what: Answer, connection: Connection) -> Vec<u8> {
    let mut out = packet(bytes);
    answer(&mut out, what, connection);
    out.as_slice().to_vec()
}

/// All requests of a stream that comes in these pieces.
fn requests<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Request>, Option<Error>) {
    let (mut reader, mut input, mut got) = (Requests::new(), BytesMut::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match reader.decode(&mut input) {
                Ok(Some(request)) => got.push(request),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(reader.decode(&mut input), Err(error), "an error is for ever");
                    return (got, Some(error));
                }
            }
        }
    }
    (got, None)
}

fn frames<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<Error>) {
    let (mut codec, mut input, mut got) = (Codec::http("dc.example:80"), BytesMut::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match codec.decode(&mut input) {
                Ok(Some(frame)) => got.push(frame),
                Ok(None) => break,
                Err(error) => return (got, Some(error)),
            }
        }
    }
    (got, None)
}

fn is(fault: Fault) -> impl Fn(Option<Error>) -> bool {
    move |error| error.is_some_and(|error| error.kind == ErrorKind::BadHttp(fault))
}

fn is_packet(request: &Request, bytes: &[u8], closes: bool) -> bool {
    matches!(request, Request::Packet { payload, close } if payload == bytes && *close == closes)
}

#[test]
fn ht_1_a_request_looks_like_this() {
    let post = b"POST /api HTTP/1.1\r\nHost: dc.example:80\r\nContent-Length: 8\r\n\r\nmtproto.";
    assert_eq!(posted(&mut Codec::http("dc.example:80"), b"mtproto."), post);
    let nameless = posted(&mut Codec::client(Kind::Http, &mut rand::rng()), b"mtproto.");
    assert!(nameless.starts_with(b"POST /api HTTP/1.1\r\nHost: \r\n"));
    let split = posted(&mut Codec::http("a\r\nContent-Length: 4"), b"mtproto.");
    assert!(split.starts_with(b"POST /api HTTP/1.1\r\nHost: \r\n"), "a name must not add fields");
}

#[test]
fn ht_1_an_answer_looks_like_this() {
    let ok = said(b"mtproto.", Answer::Packet, Connection::KeepAlive);
    assert_eq!(ok, b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 8\r\n\r\nmtproto.");
    let unknown = said(b"ignored", Answer::TransportError(-404), Connection::Close);
    assert!(unknown.starts_with(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n"));
    assert!(unknown.ends_with(b"\r\n\r\n\x6c\xfe\xff\xff"));
    assert!(said(b"", Answer::TransportError(-1), Connection::Close).starts_with(b"HTTP/1.1 500 "));
    assert!(said(b"", Answer::TransportError(i32::MIN), Connection::Close).starts_with(b"HTTP/1.1 500 "));
    assert_eq!(said(b"x", Answer::Continue, Connection::KeepAlive), b"HTTP/1.1 100 Continue\r\n\r\n");
}

#[test]
fn ht_1_statuses_and_short_bodies_are_transport_errors() {
    let one = |head: &str| frames([format!("HTTP/1.1 {head}").as_bytes()]);
    let error = |code| (vec![Frame::TransportError(code)], None);
    assert_eq!(one("404 Not Found\r\nContent-Length: 5\r\n\r\n<br/>"), error(-404));
    assert_eq!(one("404\r\nContent-Length: 0\r\n\r\n"), error(-404));
    assert_eq!(one("502 Bad Gateway\r\n\r\n"), error(-502));
    assert_eq!(one("200 OK\r\ncontent-length: 4\r\n\r\n\x53\u{0}\u{0}\u{0}").0.len(), 1);
    let in_body = [&b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"[..], &(-429_i32).to_le_bytes()].concat();
    assert_eq!(frames([&in_body[..]]), error(-429));
    assert_eq!(one("200 OK\r\nContent-Length: 0\r\n\r\n"), (vec![Frame::Empty], None));
    assert_eq!(one("204 No Content\r\n\r\n"), (vec![Frame::Empty], None));
    let (got, end) = one("100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((got, end), (vec![Frame::Empty], None), "what comes before the answer is none");
    assert!(is(Fault::Head)(one("000 Zero\r\nContent-Length: 0\r\n\r\n").1), "0 is no error code");
    assert!(is(Fault::Switched)(one("101 Switching Protocols\r\n\r\n").1));
    assert!(is(Fault::NoLength)(one("200 OK\r\n\r\n").1));
    assert!(is(Fault::Chunked)(one("200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").1));
    let large = one(&format!("200 OK\r\nContent-Length: {}\r\n\r\n", MAX_FRAME + 1)).1;
    assert!(matches!(large.unwrap().kind, ErrorKind::TooLarge { .. }));
}

#[test]
fn ht_1_no_quick_acks() {
    let mut codec = Codec::http("");
    let refused = codec.encode(&mut packet(b"mtproto."), true, &mut rand::rng()).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NoQuickAck);
    assert_eq!(codec.encode_quick_ack(1, &mut packet(b"")).unwrap_err().kind, ErrorKind::NoQuickAck);
}

#[test]
fn requests_are_told_apart() {
    let one = |text: &str| {
        let (mut got, end) = requests([text.as_bytes()]);
        assert_eq!((got.len(), end), (1, None), "{text}");
        got.remove(0)
    };
    assert!(is_packet(&one("POST /api HTTP/1.1\r\nContent-Length: 8\r\n\r\nmtproto."), b"mtproto.", false));
    assert!(is_packet(
        &one("POST /apiw_test?1 HTTP/1.1\r\ncontent-LENGTH: 4\r\nConnection: Close\r\n\r\nxxxx"),
        b"xxxx",
        true
    ));
    assert!(is_packet(&one("POST /api HTTP/1.0\r\nContent-Length: 4\r\n\r\nxxxx"), b"xxxx", true));
    assert!(is_packet(
        &one("POST /api HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nxxxx"),
        b"xxxx",
        false
    ));
    assert!(is_packet(&one("POST /api HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), b"", false));
    assert_eq!(one("OPTIONS /apiw HTTP/1.1\r\nOrigin: x\r\n\r\n"), Request::Preflight { close: false });
    for (text, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 404),
        ("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nxxxx", 404),
        ("GET /api HTTP/1.1\r\n\r\n", 405),
        ("HEAD /apiws HTTP/1.1\r\n\r\n", 405),
        ("GET /apiws HTTP/1.1\r\n\r\n", 426),
    ] {
        assert_eq!(one(text), Request::Refused { status, close: false }, "{text}");
    }
}

#[test]
fn ws_1_what_a_websocket_needs() {
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    let fields = [
        ("Upgrade", "websocket"),
        ("Connection", "keep-alive, Upgrade"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Protocol", "chat, binary"),
    ];
    let request = |without: &str, path: &str| {
        let fields = fields.iter().filter(|(name, _)| *name != without);
        let fields: String = fields.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        requests([format!("GET {path} HTTP/1.1\r\n{fields}\r\n").as_bytes()]).0.remove(0)
    };
    for path in ["/apiws", "/apiws_test"] {
        assert!(matches!(request("", path), Request::Upgrade(upgrade) if upgrade.key == KEY));
    }
    assert_eq!(request("", "/chat"), Request::Refused { status: 404, close: false });
    for (name, _) in fields {
        let status = if matches!(name, "Upgrade" | "Connection") { 426 } else { 400 };
        assert_eq!(request(name, "/apiws"), Request::Refused { status, close: false }, "without {name}");
    }
}

#[test]
fn who_expects_to_be_told_to_go_on_is_told() {
    let head = b"POST /api HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    let (got, _) = requests([&head[..], b"xx", b"xx"]);
    assert!(matches!(&got[..], [Request::Continue, last] if is_packet(last, b"xxxx", false)));
    let (got, _) = requests([&[&head[..], b"xxxx"].concat()[..]]);
    assert!(matches!(&got[..], [last] if is_packet(last, b"xxxx", false)), "it did not wait");
}

#[test]
fn hostile_requests_are_refused_before_they_cost_anything() {
    let end = |text: &str| requests([text.as_bytes()]).1;
    let refused = |text: &str| refusal(&end(text).unwrap_or_else(|| panic!("{text} was taken")));
    assert_eq!(refused("POST /api HTTP/1.1\r\n\r\n"), 411);
    assert_eq!(refused("POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 501);
    assert_eq!(refused("POST /api HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"), 501);
    assert_eq!(refused("POST /api HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 8\r\n\r\n"), 400);
    for length in ["-1", "+4", "four", "", "0x4", "4, 4", "99999999999999999999"] {
        assert_eq!(
            refused(&format!("POST /api HTTP/1.1\r\nContent-Length: {length}\r\n\r\n")),
            400,
            "{length}"
        );
    }
    for length in [MAX_FRAME as u64 + 1, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(refused(&format!("POST /api HTTP/1.1\r\nContent-Length: {length}\r\n\r\n")), 413);
        assert_eq!(refused(&format!("GET / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n")), 413);
    }
    let fields = "x: y\r\n".repeat(65);
    assert_eq!(refused(&format!("GET / HTTP/1.1\r\n{fields}\r\n")), 400);
    assert_eq!(refused(&format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(MAX_HEAD))), 431);
    assert_eq!(refused("POST \0 HTTP/1.1\r\n\r\n"), 400);
    assert_eq!(refused("POST /api HTTP/2.0\r\n\r\n"), 400);
    assert!(is(Fault::HeadTooLong)(
        frames([&[&b"HTTP/1.1 200 OK\r\nx: "[..], &vec![b'y'; MAX_HEAD]].concat()[..]]).1
    ));
}

/// Cuts `bytes` at places that `cuts` gives.
fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn the_server_gets_what_the_client_sent(
        sent in vec(vec(any::<u8>(), 4..300), 1..8), cuts in vec(any::<usize>(), 0..20),
    ) {
        let mut codec = Codec::http("dc.example");
        let bytes: Vec<u8> = sent.iter().flat_map(|packet| posted(&mut codec, packet)).collect();
        let (got, end) = requests(pieces(&bytes, &cuts));
        prop_assert_eq!((got.len(), end), (sent.len(), None));
        prop_assert!(sent.iter().zip(&got).all(|(sent, got)| is_packet(got, sent, false)));
    }

    #[test]
    fn the_client_gets_what_the_server_said(
        sent in vec(prop_oneof![
            vec(any::<u8>(), 24..300).prop_map(|bytes| (bytes, Answer::Packet)),
            Just((vec![], Answer::Packet)),
            (400..600_i32).prop_map(|status| (vec![], Answer::TransportError(-status))),
            Just((vec![], Answer::Continue)),
            (400..600_u16).prop_map(|status| (vec![], Answer::Status(status))),
        ], 1..8),
        cuts in vec(any::<usize>(), 0..20),
    ) {
        let bytes: Vec<u8> = sent.iter().flat_map(|(bytes, what)| said(bytes, *what, Connection::KeepAlive)).collect();
        let expected: Vec<_> = sent.into_iter().filter_map(|(bytes, what)| match what {
            Answer::Packet if bytes.is_empty() => Some(Frame::Empty),
            Answer::Packet => Some(Frame::Packet { payload: BytesMut::from(&bytes[..]), quick_ack: false }),
            Answer::TransportError(code) => Some(Frame::TransportError(code)),
            Answer::Status(status) => Some(Frame::TransportError(-i32::from(status))),
            _ => None,
        }).collect();
        prop_assert_eq!(frames(pieces(&bytes, &cuts)), (expected, None));
    }

    #[test]
    fn no_bytes_make_a_reader_panic_and_the_pieces_make_no_difference(
        bytes in vec(prop_oneof![
            Just(b"POST /api HTTP/1.1\r\n".to_vec()),
            Just(b"HTTP/1.1 200 OK\r\n".to_vec()),
            Just(b"Content-Length: 4\r\n".to_vec()),
            Just(b"Content-Length: 0\r\n".to_vec()),
            Just(b"\r\n".to_vec()),
            vec(any::<u8>(), 0..6),
        ], 0..20),
        cuts in vec(any::<usize>(), 0..20),
    ) {
        let bytes = bytes.concat();
        prop_assert_eq!(requests(pieces(&bytes, &cuts)), requests([&bytes[..]]));
        prop_assert_eq!(frames(pieces(&bytes, &cuts)), frames([&bytes[..]]));
    }
}
