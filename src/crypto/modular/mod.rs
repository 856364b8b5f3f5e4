//! Arithmetic modulo one 2048-bit odd number. Every number has a fixed width of 256 bytes.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;
mod power;
#[cfg(test)]
mod tests;

use crypto_bigint::modular::FixedMontyForm;
#[cfg(target_arch = "x86_64")]
use crypto_bigint::{CtEq, CtSelect, U64};
use crypto_bigint::{U2048, Uint};
use zeroize::{Zeroize, Zeroizing};

use portable::Portable;
use power::{power, public_power};

/// A number of at most 2048 bits.
pub(super) type Number = U2048;

/// A number reduced by a [`Modulus`], ready for fast multiplication.
pub(super) type Residue = FixedMontyForm<{ U2048::LIMBS }>;

/// Words of the longest exponent, that of SRP.
const MAX_EXPONENT_WORDS: usize = LEN / 8 + 1;

/// Bytes of a [`Number`].
pub(super) const LEN: usize = 256;

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
/// Powers run on AVX-512-IFMA where the processor has it, and otherwise on `crypto-bigint`.
#[derive(Clone)]
pub(super) struct Modulus {
    portable: Portable,
    #[cfg(target_arch = "x86_64")]
    ifma: Option<ifma::Ifma>,
}

impl Modulus {
    /// `None` when the number is even.
    pub(super) fn new(number: &Number) -> Option<Self> {
        // Without optimization each instruction becomes a call of a function. Dependencies are often optimized in
        // such builds too, as here; then the other arithmetic is ten times faster.
        Self::with(number, !cfg!(debug_assertions))
    }

    /// With the fast arithmetic, or without.
    fn with(number: &Number, fast: bool) -> Option<Self> {
        let portable = Portable::new(number)?;
        #[cfg(target_arch = "x86_64")]
        let square = || {
            let two = portable.residue(&Number::from(2u8));
            words(&two.pow_vartime(&U64::from(2 * ifma::R_BITS)).retrieve())
        };
        #[cfg(not(target_arch = "x86_64"))]
        let _ = fast;
        Some(Self {
            #[cfg(target_arch = "x86_64")]
            ifma: if fast { ifma::Ifma::new(&words(number), square) } else { None },
            portable,
        })
    }

    pub(super) fn number(&self) -> &Number {
        self.portable.modulus()
    }

    /// For products and sums.
    pub(super) fn residue(&self, number: &Number) -> Residue {
        self.portable.residue(number)
    }

    /// `base ^ exponent`, in a time that depends on the width of the exponent only.
    pub(super) fn pow_secret<const LIMBS: usize>(&self, base: &Number, exponent: &Uint<LIMBS>) -> Number {
        if let Some(power) = self.pow_fast(base, exponent) {
            return power;
        }
        let mut words = Zeroizing::new([0; MAX_EXPONENT_WORDS]);
        let count = write_words(exponent, &mut *words);
        let base = Zeroizing::new(self.portable.enter(base));
        self.portable.leave(&power(&self.portable, &base, &words[..count]))
    }

    /// [`pow_secret`](Self::pow_secret) if there is an arithmetic for this processor, for who knows something better
    /// to do where there is none.
    pub(super) fn pow_fast<const LIMBS: usize>(
        &self,
        base: &Number,
        exponent: &Uint<LIMBS>,
    ) -> Option<Number> {
        #[cfg(target_arch = "x86_64")]
        if let Some(ifma) = &self.ifma {
            let mut exponent_words = Zeroizing::new([0; MAX_EXPONENT_WORDS]);
            let count = write_words(exponent, &mut *exponent_words);
            let base = Zeroizing::new(ifma.enter(&words(base)));
            return Some(self.reduced(ifma.leave(&power(ifma, &base, &exponent_words[..count]))));
        }
        let _ = (base, exponent);
        None
    }

    /// `base ^ exponent` for an exponent that is no secret and not 0.
    pub(super) fn pow_public(&self, base: &Number, exponent: u32) -> Number {
        #[cfg(target_arch = "x86_64")]
        if let Some(ifma) = &self.ifma {
            return self.reduced(ifma.leave(&public_power(ifma, &ifma.enter(&words(base)), exponent)));
        }
        self.portable.leave(&public_power(&self.portable, &self.portable.enter(base), exponent))
    }

    /// What [`pow_fixed`](Self::pow_fixed) needs: it costs as much as one power.
    pub(super) fn fixed_base(&self, base: &Number) -> FixedBase {
        #[cfg(target_arch = "x86_64")]
        if let Some(ifma) = &self.ifma {
            return FixedBase(Tables::Ifma(power::FixedBase::new(ifma, &ifma.enter(&words(base)))));
        }
        FixedBase(Tables::Portable(power::FixedBase::new(&self.portable, &self.portable.enter(base))))
    }

    /// [`pow_secret`](Self::pow_secret) of a base of this modulus, in about a quarter of the time.
    pub(super) fn pow_fixed(&self, base: &FixedBase, exponent: &Number) -> Number {
        let exponent = Zeroizing::new(words(exponent));
        match &base.0 {
            #[cfg(target_arch = "x86_64")]
            Tables::Ifma(base) => {
                let ifma = self.ifma.as_ref().expect("the processor did not change");
                self.reduced(ifma.leave(&base.power(ifma, &exponent)))
            }
            Tables::Portable(base) => self.portable.leave(&base.power(&self.portable, &exponent)),
        }
    }

    /// The number of words that are at most the modulus, as what the fast arithmetic gives.
    #[cfg(target_arch = "x86_64")]
    fn reduced(&self, mut words: Words) -> Number {
        let mut bytes = Zeroizing::new([0; LEN]);
        for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        words.zeroize();
        let number = Number::from_le_slice(&*bytes);
        number.ct_select(&Number::ZERO, number.ct_eq(self.number()))
    }
}

/// A base that is raised to many powers modulo one number, with its tables. They hold nothing secret.
pub(super) struct FixedBase(Tables);

enum Tables {
    #[cfg(target_arch = "x86_64")]
    Ifma(power::FixedBase<ifma::Value>),
    Portable(power::FixedBase<Number>),
}

/// A number in 64-bit words, the lowest first.
type Words = [u64; LEN / 8];

fn words(number: &Number) -> Words {
    let mut words = [0; LEN / 8];
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
