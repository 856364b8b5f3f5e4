//! Plain messages, which carry the key exchange and nothing else (PL-1 to PL-4):
//! `auth_key_id = 0` (8) | `msg_id` (8) | length (4) | body.

use bytes::Bytes;
use thiserror::Error;

use crate::tl::PacketBuf;

/// Bytes in front of the body.
pub const HEADER_LEN: usize = 20;

/// A plain message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    /// Its `msg_id`.
    pub msg_id: i64,
    /// As many bytes as its length field says: a TL object, perhaps with something after it (PL-3).
    pub body: Bytes,
}

/// Why a packet is not a plain message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PlainError {
    /// Shorter than its header.
    #[error("a packet of {0} bytes is too short for a plain message")]
    TooShort(usize),
    /// It names an authorization key, so it is encrypted.
    #[error("the packet is encrypted with the authorization key {0:016x}")]
    Encrypted(i64),
    /// Its length field is negative or goes beyond the packet.
    #[error("a plain message claims {claimed} bytes of body and has {available}")]
    Length {
        /// What the length field says.
        claimed: i32,
        /// What follows the header.
        available: usize,
    },
}

/// Turns a body into a plain message: puts the header in front of it.
pub fn encode(msg_id: i64, body: &mut PacketBuf) {
    let length = u32::try_from(body.len()).expect("a body of the key exchange has less than 4 GiB");
    let mut header = [0; HEADER_LEN];
    header[8..16].copy_from_slice(&msg_id.to_le_bytes());
    header[16..].copy_from_slice(&length.to_le_bytes());
    body.prepend(&header);
}

/// Takes a packet apart. Bytes after the body are padding of the transport and are left out (PL-3).
///
/// # Errors
/// [`PlainError`].
pub fn decode(packet: &Bytes) -> Result<Plain, PlainError> {
    let (header, rest) =
        packet.split_first_chunk::<HEADER_LEN>().ok_or(PlainError::TooShort(packet.len()))?;
    let [key_id @ .., _, _, _, _, _, _, _, _, _, _, _, _] = header;
    let key_id = i64::from_le_bytes(*key_id);
    if key_id != 0 {
        return Err(PlainError::Encrypted(key_id));
    }
    let msg_id = i64::from_le_bytes(header[8..16].try_into().expect("8 bytes"));
    let claimed = i32::from_le_bytes(header[16..].try_into().expect("4 bytes"));
    match usize::try_from(claimed) {
        Ok(length) if length <= rest.len() => {
            Ok(Plain { msg_id, body: packet.slice(HEADER_LEN..HEADER_LEN + length) })
        }
        _ => Err(PlainError::Length { claimed, available: rest.len() }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decode_undoes_encode(msg_id: i64, body in vec(any::<u8>(), 0..100), padding in vec(any::<u8>(), 0..20)) {
            let mut packet = PacketBuf::new();
            packet.extend_from_slice(&body);
            encode(msg_id, &mut packet);
            packet.extend_from_slice(&padding);
            prop_assert_eq!(decode(&Bytes::from(packet)), Ok(Plain { msg_id, body: body.into() }));
        }

        #[test]
        fn garbage_never_panics(mut packet in vec(any::<u8>(), 0..40), plain: bool) {
            if plain {
                packet.iter_mut().take(8).for_each(|byte| *byte = 0);
            }
            let _ = decode(&packet.into());
        }
    }

    #[test]
    fn what_is_no_plain_message_is_refused() {
        let packet = |key_id: i64, length: i32, body: usize| {
            let header = [&key_id.to_le_bytes()[..], &[0; 8], &length.to_le_bytes()].concat();
            Bytes::from([header, vec![0; body]].concat())
        };
        assert_eq!(decode(&Bytes::from_static(&[0; 19])), Err(PlainError::TooShort(19)));
        assert_eq!(decode(&packet(5, 4, 4)), Err(PlainError::Encrypted(5)));
        assert_eq!(decode(&packet(0, 5, 4)), Err(PlainError::Length { claimed: 5, available: 4 }));
        assert_eq!(decode(&packet(0, -1, 4)), Err(PlainError::Length { claimed: -1, available: 4 }));
        assert_eq!(decode(&packet(0, 0, 0)).unwrap().body.len(), 0);
    }
}
