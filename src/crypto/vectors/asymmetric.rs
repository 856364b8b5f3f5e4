use super::{Scripted, Vector};
use crate::crypto::dh::{Group, GroupError, PublicValueError, check_of_any_size};
use crate::crypto::factor::factor;
use crate::crypto::keys;
use crate::crypto::rsa::{Padded, PublicKey};

pub(super) fn pq_factorisation(vector: &Vector<'_>) {
    let pq = vector.number_input("pq");
    let minimal = |number: u64| number.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect::<Vec<_>>();
    let (p, q) = factor(pq).unwrap();
    assert_eq!(minimal(pq), vector.input("pq_bytes_be"));
    assert_eq!(minimal(p), vector.output("p_bytes_be"));
    assert_eq!(minimal(q), vector.output("q_bytes_be"));
}

pub(super) fn dh_prime_and_g(vector: &Vector<'_>) {
    if vector.has_input("p_hex") {
        let prime = vector.input("p_hex");
        let good = vector.outputs["ok_for_g"].as_array().unwrap();
        for g in -1..=9 {
            let expected = good.iter().any(|good| good.as_i64() == Some(g.into()));
            assert_eq!(Group::check(&prime, g, &mut rand::rng()).is_ok(), expected, "g = {g}");
        }
    } else {
        let (prime, g) = (vector.prime_input("p"), i32::try_from(vector.number_input("g")).unwrap());
        assert_eq!(Group::check(&prime, g, &mut rand::rng()).unwrap_err(), GroupError::PrimeSize);
        assert_eq!(check_of_any_size(&prime, g), vector.outputs["ok"].as_bool().unwrap());
    }
}

pub(super) fn dh_public_value_range(vector: &Vector<'_>) {
    let group = Group::check(&vector.prime_input("p"), 3, &mut rand::rng()).unwrap();
    let value = vector.input("value_hex");
    let checked = group.check_public(&value).map(|_| ());
    let mandatory = vector.outputs["mandatory_ok"].as_bool().unwrap();
    let recommended = vector.outputs["recommended_ok"].as_bool().unwrap();
    assert_eq!(checked != Err(PublicValueError::Degenerate), mandatory);
    assert_eq!(checked.is_ok(), recommended);
    assert_eq!(group.check_public_loosely(&value).is_ok(), mandatory);
}

pub(super) fn rsa_fingerprint(vector: &Vector<'_>) {
    let key = public_key(vector, "n", "e");
    assert_eq!(key.fingerprint().to_le_bytes()[..], vector.output("fingerprint_le_hex"));
    assert_eq!(Some(key.fingerprint()), vector.outputs["fingerprint_i64"].as_i64());
}

pub(super) fn rsa_public_op(vector: &Vector<'_>) {
    let result = public_key(vector, "n", "e").raw(&vector.fixed_input("data")).unwrap();
    assert_eq!(result[..], vector.output("result"));
}

pub(super) fn rsa_pad(vector: &Vector<'_>) {
    let padded = Padded::new(&vector.input("data"), &mut Scripted(vector.input("random_padding")));
    let block = padded.with_temp_key(&vector.fixed_input("temp_key"));
    assert_eq!(block[..], vector.output("key_aes_encrypted"));

    let mut rng = Scripted([vector.input("random_padding"), vector.input("temp_key")].concat());
    let encrypted = public_key(vector, "rsa_n_hex", "rsa_e").encrypt(&vector.input("data"), &mut rng);
    assert_eq!(encrypted[..], vector.output("encrypted_data"));
}

pub(super) fn rsa_pad_retry(vector: &Vector<'_>) {
    assert_eq!(vector.text_input("key"), "main-current");
    let key = &keys::production()[0];
    let padded = Padded::new(&vector.input("data"), &mut Scripted(vector.input("random_padding")));
    let block = padded.with_temp_key(&vector.fixed_input("temp_key_first"));
    assert_eq!(block[..], vector.output("key_aes_encrypted"));
    assert_eq!(key.raw(&block), None);

    // A second temp_key is drawn and taken.
    let second = [1; 32];
    let script = [vector.input("random_padding"), vector.input("temp_key_first"), second.to_vec()].concat();
    let encrypted = key.encrypt(&vector.input("data"), &mut Scripted(script));
    assert_eq!(Some(encrypted), key.raw(&padded.with_temp_key(&second)));
}

pub(super) fn rsa_pad_server(vector: &Vector<'_>) {
    let key = public_key(vector, "n", "e");
    assert_eq!(key.fingerprint().to_le_bytes()[..], vector.output("fingerprint_le_hex"));
    let (data, padded) = (vector.output("data"), vector.output("data_with_padding"));
    let script = [&padded[data.len()..], &vector.output("temp_key")].concat();
    let encrypted = key.encrypt(&data, &mut Scripted(script));
    assert_eq!(encrypted[..], vector.input("encrypted_data"));

    #[cfg(any(feature = "server", feature = "simulation"))]
    {
        let key = crate::crypto::rsa::PrivateKey::from_numbers(
            &vector.input("n"),
            &vector.big_number_input("d"),
            [&vector.big_number_input("p"), &vector.big_number_input("q")],
        );
        let mut rng = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(1);
        let block = key.raw(&encrypted, &mut rng).unwrap();
        assert_eq!(crate::crypto::rsa::unpad(&block).unwrap()[..], padded);
    }
}

fn public_key(vector: &Vector<'_>, n: &str, e: &str) -> PublicKey {
    let exponent = u32::try_from(vector.number_input(e)).unwrap();
    PublicKey::from_components(&vector.input(n), exponent).unwrap()
}
