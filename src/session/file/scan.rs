//! Looking at every byte of a file that may be damaged: what is whole, what is not, and what stands behind that.

use super::{
    format::{self, FormatError, FormatErrorKind, Found, HEADER_LEN, Header, SEALED_START},
    records,
    seal::{KeyBlock, Passphrase},
    store::TornTail,
};
use crate::session::{Change, ErrorKind, State};

/// So many bytes, if a file has them, are enough to tell that it is a session.
pub(super) const START_LEN: usize = SEALED_START;
/// How many places for the end of the snapshot are tried when an encrypted file has lost its header.
const MAX_GUESSES: usize = 1 << 16;

/// What is the matter with a session file, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Length of the file in bytes.
    pub len: u64,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Bytes that are not as they were written, in order; none: the file is good.
    pub damage: Vec<Damage>,
    /// A last record that was never acknowledged. No damage: opening the session cuts it off.
    pub torn: Option<TornTail>,
    /// The number of whole records before the first damage.
    pub records: usize,
    /// What these amount to: the session as it once was.
    pub state: State,
    /// The number of whole records behind the first damage.
    pub later_records: usize,
    /// The changes of these. They were made to a state that is not known any more.
    pub later: Vec<Change>,
}

/// Bytes that are not as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where they begin.
    pub offset: u64,
    /// How many they are; 0 for an end that is too early.
    pub len: u64,
    /// What is wrong.
    pub kind: FormatErrorKind,
}

impl Report {
    /// Whether every byte is as it was written, but for a torn tail.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty()
    }

    /// The session with the changes behind the damage too. It may never have been like this: what was lost in between
    /// may have been a later change of the same things, or the removal of a key.
    #[must_use]
    pub fn skipping_damage(&self) -> State {
        let mut state = self.state.clone();
        self.later.iter().for_each(|change| state.apply(change));
        state
    }
}

/// A file that was looked at, and the keys to write another in its place.
pub(super) struct Scan {
    pub report: Report,
    pub keys: Option<format::Keys>,
}

