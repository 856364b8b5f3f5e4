//! The encrypted inner data of the Diffie-Hellman steps: AES-IGE of SHA1(data) | data | 0 to 15 random bytes
//! (auth_key page, steps 6 and 7).

use bytes::Bytes;
use thiserror::Error;

use crate::crypto::aes::{BLOCK_LEN, IgeKey};
use crate::crypto::hash::sha1;

const HASH_LEN: usize = 20;

/// Why encrypted inner data cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DataError {
    /// Its length is not a multiple of 16, or too small for the hash.
    #[error("encrypted data of {0} bytes is not whole AES blocks, or too short for its hash")]
    Length(usize),
    /// No data with up to 15 bytes of padding has the SHA-1 that stands in front of it (security guidelines 4).
    #[error("the SHA-1 of the decrypted data is wrong")]
    Hash,
}

/// Encrypts `data`. Draws its padding from `rng`.
pub(super) fn seal(key: &IgeKey, data: &[u8], rng: &mut dyn rand::CryptoRng) -> Bytes {
    let used = HASH_LEN + data.len();
    let mut sealed = Vec::with_capacity(used + BLOCK_LEN);
    sealed.extend_from_slice(&sha1(&[data]));
    sealed.extend_from_slice(data);
    sealed.resize(used.next_multiple_of(BLOCK_LEN), 0);
    rng.fill_bytes(&mut sealed[used..]);
    key.encrypt(&mut sealed);
    sealed.into()
}

/// Decrypts, and finds the data by its hash, before anything of it is parsed: of the 16 lengths that the padding
/// leaves possible, the right one is that which fits the hash.
pub(super) fn open(key: &IgeKey, encrypted: &[u8]) -> Result<Bytes, DataError> {
    if !encrypted.len().is_multiple_of(BLOCK_LEN) || encrypted.len() < HASH_LEN {
        return Err(DataError::Length(encrypted.len()));
    }
    let mut plain = encrypted.to_vec();
    key.decrypt(&mut plain);
    let plain = Bytes::from(plain);
    let (hash, padded) = plain.split_at(HASH_LEN);
    let end = (0..BLOCK_LEN)
        .filter_map(|padding| padded.len().checked_sub(padding))
        .find(|end| sha1(&[&padded[..*end]]) == *hash)
        .ok_or(DataError::Hash)?;
    Ok(plain.slice(HASH_LEN..HASH_LEN + end))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    proptest! {
        #[test]
        fn open_undoes_seal(data in vec(any::<u8>(), 0..100), seed: u64, at: prop::sample::Index) {
            let key = IgeKey { key: [1; 32], iv: [2; 32] };
            let sealed = seal(&key, &data, &mut StdRng::seed_from_u64(seed));
            prop_assert_eq!(open(&key, &sealed), Ok(Bytes::from(data)));

            let mut broken = sealed.to_vec();
            broken[at.index(20)] ^= 1;
            prop_assert_eq!(open(&key, &broken), Err(DataError::Hash));
        }

        #[test]
        fn garbage_never_panics(data in vec(any::<u8>(), 0..100)) {
            let key = IgeKey { key: [1; 32], iv: [2; 32] };
            prop_assert!(open(&key, &data).is_err());
        }
    }
}
