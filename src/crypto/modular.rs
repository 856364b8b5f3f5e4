//! Arithmetic modulo one 2048-bit odd number. Every number has a fixed width of 256 bytes.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U2048, Uint};

/// A number of at most 2048 bits.
pub(super) type Number = U2048;

/// A number reduced by a [`Modulus`], ready for fast multiplication.
pub(super) type Residue = FixedMontyForm<{ U2048::LIMBS }>;

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
#[derive(Clone)]
pub(super) struct Modulus(FixedMontyParams<{ U2048::LIMBS }>);

impl Modulus {
    /// `None` when the number is even.
    pub(super) fn new(number: &Number) -> Option<Self> {
        let odd: Option<Odd<Number>> = Odd::new(*number).into();
        odd.map(|odd| Self(FixedMontyParams::new_vartime(odd)))
    }

    pub(super) fn number(&self) -> &Number {
        self.0.modulus().as_ref()
    }

    pub(super) fn residue(&self, number: &Number) -> Residue {
        Residue::new(number, &self.0)
    }

    /// `base ^ exponent`, in a time that depends on neither.
    pub(super) fn pow_secret(&self, base: &Number, exponent: &Number) -> Number {
        self.residue(base).pow_amm(exponent).retrieve()
    }

    /// The same for exponents of another width.
    pub(super) fn pow_secret_wide<const LIMBS: usize>(
        &self,
        base: &Number,
        exponent: &Uint<LIMBS>,
    ) -> Number {
        self.residue(base).pow(exponent).retrieve()
    }

    /// `base ^ exponent` for an exponent that is no secret.
    pub(super) fn pow_public(&self, base: &Number, exponent: u32) -> Number {
        self.residue(base).pow_vartime(&Uint::<1>::from(exponent)).retrieve()
    }
}