/// [`check`](super::check) of the content of a file. Total: any bytes give a report or an error, and the memory it takes is
/// bounded by a multiple of their number and by what a passphrase may [cost](super::Cost).
///
/// # Errors
/// As [`check`](super::check).
pub fn examine(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Report, ErrorKind> {
    scan(file, passphrase).map(|scan| scan.report)
}

/// Looks at a whole file.
///
/// # Errors
/// When nothing can be said of it: it is no session, or of a newer version, or encrypted with another passphrase, or
/// its key block is damaged.
pub(super) fn scan(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Scan, ErrorKind> {
    let (header, mut damage) = find_header(file)?;
    let (header, keys) = if damage.is_empty() {
        (header, unlock(file, &header, passphrase)?)
    } else {
        guess_snapshot(file, header, passphrase)?
    };
    let vault = keys.as_ref().map(|keys| &keys.vault);
    let mut report = Report {
        len: file.len() as u64,
        encrypted: header.encrypted,
        damage: Vec::new(),
        torn: None,
        records: 0,
        state: State::default(),
        later_records: 0,
        later: Vec::new(),
    };
    let mut offset = header.records();
    while offset < file.len() {
        let in_snapshot = offset < header.snapshot_end;
        let (end, kind) = match format::find(file, offset) {
            // A record that reaches over the end of the snapshot was not written as part of it.
            Found::Record { end, .. } if in_snapshot && end > header.snapshot_end => {
                (end, FormatErrorKind::Checksum)
            }
            Found::Record { payload, end } => {
                match format::read_record(payload, offset, vault, records::read) {
                    Ok(changes) => {
                        report.take(&damage, changes);
                        offset = end;
                        continue;
                    }
                    Err(error @ FormatError { kind: FormatErrorKind::UnknownChange { .. }, .. }) => {
                        return Err(error.into());
                    }
                    Err(error) => (end, error.kind),
                }
            }
            bad if !in_snapshot && format::is_torn(file, offset, &bad) => {
                report.torn = Some(TornTail { offset: offset as u64, len: (file.len() - offset) as u64 });
                break;
            }
            Found::BadBody { end } => (end.min(file.len()), FormatErrorKind::Checksum),
            Found::ShortHead | Found::BadHead => (next_head(file, offset), FormatErrorKind::Checksum),
        };
        damage.push(Damage { offset: offset as u64, len: (end - offset) as u64, kind });
        offset = end;
    }
    let missing = header.snapshot_end.saturating_sub(file.len()) as u64;
    if missing > 0 {
        damage.push(Damage { offset: report.len, len: 0, kind: FormatErrorKind::Truncated { missing } });
    }
    report.damage = damage;
    Ok(Scan { report, keys })
}

impl Report {
    fn take(&mut self, damage: &[Damage], changes: Vec<Change>) {
        // A header can be lost without a loss.
        if damage.iter().all(|damage| damage.offset == 0) {
            self.records += 1;
            changes.iter().for_each(|change| self.state.apply(change));
        } else {
            self.later_records += 1;
            self.later.extend(changes);
        }
    }
}

/// The header, or one in its place if the file is a session without doubt, as the first [`START_LEN`] bytes show.
pub(super) fn find_header(file: &[u8]) -> Result<(Header, Vec<Damage>), ErrorKind> {
    // A file that was cut has a good header: its end is looked at last.
    let error = match format::read_header(file, u64::MAX) {
        Ok(header) => return Ok((header, Vec::new())),
        Err(error) => error,
    };
    let Some(bytes) = file.first_chunk::<HEADER_LEN>() else { return Err(error.into()) };
    let encrypted = KeyBlock::read(file).is_ok();
    let plain = matches!(format::find(file, HEADER_LEN), Found::Record { .. } | Found::BadBody { .. });
    match error.kind {
        FormatErrorKind::Newer { .. } | FormatErrorKind::UnknownFeature { .. } => Err(error.into()),
        _ if encrypted || plain => {
            let snapshot_end = usize::try_from(format::snapshot_end(bytes)).unwrap_or(0);
            let header = Header { bytes: *bytes, encrypted, snapshot_end };
            Ok((header, vec![Damage { offset: 0, len: HEADER_LEN as u64, kind: error.kind }]))
        }
        _ => Err(error.into()),
    }
}

fn unlock(
    file: &[u8],
    header: &Header,
    passphrase: Option<&Passphrase>,
) -> Result<Option<format::Keys>, ErrorKind> {
    match (header.encrypted, passphrase) {
        (false, None) => Ok(None),
        (false, Some(_)) => Err(ErrorKind::NotEncrypted),
        (true, None) => {
            KeyBlock::read(file)?;
            Err(ErrorKind::PassphraseNeeded)
        }
        (true, Some(passphrase)) => {
            let block = KeyBlock::read(file)?;
            let master = block.master(passphrase)?;
            let vault = block.open(&header.bytes, &master)?;
            Ok(Some(format::Keys { master, vault }))
        }
    }
}

/// Finds the end of the snapshot when the header is lost. The key block of an encrypted file vouches for it; in a
/// plain one it makes no difference but for a bad last record, so that what the header says is taken if it can be.
fn guess_snapshot(
    file: &[u8],
    lost: Header,
    passphrase: Option<&Passphrase>,
) -> Result<(Header, Option<format::Keys>), ErrorKind> {
    let mut ends = vec![lost.snapshot_end];
    let mut offset = lost.records();
    while let Found::Record { end, .. } | Found::BadBody { end } = format::find(file, offset)
        && ends.len() < MAX_GUESSES
    {
        ends.push(end);
        offset = end;
    }
    if !lost.encrypted {
        unlock(file, &lost, passphrase)?;
        let known = ends[1..].contains(&lost.snapshot_end);
        let snapshot_end = if known { lost.snapshot_end } else { HEADER_LEN };
        return Ok((Header { snapshot_end, ..lost }, None));
    }
    let block = KeyBlock::read(file)?;
    let master = block.master(passphrase.ok_or(ErrorKind::PassphraseNeeded)?)?;
    for snapshot_end in ends.into_iter().filter(|&end| end >= SEALED_START) {
        let bytes = format::header(snapshot_end as u64, true);
        if let Ok(vault) = block.open(&bytes, &master) {
            return Ok((
                Header { bytes, encrypted: true, snapshot_end },
                Some(format::Keys { master, vault }),
            ));
        }
    }
    Err(ErrorKind::WrongPassphrase)
}

/// The next place behind `offset` where a record begins, or the end of the file.
fn next_head(file: &[u8], offset: usize) -> usize {
    let heads = (offset..file.len()).step_by(format::ALIGN).skip(1);
    let is_head =
        |&at: &usize| matches!(format::find(file, at), Found::Record { .. } | Found::BadBody { .. });
    heads.into_iter().find(is_head).unwrap_or(file.len())
}
