//! The private key of a DC, on the `rsa` crate.

use rsa::BoxedUint;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use zeroize::Zeroizing;

use super::pem::encoding;
use super::{KeyError, PublicKey};
use crate::crypto::modular::{self, LEN, Number};

/// The private key of a DC (2048 bits), wiped on drop.
#[derive(Clone)]
pub struct PrivateKey {
    key: rsa::PrivateKey,
    // The private exponent once more, for arithmetic of our own.
    exponent: Box<Zeroizing<Number>>,
    public: PublicKey,
}

impl PrivateKey {
    /// Draws a new key with the exponent 65537. Takes some hundreds of milliseconds.
    ///
    /// # Errors
    /// [`KeyError`], which does not happen with a sound `rng`.
    pub fn generate(rng: &mut dyn rand::CryptoRng) -> Result<Self, KeyError> {
        Self::wrap(rsa::PrivateKey::new(rng, 2048).map_err(encoding)?)
    }

    /// Reads PEM text, `RSA PRIVATE KEY` (PKCS#1) or `PRIVATE KEY` (PKCS#8, not encrypted).
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Self::wrap(if pem.contains("BEGIN RSA PRIVATE KEY") {
            rsa::PrivateKey::from_pkcs1_pem(pem).map_err(encoding)?
        } else {
            rsa::PrivateKey::from_pkcs8_pem(pem).map_err(encoding)?
        })
    }

    /// PEM text of kind `RSA PRIVATE KEY` (PKCS#1).
    ///
    /// # Errors
    /// [`KeyError::Encoding`], which does not happen with a key of [`PrivateKey::generate`] or
    /// [`PrivateKey::from_pem`].
    pub fn to_pkcs1_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        self.key.to_pkcs1_pem(LineEnding::LF).map_err(encoding)
    }

    /// PEM text of kind `PRIVATE KEY` (PKCS#8).
    ///
    /// # Errors
    /// As [`PrivateKey::to_pkcs1_pem`].
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        self.key.to_pkcs8_pem(LineEnding::LF).map_err(encoding)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Raw RSA: `block ^ d mod n`, 256 bytes big-endian each. `None` when `block` is not below the modulus.
    ///
    /// In constant time where the processor has AVX-512-IFMA; otherwise that of the `rsa` crate, which takes the
    /// primes one by one and blinds with numbers from `rng`.
    #[must_use]
    pub fn raw(&self, block: &[u8; LEN], rng: &mut dyn rand::CryptoRng) -> Option<Zeroizing<[u8; LEN]>> {
        let modulus = &self.public.modulus;
        let base = modular::from_fixed(block);
        if base >= *modulus.number() {
            return None;
        }
        if modulus.has_ifma() {
            let plain = Zeroizing::new(modulus.pow_secret(&base, &**self.exponent));
            return Some(Zeroizing::new(modular::to_be(&plain)));
        }
        let number = BoxedUint::from_be_slice(block, 2048).ok()?;
        let plain = rsa::hazmat::rsa_decrypt(Some(rng), &self.key, &number).ok()?;
        let plain = Zeroizing::new(plain.to_be_bytes());
        let mut out = Zeroizing::new([0; LEN]);
        let start = LEN.checked_sub(plain.len())?;
        out[start..].copy_from_slice(&plain);
        Some(out)
    }

    /// From big-endian numbers: modulus, private exponent and the two primes; the exponent is 65537.
    #[cfg(test)]
    pub(in crate::crypto) fn from_numbers(n: &[u8], d: &[u8], primes: [&[u8]; 2]) -> Self {
        let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, 8 * bytes.len() as u32).unwrap();
        let primes = primes.map(number).to_vec();
        Self::wrap(rsa::PrivateKey::from_components(number(n), 65537u64.into(), number(d), primes).unwrap())
            .unwrap()
    }

    fn wrap(key: rsa::PrivateKey) -> Result<Self, KeyError> {
        let public = PublicKey::from_numbers(&key.n_bytes(), &key.e_bytes())?;
        let exponent = Zeroizing::new(key.d().to_be_bytes());
        let exponent = Box::new(Zeroizing::new(modular::from_be(&exponent).ok_or(KeyError::NotRsa)?));
        Ok(Self { key, exponent, public })
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({:016x})", self.public.fingerprint())
    }
}
