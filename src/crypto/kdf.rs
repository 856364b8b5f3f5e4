//! `msg_key` and the AES key and iv of one message (EN-3, EN-5; <https://core.telegram.org/mtproto/description>).

use zeroize::Zeroize;

use super::AuthKey;
use super::aes::{Ige, IgeKey};
use super::hash::sha1;
use super::sha256::{BLOCK_LEN, State, compress_two, two_short};
use super::wiped::Wiped;

/// Who wrote a message. It picks the part of the authorization key that is used (`x` of EN-3), so that a
/// message cannot be reflected to its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client, or in a secret chat the user who started it: `x = 0`.
    Client,
    /// The server, or in a secret chat the other user: `x = 8`.
    Server,
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    fn x(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 8,
        }
    }
}

/// The large hash of MTProto 2.0, of which `msg_key` and the quick-ack token are parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsgKeyLarge([u8; 32]);

impl MsgKeyLarge {
    /// `msg_key`: the middle 16 bytes (EN-3).
    #[must_use]
    pub fn msg_key(&self) -> [u8; 16] {
        *self.0[8..].first_chunk().expect("24 bytes hold 16")
    }

    /// The quick-ack token of a packet that a client sends: the first 4 bytes, little-endian, with the top bit
    /// set (TR-7). Meaningless for packets of a server.
    #[must_use]
    pub fn quick_ack_token(&self) -> u32 {
        u32::from_le_bytes(*self.0.first_chunk().expect("32 bytes hold 4")) | 0x8000_0000
    }
}

/// Bytes of the key that are hashed in front of the plaintext.
const KEY_PART_LEN: usize = 32;

/// Bytes of plaintext that the first block of the hash holds.
const FIRST_HASHED_LEN: usize = BLOCK_LEN - KEY_PART_LEN;

/// The hash of MTProto 2.0 in progress. It takes blocks from where the plaintext lies, without a copy.
pub(super) struct MsgKeyHasher<'k> {
    state: State,
    key_part: &'k [u8; KEY_PART_LEN],
    // Bytes of the plaintext that are hashed.
    done: usize,
}

impl<'k> MsgKeyHasher<'k> {
    pub(super) fn new(key: &'k AuthKey, sender: Side) -> Self {
        let part = &key.as_bytes()[88 + sender.x()..];
        let key_part = part.first_chunk().expect("160 bytes hold 32");
        Self { state: State::new(), key_part, done: 0 }
    }

    fn first_block(&self, plaintext: &[u8; FIRST_HASHED_LEN]) -> Wiped<BLOCK_LEN> {
        let mut block = Wiped::zero();
        block[..KEY_PART_LEN].copy_from_slice(self.key_part);
        block[KEY_PART_LEN..].copy_from_slice(plaintext);
        block
    }

    /// Hashes what fills whole blocks. `plaintext` is all of it so far, from the start.
    pub(super) fn advance(&mut self, plaintext: &[u8]) {
        let mut rest = &plaintext[self.done..];
        if self.done == 0 {
            let Some((first, later)) = rest.split_first_chunk() else { return };
            self.state.compress(std::slice::from_ref(&*self.first_block(first)));
            rest = later;
        }
        let (blocks, tail) = rest.as_chunks();
        self.state.compress(blocks);
        self.done = plaintext.len() - tail.len();
    }

    /// [`advance`](Self::advance) for two plaintexts, side by side.
    pub(super) fn advance_two([one, other]: [&mut Self; 2], plaintexts: [&[u8]; 2]) {
        let mut blocks = plaintexts;
        for (hasher, plaintext) in [&mut *one, &mut *other].into_iter().zip(&mut blocks) {
            if hasher.done == 0 {
                hasher.advance(&plaintext[..plaintext.len().min(FIRST_HASHED_LEN)]);
            }
            *plaintext = &plaintext[hasher.done..];
        }
        let [blocks_of_one, blocks_of_other] = blocks.map(|rest| rest.as_chunks().0);
        let both = blocks_of_one.len().min(blocks_of_other.len());
        compress_two([&mut one.state, &mut other.state], [&blocks_of_one[..both], &blocks_of_other[..both]]);
        for (hasher, plaintext) in [one, other].into_iter().zip(plaintexts) {
            hasher.done += both * BLOCK_LEN;
            hasher.advance(plaintext);
        }
    }

    /// Decrypts the whole of `data` in place, hashing it on the way, and gives the hash.
    pub(super) fn finish_decrypting(mut self, aes: &mut Ige, data: &mut [u8]) -> MsgKeyLarge {
        if let Some((first, rest)) = data.split_first_chunk_mut() {
            aes.run(first);
            let block = self.first_block(first);
            let (pieces, tail) = rest.as_chunks_mut();
            if !pieces.is_empty() {
                aes.decrypt_hashing(&mut self.state, &block, pieces);
                self.done = FIRST_HASHED_LEN + BLOCK_LEN * (pieces.len() - 1);
            }
            aes.run(tail);
        } else {
            aes.run(data);
        }
        self.finish(data)
    }

    /// The hash of the whole plaintext.
    pub(super) fn finish(mut self, plaintext: &[u8]) -> MsgKeyLarge {
        self.advance(plaintext);
        let total = KEY_PART_LEN + plaintext.len();
        MsgKeyLarge(if self.done == 0 {
            self.state.finish([self.key_part, plaintext], total)
        } else {
            self.state.finish([&plaintext[self.done..], &[]], total)
        })
    }
}

