//! The session file: one append-only file for each account, in the format of `docs/session-format.md`.

mod codec;
mod format;
mod records;
mod store;

pub use format::{FormatError, FormatErrorKind, decode};
pub use store::{FileStore, TornTail, load};
