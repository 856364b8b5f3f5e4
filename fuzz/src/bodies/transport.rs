//! The transport decoders, both roles.
//!
//! Input: a byte whose lowest bit chooses the role (0 server, 1 client), then pieces of the stream, each a length
//! byte and as many bytes. The pieces are what the socket gives at once; the stream must decode to the same frames
//! when it comes as one piece. For `transport_obfuscated` the pieces are plaintext, which is encrypted here.

use bytes::BytesMut;
use mtwire::{
    crypto::aes::Ctr256,
    tl::PacketBuf,
    transport::{self, Codec, Error, Frame, Kind, MAX_FRAME, Tagged},
};
use rand::{SeedableRng, rngs::StdRng};

use super::input::Input;

pub fn abridged(data: &[u8]) {
    decode(Kind::Abridged, data);
}

pub fn intermediate(data: &[u8]) {
    decode(Kind::Intermediate, data);
}

pub fn padded(data: &[u8]) {
    decode(Kind::Padded, data);
}

pub fn full(data: &[u8]) {
    decode(Kind::Full, data);
}

pub fn obfuscated(data: &[u8]) {
    // Any byte chooses the framing inside; its lowest bit is the role as elsewhere.
    let tagged = Tagged::ALL[usize::from(data.first().copied().unwrap_or(0) >> 1) % 3];
    decode(Kind::Obfuscated(tagged), data);
}

/// Input: the pieces without a role byte. No opening is put in front.
pub fn detect(data: &[u8]) {
    let pieces = pieces(&mut Input::new(data));
    let run = |pieces: &[Vec<u8>]| {
        let (mut input, mut codec, mut seen) = (BytesMut::new(), None, Seen::default());
        for piece in pieces {
            input.extend_from_slice(piece);
            if codec.is_none() {
                match transport::detect(&mut input) {
                    Ok(Some(detected)) => codec = Some(detected.codec),
                    Ok(None) => assert!(input.len() < 64, "64 bytes are always enough"),
                    Err(error) => {
                        seen.end = Some(error);
                        return seen;
                    }
                }
            }
            if let Some(codec) = &mut codec
                && !seen.drain(codec, &mut input)
            {
                break;
            }
        }
        seen
    };
    assert_eq!(run(&pieces), run(&[pieces.concat()]));
}

pub(super) fn pieces(input: &mut Input<'_>) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    while !input.is_empty() {
        let len = input.u8();
        pieces.push(input.take(len.into()).to_vec());
    }
    pieces
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// Both ends of a new connection; the packet that opened it has been decoded. And the header, if obfuscated.
fn pair(kind: Kind) -> (Codec, Codec, Vec<u8>) {
    let mut client = Codec::client(kind, &mut rng());
    let mut packet = PacketBuf::new();
    packet.extend_from_slice(b"opening.");
    client.encode(&mut packet, false, &mut rng()).expect("8 bytes go everywhere");
    let mut stream = BytesMut::from(packet.as_slice());
    let mut server = transport::detect(&mut stream).expect("own tag").expect("whole").codec;
    assert!(matches!(server.decode(&mut stream), Ok(Some(Frame::Packet { .. }))));
    (client, server, packet.as_slice().to_vec())
}

fn decode(kind: Kind, data: &[u8]) {
    let mut input = Input::new(data);
    let to_client = input.u8() & 1 == 1;
    let mut pieces = pieces(&mut input);
    let (_, _, opening) = pair(kind);
    if let Kind::Obfuscated(_) = kind {
        let mut stream = peer_stream(&opening, to_client);
        pieces.iter_mut().for_each(|piece| stream.apply(piece));
    }
    let run = |pieces: &[Vec<u8>]| {
        let (client, server, _) = pair(kind);
        let mut codec = if to_client { client } else { server };
        let (mut input, mut seen) = (BytesMut::new(), Seen::default());
        for piece in pieces {
            input.extend_from_slice(piece);
            if !seen.drain(&mut codec, &mut input) {
                break;
            }
        }
        seen
    };
    let seen = run(&pieces);
    assert_eq!(seen, run(&[pieces.concat()]));
    again(kind, to_client, seen.frames);
}

/// The cipher of whoever sends to the codec under test, where it stands after the opening.
fn peer_stream(opening: &[u8], to_client: bool) -> Ctr256 {
    let mut header: [u8; 64] = opening[..64].try_into().expect("64 bytes");
    if to_client {
        // Nothing has gone this way yet.
        header.reverse();
    }
    let (key, iv) = (header[8..40].try_into().expect("32"), header[40..56].try_into().expect("16"));
    let mut stream = Ctr256::new(key, iv);
    if !to_client {
        stream.apply(&mut opening.to_vec());
    }
    stream
}

/// What was decoded can be sent, and arrives.
fn again(kind: Kind, to_client: bool, frames: Vec<Frame>) {
    let (client, server, _) = pair(kind);
    let (mut sender, mut receiver) = if to_client { (server, client) } else { (client, server) };
    for frame in frames {
        // No server sends the code -1; with padding behind it, it is a token.
        if frame == Frame::TransportError(-1) {
            continue;
        }
        let mut out = PacketBuf::new();
        match &frame {
            Frame::Packet { payload, quick_ack } => {
                out.extend_from_slice(payload);
                sender.encode(&mut out, *quick_ack, &mut rng()).expect("came from a frame");
            }
            Frame::QuickAck(token) => sender.encode_quick_ack(*token, &mut out).expect("came from a frame"),
            Frame::TransportError(code) => {
                sender.encode_transport_error(*code, &mut out, &mut rng()).expect("short");
            }
            Frame::Empty => panic!("only HTTP has empty answers"),
        }
        let mut input = BytesMut::from(out.as_slice());
        let got = receiver.decode(&mut input).expect("own frame").expect("whole");
        assert!(input.is_empty());
        match (frame, got) {
            (Frame::Packet { payload, quick_ack }, Frame::Packet { payload: bytes, quick_ack: asked }) => {
                assert_eq!(quick_ack, asked);
                assert!(bytes.starts_with(&payload) && bytes.len() <= payload.len() + 15);
            }
            (sent, got) => assert_eq!(sent, got),
        }
    }
}

/// What came out of a stream.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    frames: Vec<Frame>,
    pub end: Option<Error>,
}

impl Seen {
    /// Takes all whole frames out of `input`; `false` when the stream is broken.
    pub fn drain(&mut self, codec: &mut Codec, input: &mut BytesMut) -> bool {
        loop {
            let (before, at_rest) = (input.len(), codec.is_at_rest());
            match codec.decode(input) {
                Ok(Some(frame)) => {
                    // Each frame is of the input, or of what fake TLS has kept of it.
                    assert!(input.len() < before || !at_rest);
                    self.frames.push(frame);
                }
                Ok(None) => {
                    assert!(input.len() < MAX_FRAME + 4);
                    return true;
                }
                Err(error) => {
                    assert_eq!(codec.decode(input), Err(error), "an error is for ever");
                    self.end = Some(error);
                    return false;
                }
            }
        }
    }
}
