//! The secret of an MTProxy (OB-6).

use std::{fmt, str::FromStr};

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Kind, Tagged};

/// Length of the key in a secret, in bytes.
pub const KEY_LEN: usize = 16;
/// The longest domain of a fake-TLS secret, in bytes (OB-6).
pub const MAX_DOMAIN: usize = 182;

/// In front of the key: padded intermediate must be used.
const PADDED: u8 = 0xdd;
/// In front of the key and a domain: fake TLS.
const FAKE_TLS: u8 = 0xee;

/// The secret of an MTProxy, which says how its clients have to look, too. Wiped when dropped, compared in constant
/// time, and shown only by [`to_hex`](Self::to_hex).
///
/// The text form ([`FromStr`]) is hexadecimal or base64, of both alphabets and with padding or without, of 16 bytes,
/// `dd` and 16 bytes, or `ee`, 16 bytes and the name of a site (OB-6).
#[derive(Clone)]
pub struct ProxySecret {
    key: Zeroizing<[u8; KEY_LEN]>,
    disguise: Disguise,
}

/// What the traffic of a proxy's clients must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disguise {
    /// Random bytes; the lengths of packets show.
    Plain,
    /// Random bytes with random padding (`dd`).
    Padded,
    /// A TLS connection to this site (`ee`).
    FakeTls {
        /// The site's name, 1 to [`MAX_DOMAIN`] visible ASCII characters.
        domain: String,
    },
}

/// Why something is no proxy secret. Nothing of it is told but its length and its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Neither hexadecimal nor base64.
    #[error("the secret is neither hexadecimal nor base64")]
    Text,
    /// No secret has this length.
    #[error(
        "a secret has 16 bytes, or 17 that begin with dd, or ee, 16 bytes and the name of a site; this one has {0} bytes"
    )]
    Length(usize),
    /// The byte in front of the key names no disguise that there is.
    #[error("a secret of this length begins with dd or ee, this one with {0:02x}")]
    Tag(u8),
    /// The site's name is too long, or has characters that no name has.
    #[error("the site in the secret is no name of 1 to {MAX_DOMAIN} visible ASCII characters")]
    Domain,
}

/// A transport that does not go through an MTProxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the transport {0} does not go through an MTProxy: take abridged, intermediate or padded, obfuscated or not"
)]
pub struct NotThroughProxy(pub Kind);

impl ProxySecret {
    /// Reads a secret from its bytes.
    ///
    /// # Errors
    /// [`SecretError`]: what the length and the first byte say does not exist.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SecretError> {
        let with = |key: &[u8; KEY_LEN], disguise| Self { key: Zeroizing::new(*key), disguise };
        match bytes {
            [tag, rest @ ..] if bytes.len() > KEY_LEN => {
                let (key, domain) = rest.split_first_chunk().ok_or(SecretError::Length(bytes.len()))?;
                match (*tag, domain) {
                    (PADDED, []) => Ok(with(key, Disguise::Padded)),
                    (FAKE_TLS, [_, ..]) => {
                        Ok(with(key, Disguise::FakeTls { domain: domain_name(domain)?.to_owned() }))
                    }
                    (PADDED | FAKE_TLS, _) => Err(SecretError::Length(bytes.len())),
                    (tag, _) => Err(SecretError::Tag(tag)),
                }
            }
            _ => match bytes.try_into() {
                Ok(key) => Ok(with(key, Disguise::Plain)),
                Err(_) => Err(SecretError::Length(bytes.len())),
            },
        }
    }

    /// The bytes that [`from_bytes`](Self::from_bytes) reads.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let domain = self.domain().unwrap_or_default();
        let mut bytes = Zeroizing::new(Vec::with_capacity(1 + KEY_LEN + domain.len()));
        match self.disguise {
            Disguise::Plain => {}
            Disguise::Padded => bytes.push(PADDED),
            Disguise::FakeTls { .. } => bytes.push(FAKE_TLS),
        }
        bytes.extend_from_slice(&self.key[..]);
        bytes.extend_from_slice(domain.as_bytes());
        bytes
    }

    /// The text form in hexadecimal, which every client takes. Who has it can use the proxy.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        let bytes = self.to_bytes();
        let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
        for byte in bytes.iter() {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
            }
        }
        text
    }

    /// What the traffic must look like.
    #[must_use]
    pub const fn disguise(&self) -> &Disguise {
        &self.disguise
    }

    /// The site of a fake-TLS secret.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        match &self.disguise {
            Disguise::FakeTls { domain } => Some(domain),
            Disguise::Plain | Disguise::Padded => None,
        }
    }

    /// The key, which goes into the obfuscation and into the digests of fake TLS.
    #[must_use]
    pub fn key(&self) -> &[u8; KEY_LEN] {
        &self.key
    }

    /// The framing to use with this secret by who asked for `kind`: padded with `dd` and `ee`, else the tagged framing
    /// of `kind`.
    ///
    /// # Errors
    /// [`NotThroughProxy`]: the framing has no tag, so that an obfuscation header cannot name it (OB-2).
    pub fn framing(&self, kind: Kind) -> Result<Tagged, NotThroughProxy> {
        let tagged = kind.tagged().ok_or(NotThroughProxy(kind))?;
        Ok(if self.disguise == Disguise::Plain { tagged } else { Tagged::Padded })
    }

    /// Whether a server with this secret takes clients of the framing, without fake TLS around it.
    pub(super) fn takes(&self, tagged: Tagged) -> bool {
        match self.disguise {
            Disguise::Plain => true,
            Disguise::Padded => tagged == Tagged::Padded,
            // Who looks like a TLS server must not answer anything else.
            Disguise::FakeTls { .. } => false,
        }
    }
}

fn domain_name(bytes: &[u8]) -> Result<&str, SecretError> {
    let visible = bytes.len() <= MAX_DOMAIN && bytes.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(bytes).ok().filter(|_| visible).ok_or(SecretError::Domain)
}

impl FromStr for ProxySecret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let hex = from_hex(text).map(|bytes| Self::from_bytes(&bytes));
        if let Some(Ok(secret)) = hex {
            return Ok(secret);
        }
        // Base64 may happen to have hexadecimal digits alone; its length as such is then another one.
        let base64 = from_base64(text).map(|bytes| Self::from_bytes(&bytes));
        match (hex, base64) {
            (_, Some(Ok(secret))) => Ok(secret),
            (Some(Err(error)), _) | (None, Some(Err(error))) => Err(error),
            _ => Err(SecretError::Text),
        }
    }
}

fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let pair = |pair: &[u8]| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?);
    text.as_bytes().chunks(2).map(pair).collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

fn from_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let decoded = Base64UrlUnpadded::decode_vec(text)
        .or_else(|_| Base64Unpadded::decode_vec(text))
        .or_else(|_| Base64Url::decode_vec(text))
        .or_else(|_| Base64::decode_vec(text));
    decoded.ok().map(Zeroizing::new)
}

impl PartialEq for ProxySecret {
    fn eq(&self, other: &Self) -> bool {
        self.disguise == other.disguise && bool::from(self.key.ct_eq(&other.key[..]))
    }
}

impl Eq for ProxySecret {}

impl fmt::Debug for ProxySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxySecret").field("disguise", &self.disguise).finish_non_exhaustive()
    }
}
