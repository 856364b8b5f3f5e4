//! The encryption of a file: the key block behind the header, and records that open only where they stand
//! (`docs/session-format.md`, "Encryption").
//!
//! The passphrase opens nothing but a random key, which is made anew for every file that is written. So a record of
//! another file, of an older snapshot or of another place opens nowhere, and no nonce is ever met twice.

use std::{fmt, ops::RangeInclusive};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305, XNonce};
use rand::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use super::{
    codec::Encoder,
    format::{BLOCK_LEN, FormatError, FormatErrorKind, HEADER_LEN, NONCE_LEN, SEALED_START, TAG_LEN, crc},
};
use crate::session::{ErrorKind, Secret};

const KEY_LEN: usize = 32;
const SALT_LEN: usize = 16;
/// Argon2id of RFC 9106 (version 0x13), and XChaCha20-Poly1305: the only pair so far.
const SUITE: u32 = 1;
/// What a key block may ask for: a file must not be able to take all memory or to keep a processor busy for long.
const MEMORY: RangeInclusive<u32> = 8..=1 << 18;
const PASSES: RangeInclusive<u32> = 1..=16;
const LANES: RangeInclusive<u32> = 1..=16;

type Cipher = XChaCha20Poly1305;

/// What turning a passphrase into a key costs, for us and for who tries many (Argon2id, RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB: 8 for each lane to 262,144.
    pub memory_kib: u32,
    /// Passes over the memory: 1 to 16.
    pub passes: u32,
    /// Lanes, which others may compute in parallel: 1 to 16.
    pub lanes: u32,
}

impl Default for Cost {
    /// 64 MiB and 3 passes, as RFC 9106 recommends where memory is short; in one lane, since it is computed by one
    /// thread.
    fn default() -> Self {
        Self { memory_kib: 1 << 16, passes: 3, lanes: 1 }
    }
}

impl Cost {
    fn is_allowed(self) -> bool {
        MEMORY.contains(&self.memory_kib)
            && PASSES.contains(&self.passes)
            && LANES.contains(&self.lanes)
            && self.memory_kib >= 8 * self.lanes
    }
}

/// What a session file is encrypted with: any bytes, by convention a line of UTF-8 text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passphrase {
    secret: Secret,
    cost: Cost,
}

impl Passphrase {
    /// A passphrase that costs the usual.
    pub fn new(secret: impl Into<Secret>) -> Self {
        Self { secret: secret.into(), cost: Cost::default() }
    }

    /// What files that are encrypted with it from now on cost to open; for those that are there already, they say.
    /// A cost out of the allowed range is moved into it.
    #[must_use]
    pub fn cost(mut self, cost: Cost) -> Self {
        let lanes = cost.lanes.clamp(*LANES.start(), *LANES.end());
        self.cost = Cost {
            memory_kib: cost.memory_kib.clamp(8 * lanes, *MEMORY.end()),
            passes: cost.passes.clamp(*PASSES.start(), *PASSES.end()),
            lanes,
        };
        self
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secret.expose().is_empty()
    }
}

/// The key that a passphrase gives, with which the keys of files are wrapped.
pub(super) struct Master {
    cost: Cost,
    salt: [u8; SALT_LEN],
    key: Zeroizing<[u8; KEY_LEN]>,
}

impl Master {
    /// With a new salt. Takes the time and the memory that the passphrase costs.
    pub(super) fn new(passphrase: &Passphrase, rng: &mut dyn CryptoRng) -> Result<Self, Locked> {
        let mut salt = [0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        Self::derive(passphrase, passphrase.cost, salt).ok_or(Locked::OutOfMemory)
    }

    /// `None` when the memory is not there.
    fn derive(passphrase: &Passphrase, cost: Cost, salt: [u8; SALT_LEN]) -> Option<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_LEN)).ok()?;
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(params.block_count()).ok()?;
        blocks.resize(params.block_count(), argon2::Block::new());
        let mut blocks = Zeroizing::new(blocks);
        let mut key = Zeroizing::new([0; KEY_LEN]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(passphrase.secret.expose(), &salt, &mut *key, &mut **blocks)
            .ok()?;
        Some(Self { cost, salt, key })
    }

    /// The key of a new file, and its key block. `header` is that of the file.
    pub(super) fn wrap(
        &self,
        header: &[u8; HEADER_LEN],
        rng: &mut dyn CryptoRng,
    ) -> ([u8; BLOCK_LEN], Vault) {
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let mut key = Zeroizing::new([0; KEY_LEN]);
        rng.fill_bytes(&mut *key);
        let vault = Vault::new(&key);
        let mut block = [0; BLOCK_LEN];
        block[..4].copy_from_slice(&SUITE.to_le_bytes());
        block[4..8].copy_from_slice(&self.cost.memory_kib.to_le_bytes());
        block[8..12].copy_from_slice(&self.cost.passes.to_le_bytes());
        block[12..16].copy_from_slice(&self.cost.lanes.to_le_bytes());
        block[16..32].copy_from_slice(&self.salt);
        block[32..56].copy_from_slice(&nonce);
        let said = [&header[..], &block[..56]].concat();
        let tag = Vault::new(&self.key).seal(&nonce, &said, &mut *key);
        block[56..88].copy_from_slice(&*key);
        block[88..104].copy_from_slice(&tag);
        let check = crc(&[&block[..BLOCK_LEN - 4]]);
        block[BLOCK_LEN - 4..].copy_from_slice(&check.to_le_bytes());
        (block, vault)
    }
}

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Master(..)")
    }
}

