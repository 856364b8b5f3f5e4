//! AES-256-CTR as one running stream.

use aes::Aes256;
use cipher::{KeyIvInit, StreamCipher};

/// AES-256-CTR with a 128-bit big-endian counter. One value is one direction of one connection: every call
/// goes on where the last one stopped, also in the middle of a block (OB-4).
pub struct Ctr256(ctr::Ctr128BE<Aes256>);

impl Ctr256 {
    /// A stream that starts with the counter block `iv`.
    #[must_use]
    pub fn new(key: &[u8; 32], iv: &[u8; 16]) -> Self {
        Self(ctr::Ctr128BE::new(key.into(), iv.into()))
    }

    /// Encrypts or decrypts the next bytes of the stream in place.
    pub fn apply(&mut self, data: &mut [u8]) {
        self.0.apply_keystream(data);
    }
}

impl std::fmt::Debug for Ctr256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ctr256")
    }
}
