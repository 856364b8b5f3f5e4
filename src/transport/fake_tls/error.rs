//! What can be wrong with a fake TLS connection.

use super::MAX_RECORD;

/// What is wrong with a fake TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A record of another type than belongs there. A real site that did not like the hello says so in a 21 (alert).
    #[error("a TLS record of type {found} where {expected} belongs")]
    RecordType {
        /// The type that belongs there.
        expected: u8,
        /// The type that came.
        found: u8,
    },
    /// A record with another version number.
    #[error("a TLS record of version {0:04x}")]
    Version(u16),
    /// A record is longer than any may be.
    #[error("a TLS record of {0} bytes, more than the {MAX_RECORD} that are allowed")]
    TooLarge(usize),
    /// A hello ends early, or a length in it is not that of its parts.
    #[error("a TLS hello whose lengths do not fit")]
    Malformed,
    /// The server answered with more than any proxy does.
    #[error("the answer to the hello does not end")]
    Endless,
    /// The server's answer does not prove that it has the secret: it is a real site, or the secret is another one.
    #[error("the answer is not that of a proxy with this secret")]
    NotTheProxy,
    /// The client's hello does not prove that it has the secret: it is a browser, or the secret is another one.
    #[error("the hello is not that of a client with a secret of this server")]
    NotAClient,
    /// The client has the key, but asks for another site than the secret names.
    #[error("the hello names another site than the secret")]
    OtherSite,
    /// The client's clock and this one are too far apart, or the hello is an old one.
    #[error("the hello is of another time, {seconds} s from now")]
    Clock {
        /// The client's time minus this side's, in seconds.
        seconds: i64,
    },
}
