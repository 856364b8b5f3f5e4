//! MTProto 1.0 packets (EN-5). The only one that is still written is the message inside `auth.bindTempAuthKey`,
//! which a client encrypts with its permanent key to vouch for a temporary one (PF-2).

use subtle::ConstantTimeEq;

use super::AuthKey;
use super::aes::BLOCK_LEN;
use super::kdf::{self, Side};
use super::packet::{HEADER_LEN, OpenError};

/// Salt and session id (or, in a binding message, 16 random bytes), `msg_id`, seqno and length.
const ENVELOPE_LEN: usize = 32;

/// Encrypts `plaintext` (32 bytes of envelope and the body, without padding) to a whole packet:
/// `auth_key_id` (8) | `msg_key` (16) | ciphertext. Draws 0 to 15 bytes of padding from `rng`.
#[must_use]
pub fn seal(key: &AuthKey, sender: Side, plaintext: &[u8], rng: &mut dyn rand::CryptoRng) -> Vec<u8> {
    let msg_key = kdf::msg_key_v1(plaintext);
    let mut packet = Vec::with_capacity(HEADER_LEN + plaintext.len() + BLOCK_LEN);
    packet.extend_from_slice(&key.id_bytes());
    packet.extend_from_slice(&msg_key);
    packet.extend_from_slice(plaintext);
    packet.resize(HEADER_LEN + plaintext.len().next_multiple_of(BLOCK_LEN), 0);
    rng.fill_bytes(&mut packet[HEADER_LEN + plaintext.len()..]);
    kdf::v1(key, sender, &msg_key).encrypt(&mut packet[HEADER_LEN..]);
    packet
}

/// Decrypts a packet in place, checks its `msg_key` in constant time, and gives the plaintext without padding:
/// 32 bytes of envelope and exactly as many of body as its length field says.
///
/// # Errors
/// [`OpenError`], whatever is wrong.
pub fn open<'p>(key: &AuthKey, sender: Side, packet: &'p mut [u8]) -> Result<&'p mut [u8], OpenError> {
    let (id, rest) = packet.split_first_chunk_mut::<8>().ok_or(OpenError)?;
    let (msg_key, ciphertext) = rest.split_first_chunk_mut::<16>().ok_or(OpenError)?;
    if *id != key.id_bytes() || ciphertext.len() < ENVELOPE_LEN || !ciphertext.len().is_multiple_of(BLOCK_LEN)
    {
        return Err(OpenError);
    }
    kdf::v1(key, sender, msg_key).decrypt(ciphertext);
    let length = ciphertext[..ENVELOPE_LEN].last_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    // A length that cannot be is replaced by one that can, so that the hash is computed in any case.
    let end = usize::try_from(length).ok().and_then(|length| length.checked_add(ENVELOPE_LEN));
    let fits = end.is_some_and(|end| end <= ciphertext.len() && ciphertext.len() - end < BLOCK_LEN);
    let end = end.filter(|_| fits).unwrap_or(ciphertext.len());
    let same = kdf::msg_key_v1(&ciphertext[..end]).ct_eq(msg_key);
    if bool::from(same) && fits { Ok(&mut ciphertext[..end]) } else { Err(OpenError) }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn key() -> AuthKey {
        AuthKey::from_bytes([7; 256])
    }

    proptest! {
        #[test]
        fn open_undoes_seal(body in vec(any::<u8>(), 0..100), seed: u64, at: prop::sample::Index) {
            let length = u32::try_from(body.len()).unwrap();
            let mut plain = [&[1; 28][..], &length.to_le_bytes(), &body].concat();
            let mut packet = seal(&key(), Side::Client, &plain, &mut StdRng::seed_from_u64(seed));
            let mut broken = packet.clone();
            prop_assert_eq!(open(&key(), Side::Client, &mut packet), Ok(&mut plain[..]));

            // IGE garbles everything after a change, save for padding that msg_key does not cover.
            let at = at.index(broken.len() - 16);
            broken[at] ^= 1;
            prop_assert_eq!(open(&key(), Side::Client, &mut broken), Err(OpenError));
        }

        #[test]
        fn garbage_never_panics(mut packet in vec(any::<u8>(), 0..200), own_id: bool) {
            if own_id && packet.len() >= 8 {
                packet[..8].copy_from_slice(&key().id_bytes());
            }
            prop_assert_eq!(open(&key(), Side::Client, &mut packet), Err(OpenError));
        }
    }
}
