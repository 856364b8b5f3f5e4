//! The authorization key: 256 bytes that a client and a DC share after the key exchange.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::hash::sha1;

/// Length of an authorization key in bytes.
pub const LEN: usize = 256;

/// An authorization key (<https://core.telegram.org/mtproto/auth_key>, step 8): always 256 bytes, leading
/// zeros included.
///
/// Clones share the bytes, which are wiped when the last one is dropped. They are compared in constant time, and `Debug`
/// prints nothing but the key id.
#[derive(Clone)]
pub struct AuthKey {
    // Behind a pointer, so that a move leaves no copy of the key behind on the stack, and a clone makes none.
    bytes: Arc<Zeroizing<[u8; LEN]>>,
    // Both are part of every packet or handshake; the hash costs more than keeping 16 bytes.
    id: [u8; 8],
    aux_hash: [u8; 8],
}

impl AuthKey {
    /// Takes the 256 bytes of the key (big-endian number `g^ab mod p`, left-padded with zeros).
    #[must_use]
    pub fn from_bytes(mut bytes: [u8; LEN]) -> Self {
        let hash = sha1(&[&bytes]);
        let (aux_hash, rest) = hash.split_first_chunk::<8>().expect("SHA-1 has 20 bytes");
        let id = rest.last_chunk::<8>().expect("12 bytes are left");
        let key = Self { bytes: Arc::new(Zeroizing::new(bytes)), id: *id, aux_hash: *aux_hash };
        bytes.zeroize();
        key
    }

    /// The 256 bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; LEN] {
        &self.bytes
    }

    /// `auth_key_id`: the last 8 bytes of the SHA-1 of the key, read as a little-endian number (EN-1).
    #[must_use]
    pub fn id(&self) -> i64 {
        i64::from_le_bytes(self.id)
    }

    /// `auth_key_id` as the 8 bytes that stand at the head of a packet.
    #[must_use]
    pub fn id_bytes(&self) -> [u8; 8] {
        self.id
    }

    /// `auth_key_aux_hash`: the first 8 bytes of the SHA-1 of the key, read as a little-endian number. The
    /// `retry_id` of a repeated key exchange.
    #[must_use]
    pub fn aux_hash(&self) -> i64 {
        i64::from_le_bytes(self.aux_hash)
    }

    /// `auth_key_aux_hash` as 8 bytes, as it enters `new_nonce_hash` (auth_key page, step 9).
    #[must_use]
    pub fn aux_hash_bytes(&self) -> [u8; 8] {
        self.aux_hash
    }
}

impl ConstantTimeEq for AuthKey {
    fn ct_eq(&self, other: &Self) -> subtle::Choice {
        self.as_bytes().ct_eq(other.as_bytes())
    }
}

impl PartialEq for AuthKey {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for AuthKey {}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthKey({:016x})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_only_the_id() {
        let key = AuthKey::from_bytes([0xa5; LEN]);
        assert_eq!(format!("{key:?}"), format!("AuthKey({:016x})", key.id()));
        assert!(!format!("{key:?}").contains("a5a5"));
    }

    #[test]
    fn a_clone_is_no_other_copy_of_the_bytes() {
        let key = AuthKey::from_bytes([1; LEN]);
        assert!(std::ptr::eq(key.as_bytes(), key.clone().as_bytes()));
    }

    #[test]
    fn equality_is_by_content() {
        let key = AuthKey::from_bytes([1; LEN]);
        let mut other = [1; LEN];
        assert_eq!(key, AuthKey::from_bytes(other));
        other[LEN - 1] = 2;
        assert_ne!(key, AuthKey::from_bytes(other));
    }
}
