//! The frame of the file: header, records, checksums, and the rule that tells a torn tail from damage.

use rand::CryptoRng;
use thiserror::Error as ThisError;
use zeroize::Zeroizing;

use super::{
    codec::Encoder,
    records,
    seal::{KeyBlock, Master, Passphrase, Vault},
};
use crate::session::{Change, ErrorKind, State};

/// The first 8 bytes. Not ASCII at first, so that no text file has them; CR LF and 1A show a copy in text mode.
pub(super) const MAGIC: [u8; 8] = *b"\x8dMTW\r\n\x1a\n";
/// The version that is written, and the newest that is read.
pub const VERSION: u16 = 1;
pub(super) const HEADER_LEN: usize = 24;
/// Length of the key block of an encrypted file, which stands behind the header.
pub(super) const BLOCK_LEN: usize = 112;
/// Where the first record of an encrypted file stands.
pub(super) const SEALED_START: usize = HEADER_LEN + BLOCK_LEN;
/// What a sealed payload has besides the changes: a nonce in front, a tag behind.
const SEAL_LEN: usize = NONCE_LEN + TAG_LEN;
pub(super) const NONCE_LEN: usize = 24;
pub(super) const TAG_LEN: usize = 16;
/// The flag of a file whose records are sealed.
const ENCRYPTED: u16 = 1;
/// In front of a payload: its length and a checksum of it.
const HEAD_LEN: usize = 8;
/// Behind a payload and its padding.
const CHECK_LEN: usize = 4;
/// Records begin at multiples of this, so that no record head crosses a sector: it is on the disk whole or not at all.
pub(super) const ALIGN: usize = 8;
/// The largest payload of one record, in bytes.
const MAX_PAYLOAD: usize = 1 << 24;
/// The size at which a snapshot begins another record.
const SNAPSHOT_CHUNK: usize = 1 << 16;
/// The largest batch that is taken: whatever a snapshot gathers with one of its changes still fits a record.
pub(super) const MAX_BATCH: usize = MAX_PAYLOAD - SNAPSHOT_CHUNK - SEAL_LEN;

/// Where and why bytes are not a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[error("at byte {offset}: {kind}; the file was left as it was")]
pub struct FormatError {
    /// Offset in the file, in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub kind: FormatErrorKind,
}

/// What can be wrong with the bytes of a session file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum FormatErrorKind {
    /// It does not begin as a session file does.
    #[error("not a mtwire session; give another name")]
    Foreign,
    /// A later version wrote it.
    #[error(
        "written in format version {version}, newer than {VERSION}; use the version of mtwire that wrote it or a later one"
    )]
    Newer {
        /// The format version it says.
        version: u16,
    },
    /// It uses a feature that this version does not have.
    #[error("uses features ({flags:#06x}) that this version of mtwire does not have; use a later one")]
    UnknownFeature {
        /// The flags word of the header.
        flags: u16,
    },
    /// It is encrypted in a way that this version does not know.
    #[error("encrypted in a way ({suite:#x}) that this version of mtwire does not know; use a later one")]
    UnknownCipher {
        /// The number of the way.
        suite: u32,
    },
    /// It is encrypted, and this build of the library cannot open it.
    #[error("encrypted, and this program is built without mtwire's feature `{feature}`")]
    NotBuilt {
        /// The cargo feature.
        feature: &'static str,
    },
    /// It is encrypted, and read by something that has no passphrase.
    #[error("the file is encrypted, and its passphrase was not given")]
    Encrypted,
    /// A record's checksums are right, but it was not sealed at this place of this file.
    #[error(
        "altered: a record is not one that was written here; restore a backup, or remove the file and log in again"
    )]
    Unauthentic,
    /// It ends inside the header or the snapshot, which are written in one piece.
    #[error(
        "the file ends here, {missing} bytes early; restore a backup, or remove the file and log in again"
    )]
    Truncated {
        /// How many bytes are missing at least.
        missing: u64,
    },
    /// A checksum of the header or of a record that others follow is wrong.
    #[error("damaged: a checksum is wrong; restore a backup, or remove the file and log in again")]
    Checksum,
    /// A record's checksums are right, but its content makes no sense: a field runs over the end.
    #[error(
        "damaged: a field runs over the end of its record; restore a backup, or remove the file and log in again"
    )]
    FieldOverrun,
    /// A record's checksums are right, but a field has a value that is not allowed.
    #[error(
        "damaged: a field has an impossible value; restore a backup, or remove the file and log in again"
    )]
    BadValue,
    /// A record's checksums are right, but it holds a change that this version does not know.
    #[error("a change of unknown kind {tag}; use a later version of mtwire")]
    UnknownChange {
        /// The tag byte.
        tag: u8,
    },
}

