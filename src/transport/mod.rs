//! Framing over a byte stream: abridged, intermediate, padded intermediate, full, and obfuscation around
//! the first three; and packets as the bodies of HTTP requests.
//!
//! Everything here is sans-IO. A connection owns one [`Codec`] and feeds it the bytes that the socket
//! gave; a listener first hands the bytes to [`detect`], which finds out what the client speaks.
//! Source: <https://core.telegram.org/mtproto/mtproto-transports>.

mod abridged;
mod checks;
mod codec;
mod detect;
mod error;
mod frame;
mod full;
pub mod http;
mod intermediate;
mod kind;
mod obfuscated;

pub use codec::Codec;
pub use detect::{Detected, detect};
pub use error::{Error, ErrorKind};
pub use frame::{Frame, MAX_FRAME};
pub use kind::{Kind, Tagged, UnknownKind};

/// Bit 31: in a length, the client asks for a quick ack; alone, it marks a token (TR-7).
pub const QUICK_ACK: u32 = 1 << 31;

#[cfg(test)]
mod tests;
