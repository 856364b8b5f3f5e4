//! Obfuscation (OB-1 to OB-5): a 64-byte random-looking header and AES-256-CTR over everything after it.
//!
//! It hides which protocol is spoken, not what is said: without a proxy secret both keys stand in the
//! header for everyone to read.

use std::fmt;

use bytes::BytesMut;
use rand::CryptoRng;
use zeroize::Zeroize;

use super::{ErrorKind, Tagged};
use crate::crypto::{aes::Ctr256, hash::sha256};

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 64;

/// Where the tag and the DC id stand in the header.
const TAG_AT: usize = 56;
const DC_AT: usize = 60;

/// What a header must not begin with, because a server takes them for another protocol (OB-1).
const RESERVED: [&[u8]; 8] =
    [b"HEAD", b"POST", b"GET ", b"OPTI", &TLS_RECORD, &[0xef], &[0xee; 4], &[0xdd; 4]];
/// The start of a TLS handshake record.
pub(super) const TLS_RECORD: [u8; 3] = [0x16, 0x03, 0x01];

/// Key and iv of one direction, before and after a proxy secret is mixed in (OB-3).
pub struct DirectionKey {
    /// AES-256 key.
    pub key: [u8; 32],
    /// First counter block.
    pub iv: [u8; 16],
}

impl DirectionKey {
    /// Reads a key from the header (or the reversed header) at 8 and 40. A proxy `secret` of 16 bytes
    /// turns the key into SHA256(key | secret).
    fn read(header: &[u8; HEADER_LEN], secret: Option<&[u8; 16]>) -> Self {
        let mut this = Self { key: [0; 32], iv: [0; 16] };
        this.key.copy_from_slice(&header[8..40]);
        this.iv.copy_from_slice(&header[40..56]);
        if let Some(secret) = secret {
            this.key = sha256(&[&this.key, secret]);
        }
        this
    }
}

impl Drop for DirectionKey {
    fn drop(&mut self) {
        self.key.zeroize();
        self.iv.zeroize();
    }
}

/// The keys of both directions for a header: client to server, server to client.
#[must_use]
pub fn direction_keys(header: &[u8; HEADER_LEN], secret: Option<&[u8; 16]>) -> (DirectionKey, DirectionKey) {
    let mut reversed = *header;
    reversed.reverse();
    (DirectionKey::read(header, secret), DirectionKey::read(&reversed, secret))
}

/// Whether random bytes may become a header: a server must not take them for another protocol (OB-1).
#[must_use]
pub fn is_usable(init: &[u8; HEADER_LEN]) -> bool {
    !RESERVED.iter().any(|start| init.starts_with(start)) && init[4..8] != [0; 4]
}

/// The running ciphers of a connection.
pub struct Obfuscation {
    outgoing: Ctr256,
    incoming: Ctr256,
    /// Bytes at the front of the input buffer that are decrypted already but not yet taken by the framing.
    clear: usize,
}

impl Obfuscation {
    /// The client side, with the header to send in front of everything; with a DC and a key `via` a proxy.
    pub fn client(
        tagged: Tagged,
        via: Option<(i16, &[u8; 16])>,
        rng: &mut dyn CryptoRng,
    ) -> (Self, [u8; HEADER_LEN]) {
        let mut init = [0; HEADER_LEN];
        loop {
            rng.fill_bytes(&mut init);
            if is_usable(&init) {
                return Self::client_from_init(init, tagged, via.map(|(dc, _)| dc), via.map(|(_, key)| key));
            }
        }
    }

    /// The client side from its 64 random bytes, for a proxy when `dc` and `secret` are given (OB-2).
    #[must_use]
    pub fn client_from_init(
        mut init: [u8; HEADER_LEN],
        tagged: Tagged,
        dc: Option<i16>,
        secret: Option<&[u8; 16]>,
    ) -> (Self, [u8; HEADER_LEN]) {
        init[TAG_AT..DC_AT].copy_from_slice(&tagged.obfuscated_tag());
        if let Some(dc) = dc {
            init[DC_AT..DC_AT + 2].copy_from_slice(&dc.to_le_bytes());
        }
        let (out_key, in_key) = direction_keys(&init, secret);
        let mut outgoing = Ctr256::new(&out_key.key, &out_key.iv);
        let incoming = Ctr256::new(&in_key.key, &in_key.iv);
        // The encryption goes over the whole header so that the stream stands at byte 64 after it; only
        // the tag and what follows go out encrypted, since the server needs the rest to make the keys.
        let mut encrypted = init;
        outgoing.apply(&mut encrypted);
        let mut header = init;
        header[TAG_AT..].copy_from_slice(&encrypted[TAG_AT..]);
        (Self { outgoing, incoming, clear: 0 }, header)
    }

    /// The server side from a received header: the ciphers, the framing inside, and the DC id field,
    /// which only a proxy's clients fill.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownTag`]: not MTProto, or another secret.
    pub fn server(
        header: &[u8; HEADER_LEN],
        secret: Option<&[u8; 16]>,
    ) -> Result<(Self, Tagged, i16), ErrorKind> {
        let (in_key, out_key) = direction_keys(header, secret);
        let mut incoming = Ctr256::new(&in_key.key, &in_key.iv);
        let outgoing = Ctr256::new(&out_key.key, &out_key.iv);
        let mut plain = *header;
        incoming.apply(&mut plain);
        let tag = [plain[56], plain[57], plain[58], plain[59]];
        let tagged =
            Tagged::from_obfuscated_tag(tag).ok_or(ErrorKind::UnknownTag { tag: u32::from_be_bytes(tag) })?;
        Ok((Self { outgoing, incoming, clear: 0 }, tagged, i16::from_le_bytes([plain[60], plain[61]])))
    }

    /// Encrypts the next bytes to send, in place.
    pub(super) fn encrypt(&mut self, data: &mut [u8]) {
        self.outgoing.apply(data);
    }

    /// Decrypts what `input` has got since the last call, in place, each byte once.
    pub(super) fn decrypt_new(&mut self, input: &mut BytesMut) -> Result<(), ErrorKind> {
        let new = input.get_mut(self.clear..).ok_or(ErrorKind::InputShrank)?;
        self.incoming.apply(new);
        self.clear = input.len();
        Ok(())
    }

    /// To be told how many bytes the framing has left in the input buffer.
    pub(super) fn left(&mut self, len: usize) {
        self.clear = len;
    }
}

impl fmt::Debug for Obfuscation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Obfuscation")
    }
}
