//! Known answers, with the exponents given.

use super::client::prove_with;
use super::*;
use crate::crypto::dh::KeyPair;
use crate::crypto::vectors::Vector;

pub(in crate::crypto) fn ph2(vector: &Vector<'_>) {
    let x = password_hash(&password(vector), &vector.input("salt1"), &vector.input("salt2"));
    assert_eq!(x[..], vector.output("x"));
}

pub(in crate::crypto) fn check(vector: &Vector<'_>) {
    let (password, salt1, salt2) = (password(vector), vector.input("salt1"), vector.input("salt2"));
    let x = password_hash(&password, &salt1, &salt2);
    if vector.has_output("ph1") {
        assert_eq!(primary_hash(&password, &salt1, &salt2)[..], vector.output("ph1"));
        assert_eq!(x[..], vector.output("x"));
    }
    // One of the vectors has a tiny prime, which Group::check would refuse.
    let group = group(vector);
    let b = group.check_public_loosely(&vector.input("srp_B")).unwrap();
    let proof = prove_with(&group, (&salt1, &salt2), &b, &x, &pair(vector, &group, "a")).unwrap();
    assert_eq!(proof.a[..], vector.output("A"));
    assert_eq!(proof.m1[..], vector.output("M1"));
}

pub(in crate::crypto) fn server(vector: &Vector<'_>) {
    let (password, salt1, salt2) = (password(vector), vector.input("salt1"), vector.input("salt2"));
    let group = group(vector);
    let algo = Algo { salt1: &salt1, salt2: &salt2, g: 3, p: group.prime() };
    let v = verifier(&algo, &password, &mut rand::rng()).unwrap();
    assert_eq!(v[..], vector.output("verifier_v"));

    let challenge = Challenge::with(&group, &algo, &v, pair(vector, &group, "server_b"));
    assert_eq!(challenge.srp_b()[..], vector.output("srp_B"));
    let b = group.check_public(challenge.srp_b()).unwrap();
    let x = password_hash(&password, &salt1, &salt2);
    let proof = prove_with(&group, (&salt1, &salt2), &b, &x, &pair(vector, &group, "a")).unwrap();
    assert_eq!(proof.a[..], vector.output("A"));
    assert_eq!(proof.m1[..], vector.output("M1"));

    let u = scrambler(&proof.a, challenge.srp_b()).unwrap();
    let shared = challenge.shared(&modular::from_fixed(&proof.a), &u);
    assert_eq!(modular::to_be(&shared)[..], vector.output("server_S"));
    assert_eq!(challenge.verify(&proof.a, &proof.m1), Ok(()));
}

fn password(vector: &Vector<'_>) -> Vec<u8> {
    if vector.has_input("password_hex") {
        vector.input("password_hex")
    } else {
        vector.text_input("password").as_bytes().to_vec()
    }
}

fn group(vector: &Vector<'_>) -> Group {
    let prime = vector.prime_input("p").try_into().unwrap();
    Group::unchecked(&prime, u32::try_from(vector.number_input("g")).unwrap()).unwrap()
}

fn pair(vector: &Vector<'_>, group: &Group, name: &str) -> KeyPair {
    let given = modular::from_be(&vector.input(name)).unwrap();
    KeyPair::from_exponent(group, &modular::to_be(&given))
}
