//! The HTTP transport, both sides.
//!
//! Input: pieces of the stream, each a length byte and as many bytes. The pieces are what the socket gives at once; the
//! stream must give the same when it comes as one piece, and what came can be sent and arrives.

use bytes::BytesMut;
use mtwire::{
    tl::PacketBuf,
    transport::{
        Codec, Error, Frame, MAX_FRAME,
        http::{self, Answer, Connection, MAX_HEAD, Request, Requests},
    },
};
use rand::{SeedableRng, rngs::StdRng};

use super::input::Input;

fn pieces(data: &[u8]) -> Vec<Vec<u8>> {
    let mut input = Input::new(data);
    let mut pieces = Vec::new();
    while !input.is_empty() {
        let len = input.u8();
        pieces.push(input.take(len.into()).to_vec());
    }
    pieces
}

/// All that `next` gives of a stream in these pieces, and how it ended.
fn run<T>(
    pieces: &[Vec<u8>],
    mut next: impl FnMut(&mut BytesMut) -> Result<Option<T>, Error>,
) -> (Vec<T>, Option<Error>) {
    let (mut input, mut got) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            let before = input.len();
            match next(&mut input) {
                Ok(Some(one)) => got.push(one),
                Ok(None) => {
                    assert!(input.len() < MAX_FRAME + MAX_HEAD, "it hoards");
                    break;
                }
                Err(error) => {
                    assert_eq!(next(&mut input).err(), Some(error), "an error is for ever");
                    return (got, Some(error));
                }
            }
            assert!(input.len() <= before);
        }
    }
    (got, None)
}

/// What a server makes of a client's bytes.
pub fn server(data: &[u8]) {
    let pieces = pieces(data);
    let read = |pieces: &[Vec<u8>]| {
        let mut requests = Requests::new();
        let (mut got, end) = run(pieces, |input| requests.decode(input));
        // Whether a client waits to be told to go on depends on what has come with the head.
        got.retain(|request| *request != Request::Continue);
        (got, end)
    };
    let seen = read(&pieces);
    assert_eq!(seen, read(&[pieces.concat()]));
    let (got, end) = seen;
    if let Some(error) = end {
        assert!((400..600).contains(&http::refusal(&error)));
    }
    for request in got {
        let Request::Packet { payload, .. } = request else { continue };
        let mut out = PacketBuf::new();
        out.extend_from_slice(&payload);
        let mut codec = Codec::http("fuzz.example");
        match codec.encode(&mut out, false, &mut StdRng::seed_from_u64(1)) {
            Ok(()) => {
                let again = read(&[out.as_slice().to_vec()]);
                assert_eq!(again, (vec![Request::Packet { payload, close: false }], None));
            }
            Err(_) => assert!(payload.len() < 4),
        }
    }
}

/// What a client makes of a server's bytes.
pub fn client(data: &[u8]) {
    let pieces = pieces(data);
    let read = |pieces: &[Vec<u8>]| {
        let mut codec = Codec::http("fuzz.example");
        run(pieces, |input| codec.decode(input))
    };
    let seen = read(&pieces);
    assert_eq!(seen, read(&[pieces.concat()]));
    let (got, _) = seen;
    for frame in got {
        let mut out = PacketBuf::new();
        let what = match &frame {
            Frame::Packet { payload, quick_ack } => {
                assert!(!quick_ack);
                out.extend_from_slice(payload);
                Answer::Packet
            }
            Frame::Empty => Answer::Packet,
            Frame::TransportError(code) => {
                assert!(*code < 0);
                // Codes that are no status have one in common.
                if !(-599..=-400).contains(code) {
                    continue;
                }
                Answer::TransportError(*code)
            }
            Frame::QuickAck(_) => panic!("there are none over HTTP"),
        };
        http::answer(&mut out, what, Connection::KeepAlive);
        assert_eq!(read(&[out.as_slice().to_vec()]), (vec![frame], None));
    }
}