/// Why a key block did not give the file's key.
#[derive(Debug)]
pub(super) enum Locked {
    /// The passphrase is another, or header and block were altered by somebody who put their checksums right.
    WrongPassphrase,
    /// The memory that the passphrase costs is not there.
    OutOfMemory,
}

impl From<Locked> for ErrorKind {
    fn from(locked: Locked) -> Self {
        match locked {
            Locked::WrongPassphrase => Self::WrongPassphrase,
            Locked::OutOfMemory => {
                let error = std::io::ErrorKind::OutOfMemory.into();
                Self::Io { action: "take the memory to open the encryption of", error }
            }
        }
    }
}

/// The key block of a file, checked but not opened.
pub(super) struct KeyBlock<'a> {
    bytes: &'a [u8; BLOCK_LEN],
    cost: Cost,
}

impl<'a> KeyBlock<'a> {
    /// Finds the block in a file with a good header.
    pub(super) fn read(file: &'a [u8]) -> Result<Self, FormatError> {
        let error = |offset, kind| FormatError { offset, kind };
        let Some(bytes) = file.get(HEADER_LEN..).and_then(<[u8]>::first_chunk::<BLOCK_LEN>) else {
            let missing = SEALED_START.saturating_sub(file.len()) as u64;
            return Err(error(file.len(), FormatErrorKind::Truncated { missing }));
        };
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if crc(&[&bytes[..BLOCK_LEN - 4]]) != word(BLOCK_LEN - 4) {
            return Err(error(HEADER_LEN, FormatErrorKind::Checksum));
        }
        if word(0) != SUITE {
            return Err(error(HEADER_LEN, FormatErrorKind::UnknownCipher { suite: word(0) }));
        }
        let cost = Cost { memory_kib: word(4), passes: word(8), lanes: word(12) };
        if !cost.is_allowed() || word(104) != 0 {
            return Err(error(HEADER_LEN, FormatErrorKind::BadValue));
        }
        Ok(Self { bytes, cost })
    }

    /// The key that this passphrase gives with the block's salt, whether it is the right one or not.
    pub(super) fn master(&self, passphrase: &Passphrase) -> Result<Master, Locked> {
        let salt = std::array::from_fn(|i| self.bytes[16 + i]);
        Master::derive(passphrase, self.cost, salt).ok_or(Locked::OutOfMemory)
    }

    /// Opens the block with its key. `header` is that of the file: it is vouched for with the key.
    pub(super) fn open(&self, header: &[u8; HEADER_LEN], master: &Master) -> Result<Vault, Locked> {
        let nonce = std::array::from_fn(|i| self.bytes[32 + i]);
        let mut key: Zeroizing<[u8; KEY_LEN]> = Zeroizing::new(std::array::from_fn(|i| self.bytes[56 + i]));
        let tag = std::array::from_fn(|i| self.bytes[88 + i]);
        let said = [&header[..], &self.bytes[..56]].concat();
        match Vault::new(&master.key).open(&nonce, &said, &mut *key, &tag) {
            true => Ok(Vault::new(&key)),
            false => Err(Locked::WrongPassphrase),
        }
    }
}

/// The key of one file.
pub(super) struct Vault(Cipher);

impl Vault {
    fn new(key: &[u8; KEY_LEN]) -> Self {
        Self(Cipher::new(key.into()))
    }

    /// Seals the payload of a record that will stand at `offset`.
    pub(super) fn seal_record(&self, offset: u64, payload: &[u8], rng: &mut dyn CryptoRng) -> Encoder {
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let mut text = Zeroizing::new(payload.to_vec());
        let tag = self.seal(&nonce, &offset.to_le_bytes(), &mut text);
        let mut sealed = Encoder::default();
        sealed.raw(&nonce);
        sealed.raw(&text);
        sealed.raw(&tag);
        sealed
    }

    /// Opens a payload that stands in the record at `offset`; `None` when it was not sealed there with this key.
    pub(super) fn open_record(&self, offset: u64, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let (text, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        self.open(nonce, &offset.to_le_bytes(), &mut text, tag).then_some(text)
    }

    /// Encrypts `text` in place; vouches for it and for what is `said` beside it.
    fn seal(&self, nonce: &[u8; NONCE_LEN], said: &[u8], text: &mut [u8]) -> [u8; TAG_LEN] {
        let sealed = self.0.encrypt_inout_detached(&XNonce::from(*nonce), said, text.into());
        // The cipher refuses only what is longer than 256 GiB, and payloads are bounded far below that.
        sealed.expect("a payload that is not too long").into()
    }

    /// Decrypts `text` in place; `false`, and then its content is of no use, when anything about it is not as sealed.
    fn open(&self, nonce: &[u8; NONCE_LEN], said: &[u8], text: &mut [u8], tag: &[u8; TAG_LEN]) -> bool {
        let opened = self.0.decrypt_inout_detached(&XNonce::from(*nonce), said, text.into(), &(*tag).into());
        if opened.is_err() {
            text.zeroize();
        }
        opened.is_ok()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}
