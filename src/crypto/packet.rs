//! Encrypted packets, sealed and opened in place: `auth_key_id` (8) | `msg_key` (16) | AES-256-IGE (EN-1..EN-6).
//!
//! What stands inside the plaintext (salt, session id, message, padding) is the business of the layer above.

use subtle::ConstantTimeEq;
use thiserror::Error;

use super::AuthKey;
use super::aes::{BLOCK_LEN, Ige};
use super::kdf::{self, MsgKeyHasher, MsgKeyLarge, Side};
use crate::tl::PacketBuf;

mod batch;

pub use batch::{ToOpen, ToSeal, open_many, seal_many};

/// Bytes in front of the ciphertext: `auth_key_id` and `msg_key`.
pub const HEADER_LEN: usize = 24;

/// The shortest ciphertext that can hold a message: salt, session id, `msg_id`, seqno and length (EN-6).
const MIN_CIPHERTEXT_LEN: usize = 32;

/// What sealing gives besides the packet itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What stands in front of the ciphertext: `auth_key_id` | `msg_key`.
    pub header: [u8; HEADER_LEN],
    /// The token by which a server acknowledges this packet at once, if the client asks for it (TR-7).
    pub quick_ack_token: u32,
}

/// The one error of [`open`]. It is the same for a packet that is too short, of another key, or changed on the
/// way, because a receiver that tells these apart is an oracle (security guidelines, EN-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the packet was not encrypted with this authorization key")]
pub struct OpenError;

/// Turns `packet`, which holds a plaintext with its padding (EN-2), into an encrypted packet, in place.
///
/// # Panics
/// When the length is not a multiple of 16: the padding is the caller's job.
pub fn seal(key: &AuthKey, sender: Side, packet: &mut PacketBuf) -> Sealed {
    let sealed = seal_in_place(key, sender, packet.as_mut_slice());
    packet.prepend(&sealed.header);
    sealed
}

/// Encrypts `plaintext` (with its padding, EN-2) in place and gives the header that belongs in front of it.
///
/// # Panics
/// When the length is not a multiple of 16: the padding is the caller's job.
pub fn seal_in_place(key: &AuthKey, sender: Side, plaintext: &mut [u8]) -> Sealed {
    let large = kdf::msg_key_large(key, sender, plaintext);
    kdf::v2(key, sender, &large.msg_key()).encrypt(plaintext);
    Sealed::new(key, large)
}

impl Sealed {
    fn new(key: &AuthKey, large: MsgKeyLarge) -> Self {
        let mut header = [0; HEADER_LEN];
        header[..8].copy_from_slice(&key.id_bytes());
        header[8..].copy_from_slice(&large.msg_key());
        Self { header, quick_ack_token: large.quick_ack_token() }
    }
}

/// The `auth_key_id` at the head of a packet, read as a little-endian number, as [`AuthKey::id`] gives it. Zero
/// marks a plain message (PL-1). `None` when the packet is shorter than 8 bytes.
#[must_use]
pub fn key_id(packet: &[u8]) -> Option<i64> {
    packet.first_chunk().map(|id| i64::from_le_bytes(*id))
}

/// Decrypts a whole packet in place, checks its `msg_key` in constant time, and gives the plaintext with its
/// padding, at least 32 bytes.
///
/// Bytes after the last whole block are padding of the transport and are left out (EN-6). After an error the
/// bytes of the packet are worthless.
///
/// # Errors
/// [`OpenError`], whatever is wrong.
pub fn open<'p>(key: &AuthKey, sender: Side, packet: &'p mut [u8]) -> Result<&'p mut [u8], OpenError> {
    let Parts { msg_key, ciphertext } = Parts::split(key, packet)?;
    let keys = kdf::v2(key, sender, &msg_key);
    let mut aes = Ige::decryptor(&keys.key, &keys.iv);
    let hash = MsgKeyHasher::new(key, sender).finish_decrypting(&mut aes, ciphertext);
    if bool::from(hash.msg_key().ct_eq(&msg_key)) { Ok(ciphertext) } else { Err(OpenError) }
}

/// A packet taken apart: whose it claims to be has been checked, nothing else.
struct Parts<'p> {
    msg_key: [u8; 16],
    ciphertext: &'p mut [u8],
}

