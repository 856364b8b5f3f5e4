//! Known answers and properties of the transports.

mod greetings;
mod properties;
mod refusals;
mod secrets;
mod vectors;

use bytes::BytesMut;
use rand::{SeedableRng, rngs::StdRng};

use super::{Codec, Detected, Error, Frame, Kind, detect};
use crate::tl::PacketBuf;

pub(super) fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

pub(super) fn packet(payload: &[u8]) -> PacketBuf {
    let mut packet = PacketBuf::new();
    packet.extend_from_slice(payload);
    packet
}

/// What `codec` sends for `payload`.
pub(super) fn encoded(codec: &mut Codec, payload: &[u8], quick_ack: bool) -> Result<Vec<u8>, Error> {
    let mut packet = packet(payload);
    codec.encode(&mut packet, quick_ack, &mut rng(1))?;
    Ok(packet.as_slice().to_vec())
}

/// Both ends of a connection that has sent nothing but its tag, header or, in the full transport, one packet.
pub(super) fn pair(kind: Kind) -> (Codec, Codec) {
    let mut client = Codec::client(kind, &mut rng(2));
    let mut stream = BytesMut::from(&encoded(&mut client, b"opening.", false).unwrap()[..]);
    let Detected { codec: mut server, .. } = detect(&mut stream).unwrap().unwrap();
    assert_eq!(server.kind(), kind);
    assert!(matches!(server.decode(&mut stream), Ok(Some(Frame::Packet { .. }))));
    assert!(stream.is_empty());
    (client, server)
}

/// All frames that come out of `bytes`, fed at once.
pub(super) fn frames(codec: &mut Codec, bytes: &[u8]) -> Result<Vec<Frame>, Error> {
    let mut input = BytesMut::from(bytes);
    let mut frames = Vec::new();
    while let Some(frame) = codec.decode(&mut input)? {
        frames.push(frame);
    }
    assert!(input.is_empty(), "a rest of {} bytes", input.len());
    Ok(frames)
}
