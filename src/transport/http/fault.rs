//! What can be wrong with a peer's HTTP.

use super::MAX_HEAD;

/// Why a connection's HTTP cannot be followed any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A head that breaks the grammar of RFC 9112, or has more than 64 fields.
    #[error("the peer's HTTP head is malformed")]
    Head,
    /// A head that does not end within [`MAX_HEAD`] bytes.
    #[error("an HTTP head of more than {MAX_HEAD} bytes")]
    HeadTooLong,
    /// `Content-Length` is missing where there has to be a body.
    #[error("an HTTP message without a length")]
    NoLength,
    /// `Content-Length` is no number, or there are two that differ.
    #[error("an HTTP length that is no number, or two different ones")]
    Length,
    /// `Transfer-Encoding`: nobody needs it for a body that is there as a whole.
    #[error("an HTTP body in pieces (Transfer-Encoding), which is not understood here")]
    Chunked,
    /// The answer announces another protocol, for which nobody has asked.
    #[error("the HTTP server switches to another protocol unasked")]
    Switched,
}

impl Fault {
    /// The status with which a server turns the request down.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Head | Self::Length | Self::Switched => 400,
            Self::HeadTooLong => 431,
            Self::NoLength => 411,
            Self::Chunked => 501,
        }
    }
}