impl<'p> Parts<'p> {
    fn split(key: &AuthKey, packet: &'p mut [u8]) -> Result<Self, OpenError> {
        let (id, rest) = packet.split_first_chunk_mut::<8>().ok_or(OpenError)?;
        let (msg_key, rest) = rest.split_first_chunk_mut::<16>().ok_or(OpenError)?;
        if *id != key.id_bytes() || rest.len() < MIN_CIPHERTEXT_LEN {
            return Err(OpenError);
        }
        let whole_blocks = rest.len() - rest.len() % BLOCK_LEN;
        Ok(Self { msg_key: *msg_key, ciphertext: &mut rest[..whole_blocks] })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn key() -> AuthKey {
        AuthKey::from_bytes(std::array::from_fn(|i| u8::try_from(i * 7 % 256).unwrap()))
    }

    fn sealed(key: &AuthKey, sender: Side, plaintext: &[u8]) -> Vec<u8> {
        let mut packet = PacketBuf::new();
        packet.extend_from_slice(plaintext);
        seal(key, sender, &mut packet);
        packet.to_vec()
    }

    fn plaintext() -> impl Strategy<Value = Vec<u8>> {
        vec(any::<[u8; 16]>(), 2..24).prop_map(|blocks| blocks.concat())
    }

    fn side() -> impl Strategy<Value = Side> {
        prop_oneof![Just(Side::Client), Just(Side::Server)]
    }

    proptest! {
        #[test]
        fn open_undoes_seal(plain in plaintext(), sender in side(), transport_padding in vec(any::<u8>(), 0..16)) {
            let key = key();
            let mut packet = sealed(&key, sender, &plain);
            packet.extend(transport_padding);
            prop_assert_eq!(key_id(&packet), Some(key.id()));
            prop_assert_eq!(open(&key, sender, &mut packet), Ok(&mut plain.clone()[..]));
        }

        #[test]
        fn any_changed_bit_is_found(plain in plaintext(), sender in side(), at: prop::sample::Index, bit in 0u8..8) {
            let key = key();
            let mut packet = sealed(&key, sender, &plain);
            let at = at.index(packet.len());
            packet[at] ^= 1 << bit;
            prop_assert_eq!(open(&key, sender, &mut packet), Err(OpenError));
        }

        #[test]
        fn a_packet_cannot_be_sent_back_to_its_sender(plain in plaintext(), sender in side()) {
            let key = key();
            let mut packet = sealed(&key, sender, &plain);
            prop_assert_eq!(open(&key, sender.peer(), &mut packet), Err(OpenError));
        }

        #[test]
        fn garbage_never_panics(mut packet in vec(any::<u8>(), 0..200), own_id: bool) {
            let key = key();
            if own_id && packet.len() >= 8 {
                packet[..8].copy_from_slice(&key.id_bytes());
            }
            prop_assert_eq!(open(&key, Side::Server, &mut packet), Err(OpenError));
        }

        #[test]
        fn many_packets_are_sealed_as_one_by_one(messages in vec((plaintext(), side(), 1usize..20), 0..20)) {
            let keys = [key(), AuthKey::from_bytes([5; 256])];
            let key_of = |plain: &[u8]| &keys[usize::from(plain[0] % 2)];
            let mut plaintexts: Vec<_> =
                messages.iter().map(|(plain, sender, times)| (plain.repeat(*times), *sender)).collect();
            let mut copies = plaintexts.clone();
            let one_by_one: Vec<_> = copies
                .iter_mut()
                .map(|(plain, sender)| {
                    let key = key_of(plain);
                    seal_in_place(key, *sender, plain)
                })
                .collect();
            let together = seal_many(
                plaintexts
                    .iter_mut()
                    .map(|(plain, sender)| ToSeal { key: key_of(plain), sender: *sender, plaintext: plain })
                    .collect(),
            );
            prop_assert_eq!(one_by_one, together);
            prop_assert_eq!(copies, plaintexts);
        }

        #[test]
        fn many_packets_open_as_one_by_one(
            messages in vec((plaintext(), side(), any::<bool>(), 0usize..400, 1usize..20), 0..20),
        ) {
            let key = key();
            let mut packets: Vec<_> = messages
                .iter()
                .map(|(plain, sender, broken, cut, times)| {
                    let mut packet = sealed(&key, *sender, &plain.repeat(*times));
                    if *broken {
                        packet.truncate(*cut);
                    }
                    (packet, *sender)
                })
                .collect();
            let mut copies = packets.clone();
            let one_by_one: Vec<_> =
                copies.iter_mut().map(|(packet, sender)| open(&key, *sender, packet)).collect();
            let together = open_many(
                packets
                    .iter_mut()
                    .map(|(packet, sender)| ToOpen { key: &key, sender: *sender, packet })
                    .collect(),
            );
            prop_assert_eq!(one_by_one, together);
        }
    }
}
