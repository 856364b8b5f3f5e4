//! Servers with secrets, and who comes to them.

use std::time::Duration;

use bytes::BytesMut;
use proptest::prelude::*;

use super::{encoded, rng};
use crate::transport::{
    Codec, Detected, Doorkeeper, ErrorKind, Frame, Greeting, Heard, Kind, ProxySecret, Tagged,
    fake_tls::{self, Handshake, Shape},
};

const NOW: Duration = Duration::from_secs(1_700_000_000);

fn secret(disguise: &str) -> ProxySecret {
    match disguise {
        "plain" => ProxySecret::from_bytes(&[1; 16]),
        "dd" => ProxySecret::from_bytes(&[&[0xdd][..], &[2; 16]].concat()),
        site => ProxySecret::from_bytes(&[&[0xee][..], &[3; 16], site.as_bytes()].concat()),
    }
    .unwrap()
}

fn doorkeeper() -> Doorkeeper {
    Doorkeeper::new(["plain", "dd", "site.one", "site.two"].map(secret).to_vec())
}

fn hear(
    greeting: &mut Greeting,
    doorkeeper: &mut Doorkeeper,
    input: &mut BytesMut,
) -> Result<Heard, ErrorKind> {
    greeting.hear(input, doorkeeper, NOW, &mut rng(5)).map_err(|error| error.kind)
}

/// Lets a client with this secret in, in pieces of `piece` bytes.
fn let_in(
    doorkeeper: &mut Doorkeeper,
    secret: &ProxySecret,
    kind: Kind,
    seed: u64,
    piece: usize,
) -> Result<(Codec, Box<Detected>, BytesMut), ErrorKind> {
    let (mut greeting, mut input) = (Greeting::default(), BytesMut::new());
    if let Some(client) = Handshake::new(secret, Shape::Current, NOW.as_secs(), &mut rng(seed)) {
        let mut answer = None;
        for piece in client.hello().chunks(piece) {
            assert!(answer.is_none());
            input.extend_from_slice(piece);
            match hear(&mut greeting, doorkeeper, &mut input)? {
                Heard::Nothing => {}
                Heard::Answer(bytes) => answer = Some(bytes),
                Heard::Client(_) => panic!("no header yet"),
            }
        }
        assert_eq!(client.take_answer(&mut BytesMut::from(&answer.unwrap()[..])), Ok(true));
    }
    let mut client = Codec::client_via(secret, -10_002, kind, &mut rng(seed)).unwrap();
    for piece in encoded(&mut client, &[9; 64], false).unwrap().chunks(piece) {
        input.extend_from_slice(piece);
        match hear(&mut greeting, doorkeeper, &mut input)? {
            Heard::Nothing => {}
            Heard::Client(detected) => {
                return Ok((client, detected, input));
            }
            Heard::Answer(_) => panic!("answered twice"),
        }
    }
    panic!("64 bytes are enough")
}

#[test]
fn clients_of_every_secret_are_told_apart_and_served() {
    for (place, name) in ["plain", "dd", "site.one", "site.two"].into_iter().enumerate() {
        for kind in Kind::ALL.into_iter().filter(|kind| kind.tagged().is_some()) {
            for piece in [1, 70, 5000] {
                let mut doorkeeper = doorkeeper();
                let secret = secret(name);
                let (mut client, mut detected, mut input) =
                    let_in(&mut doorkeeper, &secret, kind, 1, piece).unwrap();
                assert_eq!(detected.secret, Some(place));
                assert_eq!(detected.dc, Some(-10_002));
                assert_eq!(detected.codec.kind(), Kind::Obfuscated(secret.framing(kind).unwrap()));
                if piece == 5000 {
                    let Ok(Some(Frame::Packet { payload, .. })) = detected.codec.decode(&mut input) else {
                        panic!("no packet")
                    };
                    assert_eq!(payload[..64], [9; 64]);
                    assert!(input.is_empty() && detected.codec.is_at_rest());
                    // Large enough for several records, and back.
                    let large = vec![7; 40_000];
                    for _ in 0..3 {
                        let sent = encoded(&mut detected.codec, &large, false).unwrap();
                        let mut input = BytesMut::from(&sent[..]);
                        let Ok(Some(Frame::Packet { payload, .. })) = client.decode(&mut input) else {
                            panic!("no answer")
                        };
                        assert_eq!(payload[..40_000], large[..]);
                    }
                }
            }
        }
    }
}

