//! The big-number arithmetic of the library beside that of num-bigint, which shares no code with it.

use mtwire::crypto::dh::{Group, KeyPair};
use mtwire::crypto::factor::{factor, random_prime};
use mtwire::crypto::keys;
use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

fn number(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_be(bytes)
}

#[test]
fn the_raw_public_operation_is_a_power() {
    let mut rng = StdRng::seed_from_u64(1);
    for key in keys::production().iter().chain(keys::test()) {
        let mut block = [0; 256];
        rng.fill_bytes(&mut block);
        // Below every modulus, which all have their top bit set.
        block[0] &= 0x7f;
        let expected = number(&block).modpow(&BigUint::from(key.exponent()), &number(&key.modulus()));
        assert_eq!(number(&key.raw(&block).unwrap()), expected);
    }
}

#[test]
fn both_sides_of_diffie_hellman_agree_with_a_power() {
    let group = Group::well_known();
    let prime = number(group.prime());
    let check = |pair: &KeyPair| group.check_public(pair.public()).unwrap();
    for seed in 0..4 {
        // The secret exponent is the first 256 bytes that the generator gives.
        let mut secret = [0; 256];
        StdRng::seed_from_u64(seed).fill_bytes(&mut secret);
        let ours = KeyPair::generate(&group, &mut StdRng::seed_from_u64(seed));
        let theirs = KeyPair::generate(&group, &mut StdRng::seed_from_u64(seed + 100));
        let generator = BigUint::from(group.generator());
        assert_eq!(number(ours.public()), generator.modpow(&number(&secret), &prime));
        let shared = number(theirs.public()).modpow(&number(&secret), &prime);
        assert_eq!(number(ours.agree(&check(&theirs)).as_bytes()), shared);
        assert_eq!(number(theirs.agree(&check(&ours)).as_bytes()), shared);
    }
}

#[test]
fn factors_multiply_to_the_product() {
    let mut rng = StdRng::seed_from_u64(3);
    for _ in 0..50 {
        let pq = random_prime(31, &mut rng) * random_prime(32, &mut rng);
        let (p, q) = factor(pq).unwrap();
        assert_eq!(BigUint::from(p) * BigUint::from(q), BigUint::from(pq));
        assert!(1 < p && p < q);
    }
}
