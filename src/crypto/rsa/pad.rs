//! The paddings of the key exchange: RSA_PAD, and for a server the SHA-1 one that it replaced.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::aes::{ige_decrypt, ige_encrypt};
use crate::crypto::hash::{sha1, sha256};
use crate::crypto::modular::LEN;

/// Longest data for RSA_PAD in bytes.
pub const MAX_DATA_LEN: usize = 144;

/// The data with its random padding, `data_with_padding` of the auth_key page.
const PADDED_LEN: usize = 192;

/// Data made up to 192 bytes, before it is bound to a `temp_key`.
pub struct Padded(Zeroizing<[u8; PADDED_LEN]>);

impl Padded {
    /// Fills up `data` with bytes of `rng`.
    ///
    /// # Panics
    /// When `data` is longer than [`MAX_DATA_LEN`].
    #[must_use]
    pub fn new(data: &[u8], rng: &mut dyn rand::CryptoRng) -> Self {
        assert!(data.len() <= MAX_DATA_LEN, "RSA_PAD takes at most 144 bytes");
        let mut padded = Zeroizing::new([0; PADDED_LEN]);
        let (front, padding) = padded.split_at_mut(data.len());
        front.copy_from_slice(data);
        rng.fill_bytes(padding);
        Self(padded)
    }

    /// `key_aes_encrypted`: the temporary key, masked by the hash of what it encrypts, and the encrypted data
    /// with a hash. As a number it may be too large for the modulus: then another key must be drawn.
    #[must_use]
    pub fn with_temp_key(&self, temp_key: &[u8; 32]) -> [u8; LEN] {
        let mut block = [0; LEN];
        let (masked_key, encrypted) = block.split_at_mut(32);
        let (reversed, hash) = encrypted.split_at_mut(PADDED_LEN);
        reversed.copy_from_slice(&*self.0);
        reversed.reverse();
        hash.copy_from_slice(&sha256(&[temp_key, &*self.0]));
        ige_encrypt(temp_key, &[0; 32], encrypted);
        xor_into(masked_key, temp_key, &sha256(&[encrypted]));
        block
    }
}

impl std::fmt::Debug for Padded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Padded")
    }
}

/// Undoes RSA_PAD on a decrypted block: the data with its random padding, or `None` when the hash does not fit.
#[must_use]
pub fn unpad(block: &[u8; LEN]) -> Option<Zeroizing<[u8; PADDED_LEN]>> {
    let mut block = Zeroizing::new(*block);
    let (masked_key, encrypted) = block.split_at_mut(32);
    let mut temp_key = Zeroizing::new([0; 32]);
    xor_into(&mut *temp_key, masked_key, &sha256(&[encrypted]));
    ige_decrypt(&temp_key, &[0; 32], encrypted);
    let (reversed, hash) = encrypted.split_at_mut(PADDED_LEN);
    reversed.reverse();
    let mut data = Zeroizing::new([0; PADDED_LEN]);
    data.copy_from_slice(reversed);
    bool::from(sha256(&[&*temp_key, &*data]).ct_eq(hash)).then_some(data)
}

/// Undoes the older padding, `0 | SHA1(data) | data | random`, on a decrypted block.
///
/// Nothing in it says how long the data is, so `data_len` has to tell: it gets all 235 bytes and answers how
/// many of them belong to the object at their head, or `None`. `None` as well when the hash does not fit.
#[must_use]
pub fn unpad_sha1(
    block: &[u8; LEN],
    data_len: impl FnOnce(&[u8]) -> Option<usize>,
) -> Option<Zeroizing<Vec<u8>>> {
    let (zero, rest) = block.split_first()?;
    let (hash, rest) = rest.split_first_chunk::<20>()?;
    let data = rest.get(..data_len(rest)?)?;
    let sound = zero.ct_eq(&0) & sha1(&[data]).ct_eq(hash);
    bool::from(sound).then(|| Zeroizing::new(data.to_vec()))
}

fn xor_into(out: &mut [u8], a: &[u8], b: &[u8]) {
    for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *out = a ^ b;
    }
}
