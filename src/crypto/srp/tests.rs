use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

fn algo(group: &Group) -> Algo<'_> {
    Algo { salt1: b"salt one", salt2: b"salt two", g: 3, p: group.prime() }
}

#[test]
fn the_right_password_is_accepted_and_another_is_not() {
    let group = Group::well_known();
    let algo = algo(&group);
    let mut rng = StdRng::seed_from_u64(1);
    let verifier = verifier(&algo, "пароль".as_bytes(), &mut rng).unwrap();
    for (password, expected) in [("пароль", Ok(())), ("parol", Err(SrpError::WrongPassword))] {
        let challenge = Challenge::new(&algo, &verifier, &mut rng).unwrap();
        let proof = prove(&algo, challenge.srp_b(), password.as_bytes(), &mut rng).unwrap();
        assert_eq!(challenge.verify(&proof.a, &proof.m1), expected);
    }
}

#[test]
fn degenerate_numbers_are_refused() {
    let group = Group::well_known();
    let algo = algo(&group);
    let mut rng = StdRng::seed_from_u64(1);
    let degenerate = |value: &[u8]| {
        let own = prove(&algo, value, b"password", &mut StdRng::seed_from_u64(2)).unwrap_err();
        let challenge = Challenge::new(&algo, &[1; LEN], &mut rng).unwrap();
        (own, challenge.verify(value, &[0; 32]).unwrap_err())
    };
    let refused = SrpError::PublicValue(PublicValueError::Degenerate);
    let values = [&[][..], &[0; 300], &[1], group.prime(), &[0xff; 256], &[1; 257]];
    assert_eq!(values.map(degenerate), [(refused, refused); 6]);

    let bad_group = Algo { g: 2, ..algo };
    assert!(matches!(prove(&bad_group, &[9; 256], b"", &mut rng), Err(SrpError::Group(_))));
    assert!(matches!(Challenge::new(&bad_group, &[9; 256], &mut rng), Err(SrpError::Group(_))));
}
