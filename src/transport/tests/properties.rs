//! Properties: what goes in comes out, however it is cut; and no bytes make a decoder panic or hoard.

use bytes::BytesMut;
use proptest::{collection::vec, prelude::*};

use super::{Codec, Frame, Kind, detect, encoded, packet, pair, rng};
use crate::transport::MAX_FRAME;

/// Something that one side sends.
#[derive(Clone, Debug)]
enum Sent {
    Packet { payload: Vec<u8>, quick_ack: bool },
    QuickAck(u32),
    TransportError(i32),
}

fn kinds() -> impl Strategy<Value = Kind> {
    proptest::sample::select(&Kind::FRAMED[..])
}

/// Packets of at least 24 bytes, as all real ones are, around the length where abridged changes its prefix.
fn payloads() -> impl Strategy<Value = Vec<u8>> {
    (6..160_usize, any::<u8>())
        .prop_map(|(units, seed)| (0..units * 4).map(|at| (at as u8).wrapping_mul(seed)).collect())
}

fn from_client() -> impl Strategy<Value = Vec<Sent>> {
    vec(
        (payloads(), any::<bool>()).prop_map(|(payload, quick_ack)| Sent::Packet { payload, quick_ack }),
        1..8,
    )
}

fn from_server() -> impl Strategy<Value = Vec<Sent>> {
    let one = prop_oneof![
        payloads().prop_map(|payload| Sent::Packet { payload, quick_ack: false }),
        any::<u32>().prop_map(|token| Sent::QuickAck(token | 1 << 31)),
        (-999..0_i32).prop_map(Sent::TransportError),
    ];
    vec(one, 1..8)
}

/// The bytes of `sent`, and what of it this transport can say.
fn stream(codec: &mut Codec, sent: Vec<Sent>) -> (Vec<u8>, Vec<Sent>) {
    let (mut bytes, mut said) = (Vec::new(), Vec::new());
    let acks = codec.kind().has_quick_acks();
    for mut one in sent {
        let mut out = packet(&[]);
        match &mut one {
            Sent::Packet { payload, quick_ack } => {
                *quick_ack &= acks;
                out = packet(payload);
                codec.encode(&mut out, *quick_ack, &mut rng(6)).unwrap();
            }
            Sent::QuickAck(_) if !acks => continue,
            Sent::QuickAck(token) => codec.encode_quick_ack(*token, &mut out).unwrap(),
            Sent::TransportError(code) => codec.encode_transport_error(*code, &mut out, &mut rng(7)).unwrap(),
        }
        bytes.extend_from_slice(out.as_slice());
        said.push(one);
    }
    (bytes, said)
}

/// Cuts `bytes` at places that `cuts` gives.
fn chunks(bytes: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut places: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect()
}

fn assert_same(kind: Kind, sent: &[Sent], got: &[Frame]) {
    assert_eq!(sent.len(), got.len());
    let padded = kind.name().contains("padded");
    for (sent, got) in sent.iter().zip(got) {
        match (sent, got) {
            (Sent::Packet { payload, quick_ack }, Frame::Packet { payload: bytes, quick_ack: asked }) => {
                assert_eq!(quick_ack, asked);
                assert!(bytes.starts_with(payload));
                assert!(bytes.len() - payload.len() <= if padded { 15 } else { 0 });
            }
            (Sent::QuickAck(sent), Frame::QuickAck(got)) => assert_eq!(sent, got),
            (Sent::TransportError(sent), Frame::TransportError(got)) => assert_eq!(sent, got),
            (sent, got) => panic!("{sent:?} came out as {got:?}"),
        }
    }
}

