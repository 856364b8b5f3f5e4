//! The group `(p, g)` and the public values in it, checked before anything is computed with them.

use std::sync::{Arc, LazyLock, OnceLock};

use crypto_bigint::Odd;
use crypto_primes::hazmat::MillerRabin;
use rand::CryptoRng;
use thiserror::Error;

use crate::crypto::modular::{self, FixedBase, LEN, Modulus, Number};

/// The prime that all known servers use, big-endian. Published in the sample of
/// <https://core.telegram.org/mtproto/samples-auth_key>; it is a safe prime.
#[rustfmt::skip]
const WELL_KNOWN_PRIME: [u8; LEN] = [
    0xc7, 0x1c, 0xae, 0xb9, 0xc6, 0xb1, 0xc9, 0x04, 0x8e, 0x6c, 0x52, 0x2f, 0x70, 0xf1, 0x3f, 0x73,
    0x98, 0x0d, 0x40, 0x23, 0x8e, 0x3e, 0x21, 0xc1, 0x49, 0x34, 0xd0, 0x37, 0x56, 0x3d, 0x93, 0x0f,
    0x48, 0x19, 0x8a, 0x0a, 0xa7, 0xc1, 0x40, 0x58, 0x22, 0x94, 0x93, 0xd2, 0x25, 0x30, 0xf4, 0xdb,
    0xfa, 0x33, 0x6f, 0x6e, 0x0a, 0xc9, 0x25, 0x13, 0x95, 0x43, 0xae, 0xd4, 0x4c, 0xce, 0x7c, 0x37,
    0x20, 0xfd, 0x51, 0xf6, 0x94, 0x58, 0x70, 0x5a, 0xc6, 0x8c, 0xd4, 0xfe, 0x6b, 0x6b, 0x13, 0xab,
    0xdc, 0x97, 0x46, 0x51, 0x29, 0x69, 0x32, 0x84, 0x54, 0xf1, 0x8f, 0xaf, 0x8c, 0x59, 0x5f, 0x64,
    0x24, 0x77, 0xfe, 0x96, 0xbb, 0x2a, 0x94, 0x1d, 0x5b, 0xcd, 0x1d, 0x4a, 0xc8, 0xcc, 0x49, 0x88,
    0x07, 0x08, 0xfa, 0x9b, 0x37, 0x8e, 0x3c, 0x4f, 0x3a, 0x90, 0x60, 0xbe, 0xe6, 0x7c, 0xf9, 0xa4,
    0xa4, 0xa6, 0x95, 0x81, 0x10, 0x51, 0x90, 0x7e, 0x16, 0x27, 0x53, 0xb5, 0x6b, 0x0f, 0x6b, 0x41,
    0x0d, 0xba, 0x74, 0xd8, 0xa8, 0x4b, 0x2a, 0x14, 0xb3, 0x14, 0x4e, 0x0e, 0xf1, 0x28, 0x47, 0x54,
    0xfd, 0x17, 0xed, 0x95, 0x0d, 0x59, 0x65, 0xb4, 0xb9, 0xdd, 0x46, 0x58, 0x2d, 0xb1, 0x17, 0x8d,
    0x16, 0x9c, 0x6b, 0xc4, 0x65, 0xb0, 0xd6, 0xff, 0x9c, 0xa3, 0x92, 0x8f, 0xef, 0x5b, 0x9a, 0xe4,
    0xe4, 0x18, 0xfc, 0x15, 0xe8, 0x3e, 0xbe, 0xa0, 0xf8, 0x7f, 0xa9, 0xff, 0x5e, 0xed, 0x70, 0x05,
    0x0d, 0xed, 0x28, 0x49, 0xf4, 0x7b, 0xf9, 0x59, 0xd9, 0x56, 0x85, 0x0c, 0xe9, 0x29, 0x85, 0x1f,
    0x0d, 0x81, 0x15, 0xf6, 0x35, 0xb1, 0x05, 0xee, 0x2e, 0x4e, 0x15, 0xd0, 0x4b, 0x24, 0x54, 0xbf,
    0x6f, 0x4f, 0xad, 0xf0, 0x34, 0xb1, 0x04, 0x03, 0x11, 0x9c, 0xd8, 0xe3, 0xb9, 0x2f, 0xcc, 0x5b,
];

/// The generator that all known servers use with it.
const WELL_KNOWN_GENERATOR: u32 = 3;

/// Its powers are taken in every key exchange of the process, so the first one makes tables for the others.
static WELL_KNOWN_BASE: OnceLock<FixedBase> = OnceLock::new();

