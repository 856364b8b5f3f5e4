//! Diffie-Hellman over a 2048-bit safe prime, with every check of the security guidelines.

use thiserror::Error;

use super::AuthKey;

/// A checked group: 2048-bit safe prime `p` and a generator `g` of the subgroup of prime order `(p-1)/2`.
#[derive(Clone, Debug)]
pub struct Group {}

/// Why a `(p, g)` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GroupError {
    /// Not a number of exactly 2048 bits.
    #[error("the DH prime does not have 2048 bits")]
    PrimeSize,
    /// `p` is not prime.
    #[error("the DH modulus is not prime")]
    NotPrime,
    /// `(p-1)/2` is not prime.
    #[error("the DH prime is not a safe prime")]
    NotSafePrime,
    /// `g` is not one of 2..=7.
    #[error("the DH generator {0} is not one of 2 to 7")]
    GeneratorRange(i32),
    /// `g` generates more than the subgroup of prime order.
    #[error("the DH generator {0} is not a quadratic residue modulo the prime")]
    GeneratorResidue(i32),
}

/// Why a public value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PublicValueError {
    /// Not `1 < value < p - 1`.
    #[error("the DH public value is not between 1 and p - 1")]
    Degenerate,
    /// Not `2^1984 <= value <= p - 2^1984`.
    #[error("the DH public value is too close to the ends of the range")]
    NearEnds,
}

impl Group {
    /// The prime that all known servers use, with `g = 3`.
    #[must_use]
    pub fn well_known() -> Self {
        todo!()
    }

    /// Checks `(p, g)` (security guidelines 1 and 2).
    ///
    /// # Errors
    /// [`GroupError`].
    pub fn check(prime: &[u8], generator: i32) -> Result<Self, GroupError> {
        let _ = (prime, generator);
        todo!()
    }

    /// `p`, big-endian.
    #[must_use]
    pub fn prime(&self) -> &[u8; 256] {
        todo!()
    }

    /// `g`.
    #[must_use]
    pub fn generator(&self) -> u32 {
        todo!()
    }

    /// Checks a peer's `g_a` or `g_b` (security guidelines 3), mandatory and recommended bounds.
    ///
    /// # Errors
    /// [`PublicValueError`].
    pub fn check_public(&self, value: &[u8]) -> Result<PublicValue, PublicValueError> {
        let _ = value;
        todo!()
    }
}

/// A peer's public value that passed [`Group::check_public`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicValue {}

impl PublicValue {
    /// 256 bytes, big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 256] {
        todo!()
    }
}

/// A secret exponent and its public value `g^x mod p`. Wiped on drop.
pub struct KeyPair {}

impl KeyPair {
    /// Draws a 2048-bit exponent whose public value passes the range checks. Needs nothing from the peer, so
    /// it can run before the peer's value is known.
    pub fn generate(group: &Group, rng: &mut dyn rand::CryptoRng) -> Self {
        let _ = (group, rng);
        todo!()
    }

    /// `g^x mod p`, big-endian.
    #[must_use]
    pub fn public(&self) -> [u8; 256] {
        todo!()
    }

    /// The shared key `peer^x mod p`.
    #[must_use]
    pub fn agree(&self, peer: &PublicValue) -> AuthKey {
        let _ = peer;
        todo!()
    }
}
