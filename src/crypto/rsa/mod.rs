//! RSA as MTProto uses it: raw exponentiation under a padding of its own.

use thiserror::Error;

/// A DC's public key, with its fingerprint.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({:016x})", self.fingerprint())
    }
}

/// Why bytes or text are not a usable public key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not PEM, or neither `RSA PUBLIC KEY` (PKCS#1) nor `PUBLIC KEY` (SPKI).
    #[error("not a PEM RSA key: {0}")]
    Encoding(String),
    /// MTProto keys have 2048 bits.
    #[error("the modulus has {0} bits instead of 2048")]
    ModulusBits(u64),
    /// An even modulus, or an exponent that is even, below 3 or above 32 bits.
    #[error("modulus and public exponent are not those of an RSA key")]
    NotRsa,
}

impl PublicKey {
    /// From the modulus (big-endian, leading zeros allowed) and the public exponent.
    ///
    /// # Errors
    /// [`KeyError::ModulusBits`], [`KeyError::NotRsa`].
    pub fn from_components(modulus: &[u8], exponent: u32) -> Result<Self, KeyError> {
        let _ = (modulus, exponent);
        todo!()
    }

    /// Reads `RSA PUBLIC KEY` (PKCS#1) or `PUBLIC KEY` (SPKI) PEM text.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let _ = pem;
        todo!()
    }

    /// PKCS#1 PEM text (`RSA PUBLIC KEY`).
    #[must_use]
    pub fn to_pkcs1_pem(&self) -> String {
        todo!()
    }

    /// SPKI PEM text (`PUBLIC KEY`).
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        todo!()
    }

    /// The low 8 bytes of the SHA-1 of the TL bytes of modulus and exponent, read as a little-endian number.
    #[must_use]
    pub fn fingerprint(&self) -> i64 {
        todo!()
    }

    /// RSA_PAD (auth_key page, step 4): pads at most 144 bytes and encrypts them.
    ///
    /// # Panics
    /// When `data` is longer than 144 bytes.
    pub fn encrypt_rsa_pad(&self, data: &[u8], rng: &mut dyn rand::CryptoRng) -> [u8; 256] {
        let _ = (data, rng);
        todo!()
    }
}
