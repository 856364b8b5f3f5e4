use serde_json::Value;

use super::{Vector, hex};
use crate::crypto::AuthKey;
use crate::crypto::aes::{Ctr256, ige_decrypt, ige_encrypt};
use crate::crypto::hash::sha256;
use crate::crypto::kdf;
use crate::crypto::nonces::{self, DhGen};

pub(super) fn ige(vector: &Vector<'_>) {
    let (key, iv) = (vector.fixed_input("key"), vector.fixed_input("iv"));
    let mut data = vector.input("plaintext");
    ige_encrypt(&key, &iv, &mut data);
    assert_eq!(data, vector.output("ciphertext"));
    ige_decrypt(&key, &iv, &mut data);
    assert_eq!(data, vector.input("plaintext"));
}

pub(super) fn ctr_stream(vector: &Vector<'_>) {
    let chunks = |of: &Value| {
        of["chunks"].as_array().unwrap().iter().map(|c| hex(c.as_str().unwrap())).collect::<Vec<_>>()
    };
    let mut stream = Ctr256::new(&vector.fixed_input("key"), &vector.fixed_input("iv"));
    let mut data = chunks(vector.inputs);
    data.iter_mut().for_each(|chunk| stream.apply(chunk));
    assert_eq!(data, chunks(vector.outputs));
}

pub(super) fn cdn_decrypt(vector: &Vector<'_>) {
    let mut iv: [u8; 16] = vector.fixed_input("encryption_iv");
    // CD-2
    iv[12..].copy_from_slice(&u32::try_from(vector.number_input("offset") / 16).unwrap().to_be_bytes());
    assert_eq!(iv[..], vector.output("iv_used"));
    let mut data = vector.input("cipher");
    Ctr256::new(&vector.fixed_input("encryption_key"), &iv).apply(&mut data);
    assert_eq!(data, vector.output("plain"));
    assert_eq!(sha256(&[&data])[..], vector.output("file_hash_of_plain"));
}

pub(super) fn auth_key_id(vector: &Vector<'_>) {
    let key = AuthKey::from_bytes(vector.fixed_input("auth_key"));
    assert_eq!(key.id().to_le_bytes()[..], vector.output("auth_key_id_le_hex"));
    assert_eq!(key.aux_hash().to_le_bytes()[..], vector.output("auth_key_aux_hash"));
}

pub(super) fn new_nonce_hash(vector: &Vector<'_>) {
    let answer = match vector.number_input("number") {
        1 => DhGen::Ok,
        2 => DhGen::Retry,
        3 => DhGen::Fail,
        other => panic!("new_nonce_hash{other}"),
    };
    let hash = nonces::new_nonce_hash(&vector.fixed_input("new_nonce"), answer, &vector.key());
    assert_eq!(hash[..], vector.output("new_nonce_hash"));
}

pub(super) fn tmp_aes(vector: &Vector<'_>) {
    let keys = nonces::tmp_aes(&vector.fixed_input("new_nonce"), &vector.fixed_input("server_nonce"));
    assert_eq!(keys.key[..], vector.output("tmp_aes_key"));
    assert_eq!(keys.iv[..], vector.output("tmp_aes_iv"));
}

pub(super) fn kdf(vector: &Vector<'_>) {
    let (key, sender, msg_key) = (vector.key(), vector.sender(), vector.fixed_input("msg_key"));
    // The inputs of both versions look alike; exactly one of them gives the answer.
    let matches = [kdf::v1, kdf::v2].map(|derive| {
        let keys = derive(&key, sender, &msg_key);
        keys.key[..] == vector.output("aes_key") && keys.iv[..] == vector.output("aes_iv")
    });
    assert_eq!(matches, [vector.kind == "kdf_v1", vector.kind == "kdf_v2"]);
}

pub(super) fn msg_key_v1(vector: &Vector<'_>) {
    assert_eq!(kdf::msg_key_v1(&vector.input("plaintext"))[..], vector.output("msg_key"));
}
