//! Arithmetic modulo one 2048-bit odd number. Every number has a fixed width of 256 bytes.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;
mod power;
#[cfg(test)]
mod tests;

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{CtEq, CtSelect, Odd, U2048, Uint};
use zeroize::{Zeroize, Zeroizing};

use portable::Portable;
use power::{power, public_power};

/// A number of at most 2048 bits.
pub(super) type Number = U2048;

/// A number reduced by a [`Modulus`], ready for fast multiplication.
pub(super) type Residue = FixedMontyForm<{ U2048::LIMBS }>;

/// Bytes of a [`Number`].
pub(super) const LEN: usize = 256;

/// 64-bit words of a [`Number`].
const WORDS: usize = LEN / 8;

/// Words of the longest exponent, that of SRP.
const MAX_EXPONENT_WORDS: usize = WORDS + 1;

/// Reads a big-endian number. Leading zeros are free; `None` when more than 256 bytes are left without them.
pub(super) fn from_be(bytes: &[u8]) -> Option<Number> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let significant = &bytes[start..];
    let mut fixed = [0; LEN];
    fixed[LEN.checked_sub(significant.len())?..].copy_from_slice(significant);
    Some(from_fixed(&fixed))
}

/// Reads 256 big-endian bytes, in a time that does not depend on their value.
pub(super) fn from_fixed(bytes: &[u8; LEN]) -> Number {
    Number::from_be_slice(bytes)
}

/// The 256 big-endian bytes of a number, leading zeros included.
pub(super) fn to_be(number: &Number) -> [u8; LEN] {
    number.to_be_bytes().as_slice().try_into().expect("2048 bits are 256 bytes")
}

/// An odd modulus with what multiplication modulo it needs.
///
/// Powers by secret exponents run on arithmetic of our own, products and sums on `crypto-bigint`.
#[derive(Clone)]
pub(super) struct Modulus {
    params: FixedMontyParams<{ U2048::LIMBS }>,
    arithmetic: Arithmetic,
}

#[derive(Clone)]
enum Arithmetic {
    #[cfg(target_arch = "x86_64")]
    Ifma(Box<ifma::Ifma>),
    Portable(Box<Portable>),
}

impl Modulus {
    /// `None` when the number is even.
    pub(super) fn new(number: &Number) -> Option<Self> {
        // Without optimization each instruction becomes a call of a function, and words are faster.
        Self::with(number, !cfg!(debug_assertions))
    }

    /// With AVX-512-IFMA, if this processor has it, or without.
    fn with(number: &Number, ifma: bool) -> Option<Self> {
        let odd: Option<Odd<Number>> = Odd::new(*number).into();
        let params = FixedMontyParams::new_vartime(odd?);
        let arithmetic = Arithmetic::new(&params, ifma);
        Some(Self { params, arithmetic })
    }

    pub(super) fn number(&self) -> &Number {
        self.params.modulus().as_ref()
    }

    /// A number, which may be larger than the modulus, for products and sums.
    pub(super) fn residue(&self, number: &Number) -> Residue {
        Residue::new(number, &self.params)
    }

    /// `base ^ exponent`, in a time that depends on the width of the exponent only.
    pub(super) fn pow_secret<const LIMBS: usize>(&self, base: &Number, exponent: &Uint<LIMBS>) -> Number {
        let base = Zeroizing::new(words(base));
        let mut exponent_words = Zeroizing::new([0; MAX_EXPONENT_WORDS]);
        let count = write_words(exponent, &mut *exponent_words);
        let result = match &self.arithmetic {
            #[cfg(target_arch = "x86_64")]
            Arithmetic::Ifma(field) => power(&**field, &base, &exponent_words[..count]),
            Arithmetic::Portable(field) => power(&**field, &base, &exponent_words[..count]),
        };
        self.reduced(&result)
    }

    /// Whether powers run on AVX-512-IFMA, for who knows something better to do where they do not.
    #[cfg(feature = "server-core")]
    pub(super) fn has_ifma(&self) -> bool {
        !matches!(self.arithmetic, Arithmetic::Portable(_))
    }

