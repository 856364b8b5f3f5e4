//! Arithmetic modulo one 2048-bit odd number. Every number has a fixed width of 256 bytes.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams, FixedMontyForm, FixedMontyParams};
use crypto_bigint::{BoxedUint, Odd, U2048, Uint};
use zeroize::Zeroizing;

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
pub(super) struct Modulus {
    fixed: FixedMontyParams<{ U2048::LIMBS }>,
    // Powers are a sixth faster with these: crypto-bigint compiles that code once, for any length.
    boxed: BoxedMontyParams,
}

impl Modulus {
    /// `None` when the number is even.
    pub(super) fn new(number: &Number) -> Option<Self> {
        let fixed: Option<Odd<Number>> = Odd::new(*number).into();
        let boxed: Option<Odd<BoxedUint>> = Odd::new(BoxedUint::from(number)).into();
        Some(Self {
            fixed: FixedMontyParams::new_vartime(fixed?),
            boxed: BoxedMontyParams::new_vartime(boxed?),
        })
    }

    pub(super) fn number(&self) -> &Number {
        self.fixed.modulus().as_ref()
    }

    /// For products and sums.
    pub(super) fn residue(&self, number: &Number) -> Residue {
        Residue::new(number, &self.fixed)
    }

    /// `base ^ exponent`, in a time that depends on the width of the exponent only.
    pub(super) fn pow_secret<const LIMBS: usize>(&self, base: &Number, exponent: &Uint<LIMBS>) -> Number {
        let exponent = Zeroizing::new(BoxedUint::from(exponent));
        let power = BoxedMontyForm::new(BoxedUint::from(base), &self.boxed).pow(&exponent);
        let power = Zeroizing::new(power.retrieve());
        let bytes = Zeroizing::new(power.to_be_bytes());
        Number::from_be_slice(&bytes)
    }

    /// `base ^ exponent` for an exponent that is no secret.
    pub(super) fn pow_public(&self, base: &Number, exponent: u32) -> Number {
        self.residue(base).pow_vartime(&Uint::<1>::from(exponent)).retrieve()
    }
}
