//! The session file: one append-only file for each account, in the format of `docs/session-format.md`.

mod codec;
mod disk;
mod format;
mod lock;
mod records;
mod store;

pub use format::{FormatError, FormatErrorKind, VERSION, decode, decode_payload};
pub use store::{FileStore, TornTail, load};

#[cfg(test)]
mod tests;
