//! AES-256 in the two modes that MTProto uses: IGE for messages, CTR for obfuscation and CDN files.

mod ctr;

use zeroize::Zeroize;

pub use ctr::Ctr256;

/// Length of one AES block in bytes.
pub const BLOCK_LEN: usize = 16;

/// Encrypts `data` in place with AES-256-IGE (EN-4). `iv` is `c_0 | p_0`.
///
/// # Panics
/// When the length of `data` is not a multiple of 16.
pub fn ige_encrypt(key: &[u8; 32], iv: &[u8; 32], data: &mut [u8]) {
    let _ = (key, iv, data);
    todo!()
}

/// Decrypts `data` in place with AES-256-IGE (EN-4). `iv` is `c_0 | p_0`.
///
/// # Panics
/// When the length of `data` is not a multiple of 16.
pub fn ige_decrypt(key: &[u8; 32], iv: &[u8; 32], data: &mut [u8]) {
    let _ = (key, iv, data);
    todo!()
}

/// AES-256 key and IGE iv of one message; wiped on drop.
#[derive(Clone)]
pub struct IgeKey {
    /// The AES-256 key.
    pub key: [u8; 32],
    /// The iv, `c_0 | p_0`.
    pub iv: [u8; 32],
}

impl IgeKey {
    /// All zero, to be filled in.
    pub(super) fn zero() -> Self {
        Self { key: [0; 32], iv: [0; 32] }
    }

    /// [`ige_encrypt`] with this key.
    ///
    /// # Panics
    /// When the length of `data` is not a multiple of 16.
    pub fn encrypt(&self, data: &mut [u8]) {
        ige_encrypt(&self.key, &self.iv, data);
    }

    /// [`ige_decrypt`] with this key.
    ///
    /// # Panics
    /// When the length of `data` is not a multiple of 16.
    pub fn decrypt(&self, data: &mut [u8]) {
        ige_decrypt(&self.key, &self.iv, data);
    }
}

impl Drop for IgeKey {
    fn drop(&mut self) {
        self.key.zeroize();
        self.iv.zeroize();
    }
}

impl std::fmt::Debug for IgeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IgeKey")
    }
}

/// One independent message for [`ige_encrypt_many`] and [`ige_decrypt_many`].
pub struct Stream<'a> {
    /// AES-256 key.
    pub key: &'a [u8; 32],
    /// `c_0 | p_0`.
    pub iv: &'a [u8; 32],
    /// The data, a multiple of 16 bytes.
    pub data: &'a mut [u8],
}

/// Encrypts several independent messages in place, interleaved, which is several times faster than one after
/// the other: IGE makes each block wait for the one before it.
///
/// # Panics
/// When the length of some `data` is not a multiple of 16.
pub fn ige_encrypt_many(streams: &mut [Stream<'_>]) {
    let _ = streams;
    todo!()
}

/// Decrypts several independent messages in place, interleaved. See [`ige_encrypt_many`].
///
/// # Panics
/// When the length of some `data` is not a multiple of 16.
pub fn ige_decrypt_many(streams: &mut [Stream<'_>]) {
    let _ = streams;
    todo!()
}