/// MTProto 2.0: the hash over part of the key and the plaintext with its padding (EN-3).
#[must_use]
pub fn msg_key_large(key: &AuthKey, sender: Side, plaintext: &[u8]) -> MsgKeyLarge {
    MsgKeyHasher::new(key, sender).finish(plaintext)
}

/// [`msg_key_large`] of two plaintexts, side by side.
pub(super) fn two_msg_keys_large(messages: [(&AuthKey, Side, &[u8]); 2]) -> [MsgKeyLarge; 2] {
    let [mut one, mut other] = messages.map(|(key, sender, _)| MsgKeyHasher::new(key, sender));
    let plaintexts = messages.map(|(.., plaintext)| plaintext);
    MsgKeyHasher::advance_two([&mut one, &mut other], plaintexts);
    [one.finish(plaintexts[0]), other.finish(plaintexts[1])]
}

/// MTProto 2.0: AES key and iv from the `msg_key` (EN-3).
#[must_use]
pub fn v2(key: &AuthKey, sender: Side, msg_key: &[u8; 16]) -> IgeKey {
    let x = sender.x();
    let k = key.as_bytes();
    let mut hashes = [Wiped::zero(), Wiped::zero()];
    two_short([[msg_key, &k[x..x + 36]], [&k[40 + x..40 + x + 36], msg_key]], &mut hashes);
    let [a, b] = &hashes;
    let mut out = IgeKey::zero();
    out.key[..8].copy_from_slice(&a[..8]);
    out.key[8..24].copy_from_slice(&b[8..24]);
    out.key[24..].copy_from_slice(&a[24..]);
    out.iv[..8].copy_from_slice(&b[..8]);
    out.iv[8..24].copy_from_slice(&a[8..24]);
    out.iv[24..].copy_from_slice(&b[24..]);
    out
}

/// MTProto 1.0: `msg_key` over the plaintext without its padding (EN-5). Only for `bind_auth_key_inner` and
/// for secret chats with very old peers.
#[must_use]
pub fn msg_key_v1(plaintext: &[u8]) -> [u8; 16] {
    *sha1(&[plaintext]).last_chunk().expect("20 bytes hold 16")
}

/// MTProto 1.0: AES key and iv from the `msg_key` (EN-5). Only for `bind_auth_key_inner` and for secret chats
/// with very old peers.
#[must_use]
pub fn v1(key: &AuthKey, sender: Side, msg_key: &[u8; 16]) -> IgeKey {
    let x = sender.x();
    let k = key.as_bytes();
    let mut a = sha1(&[msg_key, &k[x..x + 32]]);
    let mut b = sha1(&[&k[32 + x..32 + x + 16], msg_key, &k[48 + x..48 + x + 16]]);
    let mut c = sha1(&[&k[64 + x..64 + x + 32], msg_key]);
    let mut d = sha1(&[msg_key, &k[96 + x..96 + x + 32]]);
    let mut out = IgeKey::zero();
    out.key[..8].copy_from_slice(&a[..8]);
    out.key[8..20].copy_from_slice(&b[8..20]);
    out.key[20..].copy_from_slice(&c[4..16]);
    out.iv[..12].copy_from_slice(&a[8..20]);
    out.iv[12..20].copy_from_slice(&b[..8]);
    out.iv[20..24].copy_from_slice(&c[16..20]);
    out.iv[24..].copy_from_slice(&d[..8]);
    for hash in [&mut a, &mut b, &mut c, &mut d] {
        hash.zeroize();
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::hash::sha256;

    fn key() -> AuthKey {
        AuthKey::from_bytes(std::array::from_fn(|i| u8::try_from(i * 7 % 256).unwrap()))
    }

    proptest! {
        #[test]
        fn the_hash_does_not_care_where_it_pauses(plaintext in vec(any::<u8>(), 0..300), pauses in vec(0usize..300, 0..5)) {
            for (sender, start) in [(Side::Client, 88), (Side::Server, 96)] {
                let key = key();
                let mut hasher = MsgKeyHasher::new(&key, sender);
                let mut pauses: Vec<_> = pauses.iter().map(|at| *at.min(&plaintext.len())).collect();
                pauses.sort_unstable();
                for at in pauses {
                    hasher.advance(&plaintext[..at]);
                }
                let expected = sha256(&[&key.as_bytes()[start..start + 32], &plaintext]);
                prop_assert_eq!(hasher.finish(&plaintext), MsgKeyLarge(expected));
            }
        }

        #[test]
        fn two_hashes_side_by_side_are_what_they_are_alone(
            plaintexts in [vec(any::<u8>(), 0..300), vec(any::<u8>(), 0..300)],
            pauses: [[prop::sample::Index; 2]; 2],
        ) {
            let (key, senders) = (key(), [Side::Client, Side::Server]);
            let hashers = [0, 1].map(|at| {
                let plaintext = &plaintexts[at];
                let mut ends = pauses[at].map(|pause| pause.index(plaintext.len() + 1));
                ends.sort_unstable();
                let mut hasher = MsgKeyHasher::new(&key, senders[at]);
                hasher.advance(&plaintext[..ends[0]]);
                (hasher, &plaintext[..ends[1]])
            });
            let [(mut one, of_one), (mut other, of_other)] = hashers;
            MsgKeyHasher::advance_two([&mut one, &mut other], [of_one, of_other]);
            prop_assert_eq!(one.finish(&plaintexts[0]), msg_key_large(&key, senders[0], &plaintexts[0]));
            prop_assert_eq!(other.finish(&plaintexts[1]), msg_key_large(&key, senders[1], &plaintexts[1]));
        }
    }
}