    /// `base ^ exponent` for an exponent that is no secret and not 0.
    pub(super) fn pow_public(&self, base: &Number, exponent: u32) -> Number {
        let base = Zeroizing::new(words(base));
        let result = match &self.arithmetic {
            #[cfg(target_arch = "x86_64")]
            Arithmetic::Ifma(field) => public_power(&**field, &base, exponent),
            Arithmetic::Portable(field) => public_power(&**field, &base, exponent),
        };
        self.reduced(&result)
    }

    /// What [`pow_fixed`](Self::pow_fixed) needs: it costs as much as one power.
    pub(super) fn fixed_base(&self, base: &Number) -> FixedBase {
        let base = words(base);
        FixedBase(match &self.arithmetic {
            #[cfg(target_arch = "x86_64")]
            Arithmetic::Ifma(field) => Tables::Ifma(power::FixedBase::new(&**field, &base)),
            Arithmetic::Portable(field) => Tables::Portable(power::FixedBase::new(&**field, &base)),
        })
    }

    /// [`pow_secret`](Self::pow_secret) of a base of this modulus, in about a quarter of the time.
    ///
    /// # Panics
    /// When the base is that of a modulus with other arithmetic.
    pub(super) fn pow_fixed(&self, base: &FixedBase, exponent: &Number) -> Number {
        let exponent = Zeroizing::new(words(exponent));
        let result = match (&self.arithmetic, &base.0) {
            #[cfg(target_arch = "x86_64")]
            (Arithmetic::Ifma(field), Tables::Ifma(base)) => base.power(&**field, &exponent),
            (Arithmetic::Portable(field), Tables::Portable(base)) => base.power(&**field, &exponent),
            #[cfg(target_arch = "x86_64")]
            _ => unreachable!("all moduli of a process have the arithmetic of its processor"),
        };
        self.reduced(&result)
    }

    /// The number of words that are at most the modulus, as powers are.
    fn reduced(&self, words: &Words) -> Number {
        let mut bytes = Zeroizing::new([0; LEN]);
        for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        let number = Number::from_le_slice(&*bytes);
        number.ct_select(&Number::ZERO, number.ct_eq(self.number()))
    }
}

impl Arithmetic {
    fn new(params: &FixedMontyParams<{ U2048::LIMBS }>, ifma: bool) -> Self {
        let modulus = words(params.modulus().as_ref());
        // Newton: every step doubles the number of right bits, and an odd number is its own inverse modulo 8.
        let mut inverse = modulus[0];
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(modulus[0].wrapping_mul(inverse)));
        }
        let inverse = inverse.wrapping_neg();
        #[cfg(target_arch = "x86_64")]
        if ifma {
            let square = || {
                let two = Residue::new(&Number::from(2u8), params);
                words(&two.pow_vartime(&crypto_bigint::U64::from(2 * ifma::R_BITS)).retrieve())
            };
            if let Some(field) = ifma::Ifma::new(&modulus, inverse, square) {
                return Self::Ifma(Box::new(field));
            }
        }
        let _ = ifma;
        // The same R as that of crypto-bigint.
        let (one, square) = (words(params.one()), words(params.r2()));
        Self::Portable(Box::new(Portable { modulus, inverse, one, square }))
    }
}

/// A base that is raised to many powers modulo one number, with its tables. They hold nothing secret.
pub(super) struct FixedBase(Tables);

enum Tables {
    #[cfg(target_arch = "x86_64")]
    Ifma(power::FixedBase<ifma::Value>),
    Portable(power::FixedBase<Words>),
}

/// A number in 64-bit words, the lowest first.
type Words = [u64; WORDS];

fn words(number: &Number) -> Words {
    let mut words = [0; WORDS];
    write_words(number, &mut words);
    words
}

/// Writes the lowest words of `number`, and gives how many it has.
fn write_words<const LIMBS: usize>(number: &Uint<LIMBS>, words: &mut [u64]) -> usize {
    let mut bytes = number.to_le_bytes();
    let (chunks, _) = bytes.as_slice().as_chunks();
    for (word, bytes) in words.iter_mut().zip(chunks) {
        *word = u64::from_le_bytes(*bytes);
    }
    let count = chunks.len();
    bytes.zeroize();
    count
}
