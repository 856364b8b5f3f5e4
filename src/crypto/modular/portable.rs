//! Montgomery's multiplication modulo an odd number of up to 2048 bits on 64-bit words, in constant time, for any
//! processor: a product, or a square in half as many steps, and then its reduction (P. L. Montgomery, *Modular
//! multiplication without trial division*, 1985).
//!
//! Values stand for themselves times `R = 2^2048`, and are kept below `R` only: a product is reduced to less than
//! `R + modulus`, from which the modulus is taken once where that does not fit. All loops have fixed lengths, nothing
//! branches on a value, and no address depends on one.

use std::hint::black_box;

use zeroize::Zeroize;

use super::power::Field;
use super::{WORDS, Words};

/// Arithmetic modulo one number.
#[derive(Clone)]
pub(super) struct Portable {
    /// An odd number.
    pub(super) modulus: Words,
    /// `-1 / modulus`, modulo 2^64.
    pub(super) inverse: u64,
    /// `R`, modulo the modulus.
    pub(super) one: Words,
    /// `R^2`, modulo the modulus.
    pub(super) square: Words,
}

impl Portable {
    /// `product / R` modulo the modulus, and below `R`.
    ///
    /// For each word of the product from the lowest: adds as many times the modulus as makes it 0. What is above is the
    /// quotient. Two words at once, as in [`Product::new`].
    fn reduce(&self, Product(product): &mut Product) -> Words {
        let Self { modulus, inverse, .. } = self;
        let mut overflow = 0;
        for i in (0..WORDS).step_by(2) {
            let sum = window(product, i);
            let (mut carry, mut next) = (0, 0);
            let low = sum[0].wrapping_mul(*inverse);
            add_product(sum[0], low, modulus[0], &mut carry);
            let second = add_product(sum[1], low, modulus[1], &mut carry);
            let high = second.wrapping_mul(*inverse);
            add_product(second, high, modulus[0], &mut next);
            for j in 2..WORDS {
                let with_low = add_product(sum[j], low, modulus[j], &mut carry);
                sum[j] = add_product(with_low, high, modulus[j - 1], &mut next);
            }
            let with_low = add(sum[WORDS], carry, &mut overflow);
            sum[WORDS] = add_product(with_low, high, modulus[WORDS - 1], &mut next);
            sum[WORDS + 1] = add(sum[WORDS + 1], next, &mut overflow);
        }
        // Opaque, so that there is no reason for a branch.
        let mask = black_box(overflow.wrapping_neg());
        let mut words = [0; WORDS];
        let mut borrow = false;
        for (i, word) in words.iter_mut().enumerate() {
            let (difference, first) = product[WORDS + i].overflowing_sub(modulus[i] & mask);
            let (difference, second) = difference.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (difference, first | second);
        }
        words
    }
}

impl Field for Portable {
    type Value = Words;

    fn enter(&self, words: &Words) -> Words {
        let mut value = *words;
        self.multiply(&mut value, &self.square);
        value
    }

    fn leave(&self, value: &Words) -> Words {
        let mut unit = [0; WORDS];
        unit[0] = 1;
        self.reduce(&mut Product::new(value, &unit))
    }

    fn one(&self) -> Words {
        self.one
    }

    fn multiply(&self, value: &mut Words, by: &Words) {
        *value = self.reduce(&mut Product::new(value, by));
    }

    fn square(&self, value: &mut Words) {
        *value = self.reduce(&mut Product::square(value));
    }

    fn select(&self, table: &[Words], index: u64, out: &mut Words) {
        *out = [0; WORDS];
        for (number, entry) in (0u64..).zip(table) {
            // Only 0 minus 1 is negative, and the shift spreads its sign. Opaque: what is known to be all zeros or all ones
            // becomes a branch, as `benches/timing` has found.
            let mask = black_box((((number ^ index).wrapping_sub(1).cast_signed()) >> 63).cast_unsigned());
            for (out, word) in out.iter_mut().zip(entry) {
                *out |= word & mask;
            }
        }
    }
}

/// The product of two numbers, the lowest word first, wiped on drop.
struct Product([u64; 2 * WORDS]);

impl Product {
    fn new(a: &Words, b: &Words) -> Self {
        let mut product = Self([0; 2 * WORDS]);
        // Two words of `a` at once, so that each word of the sum is loaded and stored half as often.
        for i in (0..WORDS).step_by(2) {
            let (low, high) = (a[i], a[i + 1]);
            let sum = window(&mut product.0, i);
            let (mut carry, mut next) = (0, 0);
            sum[0] = add_product(sum[0], low, b[0], &mut carry);
            for j in 1..WORDS {
                let with_low = add_product(sum[j], low, b[j], &mut carry);
                sum[j] = add_product(with_low, high, b[j - 1], &mut next);
            }
            sum[WORDS] = add_product(carry, high, b[WORDS - 1], &mut next);
            sum[WORDS + 1] = next;
        }
        product
    }

    /// What stands off the diagonal once, doubled, and the diagonal.
    fn square(a: &Words) -> Self {
        let mut product = Self([0; 2 * WORDS]);
        let sum = &mut product.0;
        for i in 0..WORDS {
            let mut carry = 0;
            for j in i + 1..WORDS {
                sum[i + j] = add_product(sum[i + j], a[i], a[j], &mut carry);
            }
            sum[i + WORDS] = carry;
        }
        let (mut shifted_out, mut carry) = (0, 0);
        for i in 0..WORDS {
            let (low, high) = (sum[2 * i], sum[2 * i + 1]);
            sum[2 * i] = add_product(low << 1 | shifted_out, a[i], a[i], &mut carry);
            let above = carry;
            carry = 0;
            sum[2 * i + 1] = add(high << 1 | low >> 63, above, &mut carry);
            shifted_out = high >> 63;
        }
        product
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        self.0[..].zeroize();
    }
}

/// The words of a product from `at` to which two rows are added.
fn window(words: &mut [u64; 2 * WORDS], at: usize) -> &mut [u64; WORDS + 2] {
    words[at..].first_chunk_mut().expect("the last two rows end with the product")
}

/// `sum + a * b + carry`: the low word is given back, the high one is the new carry. Three words at their largest
/// just fit: `(2^64 - 1)^2 + 2 (2^64 - 1) = 2^128 - 1`.
#[inline(always)]
fn add_product(sum: u64, a: u64, b: u64, carry: &mut u64) -> u64 {
    let both = u128::from(a) * u128::from(b) + u128::from(sum) + u128::from(*carry);
    *carry = (both >> 64) as u64;
    both as u64
}

/// `a + b + carry`: the low word is given back, the bit above it is the new carry.
#[inline(always)]
fn add(a: u64, b: u64, carry: &mut u64) -> u64 {
    let sum = u128::from(a) + u128::from(b) + u128::from(*carry);
    *carry = (sum >> 64) as u64;
    sum as u64
}
