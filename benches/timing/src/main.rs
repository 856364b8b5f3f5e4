//! Does the time of an operation on a secret depend on the secret? After *Dude, is my code constant time?*
//! (Reparaz, Balasch, Verbauwhede; <https://eprint.iacr.org/2016/1123>).
//!
//! ```sh
//! cd benches/timing && cargo run --release            # all
//! cd benches/timing && cargo run --release -- --filter dh
//! ```
//!
//! Each test times one operation on inputs of two classes, in random order, and compares the two distributions with
//! Welch's t-test. `max t` beyond 5 in either direction is a difference that is there; below, none was found with
//! this many samples. `control_early_exit` is a comparison that stops at the first difference: it must fail, or the
//! machine is too noisy to find anything. All inputs are made before the first is timed, and both classes are made
//! in the same way, so that caches and allocations do not tell them apart.
//!
//! Run by hand, on a machine that does little else; what came out is in `docs/security.md`.

use std::cell::RefCell;
use std::convert::Infallible;
use std::hint::black_box;

use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};
use mtwire::crypto::aes;
use mtwire::crypto::dh::{Group, KeyPair};
use mtwire::crypto::packet::{self, HEADER_LEN};
use mtwire::crypto::{AuthKey, Side};
use mtwire::session::Secret;
use rand::{Rng, RngExt, TryCryptoRng, TryRng};

const SAMPLES: usize = 200_000;
/// A power modulo 2,048 bits takes about a millisecond.
const POWERS: usize = 20_000;

/// Times `run` on `samples` inputs, each of a class drawn by lot.
fn compare<T, R>(
    runner: &mut CtRunner,
    rng: &mut BenchRng,
    samples: usize,
    mut make: impl FnMut(Class, &mut BenchRng) -> T,
    run: impl Fn(&mut T) -> R,
) {
    let inputs: Vec<_> = (0..samples)
        .map(|_| {
            let class = if rng.random::<bool>() { Class::Left } else { Class::Right };
            // What is timed is called as if it changed nothing.
            (class, RefCell::new(make(class, rng)))
        })
        .collect();
    for (class, input) in &inputs {
        runner.run_one(*class, || black_box(run(black_box(&mut input.borrow_mut()))));
    }
}

fn is_left(class: Class) -> bool {
    matches!(class, Class::Left)
}