static WELL_KNOWN: LazyLock<Group> = LazyLock::new(|| {
    Group::unchecked(&WELL_KNOWN_PRIME, WELL_KNOWN_GENERATOR).expect("the well-known prime is odd")
});

/// A checked group: a 2048-bit safe prime `p` and a generator `g` of its subgroup of prime order `(p-1)/2`.
#[derive(Clone)]
pub struct Group(Arc<Inner>);

struct Inner {
    modulus: Modulus,
    prime: [u8; LEN],
    generator: u32,
}

/// Why a pair `(p, g)` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GroupError {
    /// `p` is not a number of exactly 2048 bits.
    #[error("the DH modulus does not have 2048 bits")]
    PrimeSize,
    /// `p` is not prime.
    #[error("the DH modulus is not prime")]
    NotPrime,
    /// `(p-1)/2` is not prime.
    #[error("the DH modulus is not a safe prime")]
    NotSafePrime,
    /// `g` is not one of 2..=7.
    #[error("the DH generator {0} is not one of 2 to 7")]
    GeneratorRange(i32),
    /// `g` is not a quadratic residue modulo `p`, so it does not generate the subgroup of prime order.
    #[error("the DH generator {0} is not a quadratic residue")]
    GeneratorResidue(i32),
}

/// Why a public value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PublicValueError {
    /// Not `1 < value < p - 1`, which the protocol demands.
    #[error("the DH public value is not between 1 and p - 1")]
    Degenerate,
    /// Not `2^1984 <= value <= p - 2^1984`, which the protocol recommends.
    #[error("the DH public value is too close to 1 or p - 1")]
    NearEnds,
}

impl Group {
    /// The prime that all known servers use, with `g = 3`.
    #[must_use]
    pub fn well_known() -> Self {
        WELL_KNOWN.clone()
    }

    /// Checks a pair `(p, g)` that a server sent; `p` is big-endian (security guidelines 1 and 2).
    ///
    /// The well-known prime is recognized by comparison. Of any other, `(p-1)/2` passes 64 rounds of Miller-Rabin to bases
    /// of `rng`, which a number that is not prime does with a chance of 2^-128 at most, whoever has chosen it; one round for
    /// `p` then proves that one prime. That takes some tenths of a second, so a caller on an I/O thread should move it off.
    ///
    /// # Errors
    /// [`GroupError`] says which of the checks failed.
    pub fn check(prime: &[u8], generator: i32, rng: &mut dyn CryptoRng) -> Result<Self, GroupError> {
        let number = modular::from_be(prime).ok_or(GroupError::PrimeSize)?;
        check_bits(&number)?;
        let known = Self::well_known();
        if number == *known.modulus().number() {
            let generator = check_generator(&number, generator)?;
            return if generator == WELL_KNOWN_GENERATOR { Ok(known) } else { Ok(known.with(generator)) };
        }
        // The cheap check goes first.
        let generator = check_generator(&number, generator)?;
        check_safe_prime(&number, rng)?;
        Self::unchecked(&modular::to_be(&number), generator).ok_or(GroupError::NotPrime)
    }

    /// No check at all; `None` when `p` is even.
    pub(in crate::crypto) fn unchecked(prime: &[u8; LEN], generator: u32) -> Option<Self> {
        let modulus = Modulus::new(&modular::from_fixed(prime))?;
        Some(Self(Arc::new(Inner { modulus, prime: *prime, generator })))
    }

    fn with(&self, generator: u32) -> Self {
        Self(Arc::new(Inner { modulus: self.0.modulus.clone(), prime: self.0.prime, generator }))
    }

    /// `p`, 256 bytes big-endian.
    #[must_use]
    pub fn prime(&self) -> &[u8; LEN] {
        &self.0.prime
    }

    /// `g`, 2 to 7.
    #[must_use]
    pub fn generator(&self) -> u32 {
        self.0.generator
    }

    pub(in crate::crypto) fn generator_number(&self) -> Number {
        Number::from(self.0.generator)
    }

    /// `g ^ exponent mod p`, in a time that does not depend on the exponent.
    pub(in crate::crypto) fn power_of_generator(&self, exponent: &Number) -> Number {
        if Arc::ptr_eq(&self.0, &WELL_KNOWN.0) {
            let base = WELL_KNOWN_BASE.get_or_init(|| self.modulus().fixed_base(&self.generator_number()));
            self.modulus().pow_fixed(base, exponent)
        } else {
            self.modulus().pow_secret(&self.generator_number(), exponent)
        }
    }

