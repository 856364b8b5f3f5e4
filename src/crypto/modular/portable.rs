//! Multiplication modulo an odd number on `crypto-bigint`, in constant time, for any processor.
//!
//! In its boxed form: `crypto-bigint` compiles that code once, for any length, and it is a sixth faster.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, CtAssign, CtEq, Odd, SquareAssign};
use zeroize::Zeroizing;

use super::Number;
use super::power::Field;

/// Arithmetic modulo one number.
#[derive(Clone)]
pub(super) struct Portable(BoxedMontyParams);

impl Portable {
    /// `None` when the modulus is even.
    pub(super) fn new(modulus: &Number) -> Option<Self> {
        let odd: Option<Odd<BoxedUint>> = Odd::new(BoxedUint::from(modulus)).into();
        Some(Self(BoxedMontyParams::new_vartime(odd?)))
    }

    /// The form of a number, which may be larger than the modulus.
    pub(super) fn enter(&self, number: &Number) -> BoxedMontyForm {
        BoxedMontyForm::new(BoxedUint::from(number), &self.0)
    }

    /// The number, below the modulus.
    pub(super) fn leave(&self, value: &BoxedMontyForm) -> Number {
        let number = Zeroizing::new(value.retrieve());
        let bytes = Zeroizing::new(number.to_le_bytes());
        Number::from_le_slice(&bytes)
    }
}

impl Field for Portable {
    type Value = BoxedMontyForm;

    fn one(&self) -> BoxedMontyForm {
        BoxedMontyForm::one(&self.0)
    }

    fn multiply(&self, value: &mut BoxedMontyForm, by: &BoxedMontyForm) {
        *value *= by;
    }

    fn square(&self, value: &mut BoxedMontyForm) {
        value.square_assign();
    }

    fn select(&self, table: &[BoxedMontyForm], index: u64, out: &mut BoxedMontyForm) {
        for (number, entry) in (0u64..).zip(table) {
            out.ct_assign(entry, number.ct_eq(&index));
        }
    }
}