fn bytes<const N: usize>(rng: &mut BenchRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// Two arrays that differ in one byte: the first in one class, the last in the other.
fn pair<const N: usize>(class: Class, rng: &mut BenchRng) -> ([u8; N], [u8; N]) {
    let one = bytes(rng);
    let mut other = one;
    other[if is_left(class) { 0 } else { N - 1 }] ^= 1;
    (one, other)
}

/// What must be found out.
fn control_early_exit(runner: &mut CtRunner, rng: &mut BenchRng) {
    let make = |class, rng: &mut BenchRng| {
        let (one, other) = pair::<256>(class, rng);
        (one.to_vec(), other.to_vec())
    };
    compare(runner, rng, SAMPLES, make, |(one, other)| one.iter().zip(other.iter()).all(|(a, b)| a == b));
}

/// Two auth keys that differ at the beginning, or at the end.
fn auth_key_equality(runner: &mut CtRunner, rng: &mut BenchRng) {
    let make = |class, rng: &mut BenchRng| {
        let (one, other) = pair::<256>(class, rng);
        (AuthKey::from_bytes(one), AuthKey::from_bytes(other))
    };
    compare(runner, rng, SAMPLES, make, |(one, other)| one == other);
}

/// Two codes or passwords that differ at the beginning, or at the end.
fn secret_equality(runner: &mut CtRunner, rng: &mut BenchRng) {
    let make = |class, rng: &mut BenchRng| {
        let (one, other) = pair::<64>(class, rng);
        (Secret::from(one.to_vec()), Secret::from(other.to_vec()))
    };
    compare(runner, rng, SAMPLES, make, |(one, other)| one == other);
}

/// A packet whose right msg_key is off in its first byte, or in its last: how much of a forged msg_key is right must
/// not be learned (security guidelines, "Checking SHA256 hash value of msg_key"). The key of the decryption depends
/// on the msg_key as it came, so both are refused after the same work.
fn forged_msg_key(runner: &mut CtRunner, rng: &mut BenchRng) {
    let key = AuthKey::from_bytes(bytes(rng));
    let make = |class, rng: &mut BenchRng| {
        let mut packet = sealed(&key, rng);
        packet[if is_left(class) { 8 } else { HEADER_LEN - 1 }] ^= 1;
        packet
    };
    compare(runner, rng, SAMPLES, make, |packet| packet::open(&key, Side::Server, packet).is_ok());
}

/// A packet that was changed in the first block, or in the last: refused after the same work.
fn changed_ciphertext(runner: &mut CtRunner, rng: &mut BenchRng) {
    let key = AuthKey::from_bytes(bytes(rng));
    let make = |class, rng: &mut BenchRng| {
        let mut packet = sealed(&key, rng);
        let last = packet.len() - 1;
        packet[if is_left(class) { HEADER_LEN } else { last }] ^= 1;
        packet
    };
    compare(runner, rng, SAMPLES, make, |packet| packet::open(&key, Side::Server, packet).is_ok());
}

/// A good packet, or one that is refused: until the comparison the work is the same, and the comparison itself tells
/// nothing. (What follows, an answer or none, tells the outcome to everybody.)
fn good_or_refused(runner: &mut CtRunner, rng: &mut BenchRng) {
    let key = AuthKey::from_bytes(bytes(rng));
    let make = |class, rng: &mut BenchRng| {
        let mut packet = sealed(&key, rng);
        packet[HEADER_LEN] ^= u8::from(is_left(class));
        packet
    };
    compare(runner, rng, SAMPLES, make, |packet| packet::open(&key, Side::Server, packet).is_ok());
}

fn sealed(key: &AuthKey, rng: &mut BenchRng) -> Vec<u8> {
    let mut plain: [u8; 256] = bytes(rng);
    let header = packet::seal_in_place(key, Side::Server, &mut plain).header;
    [&header[..], &plain].concat()
}

/// AES with a key of zeros, or any: no table is looked up by a key or a plaintext.
fn aes_ige_key(runner: &mut CtRunner, rng: &mut BenchRng) {
    let make = |class, rng: &mut BenchRng| {
        let key: [u8; 32] = bytes(rng);
        (if is_left(class) { [0; 32] } else { key }, bytes::<512>(rng))
    };
    let iv = bytes(rng);
    compare(runner, rng, SAMPLES, make, |(key, data)| aes::ige_encrypt(key, &iv, data));
}

/// `g^b` of the key exchange: the same exponent with few bits set, or any.
fn dh_generate(runner: &mut CtRunner, rng: &mut BenchRng) {
    let group = Group::well_known();
    compare(runner, rng, POWERS, exponent, |exponent| KeyPair::generate(&group, exponent));
}

/// `g_a^b`: the same exponent with few bits set, or any.
fn dh_agree(runner: &mut CtRunner, rng: &mut BenchRng) {
    let group = Group::well_known();
    let peer = KeyPair::generate(&group, &mut rand::rng());
    let peer = group.check_public(peer.public()).expect("a public value of this group");
    let make = |class, rng: &mut BenchRng| KeyPair::generate(&group, &mut exponent(class, rng));
    compare(runner, rng, POWERS, make, |pair| pair.agree(&peer));
}

/// `g_a^b` by a fixed exponent of many bits, or of few.
fn dh_agree_weight(runner: &mut CtRunner, rng: &mut BenchRng) {
    let group = Group::well_known();
    let peer = KeyPair::generate(&group, &mut rand::rng());
    let peer = group.check_public(peer.public()).expect("a public value of this group");
    let make = |class, _: &mut BenchRng| {
        let fill = if is_left(class) { 0xff } else { 0x01 };
        KeyPair::generate(&group, &mut Given([fill; 256], 0))
    };
    compare(runner, rng, POWERS, make, |pair| pair.agree(&peer));
}

fn exponent(class: Class, rng: &mut BenchRng) -> Given {
    let drawn = bytes(rng);
    Given(if is_left(class) { [0x10; 256] } else { drawn }, 0)
}

/// A generator that gives these bytes, again and again.
struct Given([u8; 256], usize);

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for byte in out {
            *byte = self.0[self.1 % self.0.len()];
            self.1 += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Given {}

ctbench_main!(
    control_early_exit,
    auth_key_equality,
    secret_equality,
    forged_msg_key,
    changed_ciphertext,
    good_or_refused,
    aes_ige_key,
    dh_generate,
    dh_agree,
    dh_agree_weight
);
