//! Known answers, and what the two halves make of each other and of what is neither.

use bytes::BytesMut;
use num_bigint::BigUint;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::Value;

use super::{
    Error, Handshake, Hello, RANDOM_AT, RANDOM_LEN, Shape, answer, client_hello, digest, key_share,
    records::Records,
};
use crate::{
    tl::PacketBuf,
    transport::{ProxySecret, checks::Role},
};

const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors.json"));
const NOW: u64 = 1_700_000_000;

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn secret(domain: &str) -> ProxySecret {
    let mut bytes = vec![0xee];
    bytes.extend([7; 16]);
    bytes.extend(domain.as_bytes());
    ProxySecret::from_bytes(&bytes).unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn vectors(kind: &str) -> Vec<(String, Value, Value)> {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let all = file["vectors"].as_array().unwrap().iter().filter(|vector| vector["kind"] == kind);
    all.map(|v| (v["id"].to_string(), v["inputs"].clone(), v["outputs"].clone())).collect()
}

#[test]
fn hellos_of_other_clients() {
    let vectors = vectors("faketls_client_hello");
    assert!(vectors.len() >= 4);
    for (id, inputs, outputs) in vectors {
        let record = hex(&inputs["record"]);
        let key: [u8; 16] = hex(&inputs["secret16"]).try_into().unwrap();
        for len in 0..record.len() {
            assert!(Hello::parse(&record[..len]).unwrap().is_none(), "{id}: {len} bytes");
        }
        let hello = Hello::parse(&record).unwrap().unwrap();
        assert_eq!(hello.time(&key).map(u64::from), outputs["unixtime"].as_u64(), "{id}");
        assert_eq!(hello.time(&key).is_some(), outputs["valid"].as_bool().unwrap());
        assert_eq!(hello.random[..], hex(&outputs["client_random"]));
        assert_eq!(hello.session_id, hex(&outputs["session_id"]));
        assert_eq!(hello.domain, outputs["sni"].as_str().map(str::as_bytes));
        assert_eq!(hello.len(), record.len());
    }
}

#[test]
fn answers_of_other_proxies() {
    let vectors = vectors("faketls_server_hello");
    assert!(vectors.len() >= 2);
    for (id, inputs, outputs) in vectors {
        let packet = hex(&inputs["packet"]);
        let random: [u8; RANDOM_LEN] = hex(&inputs["client_random"]).try_into().unwrap();
        // A client that sent this random and the session id that the answer repeats.
        let mut client = Handshake::new(&secret("example.com"), Shape::Current, NOW, &mut rng(1)).unwrap();
        client.key.copy_from_slice(&hex(&inputs["secret16"]));
        client.hello[RANDOM_AT..RANDOM_AT + RANDOM_LEN].copy_from_slice(&random);
        client.session_id.copy_from_slice(&packet[44..76]);
        let mut input = BytesMut::from(&packet[..]);
        input.extend_from_slice(b"rest");
        if outputs["valid"] == true {
            assert_eq!(client.take_answer(&mut input), Ok(true), "{id}");
            assert_eq!(input[..], b"rest"[..]);
        } else {
            assert_eq!(client.take_answer(&mut input), Err(Error::NotTheProxy), "{id}");
        }
    }
}

#[test]
fn the_shapes_have_the_lengths_of_their_browsers() {
    for domain in ["a.b", "www.example.com", &"x".repeat(182)] {
        for seed in 0..20 {
            let short = client_hello::build(domain, &[1; 32], Shape::Short, &mut rng(seed));
            // The whole record has 517 bytes, as old proxies demand.
            assert_eq!(short.len(), 517, "{domain}");
            assert!(short.starts_with(&[22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
            let current = client_hello::build(domain, &[1; 32], Shape::Current, &mut rng(seed));
            assert!((1700..2200).contains(&current.len()), "{}", current.len());
            let hello = Hello::parse(&current).unwrap().unwrap();
            assert_eq!((hello.domain, hello.len()), (Some(domain.as_bytes()), current.len()));
        }
    }
}

/// The extensions of a hello by number, in its order.
fn extensions(record: &[u8]) -> Vec<(u16, &[u8])> {
    let word = |at: usize| usize::from(u16::from_be_bytes([record[at], record[at + 1]]));
    let mut at = 11 + 32 + 33;
    at += 2 + word(at) + 2;
    assert_eq!(record.len(), at + 2 + word(at));
    at += 2;
    let mut found = Vec::new();
    while at < record.len() {
        let len = word(at + 2);
        found.push((word(at) as u16, &record[at + 4..at + 4 + len]));
        at += 4 + len;
    }
    found
}

#[test]
fn extensions_come_in_an_order_of_chance_between_two_ignored_ones() {
    let grease = |number: u16| number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff;
    let mut orders = std::collections::HashSet::new();
    for seed in 0..32 {
        let hello = client_hello::build("example.com", &[1; 32], Shape::Current, &mut rng(seed));
        let extensions = extensions(&hello);
        let numbers: Vec<_> = extensions.iter().map(|(number, _)| *number).collect();
        let (first, last) = (numbers[0], numbers[17]);
        assert!(grease(first) && grease(last) && first != last);
        let mut sorted = numbers[1..17].to_vec();
        orders.insert(sorted.clone());
        sorted.sort_unstable();
        let all = [0, 5, 10, 11, 13, 16, 18, 23, 27, 35, 43, 45, 51, 0x44cd, 0xfe0d, 0xff01];
        assert_eq!(sorted, all);
        let share = extensions.iter().find(|(number, _)| *number == 51).unwrap().1;
        assert_eq!(share.len(), 2 + 5 + 4 + 1184 + 32 + 4 + 32);
        assert_eq!(share[11 + 1184..11 + 1184 + 32], share[share.len() - 32..]);
    }
    assert!(orders.len() > 30);
}

/// RFC 7748: y² = x³ + 486662x² + x must have a solution mod 2^255 - 19 (FT-1).
#[test]
fn key_shares_are_points_of_the_curve() {
    let p = (BigUint::from(1_u8) << 255_u32) - 19_u8;
    for seed in 0..16 {
        let share = key_share::x25519(&mut rng(seed));
        let x = BigUint::from_bytes_le(&share);
        assert!(x < p);
        let right = (&x * &x * &x + &x * &x * 486_662_u32 + &x) % &p;
        let exponent = (&p - 1_u8) / 2_u8;
        assert_eq!(right.modpow(&exponent, &p), BigUint::from(1_u8));
    }
}

#[test]
fn coefficients_of_ml_kem_are_below_its_prime() {
    let key = key_share::ml_kem_768(&mut rng(3));
    assert_eq!(key.len(), key_share::ML_KEM_768_LEN);
    let (mut low, mut high) = (u16::MAX, 0);
    for packed in key[..1152].chunks(3) {
        let [a, b, c] = [packed[0], packed[1], packed[2]].map(u16::from);
        for coefficient in [a | (b & 15) << 8, b >> 4 | c << 4] {
            (low, high) = (low.min(coefficient), high.max(coefficient));
        }
    }
    assert!(low < 100 && (3200..3329).contains(&high), "{low}..{high}");
}

#[test]
fn the_two_halves_understand_each_other() {
    for shape in [Shape::Current, Shape::Short] {
        let secret = secret("www.example.com");
        let client = Handshake::new(&secret, shape, NOW, &mut rng(1)).unwrap();
        let hello = Hello::parse(client.hello()).unwrap().unwrap();
        assert_eq!(hello.time(secret.key()), Some(NOW as u32));
        assert_eq!(hello.time(&[8; 16]), None);
        let answer = answer(&hello, secret.key(), &mut rng(2));
        let mut input = BytesMut::new();
        for (at, byte) in answer.iter().enumerate() {
            assert_eq!(client.take_answer(&mut input), Ok(false), "{at} bytes");
            input.extend_from_slice(&[*byte]);
        }
        assert_eq!(client.take_answer(&mut input), Ok(true));
        assert!(input.is_empty());
    }
}

#[test]
fn an_answer_may_have_more_handshake_records_but_not_any_number() {
    let secret = secret("example.com");
    let client = Handshake::new(&secret, Shape::Short, NOW, &mut rng(1)).unwrap();
    let hello = Hello::parse(client.hello()).unwrap().unwrap();
    for (more, expected) in [(0, Ok(true)), (16, Ok(true)), (17, Err(Error::Endless))] {
        let mut answer = answer(&hello, secret.key(), &mut rng(2));
        let first = 5 + usize::from(u16::from_be_bytes([answer[3], answer[4]]));
        for _ in 0..more {
            answer.splice(first..first, [22, 3, 3, 0, 2, 9, 9]);
        }
        let random: [u8; 32] =
            hmac::Mac::finalize(digest(secret.key(), hello.random, &answer)).into_bytes().into();
        answer[RANDOM_AT..RANDOM_AT + RANDOM_LEN].copy_from_slice(&random);
        assert_eq!(client.take_answer(&mut BytesMut::from(&answer[..])), expected);
    }
}

#[test]
fn what_is_no_answer_is_refused_at_once() {
    let client = Handshake::new(&secret("example.com"), Shape::Current, NOW, &mut rng(1)).unwrap();
    for (bytes, expected) in [
        // An alert, as of a site that does not know the name.
        (&[21, 3, 3, 0, 2, 2, 112][..], Error::RecordType { expected: 22, found: 21 }),
        (b"HTTP/1.1 400 Bad Request", Error::Version(0x5454)),
        (&[22, 3, 3, 255, 255], Error::TooLarge(65535)),
        (&[22, 3, 3, 0, 0, 23, 3, 3, 0, 0], Error::RecordType { expected: 20, found: 23 }),
    ] {
        assert_eq!(client.take_answer(&mut BytesMut::from(bytes)), Err(expected));
    }
}

proptest! {
    #[test]
    fn a_changed_answer_is_refused(at in 0..2300_usize, bit in 0..8_u32) {
        let secret = secret("example.com");
        let client = Handshake::new(&secret, Shape::Short, NOW, &mut rng(1)).unwrap();
        let hello = Hello::parse(client.hello()).unwrap().unwrap();
        let mut answer = answer(&hello, secret.key(), &mut rng(2));
        let at = at % answer.len();
        answer[at] ^= 1 << bit;
        // A length that has grown waits for more; nothing is ever taken.
        prop_assert_ne!(client.take_answer(&mut BytesMut::from(&answer[..])), Ok(true));
    }

    #[test]
    fn a_changed_hello_is_nobodys(at in 0..517_usize, bit in 0..8_u32) {
        let secret = secret("example.com");
        let client = Handshake::new(&secret, Shape::Short, NOW, &mut rng(1)).unwrap();
        let mut hello = client.hello().to_vec();
        hello[at] ^= 1 << bit;
        let time = Hello::parse(&hello).ok().flatten().and_then(|hello| hello.time(secret.key()));
        // Only the last bytes of the random carry something else, the time.
        prop_assert_eq!(time.is_some(), (39..43).contains(&at));
    }

    #[test]
    fn records_carry_any_stream(
        sizes in prop::collection::vec(1..40_000_usize, 1..6),
        cut in 1..5000_usize,
        client in any::<bool>(),
    ) {
        let (from, to) = if client { (Role::Client, Role::Server) } else { (Role::Server, Role::Client) };
        let (mut sender, mut receiver) = (Records::new(from), Records::new(to));
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        for (n, size) in sizes.into_iter().enumerate() {
            let data: Vec<u8> = (0..size).map(|at| (at * 7 + n) as u8).collect();
            expected.extend_from_slice(&data);
            let mut out = PacketBuf::new();
            out.extend_from_slice(&data);
            sender.wrap(&mut out);
            wire.extend_from_slice(out.as_slice());
        }
        prop_assert_eq!(wire.starts_with(&[20, 3, 3, 0, 1, 1, 23, 3, 3]), client);
        let mut input = BytesMut::new();
        for piece in wire.chunks(cut) {
            input.extend_from_slice(piece);
            receiver.unwrap(&mut input).unwrap();
            prop_assert!(input.len() < 5);
        }
        prop_assert_eq!(&receiver.plain[..], &expected[..]);
        receiver.plain.clear();
        prop_assert!(receiver.is_at_rest());
    }

    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let client = Handshake::new(&secret("example.com"), Shape::Short, NOW, &mut rng(1)).unwrap();
        let _ = client.take_answer(&mut BytesMut::from(&bytes[..]));
        let _ = Hello::parse(&bytes);
        let _ = Records::new(Role::Client).unwrap(&mut BytesMut::from(&bytes[..]));
    }
}
