use num_bigint::BigUint;
use proptest::prelude::*;

use super::power::Field;
use super::*;

fn big(number: &Number) -> BigUint {
    BigUint::from_bytes_be(&to_be(number))
}

fn big_of_words(words: &Words) -> BigUint {
    words.iter().rev().fold(BigUint::ZERO, |number, word| (number << 64) + *word)
}

/// With AVX-512-IFMA, if this processor has it, and without.
fn both_ways(number: &Number) -> [Modulus; 2] {
    [true, false].map(|ifma| Modulus::with(number, ifma).unwrap())
}

/// Numbers of any size, and those at the edges: few bits, long runs of ones and zeros.
fn number() -> impl Strategy<Value = Number> {
    let random = any::<[u8; LEN]>().prop_map(|bytes| from_fixed(&bytes));
    let short = (any::<[u8; LEN]>(), 0..LEN).prop_map(|(bytes, len)| from_be(&bytes[..len]).unwrap());
    let power = (0u32..2048).prop_map(|bit| Number::ONE << bit);
    let ones = (0u32..2048).prop_map(|bits| Number::MAX >> bits);
    let run = (0u32..2048, 0u32..2048).prop_map(|(start, end)| (Number::MAX << start) ^ (Number::MAX << end));
    prop_oneof![random, short, power, ones, run, Just(Number::ZERO), Just(Number::ONE), Just(Number::MAX)]
}

fn odd() -> impl Strategy<Value = Number> {
    number().prop_map(|number| number | Number::ONE)
}

/// All ways to the power, which must be the one of num-bigint.
fn check(modulo: &Number, base: &Number, exponent: &Number) -> Result<(), TestCaseError> {
    let expected = big(base).modpow(&big(exponent), &big(modulo));
    for modulus in both_ways(modulo) {
        prop_assert_eq!(big(&modulus.pow_secret(base, exponent)), expected.clone());
        let fixed = modulus.fixed_base(base);
        prop_assert_eq!(big(&modulus.pow_fixed(&fixed, exponent)), expected.clone());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn powers_are_those_of_num_bigint(modulo in odd(), base in number(), exponent in number()) {
        check(&modulo, &base, &exponent)?;
    }

    #[test]
    fn wide_and_narrow_exponents(modulo in odd(), base in number(), low in number(), high: u64, narrow: u64) {
        let wide: Uint<{ crypto_bigint::nlimbs(2112) }> = low.resize();
        let wide = wide | Uint::from(high) << 2048;
        let expected = big(&base).modpow(&(BigUint::from(high) << 2048 | big(&low)), &big(&modulo));
        let expected_narrow = big(&base).modpow(&BigUint::from(narrow), &big(&modulo));
        for modulus in both_ways(&modulo) {
            prop_assert_eq!(big(&modulus.pow_secret(&base, &wide)), expected.clone());
            prop_assert_eq!(big(&modulus.pow_secret(&base, &crypto_bigint::U64::from(narrow))), expected_narrow.clone());
        }
    }
}

/// `a b` and `a^2`, computed by `field`.
fn product_and_square<F: Field>(field: &F, a: &Number, b: &Number) -> [BigUint; 2] {
    let (a, b) = (field.enter(&words(a)), field.enter(&words(b)));
    let (mut product, mut square) = (a.clone(), a);
    field.multiply(&mut product, &b);
    field.square(&mut square);
    [product, square].map(|value| big_of_words(&field.leave(&value)))
}

proptest! {
    #[test]
    fn products_and_squares_are_those_of_num_bigint(modulo in odd(), a in number(), b in number()) {
        let (big_modulo, a_big, b_big) = (big(&modulo), big(&a), big(&b));
        for modulus in both_ways(&modulo) {
            let both = match &modulus.arithmetic {
                #[cfg(target_arch = "x86_64")]
                Arithmetic::Ifma(field) => product_and_square(&**field, &a, &b),
                Arithmetic::Portable(field) => product_and_square(&**field, &a, &b),
            };
            let expected = [&a_big * &b_big, &a_big * &a_big];
            for (got, expected) in both.iter().zip(expected) {
                // The modulus stands for 0, and nothing is larger.
                prop_assert!(*got <= big_modulo);
                prop_assert_eq!(got % &big_modulo, expected % &big_modulo);
            }
        }
    }

    #[test]
    fn public_powers_are_those_of_num_bigint(
        modulo in odd(), base in number(), exponent in prop_oneof![Just(1u32), Just(3), Just(65537), 1u32..],
    ) {
        let expected = big(&base).modpow(&BigUint::from(exponent), &big(&modulo));
        for modulus in both_ways(&modulo) {
            prop_assert_eq!(big(&modulus.pow_public(&base, exponent)), expected.clone());
        }
    }
}

#[test]
fn powers_at_the_edges() {
    let top = Number::ONE << 2047;
    for modulo in [Number::ONE, Number::from(3u8), top | Number::ONE, Number::MAX, Number::MAX >> 1] {
        let last = modulo.wrapping_sub(&Number::ONE);
        for (base, exponent) in [
            (Number::ZERO, Number::ZERO),
            (Number::ZERO, Number::MAX),
            (Number::ONE, Number::MAX),
            (Number::from(2u8), Number::ONE),
            (last, Number::MAX),
            (last, Number::MAX << 1),
            (modulo, Number::ONE),
            (Number::MAX, last),
            (Number::MAX, Number::ZERO),
        ] {
            check(&modulo, &base, &exponent).unwrap();
        }
    }
}

#[test]
fn an_even_modulus_is_refused() {
    for even in [Number::ZERO, Number::from(2u8), Number::MAX << 1] {
        assert!(Modulus::new(&even).is_none());
    }
}

#[test]
fn values_on_words_may_be_anything_that_fits() {
    let top = Number::ONE << 2047;
    let values = [[u64::MAX; WORDS], words(&top), words(&Number::ONE), words(&Number::ZERO)];
    let r = BigUint::from(1u8) << 2048;
    for modulo in [Number::ONE, Number::from(3u8), top | Number::ONE, Number::MAX] {
        let modulus = Modulus::with(&modulo, false).unwrap();
        let Arithmetic::Portable(field) = &modulus.arithmetic else { panic!("words were asked for") };
        let big_modulo = big(&modulo);
        for (a, b) in values.iter().flat_map(|a| values.iter().map(move |b| (a, b))) {
            let (mut product, mut square) = (*a, *a);
            field.multiply(&mut product, b);
            field.square(&mut square);
            for (got, by) in [(product, b), (square, a)] {
                // Each product has lost one R.
                let expected = big_of_words(a) * big_of_words(by) % &big_modulo;
                assert_eq!(big_of_words(&got) * &r % &big_modulo, expected, "{a:x?} {by:x?} {modulo}");
            }
        }
    }
}
