//! Encrypted packets, sealed and opened in place: `auth_key_id` (8) | `msg_key` (16) | AES-256-IGE (EN-1..EN-6).

use thiserror::Error;

use super::AuthKey;
use super::kdf::Side;

/// Bytes in front of the ciphertext: `auth_key_id` and `msg_key`.
pub const HEADER_LEN: usize = 24;

/// What sealing gives besides the packet itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The token by which a server acknowledges this packet at once, if the client asks for it (TR-7).
    pub quick_ack_token: u32,
}

/// The one error of [`open`]. It is the same for a packet that is too short, of another key, or changed on the
/// way, because a receiver that tells these apart is an oracle (security guidelines, EN-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the packet was not encrypted with this authorization key")]
pub struct OpenError;

/// Plaintext has a length that is not a multiple of 16: the sender forgot the padding.
/// Encrypts `plaintext` (with its padding, a multiple of 16 bytes) in place and gives the header for it.
///
/// # Panics
/// When the length is not a multiple of 16: the padding is the caller's job (EN-2).
pub fn seal_in_place(key: &AuthKey, sender: Side, plaintext: &mut [u8]) -> ([u8; HEADER_LEN], Sealed) {
    let _ = (key, sender, plaintext);
    todo!()
}

/// Turns `packet` (`HEADER_LEN` bytes of room, then the plaintext with its padding) into an encrypted packet.
///
/// (Will take `tl::PacketBuf` and prepend the header to it.)
///
/// # Panics
/// When the length without the header is not a multiple of 16.
pub fn seal(key: &AuthKey, sender: Side, packet: &mut Vec<u8>) -> Sealed {
    let _ = (key, sender, packet);
    todo!()
}

/// Decrypts a whole packet in place, checks its `msg_key`, and gives the plaintext with its padding.
///
/// Bytes after the last whole block are padding of the transport and are left out (EN-6).
///
/// # Errors
/// [`OpenError`], whatever is wrong.
pub fn open<'p>(key: &AuthKey, sender: Side, packet: &'p mut [u8]) -> Result<&'p mut [u8], OpenError> {
    let _ = (key, sender, packet);
    todo!()
}

/// Opens several packets, decrypting up to eight of them at the same time.
///
/// Each result is that of [`open`] on the packet at the same place.
pub fn open_many<'p>(packets: &mut [ToOpen<'_, 'p>]) -> Vec<Result<&'p mut [u8], OpenError>> {
    let _ = packets;
    todo!()
}

/// One packet for [`open_many`].
#[derive(Debug)]
pub struct ToOpen<'k, 'p> {
    /// The key whose id stands at the head of the packet.
    pub key: &'k AuthKey,
    /// Who sent the packet.
    pub sender: Side,
    /// The whole packet.
    pub packet: &'p mut [u8],
}
