//! What the key exchange derives from its nonces (<https://core.telegram.org/mtproto/auth_key>, steps 6 to 9).
//!
//! Nonces are byte strings of fixed width. Treating them as numbers, and so losing a leading zero byte, gives
//! a wrong key once in 256 runs.

use super::AuthKey;
use super::aes::IgeKey;
use super::hash::sha1;

/// `tmp_aes_key` and `tmp_aes_iv` from the two nonces (step 6).
#[must_use]
pub fn tmp_aes(new_nonce: &[u8; 32], server_nonce: &[u8; 16]) -> IgeKey {
    let new_server = sha1(&[new_nonce, server_nonce]);
    let server_new = sha1(&[server_nonce, new_nonce]);
    let new_new = sha1(&[new_nonce, new_nonce]);
    let mut tmp = IgeKey::zero();
    tmp.key[..20].copy_from_slice(&new_server);
    tmp.key[20..].copy_from_slice(&server_new[..12]);
    tmp.iv[..8].copy_from_slice(&server_new[12..]);
    tmp.iv[8..28].copy_from_slice(&new_new);
    tmp.iv[28..].copy_from_slice(&new_nonce[..4]);
    tmp
}

/// Which of the three answers of step 9 a `new_nonce_hash` stands for; the value is the byte that is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DhGen {
    /// `dh_gen_ok`.
    Ok = 1,
    /// `dh_gen_retry`.
    Retry = 2,
    /// `dh_gen_fail`.
    Fail = 3,
}

/// `new_nonce_hash1`, `2` or `3`: the low 16 bytes of SHA-1(`new_nonce` | number | `auth_key_aux_hash`).
#[must_use]
pub fn new_nonce_hash(new_nonce: &[u8; 32], answer: DhGen, key: &AuthKey) -> [u8; 16] {
    low_16(sha1(&[new_nonce, &[answer as u8], &key.aux_hash_bytes()]))
}

/// The hash of `server_DH_params_fail`: the low 16 bytes of SHA-1(`new_nonce`) (step 5).
#[must_use]
pub fn params_fail_hash(new_nonce: &[u8; 32]) -> [u8; 16] {
    low_16(sha1(&[new_nonce]))
}

/// The first server salt: the first 8 bytes of both nonces, xored, as a little-endian number (SA-1).
#[must_use]
pub fn first_salt(new_nonce: &[u8; 32], server_nonce: &[u8; 16]) -> i64 {
    let mut salt = [0; 8];
    for (out, (a, b)) in salt.iter_mut().zip(new_nonce.iter().zip(server_nonce)) {
        *out = a ^ b;
    }
    i64::from_le_bytes(salt)
}

fn low_16(hash: [u8; 20]) -> [u8; 16] {
    *hash.last_chunk().expect("20 bytes hold 16")
}
