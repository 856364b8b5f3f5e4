use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::group::{check_generator, check_safe_prime};
use super::*;

/// All checks but that of the size, for the small primes of the known answers.
pub(in crate::crypto) fn check_of_any_size(prime: &[u8], generator: i32) -> bool {
    let prime = modular::from_be(prime).unwrap();
    check_safe_prime(&prime, &mut rand::rng()).is_ok() && check_generator(&prime, generator).is_ok()
}

#[test]
fn both_sides_get_the_same_key() {
    let group = Group::well_known();
    let mut rng = StdRng::seed_from_u64(1);
    let (a, b) = (KeyPair::generate(&group, &mut rng), KeyPair::generate(&group, &mut rng));
    let key = a.agree(&group.check_public(b.public()).unwrap());
    assert_eq!(key, b.agree(&group.check_public(a.public()).unwrap()));
}

#[test]
fn the_well_known_prime_passes_the_full_test() {
    assert_eq!(check_safe_prime(Group::well_known().modulus().number(), &mut rand::rng()), Ok(()));
}

#[test]
fn a_prime_that_is_not_the_well_known_one() {
    let known = *Group::well_known().prime();
    let mut other = known;
    other[255] ^= 2;
    assert_eq!(Group::check(&other, 4, &mut rand::rng()).unwrap_err(), GroupError::NotPrime);
    assert_eq!(Group::check(&other[1..], 4, &mut rand::rng()).unwrap_err(), GroupError::PrimeSize);
    assert_eq!(
        Group::check(&[&[1], &known[..]].concat(), 4, &mut rand::rng()).unwrap_err(),
        GroupError::PrimeSize
    );
    assert_eq!(Group::check(&[], 4, &mut rand::rng()).unwrap_err(), GroupError::PrimeSize);
    // Leading zeros do not count.
    assert!(Group::check(&[&[0, 0], &known[..]].concat(), 3, &mut rand::rng()).is_ok());
    assert_eq!(Group::check(&known, 3, &mut rand::rng()).unwrap().generator(), 3);
    assert_eq!(Group::check(&known, 7, &mut rand::rng()).unwrap().generator(), 7);
}

/// 2^2048 - `below`.
fn near_the_top(below: u32) -> [u8; LEN] {
    let mut number = [0xff; LEN];
    number[252..].copy_from_slice(&below.wrapping_neg().to_be_bytes());
    number
}

#[test]
fn any_safe_prime_will_do() {
    // The largest safe prime of 2048 bits.
    let group = Group::check(&near_the_top(1_942_289), 4, &mut rand::rng()).unwrap();
    assert_eq!(group.prime(), &near_the_top(1_942_289));
}

#[test]
fn a_prime_that_is_not_safe_is_refused() {
    // The largest prime of 2048 bits.
    assert_eq!(
        Group::check(&near_the_top(1_557), 4, &mut rand::rng()).unwrap_err(),
        GroupError::NotSafePrime
    );
}

#[test]
fn the_table_of_generators_agrees_with_eulers_criterion() {
    let safe_primes = (5u32..4000).filter(|p| [*p, (*p - 1) / 2].iter().all(|n| (2..*n).all(|d| n % d != 0)));
    for p in safe_primes.filter(|p| *p > 7) {
        for g in 2..=7 {
            let mut power = 1u32;
            (0..(p - 1) / 2).for_each(|_| power = power * g % p);
            let ours = check_generator(&Number::from(p), i32::try_from(g).unwrap()).is_ok();
            assert_eq!(ours, power == 1, "p = {p}, g = {g}");
        }
    }
}

proptest! {
    #[test]
    fn checking_foreign_values_never_panics(value in prop::collection::vec(any::<u8>(), 0..300), g: i32) {
        let group = Group::well_known();
        let _ = group.check_public(&value);
        // Even, so that the primality test ends at once.
        let mut modulus = value;
        if let Some(last) = modulus.last_mut() {
            *last &= 0xfe;
        }
        prop_assert!(Group::check(&modulus, g, &mut rand::rng()).is_err());
    }
}
