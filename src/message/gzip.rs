//! `gzip_packed` (TL-8).

use thiserror::Error as ThisError;

/// Why packed data cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum Error {
    /// Neither a gzip (RFC 1952) nor a zlib stream (RFC 1950), or a damaged one.
    #[error("the packed data is damaged")]
    Damaged,
    /// It unpacks to more than the limit.
    #[error("the packed data unpacks to more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The unpacked object is packed again.
    #[error("packed data within packed data")]
    Nested,
}
