//! By what the two ends know each other.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{RANDOM_AT, RANDOM_LEN};

/// HMAC-SHA256 over `parts`, where the random of the hello in the last part counts as zeros.
pub fn digest(key: &[u8; 16], before: &[u8], hello: &[u8]) -> Hmac<Sha256> {
    let (head, rest) = hello.split_at(RANDOM_AT.min(hello.len()));
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes any key length"));
    mac.update(before);
    mac.update(head);
    mac.update(&[0; RANDOM_LEN]);
    mac.update(rest.get(RANDOM_LEN..).unwrap_or_default());
    mac
}
