//! The public keys of Telegram's data centers, as published.

use super::rsa::PublicKey;

/// Keys of the production DCs, current one first.
#[must_use]
pub fn production() -> Vec<PublicKey> {
    todo!()
}

/// Keys of the test DCs, current one first.
#[must_use]
pub fn test() -> Vec<PublicKey> {
    todo!()
}
