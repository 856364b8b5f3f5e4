//! Public keys as PEM text: PKCS#1 `RSA PUBLIC KEY` (RFC 8017) and SPKI `PUBLIC KEY` (RFC 5280).

use pkcs1::der::asn1::{BitStringRef, UintRef};
use pkcs1::der::pem::{LineEnding, PemLabel};
use pkcs1::der::{Decode, Document, Encode};
use pkcs1::{ALGORITHM_ID, EncodeRsaPublicKey, RsaPublicKeyRef};
use spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};

use super::{KeyError, PublicKey};

impl PublicKey {
    /// Reads PEM text, `RSA PUBLIC KEY` (PKCS#1) or `PUBLIC KEY` (SPKI).
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, document) = Document::from_pem(pem).map_err(encoding)?;
        let key = match label {
            RsaPublicKeyRef::PEM_LABEL => RsaPublicKeyRef::from_der(document.as_bytes()),
            SubjectPublicKeyInfoRef::PEM_LABEL => {
                let spki = SubjectPublicKeyInfoRef::from_der(document.as_bytes()).map_err(encoding)?;
                spki.algorithm.assert_algorithm_oid(ALGORITHM_ID.oid).map_err(encoding)?;
                let bits = spki.subject_public_key.as_bytes().ok_or(KeyError::NotRsa)?;
                RsaPublicKeyRef::from_der(bits)
            }
            other => return Err(KeyError::Encoding(format!("a PEM block of kind {other:?}"))),
        };
        let key = key.map_err(encoding)?;
        Self::from_numbers(key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }

    /// PEM text of kind `RSA PUBLIC KEY` (PKCS#1), which MTProto clients take.
    #[must_use]
    pub fn to_pkcs1_pem(&self) -> String {
        self.with_pkcs1(|key| key.to_pkcs1_pem(LineEnding::LF).expect("a sound key encodes"))
    }

    /// PEM text of kind `PUBLIC KEY` (SPKI), which OpenSSL writes by default.
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        let der = self.with_pkcs1(|key| key.to_der().expect("a sound key encodes"));
        let key = BitStringRef::from_bytes(&der).expect("a sound key encodes");
        let spki = SubjectPublicKeyInfo { algorithm: ALGORITHM_ID, subject_public_key: key };
        let document = Document::encode_msg(&spki).expect("a sound key encodes");
        document.to_pem(SubjectPublicKeyInfoRef::PEM_LABEL, LineEnding::LF).expect("a sound key encodes")
    }

    fn with_pkcs1<T>(&self, encode: impl FnOnce(RsaPublicKeyRef<'_>) -> T) -> T {
        let (modulus, exponent) = (self.modulus(), self.exponent.to_be_bytes());
        encode(RsaPublicKeyRef {
            modulus: UintRef::new(&modulus).expect("256 bytes are a short integer"),
            public_exponent: UintRef::new(&exponent).expect("4 bytes are a short integer"),
        })
    }
}

pub(super) fn encoding(error: impl std::fmt::Display) -> KeyError {
    KeyError::Encoding(error.to_string())
}
