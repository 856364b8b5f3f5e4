//! The URL-safe alphabet (RFC 4648, section 5), with or without `=` at the end, at constant time for the digits.

use base64ct::{Base64Url, Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::ErrorKind;

/// More characters than any session string has.
pub(super) const MAX_LEN: usize = 1 << 16;

pub(super) fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let bad = |offset, problem| ErrorKind::Field { what: "the text", offset, file: None, problem };
    if text.len() > MAX_LEN {
        return Err(bad(MAX_LEN, "it is longer than any session string"));
    }
    let digits = text.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if let Some(at) = digits.bytes().position(|byte| !is_digit(byte)) {
        return Err(bad(at, "a character that is not of the URL-safe base64 alphabet"));
    }
    if text.len() - digits.len() > 2 {
        return Err(bad(digits.len(), "too many = at the end"));
    }
    let bytes = Base64UrlUnpadded::decode_vec(digits);
    bytes.map(Zeroizing::new).map_err(|_| bad(digits.len(), "it is cut short, or has a digit too many"))
}

pub(super) fn encode_unpadded(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(Base64UrlUnpadded::encode_string(bytes))
}

pub(super) fn encode_padded(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(Base64Url::encode_string(bytes))
}
