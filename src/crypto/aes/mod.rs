//! AES-256 in the two modes that MTProto uses: IGE for messages, CTR for obfuscation and CDN files.
//!
//! In IGE every block waits for the one before it, so one message runs at the latency of the AES instruction.
//! Two things matter then: nothing but AES rounds may stand on that chain, and where several messages are at
//! hand they should run side by side ([`ige_encrypt_many`], [`ige_decrypt_many`]).
//!
//! Two implementations give the same bytes: `ni` with the AES instructions of x86-64, chosen at run time, and
//! `portable` for every other processor.

mod ctr;
#[cfg(target_arch = "x86_64")]
mod ni;
mod portable;
#[cfg(test)]
mod tests;

use super::sha256;
use super::wiped::wipe;

pub use ctr::Ctr256;

/// Length of one AES block in bytes.
pub const BLOCK_LEN: usize = 16;

type Block = [u8; BLOCK_LEN];

/// AES-256 key and IGE iv of one message; wiped on drop.
#[derive(Clone)]
pub struct IgeKey {
    /// The AES-256 key.
    pub key: [u8; 32],
    /// The iv, `c_0 | p_0`.
    pub iv: [u8; 32],
}

impl IgeKey {
    /// All zero, to be filled in.
    pub(super) fn zero() -> Self {
        Self { key: [0; 32], iv: [0; 32] }
    }

    /// [`ige_encrypt`] with this key.
    ///
    /// # Panics
    /// When the length of `data` is not a multiple of 16.
    pub fn encrypt(&self, data: &mut [u8]) {
        ige_encrypt(&self.key, &self.iv, data);
    }

    /// [`ige_decrypt`] with this key.
    ///
    /// # Panics
    /// When the length of `data` is not a multiple of 16.
    pub fn decrypt(&self, data: &mut [u8]) {
        ige_decrypt(&self.key, &self.iv, data);
    }
}

impl Drop for IgeKey {
    fn drop(&mut self) {
        wipe(&mut self.key);
        wipe(&mut self.iv);
    }
}

impl std::fmt::Debug for IgeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IgeKey")
    }
}

/// Encrypts `data` in place with AES-256-IGE (EN-4): `c_i = E(p_i ^ c_{i-1}) ^ p_{i-1}`. `iv` is `c_0 | p_0`.
///
/// # Panics
/// When the length of `data` is not a multiple of 16.
pub fn ige_encrypt(key: &[u8; 32], iv: &[u8; 32], data: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(ni) = ni::Token::detect() {
        return ni.encrypt(key, iv, blocks(data));
    }
    portable::Ige::encryptor(key, iv).run(blocks(data));
}

/// Decrypts `data` in place with AES-256-IGE (EN-4). `iv` is `c_0 | p_0`.
///
/// # Panics
/// When the length of `data` is not a multiple of 16.
pub fn ige_decrypt(key: &[u8; 32], iv: &[u8; 32], data: &mut [u8]) {
    Ige::decryptor(key, iv).run(data);
}

/// One independent message for [`ige_encrypt_many`] and [`ige_decrypt_many`].
#[derive(Debug)]
pub struct Stream<'a> {
    /// Its key and iv.
    pub key: &'a IgeKey,
    /// The data, a multiple of 16 bytes.
    pub data: &'a mut [u8],
}

/// Encrypts several independent messages in place, up to eight at the same time, which is several times
/// faster than one after the other.
///
/// # Panics
/// When the length of some `data` is not a multiple of 16.
pub fn ige_encrypt_many(streams: &mut [Stream<'_>]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(ni) = ni::Token::detect() {
        let mut states: Vec<_> = streams.iter().map(|s| ni.encryptor(&s.key.key, &s.key.iv)).collect();
        return ni.encrypt_lanes(&mut lanes(&mut states, streams));
    }
    for stream in streams {
        ige_encrypt(&stream.key.key, &stream.key.iv, stream.data);
    }
}

