//! The encrypted envelope: salt, session id, msg_id, seqno, length, body, padding (EN-2), and its checks
//! in their order (EN-6).

use bytes::{Bytes, BytesMut};
use rand::CryptoRng;

use super::error::Error;
use super::msg_id::MsgId;
use crate::crypto::{self, AuthKey, Side};
use crate::tl::PacketBuf;

/// Bytes in front of the body: salt 8, session id 8, msg_id 8, seqno 4, length 4.
pub const HEADER_LEN: usize = 32;
/// The least padding behind the body, in bytes.
pub const MIN_PADDING: usize = 12;
/// The most padding behind the body, in bytes.
pub const MAX_PADDING: usize = 1024;

/// A packet that was decrypted, and whose msg_key, length and padding were found right.
///
/// Session id, msg_id and salt are *not* checked yet: that is the work of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The salt that the sender used.
    pub salt: i64,
    /// The session that the packet belongs to.
    pub session_id: i64,
    /// Id of the message (or container).
    pub msg_id: MsgId,
    /// Sequence number of the message.
    pub seqno: i32,
    /// The body, without padding: a slice of the packet.
    pub body: Bytes,
    /// The token with which a server can confirm the packet at once (TR-7). Meaningful for packets of clients.
    pub quick_ack_token: u32,
}

/// The `auth_key_id` at the head of a packet (8 bytes, little-endian); `None` if it is too short. `Some(0)` is
/// a plain message of the key exchange.
#[must_use]
pub fn key_id(packet: &[u8]) -> Option<i64> {
    packet.first_chunk().map(|id| i64::from_le_bytes(*id))
}

/// Decrypts a packet in place and checks key id, msg_key, length and padding (EN-6).
///
/// A server uses it to find the session of a packet; bytes that a padded transport has put behind the
/// packet are ignored.
///
/// # Errors
/// [`Error::Sealed`] or [`Error::Length`]. A server answers both with transport error -404 and closes.
pub fn open(key: &AuthKey, sender: Side, packet: BytesMut) -> Result<Opened, Error> {
    let _ = (key, sender, packet);
    todo!()
}

/// Header fields of a packet to be sealed.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// The salt.
    pub salt: i64,
    /// The session.
    pub session_id: i64,
    /// Id of the message.
    pub msg_id: MsgId,
    /// Sequence number of the message.
    pub seqno: i32,
}

/// Turns the body in `packet` into an encrypted packet, in place: header in front, random padding of random
/// length behind (EN-2).
pub fn seal(
    key: &AuthKey,
    sender: Side,
    header: Header,
    rng: &mut dyn CryptoRng,
    packet: &mut PacketBuf,
) -> crypto::Sealed {
    let _ = (key, sender, header, rng, packet);
    todo!()
}
