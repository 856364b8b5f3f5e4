//! Factorization of `pq` (auth_key page, step 3) by elliptic curves.
//!
//! The server asks the client to split the product of two primes of about 31 bits. Lenstra's method with
//! Montgomery curves does that in some tens of microseconds: on a random curve modulo `pq` a multiple of a
//! point hits infinity modulo one prime, but not modulo the other, and a gcd then shows the factor.

mod curve;
mod mont64;

use mont64::Mont;

/// Divided out first: a curve cannot tell apart primes that are this small.
const SMALL_PRIMES: [u64; 31] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127,
];

/// Below this, dividing by every odd number is quick and curves often find both primes at once.
const TRIAL_DIVISION_BELOW: u64 = 1 << 24;

/// A product of two 32-bit primes needs six or seven curves on average. That this many fail does not happen by chance.
const MAX_CURVES: u64 = 500;

/// Splits `pq` into two different primes `(p, q)` with `p < q`.
///
/// `None` when `pq` is anything else: at most 1, a prime, a square, or a product of more than two primes.
/// Deterministic. The work is bounded: some tens of microseconds for what a server sends, a few milliseconds
/// at worst.
#[must_use]
pub fn factor(pq: u64) -> Option<(u64, u64)> {
    let divisor = divisor(pq)?;
    let (p, q) = (divisor.min(pq / divisor), divisor.max(pq / divisor));
    (p != q && is_prime(p) && is_prime(q)).then_some((p, q))
}

/// A random prime with exactly `bits` bits (2 to 64): what a server makes `pq` of.
///
/// # Panics
/// When `bits` is out of range.
#[must_use]
pub fn random_prime(bits: u32, rng: &mut dyn rand::CryptoRng) -> u64 {
    assert!((2..=64).contains(&bits), "no prime has {bits} bits");
    loop {
        let candidate = (rng.next_u64() | 1 << 63) >> (64 - bits);
        if is_prime(candidate) {
            return candidate;
        }
    }
}

/// Some divisor that is neither 1 nor `n` itself.
fn divisor(n: u64) -> Option<u64> {
    if n <= 1 || is_prime(n) {
        return None;
    }
    if let Some(small) = SMALL_PRIMES.into_iter().find(|p| n.is_multiple_of(*p)) {
        return Some(small);
    }
    if n < TRIAL_DIVISION_BELOW {
        return (129..=n.isqrt()).step_by(2).find(|d| n.is_multiple_of(*d));
    }
    let root = n.isqrt();
    if root * root == n {
        return Some(root);
    }
    let field = Mont::new(n)?;
    (0..MAX_CURVES).step_by(curve::LANES).find_map(|number| curve::find_divisor(&field, number))
}

/// Below this, three bases show every composite number (Jaeschke 1993).
const FEW_BASES_BELOW: u64 = 4_759_123_141;

/// Miller-Rabin with three bases, or with the first twelve primes, which is exact below 2^64 (Sorenson and Webster
/// 2015).
fn is_prime(n: u64) -> bool {
    if let Some(small) = SMALL_PRIMES.into_iter().find(|p| n.is_multiple_of(*p)) {
        return n == small;
    }
    let Some(field) = Mont::new(n) else { return false };
    let minus_one = field.sub(0, field.one());
    let twos = (n - 1).trailing_zeros();
    let odd = (n - 1) >> twos;
    let bases: &[u64] = if n < FEW_BASES_BELOW { &[2, 7, 61] } else { &SMALL_PRIMES[..12] };
    bases.iter().all(|base| {
        let mut power = field.pow(field.enter(*base), odd);
        if power == field.one() {
            return true;
        }
        for _ in 1..twos {
            if power == minus_one {
                break;
            }
            power = field.mul(power, power);
        }
        power == minus_one
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn next_prime(from: u64) -> u64 {
        (from..).find(|n| is_prime(*n)).unwrap()
    }

    #[test]
    fn refuses_everything_but_two_different_primes() {
        let not_semiprimes = [
            0,
            1,
            2,
            3,
            4,
            9,
            961,
            127 * 127,
            4_294_967_291 * 4_294_967_291,
            8,
            30,
            3 * 613 * 617,
            1009 * 1013 * 1019,
            2_097_143 * 2_097_143 * 3,
            18_446_744_073_709_551_557,
            1_000_000_007,
            u64::MAX,
        ];
        for n in not_semiprimes {
            assert_eq!(factor(n), None, "{n}");
        }
    }

    #[test]
    fn splits_at_the_edges() {
        for (p, q) in [(2, 3), (3, 5), (2, 9_223_372_036_854_775_783), (127, 131), (4093, 4099)] {
            assert_eq!(factor(p * q), Some((p, q)));
        }
        assert_eq!(factor(4_294_967_279 * 4_294_967_291), Some((4_294_967_279, 4_294_967_291)));
    }

    #[test]
    fn knows_strong_pseudoprimes() {
        // The first composites that pass with the bases 2 and 3; 2 to 5; 2 to 7; 2, 7 and 61; and 2 to 11.
        for n in [1_373_653, 25_326_001, 3_215_031_751, 4_759_123_141, 2_152_302_898_747] {
            assert!(!is_prime(n), "{n}");
        }
    }

    #[test]
    fn knows_the_primes_below_a_thousand() {
        let sieve = |n: u64| n > 1 && (2..n).all(|d| !n.is_multiple_of(d));
        for n in 0..1000 {
            assert_eq!(is_prime(n), sieve(n), "{n}");
        }
    }

    proptest! {
        #[test]
        fn splits_any_product_of_two_primes(bits in 2u32..32, a: u32, b: u32) {
            // Both of the given size and of very different sizes.
            let (p, q) = (next_prime(u64::from(a) >> (32 - bits)), next_prime(u64::from(b) >> 1));
            prop_assume!(p != q);
            prop_assert_eq!(factor(p * q), Some((p.min(q), p.max(q))));
        }

        #[test]
        fn any_answer_multiplies_back(n: u64) {
            if let Some((p, q)) = factor(n) {
                prop_assert!(p < q && p.checked_mul(q) == Some(n) && is_prime(p) && is_prime(q));
            }
        }
    }
}
