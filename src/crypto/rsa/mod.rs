//! RSA as MTProto uses it: raw exponentiation of 2048-bit numbers under a padding of its own.

#[cfg(not(feature = "pem"))]
mod no_pem;
mod pad;
#[cfg(feature = "pem")]
mod pem;
#[cfg(feature = "server-core")]
mod private;
#[cfg(test)]
mod tests;

use thiserror::Error;

use super::hash::sha1;
use super::modular::{self, LEN, Modulus};
pub use pad::{MAX_DATA_LEN, Padded, unpad, unpad_sha1};
#[cfg(feature = "server-core")]
pub use private::PrivateKey;

/// The public key of a DC, with its fingerprint. The modulus has 2048 bits.
#[derive(Clone)]
pub struct PublicKey {
    modulus: Modulus,
    exponent: u32,
    fingerprint: i64,
}

/// Why bytes or text are not a usable key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not PEM, or not a key of one of the known kinds.
    #[error("not an RSA key in PEM: {0}")]
    Encoding(String),
    /// The modulus does not have 2048 bits, which MTProto asks for.
    #[error("the RSA modulus has {0} bits instead of 2048")]
    ModulusBits(u32),
    /// The modulus is even, or the exponent is even, below 3 or above 2^32.
    #[error("these are not the modulus and exponent of an RSA key")]
    NotRsa,
    /// This build of the library reads no PEM.
    #[error("keys in PEM cannot be read: this program is built without mtwire's feature `{feature}`")]
    NotBuilt {
        /// The cargo feature.
        feature: &'static str,
    },
}

impl PublicKey {
    /// A key from its modulus (big-endian) and its public exponent.
    ///
    /// # Errors
    /// [`KeyError::ModulusBits`], [`KeyError::NotRsa`].
    pub fn from_components(modulus: &[u8], exponent: u32) -> Result<Self, KeyError> {
        let number = modular::from_be(modulus).ok_or(KeyError::NotRsa)?;
        if number.bit_width_vartime() != 2048 {
            return Err(KeyError::ModulusBits(number.bit_width_vartime()));
        }
        if exponent < 3 || exponent.is_multiple_of(2) {
            return Err(KeyError::NotRsa);
        }
        let fingerprint = fingerprint(&modular::to_be(&number), exponent);
        let modulus = Modulus::new(&number).ok_or(KeyError::NotRsa)?;
        Ok(Self { modulus, exponent, fingerprint })
    }

    /// [`PublicKey::from_components`] with an exponent in big-endian.
    #[cfg(feature = "pem")]
    fn from_numbers(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let zeros = exponent.iter().take_while(|byte| **byte == 0).count();
        let significant = &exponent[zeros..];
        let mut fixed = [0; 4];
        let start = fixed.len().checked_sub(significant.len()).ok_or(KeyError::NotRsa)?;
        fixed[start..].copy_from_slice(significant);
        Self::from_components(modulus, u32::from_be_bytes(fixed))
    }

    /// The modulus `n`, 256 bytes big-endian.
    #[must_use]
    pub fn modulus(&self) -> [u8; LEN] {
        modular::to_be(self.modulus.number())
    }

    /// The public exponent `e`.
    #[must_use]
    pub fn exponent(&self) -> u32 {
        self.exponent
    }

    /// The low 8 bytes of the SHA-1 of modulus and exponent in TL, read as a little-endian number: how a server
    /// names its keys in `resPQ` (auth_key page, step 2).
    #[must_use]
    pub fn fingerprint(&self) -> i64 {
        self.fingerprint
    }

    /// RSA_PAD and encryption (auth_key page, step 4) of at most [`MAX_DATA_LEN`] bytes.
    ///
    /// Draws from `rng`, in this order: the padding of `data` to 192 bytes, then 32 bytes of `temp_key`, the
    /// latter again as long as the padded number is not below the modulus.
    ///
    /// # Panics
    /// When `data` is longer than [`MAX_DATA_LEN`].
    #[must_use]
    pub fn encrypt(&self, data: &[u8], rng: &mut dyn rand::CryptoRng) -> [u8; LEN] {
        let padded = Padded::new(data, rng);
        loop {
            let mut temp_key = zeroize::Zeroizing::new([0; 32]);
            rng.fill_bytes(&mut temp_key[..]);
            if let Some(encrypted) = self.raw(&padded.with_temp_key(&temp_key)) {
                return encrypted;
            }
        }
    }

    /// Raw RSA: `block ^ e mod n`, 256 bytes big-endian each. `None` when `block` is not below the modulus, and
    /// so could not be decrypted again.
    #[must_use]
    pub fn raw(&self, block: &[u8; LEN]) -> Option<[u8; LEN]> {
        let number = modular::from_fixed(block);
        (number < *self.modulus.number())
            .then(|| modular::to_be(&self.modulus.pow_public(&number, self.exponent)))
    }
}

/// SHA-1 over `n` and `e` as TL byte strings (TL-2): a modulus of 256 bytes has the long form of the length,
/// the exponent without its leading zeros the short one.
fn fingerprint(modulus: &[u8; LEN], exponent: u32) -> i64 {
    let exponent = exponent.to_be_bytes();
    let significant = &exponent[exponent.iter().take_while(|byte| **byte == 0).count()..];
    let length = u8::try_from(significant.len()).expect("at most 4");
    let zeros = &[0; 3][..(4 - (1 + significant.len()) % 4) % 4];
    let hash = sha1(&[&[0xfe, 0, 1, 0], modulus, &[length], significant, zeros]);
    i64::from_le_bytes(*hash.last_chunk().expect("20 bytes hold 8"))
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.modulus.number() == other.modulus.number() && self.exponent == other.exponent
    }
}

impl Eq for PublicKey {}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({:016x})", self.fingerprint)
    }
}
