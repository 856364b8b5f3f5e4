//! The session file: one append-only file for each account, in the format of `docs/session-format.md`.

mod codec;
mod disk;
mod format;
mod lock;
mod records;
mod repair;
mod scan;
#[cfg(feature = "encrypted-session")]
mod seal;
#[cfg(not(feature = "encrypted-session"))]
#[path = "no_seal.rs"]
mod seal;
mod store;

pub use format::{FormatError, FormatErrorKind, VERSION, decode, decode_payload, decode_with};
pub use repair::{Later, Repaired, check, repair};
pub use scan::{Damage, Report, examine};
#[cfg(feature = "encrypted-session")]
pub use seal::Cost;
pub use seal::Passphrase;
pub use store::{FileStore, TornTail, is_encrypted, load, load_with};

/// One change as it stands in a record.
#[cfg(feature = "redis-store")]
pub(super) fn encode_change(change: &super::Change) -> zeroize::Zeroizing<Vec<u8>> {
    let mut encoder = codec::Encoder::default();
    records::encode(&mut encoder, change);
    encoder.into_bytes()
}

#[cfg(feature = "redis-store")]
pub(super) use records::read as decode_changes;

#[cfg(test)]
mod tests;
