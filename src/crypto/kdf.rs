//! `msg_key` and the AES key and iv of one message (EN-3, EN-5; <https://core.telegram.org/mtproto/description>).

use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::AuthKey;
use super::aes::IgeKey;
use super::hash::{sha1, sha256};

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

/// Hash state of MTProto 2.0 with the key's part already in it; takes the plaintext in pieces.
pub(super) struct MsgKeyHasher(Sha256);

impl MsgKeyHasher {
    pub(super) fn new(key: &AuthKey, sender: Side) -> Self {
        let start = 88 + sender.x();
        Self(Sha256::new_with_prefix(&key.as_bytes()[start..start + 32]))
    }

    pub(super) fn update(&mut self, plaintext: &[u8]) {
        self.0.update(plaintext);
    }

    pub(super) fn finish(self) -> MsgKeyLarge {
        MsgKeyLarge(self.0.finalize().into())
    }
}

/// MTProto 2.0: the hash over part of the key and the plaintext with its padding (EN-3).
#[must_use]
pub fn msg_key_large(key: &AuthKey, sender: Side, plaintext: &[u8]) -> MsgKeyLarge {
    let mut hasher = MsgKeyHasher::new(key, sender);
    hasher.update(plaintext);
    hasher.finish()
}

/// MTProto 2.0: AES key and iv from the `msg_key` (EN-3).
#[must_use]
pub fn v2(key: &AuthKey, sender: Side, msg_key: &[u8; 16]) -> IgeKey {
    let x = sender.x();
    let k = key.as_bytes();
    let mut a = sha256(&[msg_key, &k[x..x + 36]]);
    let mut b = sha256(&[&k[40 + x..40 + x + 36], msg_key]);
    let mut out = IgeKey::zero();
    out.key[..8].copy_from_slice(&a[..8]);
    out.key[8..24].copy_from_slice(&b[8..24]);
    out.key[24..].copy_from_slice(&a[24..]);
    out.iv[..8].copy_from_slice(&b[..8]);
    out.iv[8..24].copy_from_slice(&a[8..24]);
    out.iv[24..].copy_from_slice(&b[24..]);
    a.zeroize();
    b.zeroize();
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