/// What the bytes of a file amount to.
#[derive(Debug)]
pub(super) struct Replay {
    pub state: State,
    /// Length of header and snapshot.
    pub snapshot_end: usize,
    /// Length up to the end of the last whole record; what follows is a torn tail.
    pub end: usize,
}

/// Reads the whole content of a session file, without a torn tail. Total: any bytes give a state or an error, and
/// the memory it takes is bounded by a multiple of their number.
///
/// # Errors
/// When it is not a session, is newer than this version, or is damaged elsewhere than in its torn tail.
pub fn decode(file: &[u8]) -> Result<State, FormatError> {
    let header = read_header(file, file.len() as u64)?;
    if header.encrypted {
        return Err(FormatError { offset: 10, kind: FormatErrorKind::Encrypted });
    }
    replay(file, None).map(|replay| replay.state)
}

/// [`decode`] of a file that is encrypted with this passphrase. An encrypted file says itself what its passphrase
/// costs, up to 256 MiB for a time.
///
/// # Errors
/// [`ErrorKind::Format`], [`WrongPassphrase`](ErrorKind::WrongPassphrase), or
/// [`NotEncrypted`](ErrorKind::NotEncrypted).
pub fn decode_with(file: &[u8], passphrase: &Passphrase) -> Result<State, ErrorKind> {
    let keys = unlock(file, Some(passphrase))?;
    Ok(replay(file, keys.as_ref().map(|keys| &keys.vault))?.state)
}

/// The keys of an encrypted file.
#[derive(Debug)]
pub(super) struct Keys {
    pub master: Master,
    pub vault: Vault,
}

/// Opens the key block of a file; `None` when the file is not encrypted and no passphrase is given.
pub(super) fn unlock(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Option<Keys>, ErrorKind> {
    let header = read_header(file, file.len() as u64)?;
    match (header.encrypted, passphrase) {
        (false, None) => Ok(None),
        (false, Some(_)) => Err(ErrorKind::NotEncrypted),
        (true, passphrase) => {
            let block = KeyBlock::read(file)?;
            let passphrase = passphrase.ok_or(ErrorKind::PassphraseNeeded)?;
            let master = block.master(passphrase)?;
            let vault = block.open(&header.bytes, &master)?;
            Ok(Some(Keys { master, vault }))
        }
    }
}

/// Reads the payload of one record, the part of [`decode`] that lies behind the checksums.
///
/// # Errors
/// When a change is unknown or a field is malformed; the offset is that in the payload.
pub fn decode_payload(payload: &[u8]) -> Result<State, FormatError> {
    let mut state = State::default();
    records::replay(payload, &mut state)?;
    Ok(state)
}

/// The bytes of a file that holds `state` and nothing else: header and snapshot.
pub(super) fn encode(state: &State) -> Zeroizing<Vec<u8>> {
    let mut file = Encoder::default();
    file.raw(&[0; HEADER_LEN]);
    snapshot(state, |payload| append(&mut file, 0, payload));
    let mut file = file.into_bytes();
    let header = header(file.len() as u64, false);
    file[..HEADER_LEN].copy_from_slice(&header);
    file
}

/// [`encode`] under the key of a passphrase; with the key of the file, which is another each time.
pub(super) fn encode_sealed(
    state: &State,
    master: &Master,
    rng: &mut dyn CryptoRng,
) -> (Zeroizing<Vec<u8>>, Vault) {
    // The key block vouches for the header, which says how long the snapshot is: so that comes first.
    let mut len = SEALED_START;
    snapshot(state, |payload| len += record_len(payload.len() + SEAL_LEN));
    let header = header(len as u64, true);
    let (block, vault) = master.wrap(&header, rng);
    let mut file = Encoder::default();
    file.raw(&header);
    file.raw(&block);
    snapshot(state, |payload| {
        let sealed = vault.seal_record(file.len() as u64, payload, rng);
        append(&mut file, 0, sealed.as_slice());
    });
    (file.into_bytes(), vault)
}

/// Gives the payloads of the records that make up a snapshot.
fn snapshot(state: &State, mut record: impl FnMut(&[u8])) {
    let mut payload = Encoder::default();
    records::encode_state(state, &mut payload, |payload| {
        if payload.len() >= SNAPSHOT_CHUNK {
            record(payload.as_slice());
            payload.clear();
        }
    });
    if payload.len() > 0 {
        record(payload.as_slice());
    }
}

/// How many bytes a record with a payload of `len` bytes takes.
fn record_len(len: usize) -> usize {
    HEAD_LEN + len + padding(len) + CHECK_LEN
}

/// The payload of a record that holds `changes`.
pub(super) fn payload(changes: &[&Change]) -> Encoder {
    let mut payload = Encoder::default();
    for change in changes {
        records::encode(&mut payload, change);
    }
    payload
}

/// One record as it stands at `offset` in the file.
pub(super) fn record(offset: u64, payload: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut record = Encoder::default();
    append(&mut record, offset, payload);
    record.into_bytes()
}

/// Appends a record to `out`, whose first byte stands at `base` in the file.
fn append(out: &mut Encoder, base: u64, payload: &[u8]) {
    // Callers bound the payload, and a single change of a snapshot that is over the bound cannot have come in.
    let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let head = head_check(base + out.len() as u64, len);
    out.u32(len);
    out.u32(head);
    let padding = &[0; ALIGN][..padding(payload.len())];
    out.raw(payload);
    out.raw(padding);
    out.u32(crc(&[payload, padding]));
}

/// Zero bytes behind a payload that make the record a multiple of [`ALIGN`].
fn padding(len: usize) -> usize {
    (ALIGN - (HEAD_LEN + len + CHECK_LEN) % ALIGN) % ALIGN
}

pub(super) fn header(snapshot_end: u64, encrypted: bool) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..8].copy_from_slice(&MAGIC);
    header[8..10].copy_from_slice(&VERSION.to_le_bytes());
    header[10..12].copy_from_slice(&(if encrypted { ENCRYPTED } else { 0 }).to_le_bytes());
    header[12..20].copy_from_slice(&snapshot_end.to_le_bytes());
    let check = crc(&[&header[..20]]);
    header[20..].copy_from_slice(&check.to_le_bytes());
    header
}

