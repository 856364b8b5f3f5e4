//! Multiplication modulo an odd number on `crypto-bigint`, in constant time, for any processor.

use crypto_bigint::modular::FixedMontyParams;
use crypto_bigint::{CtAssign, CtEq, Odd, U2048};
use zeroize::Zeroizing;

use super::power::Field;
use super::{Number, Residue};

/// Arithmetic modulo one number.
///
/// Values are what a [`Residue`] holds, without the modulus that each of those carries with it.
#[derive(Clone)]
pub(super) struct Portable(FixedMontyParams<{ U2048::LIMBS }>);

impl Portable {
    /// `None` when the modulus is even.
    pub(super) fn new(modulus: &Number) -> Option<Self> {
        let odd: Option<Odd<Number>> = Odd::new(*modulus).into();
        Some(Self(FixedMontyParams::new_vartime(odd?)))
    }

    pub(super) fn modulus(&self) -> &Number {
        self.0.modulus().as_ref()
    }

    /// A number, which may be larger than the modulus, for products and sums.
    pub(super) fn residue(&self, number: &Number) -> Residue {
        Residue::new(number, &self.0)
    }

    /// The form of a number, which may be larger than the modulus.
    pub(super) fn enter(&self, number: &Number) -> Number {
        Zeroizing::new(self.residue(number)).to_montgomery()
    }

    /// The number, below the modulus.
    pub(super) fn leave(&self, value: &Number) -> Number {
        self.form(value).retrieve()
    }

    fn form(&self, value: &Number) -> Zeroizing<Residue> {
        Zeroizing::new(Residue::from_montgomery(*value, &self.0))
    }
}

impl Field for Portable {
    type Value = Number;

    fn one(&self) -> Number {
        *self.0.one()
    }

    fn multiply(&self, value: &mut Number, by: &Number) {
        *value = Zeroizing::new(self.form(value).mul(&self.form(by))).to_montgomery();
    }

    fn square(&self, value: &mut Number) {
        *value = Zeroizing::new(self.form(value).square()).to_montgomery();
    }

    fn select(&self, table: &[Number], index: u64, out: &mut Number) {
        for (number, entry) in (0u64..).zip(table) {
            out.ct_assign(entry, number.ct_eq(&index));
        }
    }
}
