//! Multiplication modulo an odd number of up to 2048 bits with the AVX-512-IFMA instructions, after Gueron and
//! Krasnov (*Software implementation of modular exponentiation, using advanced vector instructions architectures*,
//! 2012). Unsafe for calling functions compiled for these instructions once they are known to be there, and for
//! loads and stores of 64 bytes.
//!
//! A number is 40 digits of 52 bits, eight in a register. What is multiplied stays in Montgomery's form for
//! `R = 2^2080` and is kept below twice the modulus: as that is below `R / 4`, so is each product again
//! (`a b / R + m < 2 m`), and nothing has to be compared or subtracted before the end. All loops have fixed lengths,
//! nothing branches, and no address depends on a value.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m512i, _mm_cvtsi128_si64, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512,
    _mm512_castsi512_si128, _mm512_cmpeq_epu64_mask, _mm512_cmpgt_epu64_mask, _mm512_loadu_si512,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_add_epi64, _mm512_mask_set1_epi64,
    _mm512_or_si512, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_srai_epi64, _mm512_srli_epi64,
    _mm512_storeu_si512, _mm512_sub_epi64, _mm512_xor_si512,
};
use std::hint::black_box;

use zeroize::Zeroize;

use super::power::Field;
use super::{WORDS, Words};

/// Registers of a number.
const VECTORS: usize = 5;
/// Digits of a number.
const DIGITS: usize = 8 * VECTORS;
/// Bits of a digit.
const BITS: usize = 52;
const MASK: u64 = (1 << BITS) - 1;

/// `R` is 2 to this power.
pub(super) const R_BITS: u32 = (DIGITS * BITS) as u32;

/// Digits of 52 bits, the lowest first.
#[repr(C, align(64))]
#[derive(Clone)]
pub(super) struct Value([[u64; 8]; VECTORS]);

impl Value {
    const ZERO: Self = Self([[0; 8]; VECTORS]);

    /// From 64-bit words, the lowest first.
    fn from_words(words: &Words) -> Self {
        let mut value = Self::ZERO;
        for (at, digit) in value.0.as_flattened_mut().iter_mut().enumerate() {
            let (word, shift) = (at * BITS / 64, at * BITS % 64);
            let low = words.get(word).map_or(0, |word| word >> shift);
            // Shifted in two steps, as 64 at once is too far.
            let high = words.get(word + 1).map_or(0, |word| word << 1 << (63 - shift));
            *digit = (low | high) & MASK;
        }
        value
    }

    /// To 64-bit words, the lowest first; what does not fit is left out.
    fn to_words(&self) -> Words {
        let mut words = [0; WORDS];
        for (at, digit) in self.0.as_flattened().iter().enumerate() {
            let (word, shift) = (at * BITS / 64, at * BITS % 64);
            if let Some(low) = words.get_mut(word) {
                *low |= digit << shift;
            }
            if let Some(high) = words.get_mut(word + 1) {
                *high |= digit >> 1 >> (63 - shift);
            }
        }
        words
    }
}

impl Zeroize for Value {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// Arithmetic modulo one number. There is one only where the processor has the instructions.
#[derive(Clone)]
pub(super) struct Ifma {
    modulus: Value,
    // -1 / modulus, modulo 2^52
    inverse: u64,
    // R and its square, modulo the modulus
    one: Value,
    square: Value,
}

impl Ifma {
    /// `None` when this processor has no such instructions. `square` is `R^2` modulo the modulus, which is odd;
    /// `inverse` is `-1 / modulus`, modulo 2^64.
    pub(super) fn new(modulus: &Words, inverse: u64, square: impl FnOnce() -> Words) -> Option<Self> {
        let there = std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512ifma");
        if !there {
            return None;
        }
        let square = Value::from_words(&square());
        let mut field = Self {
            modulus: Value::from_words(modulus),
            inverse: inverse & MASK,
            one: square.clone(),
            square,
        };
        let mut one = field.square.clone();
        field.leave_form(&mut one);
        field.one = one;
        Some(field)
    }

    /// Divides by `R`.
    fn leave_form(&self, value: &mut Value) {
        let mut unit = Value::ZERO;
        unit.0[0][0] = 1;
        self.multiply(value, &unit);
    }
}

impl Field for Ifma {
    type Value = Value;

    fn enter(&self, words: &Words) -> Value {
        let mut value = Value::from_words(words);
        self.multiply(&mut value, &self.square);
        value
    }

    fn leave(&self, value: &Value) -> Words {
        let mut value = value.clone();
        self.leave_form(&mut value);
        let words = value.to_words();
        value.zeroize();
        words
    }

    fn one(&self) -> Value {
        self.one.clone()
    }

    fn multiply(&self, value: &mut Value, by: &Value) {
        // SAFETY: there is an `Ifma` only where the processor has the instructions.
        unsafe { multiply(value, by, self) }
    }

    fn square(&self, value: &mut Value) {
        // SAFETY: there is an `Ifma` only where the processor has the instructions.
        unsafe { square(value, self) }
    }

