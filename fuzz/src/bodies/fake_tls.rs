//! Fake TLS, both roles.
//!
//! Input: a byte of flags, then changes to the hello of the other side (a byte with their number, each two bytes of
//! place and one of value), then pieces of the stream that comes after it (each a length byte and as many bytes).
//! Flags: 1 the digest is made right again after the changes; 2 there is no hello, the pieces are all; 4 the client's
//! hello is a short one; 8 what is in the pieces is put into records.

use std::time::Duration;

use bytes::BytesMut;
use hmac::{Hmac, KeyInit, Mac};
use mtwire::{
    tl::PacketBuf,
    transport::{
        Codec, Doorkeeper, Error, ErrorKind, Greeting, Heard, Kind, ProxySecret,
        fake_tls::{Handshake, Shape},
    },
};
use rand::{SeedableRng, rngs::StdRng};
use sha2::Sha256;

use super::{
    input::Input,
    transport::{Seen, pieces},
};

const KEY: [u8; 16] = [7; 16];
const NOW: Duration = Duration::from_secs(1_700_000_000);
/// Where the random of a hello is in its record.
const RANDOM: std::ops::Range<usize> = 11..43;

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

fn secret() -> ProxySecret {
    ProxySecret::from_bytes(&[&[0xee], &KEY[..], b"site.example"].concat()).expect("a secret")
}

fn hello(shape: Shape) -> Handshake {
    Handshake::new(&secret(), shape, NOW.as_secs(), &mut rng()).expect("fake TLS")
}

/// What the input says.
struct Plan {
    flags: u8,
    changes: Vec<(usize, u8)>,
    pieces: Vec<Vec<u8>>,
}

impl Plan {
    fn read(data: &[u8]) -> Self {
        let mut input = Input::new(data);
        let flags = input.u8();
        let count = input.u8() % 32;
        let changes = (0..count).map(|_| (usize::from(input.u16()), input.u8())).collect();
        let mut pieces = pieces(&mut input);
        if flags & 8 != 0 {
            for piece in &mut pieces {
                let header = [23, 3, 3, 0, piece.len() as u8];
                piece.splice(..0, header);
            }
        }
        Self { flags, changes, pieces }
    }

    /// Makes the changes; whether they are any.
    fn change(&self, bytes: &mut [u8]) -> bool {
        let before = bytes.to_vec();
        for &(place, value) in &self.changes {
            let place = place % bytes.len();
            bytes[place] = value;
        }
        before != bytes
    }

    fn signs(&self) -> bool {
        self.flags & 1 != 0
    }

    fn shape(&self) -> Shape {
        if self.flags & 4 == 0 { Shape::Current } else { Shape::Short }
    }

    /// The stream that comes after `hello`, which is one more piece.
    fn stream(&self, hello: Vec<u8>) -> Vec<Vec<u8>> {
        let hello = if self.flags & 2 == 0 { vec![hello] } else { Vec::new() };
        [hello, self.pieces.clone()].concat()
    }
}

fn sign(before: &[u8], hello: &mut [u8]) -> [u8; 32] {
    hello[RANDOM].fill(0);
    let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).expect("any length");
    mac.update(before);
    mac.update(hello);
    mac.finalize().into_bytes().into()
}

pub fn server(data: &[u8]) {
    let plan = Plan::read(data);
    let client = hello(plan.shape());
    let mut hello = client.hello().to_vec();
    let changed = plan.change(&mut hello);
    if plan.signs() && hello.len() > RANDOM.end {
        let mut random = sign(&[], &mut hello);
        for (byte, time) in random[28..].iter_mut().zip((NOW.as_secs() as u32).to_le_bytes()) {
            *byte ^= time;
        }
        hello[RANDOM].copy_from_slice(&random);
    }
    let stream = plan.stream(hello);
    let seen = serve(&stream);
    assert_eq!(seen, serve(&[stream.concat()]));
    if plan.flags & 2 == 0 && !changed {
        assert!(seen.answered, "a client was not let in");
    }
}

#[derive(Debug, Default, PartialEq)]
struct Served {
    answered: bool,
    refused: Option<Error>,
    seen: Seen,
}

fn serve(pieces: &[Vec<u8>]) -> Served {
    let (mut input, mut served) = (BytesMut::new(), Served::default());
    let (mut doorkeeper, mut greeting) = (Doorkeeper::new(vec![secret()]), Greeting::default());
    let mut codec = None;
    for piece in pieces {
        input.extend_from_slice(piece);
        while codec.is_none() {
            let before = input.clone();
            match greeting.hear(&mut input, &mut doorkeeper, NOW, &mut rng()) {
                Ok(Heard::Nothing) => break,
                Ok(Heard::Answer(answer)) => {
                    assert!(!served.answered && answer.len() < 8192 && input.len() < before.len());
                    served.answered = true;
                }
                Ok(Heard::Client(detected)) => codec = Some(detected.codec),
                Err(error) => {
                    // Nobody else could have it any more.
                    assert!(served.answered || input == before);
                    served.refused = Some(error);
                    return served;
                }
            }
        }
        if let Some(codec) = &mut codec
            && !served.seen.drain(codec, &mut input)
        {
            return served;
        }
    }
    served
}

pub fn client(data: &[u8]) {
    let plan = Plan::read(data);
    let client = hello(plan.shape());
    let mut doorkeeper = Doorkeeper::new(vec![secret()]);
    let mut input = BytesMut::from(client.hello());
    let heard = Greeting::default().hear(&mut input, &mut doorkeeper, NOW, &mut rng());
    let Ok(Heard::Answer(mut answer)) = heard else { panic!("no answer") };
    let changed = plan.change(&mut answer);
    if plan.signs() {
        let random = sign(&client.hello()[RANDOM], &mut answer);
        answer[RANDOM].copy_from_slice(&random);
    }
    let stream = plan.stream(answer);
    let end = connect(&client, &stream);
    assert_eq!(end, connect(&client, &[stream.concat()]));
    if plan.flags & 2 == 0 {
        match end {
            Connected::Yes(_) => assert!(!changed || plan.signs(), "the digest covers it all"),
            Connected::Waiting | Connected::Refused(_) => assert!(changed),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Connected {
    Waiting,
    Refused(ErrorKind),
    Yes(Seen),
}

fn connect(client: &Handshake, pieces: &[Vec<u8>]) -> Connected {
    let (mut input, mut codec, mut seen) = (BytesMut::new(), None, Seen::default());
    for piece in pieces {
        input.extend_from_slice(piece);
        if codec.is_none() {
            let before = input.len();
            match client.take_answer(&mut input) {
                Ok(true) => {
                    let mut new = Codec::client_via(&secret(), 2, Kind::Padded, &mut rng()).expect("tagged");
                    let mut packet = PacketBuf::new();
                    packet.extend_from_slice(b"opening.");
                    new.encode(&mut packet, false, &mut rng()).expect("8 bytes go everywhere");
                    codec = Some(new);
                }
                Ok(false) => assert_eq!(input.len(), before),
                Err(error) => return Connected::Refused(error.into()),
            }
        }
        if let Some(codec) = &mut codec
            && !seen.drain(codec, &mut input)
        {
            break;
        }
    }
    if codec.is_some() { Connected::Yes(seen) } else { Connected::Waiting }
}
