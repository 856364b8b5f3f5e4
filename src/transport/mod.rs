//! Framing over a byte stream: abridged, intermediate, padded intermediate, full, and obfuscation around
//! the first three.
//!
//! Everything here is sans-IO. A connection owns one [`Codec`] and feeds it the bytes that the socket
//! gave; a listener first hands the bytes to [`detect`], which finds out what the client speaks.
//! Source: <https://core.telegram.org/mtproto/mtproto-transports>.

mod codec;
mod detect;
mod error;
mod frame;
mod kind;
mod packet_buf;

pub use codec::Codec;
pub use detect::{Detected, detect};
pub use error::{Error, ErrorKind};
pub use frame::{Frame, Framing, MAX_FRAME};
pub use kind::{Kind, Tagged, UnknownKind};
pub use packet_buf::PacketBuf;