#[test]
fn clients_without_a_secret_are_let_in_as_before() {
    for kind in Kind::FRAMED {
        let mut client = Codec::client(kind, &mut rng(3));
        let mut input = BytesMut::from(&encoded(&mut client, &[9; 64], false).unwrap()[..]);
        match hear(&mut Greeting::default(), &mut doorkeeper(), &mut input) {
            Ok(Heard::Client(detected)) => {
                assert_eq!((detected.codec.kind(), detected.secret), (kind, None));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn replays_are_refused() {
    for name in ["plain", "dd", "site.one"] {
        let mut doorkeeper = doorkeeper();
        assert!(let_in(&mut doorkeeper, &secret(name), Kind::Abridged, 1, 5000).is_ok());
        let again = let_in(&mut doorkeeper, &secret(name), Kind::Abridged, 1, 5000);
        assert_eq!(again.err(), Some(ErrorKind::Replayed), "{name}");
        assert!(let_in(&mut doorkeeper, &secret(name), Kind::Abridged, 2, 5000).is_ok());
    }
    let mut doorkeeper = doorkeeper();
    let mut client = Codec::client(Kind::Obfuscated(Tagged::Padded), &mut rng(3));
    let mut sent = encoded(&mut client, &[9; 64], false).unwrap();
    let mut come =
        |sent: &[u8]| hear(&mut Greeting::default(), &mut doorkeeper, &mut BytesMut::from(sent)).err();
    assert_eq!(come(&sent), None);
    // The keys are made of bytes 8 to 56: who changes others repeats the connection all the same.
    sent[0] ^= 1;
    assert_eq!(come(&sent), Some(ErrorKind::Replayed));
}

#[test]
fn strangers_are_refused_and_keep_their_bytes() {
    let stranger = ProxySecret::from_bytes(&[0x55; 16]).unwrap();
    let error = let_in(&mut doorkeeper(), &stranger, Kind::Abridged, 1, 5000).err();
    assert!(matches!(error, Some(ErrorKind::UnknownTag { .. })), "{error:?}");

    // A secret for padded clients takes no others, and one for fake TLS nobody without it.
    for (bytes, tagged) in [([2; 16], Tagged::Abridged), ([3; 16], Tagged::Padded)] {
        let client = ProxySecret::from_bytes(&bytes).unwrap();
        let error = let_in(&mut doorkeeper(), &client, tagged.into(), 1, 5000).err();
        assert!(matches!(error, Some(ErrorKind::UnknownTag { .. })), "{error:?}");
    }

    for (key, site, time, expected) in [
        (4, "site.one", NOW, fake_tls::Error::NotAClient),
        (3, "site.six", NOW, fake_tls::Error::OtherSite),
        (3, "site.one", NOW - Duration::from_secs(1201), fake_tls::Error::Clock { seconds: -1201 }),
        (3, "site.one", NOW + Duration::from_secs(1201), fake_tls::Error::Clock { seconds: 1201 }),
    ] {
        let secret = ProxySecret::from_bytes(&[&[0xee][..], &[key; 16], site.as_bytes()].concat()).unwrap();
        let client = Handshake::new(&secret, Shape::Short, time.as_secs(), &mut rng(1)).unwrap();
        let mut input = BytesMut::from(client.hello());
        let heard = hear(&mut Greeting::default(), &mut doorkeeper(), &mut input);
        assert_eq!(heard.err(), Some(ErrorKind::FakeTls(expected)));
        assert_eq!(input[..], *client.hello(), "a real site could not answer any more");
    }

    let client = Handshake::new(&secret("site.one"), Shape::Short, 1, &mut rng(1)).unwrap();
    let mut plain_only = Doorkeeper::new(vec![secret("plain")]);
    let heard = hear(&mut Greeting::default(), &mut plain_only, &mut BytesMut::from(client.hello()));
    assert_eq!(heard.err(), Some(ErrorKind::Tls));
}

#[test]
fn a_broken_record_ends_the_stream_behind_what_came_before() {
    let (_, mut detected, mut input) =
        let_in(&mut doorkeeper(), &secret("site.one"), Kind::Padded, 1, 5000).unwrap();
    input.extend_from_slice(&[21, 3, 3, 0, 2, 1, 0]);
    assert!(matches!(detected.codec.decode(&mut input), Ok(Some(Frame::Packet { .. }))));
    let broken = ErrorKind::FakeTls(fake_tls::Error::RecordType { expected: 23, found: 21 });
    for _ in 0..2 {
        assert_eq!(detected.codec.decode(&mut input).unwrap_err().kind, broken);
    }
}

proptest! {
    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..700), tls in any::<bool>()) {
        let mut input = BytesMut::from(if tls { &[22, 3, 1, 2][..] } else { &[] });
        input.extend_from_slice(&bytes);
        let _ = hear(&mut Greeting::default(), &mut doorkeeper(), &mut input);
    }
}