    fn select(&self, table: &[Value], index: u64, out: &mut Value) {
        // SAFETY: there is an `Ifma` only where the processor has the instructions.
        unsafe { select(table, index, out) }
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply(value: &mut Value, by: &Value, field: &Ifma) {
    *value = product(value, by, field);
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn square(value: &mut Value, field: &Ifma) {
    *value = product(value, value, field);
}

/// `a b / R` modulo the modulus, and below twice the modulus if both factors are.
///
/// For each digit of `b`: adds `digit a`, and as many times the modulus as makes the lowest digit of the sum 0;
/// then moves all digits down by one place. The lowest digit, on which the multiple of the next step depends, is
/// followed in `low` in the scalar registers; what the vectors have in its place is not used.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
#[allow(clippy::needless_range_loop, reason = "several arrays are walked side by side")]
fn product(a: &Value, b: &Value, field: &Ifma) -> Value {
    let (first, modulus_first) = (u128::from(a.0[0][0]), u128::from(field.modulus.0[0][0]));
    let a = a.0.each_ref().map(|lanes| load(lanes));
    let modulus = field.modulus.0.each_ref().map(|lanes| load(lanes));
    let zero = _mm512_setzero_si512();
    // A lane takes in four halves of products in each of 40 steps, so it stays below 2^60.
    let mut sum = [zero; VECTORS];
    let mut low = 0u64;
    for digit in b.0.as_flattened() {
        let lowest = first * u128::from(*digit) + u128::from(low);
        let times = (lowest as u64).wrapping_mul(field.inverse) & MASK;
        low = ((lowest + modulus_first * u128::from(times)) >> BITS) as u64;
        let digit = _mm512_set1_epi64(digit.cast_signed());
        let times = _mm512_set1_epi64(times.cast_signed());
        for j in 0..VECTORS {
            sum[j] = _mm512_madd52lo_epu64(sum[j], a[j], digit);
            sum[j] = _mm512_madd52lo_epu64(sum[j], modulus[j], times);
        }
        for j in 0..VECTORS {
            let above = if j + 1 < VECTORS { sum[j + 1] } else { zero };
            sum[j] = _mm512_alignr_epi64::<1>(above, sum[j]);
        }
        low += _mm_cvtsi128_si64(_mm512_castsi512_si128(sum[0])).cast_unsigned();
        for j in 0..VECTORS {
            sum[j] = _mm512_madd52hi_epu64(sum[j], a[j], digit);
            sum[j] = _mm512_madd52hi_epu64(sum[j], modulus[j], times);
        }
    }
    sum[0] = _mm512_mask_set1_epi64(sum[0], 1, low.cast_signed());
    carried(sum)
}

/// Lanes of up to 64 bits as digits of 52.
///
/// What is above 52 bits goes to the lane above, after which a lane has one bit too many at most. The carries that
/// are left ripple through lanes that are full, which an addition of two masks does for all of them at once: `over`
/// has the lanes that give one, `full` those that pass one on.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn carried(mut sum: [__m512i; VECTORS]) -> Value {
    let mask = _mm512_set1_epi64(MASK.cast_signed());
    let one = _mm512_set1_epi64(1);
    let mut below = _mm512_setzero_si512();
    let (mut over, mut full) = (0u64, 0u64);
    for (j, sum) in sum.iter_mut().enumerate() {
        let carry = _mm512_srli_epi64::<{ BITS as u32 }>(*sum);
        *sum = _mm512_add_epi64(_mm512_and_si512(*sum, mask), _mm512_alignr_epi64::<7>(carry, below));
        below = carry;
        over |= u64::from(_mm512_cmpgt_epu64_mask(*sum, mask)) << (8 * j);
        full |= u64::from(_mm512_cmpeq_epu64_mask(*sum, mask)) << (8 * j);
    }
    let take = ((over << 1) + full) ^ full;
    let mut value = Value::ZERO;
    for (j, sum) in sum.iter().enumerate() {
        let [lanes, ..] = (take >> (8 * j)).to_le_bytes();
        let digits = _mm512_and_si512(_mm512_mask_add_epi64(*sum, lanes, *sum, one), mask);
        store(&mut value.0[j], digits);
    }
    value
}

/// The masks come of arithmetic, which keeps the compiler from making loads of them that leave out what is masked: every
/// entry is really read.
#[target_feature(enable = "avx512f,avx512ifma")]
fn select(table: &[Value], index: u64, out: &mut Value) {
    // Opaque, and lane by lane, so that there is no reason for a branch on the index either.
    let wanted = load(&black_box([index; 8]));
    let one = _mm512_set1_epi64(1);
    let mut number = _mm512_setzero_si512();
    let mut chosen = [_mm512_setzero_si512(); VECTORS];
    for entry in table {
        // Only 0 minus 1 is negative, and the shift spreads its sign.
        let this = _mm512_srai_epi64::<63>(_mm512_sub_epi64(_mm512_xor_si512(number, wanted), one));
        for (chosen, entry) in chosen.iter_mut().zip(&entry.0) {
            *chosen = _mm512_or_si512(*chosen, _mm512_and_si512(load(entry), this));
        }
        number = _mm512_add_epi64(number, one);
    }
    for (out, chosen) in out.0.iter_mut().zip(chosen) {
        store(out, chosen);
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn load(lanes: &[u64; 8]) -> __m512i {
    // SAFETY: the reference is valid for reading 64 bytes, and this load needs no alignment.
    unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn store(lanes: &mut [u64; 8], value: __m512i) {
    // SAFETY: the reference is valid for writing 64 bytes, and this store needs no alignment.
    unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), value) }
}