/// Decrypts several independent messages in place, up to eight at the same time. See [`ige_encrypt_many`].
///
/// # Panics
/// When the length of some `data` is not a multiple of 16.
pub fn ige_decrypt_many(streams: &mut [Stream<'_>]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(ni) = ni::Token::detect() {
        let mut states: Vec<_> = streams.iter().map(|s| ni.decryptor(&s.key.key, &s.key.iv)).collect();
        return ni.decrypt_lanes(&mut lanes(&mut states, streams));
    }
    for stream in streams {
        ige_decrypt(&stream.key.key, &stream.key.iv, stream.data);
    }
}

#[cfg(target_arch = "x86_64")]
fn lanes<'a>(states: &'a mut [ni::Ige], streams: &'a mut [Stream<'_>]) -> Vec<ni::Lane<'a>> {
    let streams = states.iter_mut().zip(streams);
    streams.map(|(ige, stream)| ni::Lane { ige, blocks: blocks(stream.data) }).collect()
}

/// A message in progress: each call of [`Ige::run`] goes on where the last one stopped, at a block border.
pub(super) struct Ige(Path);

#[allow(clippy::large_enum_variant, reason = "the large one is the usual one, and lives on the stack")]
enum Path {
    #[cfg(target_arch = "x86_64")]
    Ni(ni::Token, ni::Ige),
    Portable(Box<portable::Ige>),
}

impl Ige {
    pub(super) fn decryptor(key: &[u8; 32], iv: &[u8; 32]) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(ni) = ni::Token::detect() {
            return Self(Path::Ni(ni, ni.decryptor(key, iv)));
        }
        Self(Path::Portable(Box::new(portable::Ige::decryptor(key, iv))))
    }

    /// Transforms the next blocks in place.
    pub(super) fn run(&mut self, data: &mut [u8]) {
        let data = blocks(data);
        match &mut self.0 {
            #[cfg(target_arch = "x86_64")]
            Path::Ni(ni, ige) => ni.run(ige, data),
            Path::Portable(ige) => ige.run(data),
        }
    }
}

/// What one block of SHA-256 takes.
type Piece = [u8; sha256::BLOCK_LEN];

impl Ige {
    /// Decrypts the next pieces in place, and hashes `before` and then all pieces but the last, each while the next one
    /// is decrypted.
    pub(super) fn decrypt_hashing(&mut self, hash: &mut sha256::State, before: &Piece, pieces: &mut [Piece]) {
        #[cfg(target_arch = "x86_64")]
        if let (Path::Ni(ni, ige), Some(sha)) = (&mut self.0, sha256::Ni::detect()) {
            return ni.decrypt_hashing(sha, ige, hash.words_mut(), before, pieces);
        }
        self.decrypt_hashing_portably(hash, before, pieces);
    }

    fn decrypt_hashing_portably(&mut self, hash: &mut sha256::State, before: &Piece, pieces: &mut [Piece]) {
        let mut before = before;
        for piece in pieces {
            self.run(piece);
            hash.compress(std::slice::from_ref(before));
            before = piece;
        }
    }
}

/// Decrypts the next blocks of several messages at the same time, equally many of each.
///
/// # Panics
/// When the lengths of the data differ, or are no multiples of 16.
pub(super) fn decrypt_together<const N: usize>(lanes: [(&mut Ige, &mut [u8]); N]) {
    let length = lanes.first().map_or(0, |lane| lane.1.len());
    assert!(lanes.iter().all(|lane| lane.1.len() == length), "all lanes are equally long");
    #[cfg(target_arch = "x86_64")]
    if let Some(ni) = ni::Token::detect() {
        let mut lanes = lanes.map(|(ige, data)| match &mut ige.0 {
            Path::Ni(_, ige) => ni::Lane { ige, blocks: blocks(data) },
            Path::Portable(_) => unreachable!("the processor did not change"),
        });
        return ni.decrypt_together(&mut lanes);
    }
    for (ige, data) in lanes {
        ige.run(data);
    }
}

fn blocks(data: &mut [u8]) -> &mut [Block] {
    let (blocks, rest) = data.as_chunks_mut();
    assert!(rest.is_empty(), "AES-IGE works on whole blocks of 16 bytes");
    blocks
}
