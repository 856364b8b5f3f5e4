//! Framing over a byte stream: abridged, intermediate, padded intermediate, full, obfuscation around the first three,
//! and fake TLS around that; and packets as the bodies of HTTP requests.
//!
//! Everything here is sans-IO. A connection owns one [`Codec`] and feeds it the bytes that the socket
//! gave; a listener first hands the bytes to [`detect`], which finds out what the client speaks, or to a [`Greeting`]
//! if it has secrets like an MTProxy.
//! Source: <https://core.telegram.org/mtproto/mtproto-transports>.

mod abridged;
mod checks;
mod codec;
#[cfg(feature = "server-core")]
mod detect;
mod error;
pub mod fake_tls;
mod frame;
mod full;
#[cfg(feature = "server-core")]
mod greeting;
pub mod http;
mod intermediate;
mod kind;
mod obfuscated;
#[cfg(feature = "server-core")]
mod replays;
mod secret;

pub use codec::Codec;
#[cfg(feature = "server-core")]
pub use detect::{Detected, detect};
pub use error::{Error, ErrorKind};
pub use frame::{Frame, MAX_FRAME};
#[cfg(feature = "server-core")]
pub use greeting::{Doorkeeper, Greeting, Heard};
pub use kind::{Kind, Tagged, UnknownKind};
pub use secret::{Disguise, MAX_DOMAIN, NotThroughProxy, ProxySecret, SecretError};

/// Bit 31: in a length, the client asks for a quick ack; alone, it marks a token (TR-7).
pub const QUICK_ACK: u32 = 1 << 31;

#[cfg(test)]
mod tests;
