use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::crypto::keys;

#[test]
fn public_keys_survive_both_kinds_of_pem() {
    for key in keys::production().iter().chain(keys::test()) {
        assert!(key.to_pkcs1_pem().starts_with("-----BEGIN RSA PUBLIC KEY-----"));
        assert_eq!(&PublicKey::from_pem(&key.to_pkcs1_pem()).unwrap(), key);
        assert!(key.to_spki_pem().starts_with("-----BEGIN PUBLIC KEY-----"));
        assert_eq!(&PublicKey::from_pem(&key.to_spki_pem()).unwrap(), key);
    }
}

#[test]
fn what_is_no_key_is_refused() {
    let modulus = keys::production()[0].modulus();
    let bits = |modulus: &[u8]| PublicKey::from_components(modulus, 65537).unwrap_err();
    assert_eq!(bits(&[]), KeyError::ModulusBits(0));
    assert_eq!(bits(&modulus[1..]), KeyError::ModulusBits(2040 - modulus[1].leading_zeros()));
    assert_eq!(bits(&[&[1], &modulus[..]].concat()), KeyError::NotRsa);
    let mut even = modulus;
    even[255] &= 0xfe;
    assert_eq!(bits(&even), KeyError::NotRsa);
    for exponent in [0, 1, 2, 65536] {
        assert_eq!(PublicKey::from_components(&modulus, exponent), Err(KeyError::NotRsa));
    }
    for text in ["", "garbage", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
        assert!(matches!(PublicKey::from_pem(text), Err(KeyError::Encoding(_))), "{text}");
    }
}

#[test]
fn a_block_above_the_modulus_is_not_encrypted() {
    let key = &keys::production()[0];
    assert_eq!(key.raw(&key.modulus()), None);
    assert_eq!(key.raw(&[0xff; LEN]), None);
    assert_eq!(key.raw(&[0; LEN]), Some([0; LEN]));
}

proptest! {
    #[test]
    fn unpad_undoes_rsa_pad(data in prop::collection::vec(any::<u8>(), 0..=MAX_DATA_LEN), temp_key: [u8; 32], seed: u64) {
        let padded = Padded::new(&data, &mut StdRng::seed_from_u64(seed));
        let mut block = padded.with_temp_key(&temp_key);
        prop_assert_eq!(&unpad(&block).unwrap()[..data.len()], &data[..]);
        block[usize::from(temp_key[0])] ^= 1;
        prop_assert_eq!(unpad(&block), None);
    }

    #[test]
    fn unpad_sha1_finds_the_data(data in prop::collection::vec(any::<u8>(), 0..=235), fill: u8) {
        let mut block = [fill; LEN];
        block[0] = 0;
        block[1..21].copy_from_slice(&sha1(&[&data]));
        block[21..21 + data.len()].copy_from_slice(&data);
        let found = unpad_sha1(&block, |_| Some(data.len()));
        prop_assert_eq!(found.as_deref(), Some(&data));
        block[1] ^= 1;
        prop_assert_eq!(unpad_sha1(&block, |_| Some(data.len())), None);
        prop_assert_eq!(unpad_sha1(&block, |_| Some(236)), None);
        prop_assert_eq!(unpad_sha1(&block, |_| None), None);
    }
}

#[cfg(any(feature = "server", feature = "simulation"))]
mod private {
    use super::*;

    #[test]
    fn a_new_key_works_and_survives_both_kinds_of_pem() {
        let mut rng = StdRng::seed_from_u64(1);
        let key = PrivateKey::generate(&mut rng).unwrap();
        let block = key.public().encrypt(b"secret", &mut rng);
        for key in [
            PrivateKey::from_pem(&key.to_pkcs1_pem().unwrap()).unwrap(),
            PrivateKey::from_pem(&key.to_pkcs8_pem().unwrap()).unwrap(),
        ] {
            let plain = key.raw(&block, &mut rng).unwrap();
            assert_eq!(unpad(&plain).unwrap()[..6], *b"secret");
            assert_eq!(key.raw(&[0xff; LEN], &mut rng), None);
        }
        assert!(PrivateKey::from_pem(&key.public().to_pkcs1_pem()).is_err());
    }
}
