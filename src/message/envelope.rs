//! The encrypted envelope: salt, session id, msg_id, seqno, length, body, padding (EN-2), and its checks
//! in their order (EN-6).

use bytes::{Bytes, BytesMut};
use rand::{CryptoRng, Rng};

use super::error::Error;
use super::msg_id::MsgId;
use crate::crypto::packet::{HEADER_LEN as SEALED_HEADER_LEN, Sealed, open as decrypt, seal_in_place};
use crate::crypto::{AuthKey, Side, kdf};
use crate::tl::{PacketBuf, Reader};

/// Bytes in front of the body: salt 8, session id 8, msg_id 8, seqno 4, length 4.
pub const HEADER_LEN: usize = 32;
/// The least padding behind the body, in bytes.
pub const MIN_PADDING: usize = 12;
/// The most padding behind the body, in bytes.
pub const MAX_PADDING: usize = 1024;

/// What stands in front of a message's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The salt that the sender uses.
    pub salt: i64,
    /// The session that the packet belongs to.
    pub session_id: i64,
    /// Id of the message, or of the container.
    pub msg_id: MsgId,
    /// Sequence number of the message.
    pub seqno: i32,
}

/// A packet that was decrypted, and whose msg_key, length and padding were found right.
///
/// The header is *not* checked yet: that is the work of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Salt, session, msg_id and seqno.
    pub header: Header,
    /// The body, without padding: a slice of the packet.
    pub body: Bytes,
    plaintext: Bytes,
}

impl Opened {
    /// The token with which a server confirms a client's packet at once, when its framing asks for that (TR-7).
    /// `key` is the key that the packet was opened with.
    #[must_use]
    pub fn quick_ack_token(&self, key: &AuthKey) -> u32 {
        kdf::msg_key_large(key, Side::Client, &self.plaintext).quick_ack_token()
    }
}

/// Decrypts a packet in place and checks key id, msg_key, length and padding (EN-6).
///
/// A server uses it to find the session of a packet. Bytes that a padded transport has put behind the packet
/// are ignored, if they are fewer than 16.
///
/// # Errors
/// [`Error::Sealed`] or [`Error::Length`]. A server answers both with transport error -404 and closes.
pub fn open(key: &AuthKey, sender: Side, mut packet: BytesMut) -> Result<Opened, Error> {
    let plaintext_len = decrypt(key, sender, &mut packet)?.len();
    let plaintext = packet.freeze().slice(SEALED_HEADER_LEN..SEALED_HEADER_LEN + plaintext_len);
    let mut reader = Reader::new(plaintext.clone());
    let header = Header {
        salt: reader.i64(),
        session_id: reader.i64(),
        msg_id: MsgId::from_wire(reader.i64()),
        seqno: reader.i32(),
    };
    let length = reader.i32();
    reader.check()?;
    let body_len = usize::try_from(length).ok().filter(|length| length % 4 == 0);
    let padding = body_len.and_then(|length| reader.remaining().checked_sub(length));
    match (body_len, padding) {
        (Some(length), Some(MIN_PADDING..=MAX_PADDING)) => {
            Ok(Opened { header, body: reader.raw(length), plaintext })
        }
        _ => Err(Error::Length { length, plaintext: plaintext_len }),
    }
}

/// Turns the body in `packet` into an encrypted packet, in place: header in front, random padding of random
/// length behind (EN-2).
///
/// The padding takes 12 to 27 bytes to reach a whole block, and up to 15 blocks more, so that the length of
/// a packet tells little about its content.
///
/// # Panics
/// When the body is 2 GiB or longer: nothing this large fits a packet.
pub fn seal(
    key: &AuthKey,
    sender: Side,
    header: Header,
    rng: &mut dyn CryptoRng,
    packet: &mut PacketBuf,
) -> Sealed {
    let length = i32::try_from(packet.len()).expect("a body is shorter than 2 GiB");
    let mut front = [0; HEADER_LEN];
    front[..8].copy_from_slice(&header.salt.to_le_bytes());
    front[8..16].copy_from_slice(&header.session_id.to_le_bytes());
    front[16..24].copy_from_slice(&header.msg_id.to_wire().to_le_bytes());
    front[24..28].copy_from_slice(&header.seqno.to_le_bytes());
    front[28..].copy_from_slice(&length.to_le_bytes());
    packet.prepend(&front);

    let body_end = packet.len();
    let blocks = (body_end + MIN_PADDING).div_ceil(16) + (rng.next_u32() % 16) as usize;
    packet.resize(blocks * 16);
    rng.fill_bytes(&mut packet.as_mut_slice()[body_end..]);

    let sealed = seal_in_place(key, sender, packet.as_mut_slice());
    packet.prepend(&sealed.header);
    sealed
}