proptest! {
    #[test]
    fn the_server_gets_what_the_client_sent(
        kind in kinds(), sent in from_client(), cuts in vec(any::<usize>(), 0..20),
    ) {
        let mut client = Codec::client(kind, &mut rng(8));
        let (bytes, said) = stream(&mut client, sent);
        let (mut input, mut server, mut got) = (BytesMut::new(), None, Vec::new());
        for chunk in chunks(&bytes, &cuts) {
            input.extend_from_slice(&chunk);
            if server.is_none() {
                server = detect(&mut input).unwrap().map(|detected| detected.codec);
            }
            while let Some(frame) = server.as_mut().and_then(|server| server.decode(&mut input).unwrap()) {
                got.push(frame);
            }
        }
        prop_assert_eq!(server.unwrap().kind(), kind);
        prop_assert!(input.is_empty());
        assert_same(kind, &said, &got);
    }

    #[test]
    fn the_client_gets_what_the_server_sent(
        kind in kinds(), sent in from_server(), cuts in vec(any::<usize>(), 0..20),
    ) {
        let (mut client, mut server) = pair(kind);
        let (bytes, said) = stream(&mut server, sent);
        let (mut input, mut got) = (BytesMut::new(), Vec::new());
        for chunk in chunks(&bytes, &cuts) {
            input.extend_from_slice(&chunk);
            while let Some(frame) = client.decode(&mut input).unwrap() {
                got.push(frame);
            }
        }
        prop_assert!(input.is_empty());
        assert_same(kind, &said, &got);
    }

    #[test]
    fn the_cuts_change_nothing_for_any_bytes(
        kind in kinds(), to_client in any::<bool>(),
        bytes in vec(prop_oneof![Just(0), Just(1), Just(4), Just(0xff), any::<u8>()], 0..300),
        cuts in vec(any::<usize>(), 0..20),
    ) {
        let run = |pieces: &[Vec<u8>]| {
            let (client, server) = pair(kind);
            let mut codec = if to_client { client } else { server };
            let (mut input, mut got) = (BytesMut::new(), Vec::new());
            for piece in pieces {
                input.extend_from_slice(piece);
                loop {
                    match codec.decode(&mut input) {
                        Ok(Some(frame)) => got.push(Ok(frame)),
                        Ok(None) => break,
                        Err(error) => {
                            assert_eq!(codec.decode(&mut input), Err(error), "an error is for ever");
                            got.push(Err(error));
                            return (got, 0);
                        }
                    }
                }
                assert!(input.len() < MAX_FRAME + 4);
            }
            (got, input.len())
        };
        prop_assert_eq!(run(std::slice::from_ref(&bytes)), run(&chunks(&bytes, &cuts)));
    }

    #[test]
    fn detection_answers_within_64_bytes_and_takes_only_the_opening(bytes in vec(any::<u8>(), 64..100)) {
        let mut input = BytesMut::from(&bytes[..]);
        if let Ok(detected) = detect(&mut input) {
            let taken = bytes.len() - input.len();
            let expected = match detected.unwrap().codec.kind() {
                Kind::Full => 0,
                Kind::Abridged => 1,
                Kind::Intermediate | Kind::Padded => 4,
                Kind::Obfuscated(_) => 64,
                other => panic!("{other} is not told by its first bytes"),
            };
            prop_assert_eq!(taken, expected);
        }
    }
}

#[test]
fn every_kind_is_detected_byte_by_byte() {
    for kind in Kind::FRAMED {
        for seed in 0..20 {
            let mut client = Codec::client(kind, &mut rng(seed));
            let mut bytes = encoded(&mut client, &[5; 40], false).unwrap();
            bytes.extend(encoded(&mut client, &[6; 600], false).unwrap());
            let (mut input, mut server, mut got) = (BytesMut::new(), None, Vec::new());
            for byte in bytes {
                input.extend_from_slice(&[byte]);
                match &mut server {
                    None => server = detect(&mut input).unwrap().map(|detected| detected.codec),
                    Some(server) => got.extend(server.decode(&mut input).unwrap()),
                }
            }
            let server = server.unwrap();
            assert_eq!(server.kind(), kind);
            let heads: Vec<_> = got
                .iter()
                .map(|frame| match frame {
                    Frame::Packet { payload, quick_ack: false } => payload[0],
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(heads, [5, 6], "{kind}");
        }
    }
}