    pub(in crate::crypto) fn modulus(&self) -> &Modulus {
        &self.0.modulus
    }

    /// Checks a public value `g_a` or `g_b`, big-endian: `1 < value < p - 1` and
    /// `2^1984 <= value <= p - 2^1984` (security guidelines 3).
    ///
    /// # Errors
    /// [`PublicValueError`] says which of the two bounds is broken.
    pub fn check_public(&self, value: &[u8]) -> Result<PublicValue, PublicValueError> {
        let value = self.check_public_loosely(value)?;
        const MARGIN: Number = Number::ONE.shl_vartime(1984);
        let highest = self.modulus().number().wrapping_sub(&MARGIN);
        if value.0 < MARGIN || value.0 > highest { Err(PublicValueError::NearEnds) } else { Ok(value) }
    }

    /// Only the bound that the protocol demands of both sides: `1 < value < p - 1`.
    ///
    /// # Errors
    /// [`PublicValueError::Degenerate`].
    pub fn check_public_loosely(&self, value: &[u8]) -> Result<PublicValue, PublicValueError> {
        let value = modular::from_be(value).ok_or(PublicValueError::Degenerate)?;
        let minus_one = self.modulus().number().wrapping_sub(&Number::ONE);
        if value <= Number::ONE || value >= minus_one {
            Err(PublicValueError::Degenerate)
        } else {
            Ok(PublicValue(value))
        }
    }
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.prime == other.0.prime && self.0.generator == other.0.generator)
    }
}

impl Eq for Group {}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Group(p = {:02x?}.., g = {})", &self.0.prime[..4], self.0.generator)
    }
}

/// A peer's public value that passed a check of its [`Group`].
#[derive(Clone, PartialEq, Eq)]
pub struct PublicValue(Number);

impl PublicValue {
    /// 256 bytes, big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; LEN] {
        modular::to_be(&self.0)
    }

    pub(in crate::crypto) fn number(&self) -> &Number {
        &self.0
    }
}

impl std::fmt::Debug for PublicValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PublicValue")
    }
}

fn check_bits(prime: &Number) -> Result<(), GroupError> {
    if prime.bit_width_vartime() == 2048 { Ok(()) } else { Err(GroupError::PrimeSize) }
}

/// Rounds of Miller-Rabin: each finds out a number that is not prime with a chance of three quarters at least, as the
/// number was chosen before the base.
const ROUNDS: usize = 64;

/// `p` and `q = (p-1)/2` are prime.
///
/// If `q` is, one round to the base 2 proves it of `p` (Pocklington, 1914): then `2^(p-1) = 1` modulo `p`, and
/// `2^((p-1)/q) - 1 = 3` has no divisor in common with `p`, so that every prime divisor of `p` is 1 modulo `q`, of which
/// none is small enough but `p` itself.
pub(super) fn check_safe_prime(prime: &Number, rng: &mut dyn CryptoRng) -> Result<(), GroupError> {
    let odd = |number: Number| Odd::new(number).into_option();
    let p = odd(*prime).map(MillerRabin::new).ok_or(GroupError::NotPrime)?;
    if remainder(prime, 3) == 0 || !p.test_base_two().is_probably_prime() {
        return Err(GroupError::NotPrime);
    }
    let q = odd(prime.shr_vartime(1)).map(MillerRabin::new).ok_or(GroupError::NotSafePrime)?;
    let is_prime = (0..ROUNDS).all(|_| q.test_random_base(rng).is_probably_prime());
    if is_prime { Ok(()) } else { Err(GroupError::NotSafePrime) }
}

/// `number` modulo a small divisor. Both are public.
fn remainder(number: &Number, divisor: u32) -> u32 {
    modular::to_be(number).iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % divisor)
}

/// `g` generates the subgroup of prime order, read off a residue of `p` by quadratic reciprocity.
pub(super) fn check_generator(prime: &Number, generator: i32) -> Result<u32, GroupError> {
    let modulo = |divisor| remainder(prime, divisor);
    let residue = match generator {
        2 => modulo(8) == 7,
        3 => modulo(3) == 2,
        4 => true,
        5 => matches!(modulo(5), 1 | 4),
        6 => matches!(modulo(24), 19 | 23),
        7 => matches!(modulo(7), 3 | 5 | 6),
        _ => return Err(GroupError::GeneratorRange(generator)),
    };
    if residue { Ok(generator.unsigned_abs()) } else { Err(GroupError::GeneratorResidue(generator)) }
}
