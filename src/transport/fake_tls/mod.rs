//! Fake TLS (FT-1 to FT-4): what looks like a TLS 1.3 connection to some site, with the obfuscated stream where the
//! encrypted data of TLS would be.
//!
//! No TLS is spoken. The client's hello and the server's answer are those of TLS in form; what tells the two ends that
//! they mean each other is in the 32 bytes that TLS calls random: an HMAC-SHA256 with the proxy's key. Who watches sees
//! a name, random bytes and records; who tries the server out without the key is no client.

#[cfg(feature = "fake-tls")]
mod client;
#[cfg(feature = "fake-tls")]
mod client_hello;
#[cfg(feature = "fake-tls")]
mod digest;
mod error;
#[cfg(feature = "fake-tls")]
mod key_share;
mod records;
#[cfg(feature = "server-core")]
mod server;

#[cfg(feature = "fake-tls")]
pub use client::Handshake;
#[cfg(feature = "fake-tls")]
pub use client_hello::Shape;
#[cfg(feature = "fake-tls")]
use digest::digest;
pub use error::Error;
pub(super) use records::Records;
#[cfg(feature = "server-core")]
pub(super) use server::{Hello, answer};

/// Content types of records (RFC 8446, 5.1).
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// Length of a record's header: type, version, length.
const RECORD_HEADER: usize = 5;
/// The most bytes in a record (RFC 8446, 5.2), 2^14 and what encryption adds.
const MAX_RECORD: usize = (1 << 14) + 256;

/// Where the random of a hello is in its record, and its length.
const RANDOM_AT: usize = 11;
const RANDOM_LEN: usize = 32;

/// Protocol versions on the wire: that of a first hello's record, and TLS 1.2, as which everything else poses.
const TLS_1_0: [u8; 2] = [3, 1];
const TLS_1_2: [u8; 2] = [3, 3];

/// The record that both ends send in front of their first data.
const CHANGE_CIPHER_SPEC_RECORD: [u8; 6] = [CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1];

#[cfg(test)]
mod tests;
