//! Two-step verification: SRP-6a with hashes of Telegram's choice (<https://core.telegram.org/api/srp>; SR-1 to
//! SR-3). The server never sees the password, and neither side learns it from the other.
//!
//! All numbers are 256 bytes, big-endian, left-padded with zeros, also when they are hashed.

mod client;
mod server;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod vectors;

pub use client::{Proof, prove};
pub use server::Challenge;

use crypto_bigint::{U256, Uint, nlimbs};
use pbkdf2::pbkdf2_hmac;
use sha2::Sha512;
use thiserror::Error;
use zeroize::Zeroizing;

use super::dh::{Group, GroupError, PublicValueError};
use super::hash::sha256;
use super::modular::{self, LEN, Number};

/// Rounds of PBKDF2.
const ROUNDS: u32 = 100_000;

/// What an exponent `a + u x` needs: 2048 bits, or a few more.
type WideExponent = Uint<{ nlimbs(2112) }>;

/// The parameters of `passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow`, as
/// `account.getPassword` gives them.
#[derive(Clone, Copy, Debug)]
pub struct Algo<'a> {
    /// The salt of the client and the server together.
    pub salt1: &'a [u8],
    /// The salt of the server.
    pub salt2: &'a [u8],
    /// The generator.
    pub g: i32,
    /// The prime, big-endian.
    pub p: &'a [u8],
}

/// Why a password cannot be proven, or a proof is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SrpError {
    /// `p` or `g` is not fit for use (security guidelines 16).
    #[error(transparent)]
    Group(#[from] GroupError),
    /// `srp_B` of the server or `A` of the client is out of range.
    #[error(transparent)]
    PublicValue(#[from] PublicValueError),
    /// `u = 0`, which makes the password irrelevant.
    #[error("the SRP scrambling parameter is zero")]
    ZeroU,
    /// The proof is wrong: so is the password.
    #[error("the SRP proof does not match")]
    WrongPassword,
}

/// `x = PH2(password, salt1, salt2)`, 32 bytes. The password is UTF-8 as typed.
///
/// Slow by design, some 50 to 100 milliseconds: keep it off the I/O thread (SR-5).
#[must_use]
pub fn password_hash(password: &[u8], salt1: &[u8], salt2: &[u8]) -> Zeroizing<[u8; 32]> {
    let first = primary_hash(password, salt1, salt2);
    let mut slow = Zeroizing::new([0; 64]);
    pbkdf2_hmac::<Sha512>(&*first, salt1, ROUNDS, &mut *slow);
    salted(&*slow, salt2)
}

/// `PH1(password, salt1, salt2)`.
fn primary_hash(password: &[u8], salt1: &[u8], salt2: &[u8]) -> Zeroizing<[u8; 32]> {
    salted(&*salted(password, salt1), salt2)
}

/// `SH(data, salt)`.
fn salted(data: &[u8], salt: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(sha256(&[salt, data, salt]))
}

/// The verifier `v = g^x mod p`, 256 bytes: what a server keeps of a password, and the `new_password_hash` that
/// a client sends to set one (SR-3).
///
/// `rng` is for the test of a prime that is not the well-known one.
///
/// # Errors
/// [`SrpError::Group`].
pub fn verifier(
    algo: &Algo<'_>,
    password: &[u8],
    rng: &mut dyn rand::CryptoRng,
) -> Result<Zeroizing<[u8; LEN]>, SrpError> {
    let group = Group::check(algo.p, algo.g, rng)?;
    let x = password_hash(password, algo.salt1, algo.salt2);
    let v = Zeroizing::new(verifier_number(&group, &x));
    Ok(Zeroizing::new(modular::to_be(&v)))
}

fn verifier_number(group: &Group, x: &[u8; 32]) -> Number {
    let x = Zeroizing::new(U256::from_be_slice(x));
    group.modulus().pow_secret(&group.generator_number(), &*x)
}

/// `g` as it is hashed.
fn generator_bytes(group: &Group) -> [u8; LEN] {
    modular::to_be(&group.generator_number())
}

/// `k = H(p | g)`.
fn multiplier(group: &Group) -> Number {
    number_of(&sha256(&[group.prime(), &generator_bytes(group)]))
}

/// `u = H(A | B)`.
fn scrambler(a: &[u8; LEN], b: &[u8; LEN]) -> Result<[u8; 32], SrpError> {
    let u = sha256(&[a, b]);
    if u == [0; 32] { Err(SrpError::ZeroU) } else { Ok(u) }
}

/// `M1` from the shared secret `S`.
fn client_proof(
    group: &Group,
    salts: (&[u8], &[u8]),
    a: &[u8; LEN],
    b: &[u8; LEN],
    shared: &Number,
) -> [u8; 32] {
    let shared = Zeroizing::new(modular::to_be(shared));
    let k = Zeroizing::new(sha256(&[&*shared]));
    let mut group_hash = sha256(&[group.prime()]);
    for (byte, other) in group_hash.iter_mut().zip(sha256(&[&generator_bytes(group)])) {
        *byte ^= other;
    }
    sha256(&[&group_hash, &sha256(&[salts.0]), &sha256(&[salts.1]), a, b, &*k])
}

fn number_of(hash: &[u8; 32]) -> Number {
    modular::from_be(hash).expect("32 bytes are fewer than 256")
}