pub(super) fn crc(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}

/// The offset is in it, so that a head is never taken for one at another place.
fn head_check(offset: u64, len: u32) -> u32 {
    crc(&[&offset.to_le_bytes(), &len.to_le_bytes()])
}

/// What stands at an offset.
pub(super) enum Found<'a> {
    /// A whole record.
    Record { payload: &'a [u8], end: usize },
    /// The head is right: the record would end at `end`.
    BadBody { end: usize },
    /// Fewer bytes than a head has.
    ShortHead,
    /// A head with a wrong checksum.
    BadHead,
}

pub(super) fn find(file: &[u8], offset: usize) -> Found<'_> {
    let rest = file.get(offset..).unwrap_or_default();
    let Some((&[l0, l1, l2, l3, c0, c1, c2, c3], body)) = rest.split_first_chunk::<HEAD_LEN>() else {
        return Found::ShortHead;
    };
    let len = u32::from_le_bytes([l0, l1, l2, l3]);
    let wanted = u32::from_le_bytes([c0, c1, c2, c3]);
    let size = usize::try_from(len).unwrap_or(usize::MAX);
    if size == 0 || size > MAX_PAYLOAD || head_check(offset as u64, len) != wanted {
        return Found::BadHead;
    }
    let padded = size + padding(size);
    let end = offset + HEAD_LEN + padded + CHECK_LEN;
    let body =
        body.split_at_checked(padded).and_then(|(body, rest)| Some((body, rest.first_chunk::<CHECK_LEN>()?)));
    match body {
        Some((body, check)) if crc(&[body]) == u32::from_le_bytes(*check) => {
            Found::Record { payload: &body[..size], end }
        }
        _ => Found::BadBody { end },
    }
}

/// Reads the whole of a file, without a torn tail; `vault` if it is an encrypted one.
pub(super) fn replay(file: &[u8], vault: Option<&Vault>) -> Result<Replay, FormatError> {
    let header = read_header(file, file.len() as u64)?;
    let snapshot_end = header.snapshot_end;
    let mut state = State::default();
    let mut offset = header.records();
    while offset < file.len() {
        let in_snapshot = offset < snapshot_end;
        match find(file, offset) {
            // A record that reaches over the end of the snapshot was not written as part of it.
            Found::Record { payload, end } if !in_snapshot || end <= snapshot_end => {
                read_record(payload, offset, vault, |payload| records::replay(payload, &mut state))?;
                offset = end;
            }
            bad if !in_snapshot && is_torn(file, offset, &bad) => break,
            _ => return Err(FormatError { offset, kind: FormatErrorKind::Checksum }),
        }
    }
    Ok(Replay { state, snapshot_end, end: offset })
}

