//! Powers by secret exponents, whatever the arithmetic beneath: which numbers are multiplied when depends on the
//! width of the exponent only, and a table is always read as a whole.

use zeroize::{Zeroize, Zeroizing};

use super::{WORDS, Words};

/// Multiplication modulo one number, on values in a form of its own.
pub(super) trait Field {
    /// A residue, as far reduced as the arithmetic needs it.
    type Value: Clone + Zeroize;

    /// The form of a number, which may be larger than the modulus.
    fn enter(&self, words: &Words) -> Self::Value;

    /// The number, at most the modulus, which may stand for 0.
    fn leave(&self, value: &Self::Value) -> Words;

    /// One.
    fn one(&self) -> Self::Value;

    /// `value = value * by`.
    fn multiply(&self, value: &mut Self::Value, by: &Self::Value);

    /// `value = value * value`.
    fn square(&self, value: &mut Self::Value);

    /// `out = table[index]`, reading all of the table, so that the index does not show in what is in the cache.
    fn select(&self, table: &[Self::Value], index: u64, out: &mut Self::Value);
}

/// Bits of the exponent that one multiplication takes care of.
const WINDOW: usize = 5;

/// `base ^ exponent`, at most the modulus, which may stand for 0; the exponent in words, the lowest first.
pub(super) fn power<F: Field>(field: &F, base: &Words, exponent: &[u64]) -> Zeroizing<Words> {
    let base = Zeroizing::new(field.enter(base));
    let table = Zeroizing::new(powers(field, &base, 1 << WINDOW));
    let mut result = Zeroizing::new(field.one());
    let mut factor = Zeroizing::new(field.one());
    for window in (0..(64 * exponent.len()).div_ceil(WINDOW)).rev() {
        for _ in 0..WINDOW {
            field.square(&mut result);
        }
        field.select(&table, bits(exponent, window * WINDOW), &mut factor);
        field.multiply(&mut result, &factor);
    }
    Zeroizing::new(field.leave(&result))
}

/// [`power`] for an exponent that is no secret and not 0.
pub(super) fn public_power<F: Field>(field: &F, base: &Words, exponent: u32) -> Zeroizing<Words> {
    let base = Zeroizing::new(field.enter(base));
    let mut result = base.clone();
    for bit in (0..exponent.ilog2()).rev() {
        field.square(&mut result);
        if exponent >> bit & 1 == 1 {
            field.multiply(&mut result, &base);
        }
    }
    Zeroizing::new(field.leave(&result))
}

/// The powers of `base` from 0 to `count - 1`.
fn powers<F: Field>(field: &F, base: &F::Value, count: usize) -> Vec<F::Value> {
    // With room for all: a table that grows leaves what it held in the memory that it gives back.
    let mut powers = Vec::with_capacity(count);
    powers.push(field.one());
    while powers.len() < count {
        powers.push(base.clone());
        if let [.., former, last] = &mut powers[..] {
            field.multiply(last, former);
        }
    }
    powers
}

/// [`WINDOW`] bits of the exponent from bit `at`.
fn bits(exponent: &[u64], at: usize) -> u64 {
    let (word, shift) = (at / 64, at % 64);
    let next = exponent.get(word + 1).copied().unwrap_or(0);
    let both = u128::from(next) << 64 | u128::from(exponent[word]);
    (both >> shift) as u64 & ((1 << WINDOW) - 1)
}

/// How many words of the exponent share a table.
const ROWS: usize = 4;
const TABLES: usize = WORDS / ROWS;
const TABLE_LEN: usize = 1 << ROWS;

/// Powers of one base that is used again and again, after Lim and Lee (*More flexible exponentiation with
/// precomputation*, 1994): 64 squarings and 512 multiplications instead of 2,050 and 410.
///
/// With `b[w]` as the base to the power of `2^(64 w)`, each of the eight tables has the products of all choices
/// out of `b[t]`, `b[t + 8]`, `b[t + 16]`, `b[t + 24]`. Bit `i` of those four words picks a product. The tables hold
/// nothing secret. They take 40 KiB at most, and making them takes about as long as one other power.
#[derive(Clone)]
pub(super) struct FixedBase<V>(Vec<V>);

impl<V: Clone + Zeroize> FixedBase<V> {
    pub(super) fn new<F: Field<Value = V>>(field: &F, base: &Words) -> Self {
        let mut of_words = vec![field.enter(base); WORDS];
        for word in 1..WORDS {
            let mut power = of_words[word - 1].clone();
            for _ in 0..64 {
                field.square(&mut power);
            }
            of_words[word] = power;
        }
        let mut products = Vec::with_capacity(TABLES * TABLE_LEN);
        for table in 0..TABLES {
            for choice in 0..TABLE_LEN {
                let mut product = field.one();
                for row in (0..ROWS).filter(|row| choice >> row & 1 == 1) {
                    field.multiply(&mut product, &of_words[row * TABLES + table]);
                }
                products.push(product);
            }
        }
        Self(products)
    }

    /// The base to the power of a secret exponent, at most the modulus, which may stand for 0.
    pub(super) fn power<F: Field<Value = V>>(&self, field: &F, exponent: &Words) -> Zeroizing<Words> {
        let mut result = Zeroizing::new(field.one());
        let mut factor = Zeroizing::new(field.one());
        for bit in (0..64).rev() {
            field.square(&mut result);
            for (number, table) in self.0.chunks_exact(TABLE_LEN).enumerate() {
                let choice = (0..ROWS)
                    .fold(0, |choice, row| choice | (exponent[row * TABLES + number] >> bit & 1) << row);
                field.select(table, choice, &mut factor);
                field.multiply(&mut result, &factor);
            }
        }
        Zeroizing::new(field.leave(&result))
    }
}
