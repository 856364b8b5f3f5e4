//! Keys of 256 bytes, made of passcodes, and what is encrypted with them.
//!
//! Encrypted data are `msg_key` (16) and ciphertext; `msg_key` is the beginning of the SHA-1 of the plaintext, padding
//! included; key and iv come from both as in MTProto 1.0, for a message of the server. The plaintext begins with its own
//! length without padding (4, little-endian, itself included).

use argon2::{Algorithm, Argon2, Params, Version};
use sha2::Sha512;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::ErrorKind;
use crate::crypto::{
    AuthKey, Side,
    hash::{sha1, sha512},
    kdf,
};

/// Rounds with a passcode; without one there is nothing to protect, and one is made.
const ROUNDS: u32 = 100_000;

/// The key of a passcode, or of none, in `key_datas` up to version 7.2: PBKDF2-HMAC-SHA512.
pub(super) fn of_passcode(passcode: &[u8], salt: &[u8]) -> AuthKey {
    let mut hash = sha512(&[salt, passcode, salt]);
    let rounds = if passcode.is_empty() { 1 } else { ROUNDS };
    let mut key = Zeroizing::new([0; 256]);
    pbkdf2::pbkdf2_hmac::<Sha512>(&hash, salt, rounds, &mut *key);
    hash.zeroize();
    AuthKey::from_bytes(*key)
}

/// How the key of a passcode is made since version 7.3.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// 1: Argon2id, 2: scrypt, where the program was built without Argon2id.
    pub kind: u32,
    /// KiB; or scrypt's N.
    pub memory: u32,
    /// Passes; or scrypt's r.
    pub time: u32,
    /// Lanes; or scrypt's p.
    pub parallel: u32,
}

impl Cost {
    /// Telegram Desktop refuses more for Argon2id, and scrypt over 192 MiB; scrypt's time is bounded here, too, so that a
    /// hostile file cannot take hours.
    fn is_bearable(self) -> bool {
        match self.kind {
            1 => self.memory <= 1 << 18 && self.time <= 64 && self.parallel <= 16,
            2 => {
                let memory = u64::from(self.memory) * u64::from(self.time) * 128;
                memory <= 192 << 20 && self.time <= 32 && self.parallel <= 16
            }
            _ => false,
        }
    }
}

/// The key of a passcode since version 7.3.
pub(super) fn of_passcode_at(cost: Cost, passcode: &[u8], salt: &[u8]) -> Result<AuthKey, ErrorKind> {
    if !cost.is_bearable() {
        return Err(ErrorKind::PasscodeTooCostly);
    }
    let bad = ErrorKind::Other("the passcode key's parameters cannot be");
    let mut key = Zeroizing::new([0; 256]);
    let done = if cost.kind == 1 {
        let params = Params::new(cost.memory, cost.time, cost.parallel, Some(key.len()));
        params.is_ok_and(|params| {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon2.hash_password_into(passcode, salt, &mut *key).is_ok()
        })
    } else {
        let log_n = cost.memory.checked_ilog2().filter(|_| cost.memory.is_power_of_two() && cost.memory > 1);
        let params = log_n.map(|log_n| scrypt::Params::new(log_n as u8, cost.time, cost.parallel));
        params.is_some_and(|params| {
            params.is_ok_and(|params| scrypt::scrypt(passcode, salt, &params, &mut *key).is_ok())
        })
    };
    if done { Ok(AuthKey::from_bytes(*key)) } else { Err(bad) }
}

/// Decrypts; `None` when the key is another or the data were changed.
pub(super) fn decrypt(key: &AuthKey, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (msg_key, ciphertext) = encrypted.split_first_chunk::<16>()?;
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(16) {
        return None;
    }
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    kdf::v1(key, Side::Server, msg_key).decrypt(&mut plain);
    let hash = sha1(&[&plain]);
    if !bool::from(hash[..16].ct_eq(msg_key)) {
        return None;
    }
    let len = u32::from_le_bytes(*plain.first_chunk()?);
    let len = usize::try_from(len).ok()?;
    // As in Telegram Desktop, the padding is shorter than a block.
    if len < 4 || len > plain.len() || plain.len() - len >= 16 {
        return None;
    }
    plain.truncate(len);
    plain.drain(..4);
    Some(plain)
}