/// Gives `read` the changes of a record, opened if the file is an encrypted one.
pub(super) fn read_record<T>(
    payload: &[u8],
    offset: usize,
    vault: Option<&Vault>,
    read: impl FnOnce(&[u8]) -> Result<T, FormatError>,
) -> Result<T, FormatError> {
    let inside = |e: FormatError| FormatError { offset: offset + HEAD_LEN + e.offset, ..e };
    let Some(vault) = vault else { return read(payload).map_err(inside) };
    match vault.open_record(offset as u64, payload) {
        Some(payload) => read(&payload).map_err(inside),
        None => Err(FormatError { offset, kind: FormatErrorKind::Unauthentic }),
    }
}

/// A header that was checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub bytes: [u8; HEADER_LEN],
    pub encrypted: bool,
    /// Length of header, key block and snapshot.
    pub snapshot_end: usize,
}

impl Header {
    /// Where the first record begins.
    pub(super) fn records(&self) -> usize {
        if self.encrypted { SEALED_START } else { HEADER_LEN }
    }
}

/// Checks the header of a file of `len` bytes that begins with `start`, its first [`HEADER_LEN`] bytes or more.
pub(super) fn read_header(start: &[u8], len: u64) -> Result<Header, FormatError> {
    let magic_len = start.len().min(MAGIC.len());
    if start[..magic_len] != MAGIC[..magic_len] {
        return Err(FormatError { offset: 0, kind: FormatErrorKind::Foreign });
    }
    let truncated = |offset, missing| FormatError { offset, kind: FormatErrorKind::Truncated { missing } };
    let Some(header) = start.first_chunk::<HEADER_LEN>() else {
        return Err(truncated(start.len(), (HEADER_LEN - start.len()) as u64));
    };
    let word = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let [.., c0, c1, c2, c3] = *header;
    // Before the version, which would else be reported as newer when a bit of it has flipped.
    if crc(&[&header[..20]]) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Err(FormatError { offset: 0, kind: FormatErrorKind::Checksum });
    }
    let (version, flags) = (word(8), word(10));
    if version > VERSION {
        return Err(FormatError { offset: 8, kind: FormatErrorKind::Newer { version } });
    }
    if version == 0 {
        return Err(FormatError { offset: 8, kind: FormatErrorKind::BadValue });
    }
    if flags & !ENCRYPTED != 0 {
        return Err(FormatError { offset: 10, kind: FormatErrorKind::UnknownFeature { flags } });
    }
    let end = snapshot_end(header);
    let snapshot_end = usize::try_from(end).unwrap_or(usize::MAX);
    let header = Header { bytes: *header, encrypted: flags & ENCRYPTED != 0, snapshot_end };
    if snapshot_end < header.records() {
        return Err(FormatError { offset: 12, kind: FormatErrorKind::BadValue });
    }
    if end > len {
        return Err(truncated(usize::try_from(len).unwrap_or(usize::MAX), end - len));
    }
    Ok(header)
}

/// What a header says of where the snapshot ends, whether the header is good or not.
pub(super) fn snapshot_end(header: &[u8; HEADER_LEN]) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| header[12 + i]))
}

/// Whether the bytes from `offset`, where no whole record stands, are what a crash during one append can leave: a
/// file grows by one record at a time, and the next is begun only when the last is on the disk.
pub(super) fn is_torn(file: &[u8], offset: usize, bad: &Found<'_>) -> bool {
    match bad {
        Found::Record { .. } => false,
        Found::ShortHead => true,
        Found::BadBody { end } => file.get(*end..).unwrap_or_default().iter().all(|&byte| byte == 0),
        // The file was made longer and the part with the head never arrived. Later parts of the same record may have,
        // but another record shows that it is damage.
        Found::BadHead => {
            file[offset..].first_chunk() == Some(&[0; HEAD_LEN])
                && !(offset..file.len())
                    .step_by(ALIGN)
                    .any(|at| matches!(find(file, at), Found::Record { .. } | Found::BadBody { .. }))
        }
    }
}
