//! The store over one file.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    disk,
    format::{self, Keys, MAX_BATCH},
    lock::Lock,
    seal::{Master, Passphrase, Vault},
};
use crate::session::{Change, Error, ErrorKind, SessionStore, State};

/// The tail may grow to this many bytes, or to the size of the snapshot if that is larger, before another snapshot
/// takes its place: so the cost of snapshots stays a constant share of what is written.
const MIN_TAIL: u64 = 1 << 16;

/// A record that a crash left half written, so never acknowledged, and that was cut off at opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// Where it began, in bytes.
    pub offset: u64,
    /// How many bytes were cut.
    pub len: u64,
}

/// A session in a file, locked against every other process until it is dropped.
///
/// A change that was acknowledged is on the disk. The file is created with the first one. `Debug` shows the path.
pub struct FileStore {
    shown: PathBuf,
    real: PathBuf,
    existed: bool,
    torn: Option<TornTail>,
    inner: Mutex<Inner>,
    // Last, so that it is let go when the file is closed.
    _lock: Lock,
}

struct Inner {
    state: State,
    /// None before the first change.
    file: Option<File>,
    /// With which the next file is encrypted.
    master: Option<Master>,
    /// Of the file that is there.
    vault: Option<Vault>,
    snapshot_end: u64,
    /// Length of what is known to be on the disk.
    end: u64,
    /// A write failed half-way: what stands behind `end` is not known, and the next change goes into a new file.
    unsure: bool,
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("path", &self.shown).finish_non_exhaustive()
    }
}

impl FileStore {
    /// Opens the session at `path` (by convention `NAME.session`), or begins one that is written there at the first
    /// change. Takes the lock, a file beside it with `-lock` at the end of its name. Cuts off a torn tail.
    ///
    /// # Errors
    /// See [`ErrorKind`]; the file is then exactly as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(path, None)
    }

    /// [`open`](Self::open) of an encrypted session, or the beginning of one. Takes the time and the memory that the
    /// passphrase [costs](super::Cost), so not on a thread that has anything else to do.
    ///
    /// # Errors
    /// See [`ErrorKind`]; the file is then exactly as it was.
    pub fn open_with(path: impl AsRef<Path>, passphrase: Option<&Passphrase>) -> Result<Self, Error> {
        let shown = path.as_ref().to_owned();
        let real = disk::resolve(&shown).map_err(|kind| Error::new(&shown, kind))?;
        let lock = Lock::acquire(&real)?;
        let (inner, torn) = Inner::open(&real, passphrase).map_err(|kind| Error::new(&shown, kind))?;
        Ok(Self { existed: inner.file.is_some(), inner: Mutex::new(inner), shown, real, torn, _lock: lock })
    }

    /// What a crash left behind and opening cut off.
    #[must_use]
    pub fn torn_tail(&self) -> Option<TornTail> {
        self.torn
    }

    /// Whether the file was there already when it was opened.
    #[must_use]
    pub fn existed(&self) -> bool {
        self.existed
    }

    /// [`SessionStore::read`] that hands back what `look` returns.
    pub fn with<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        crate::session::with(self, look)
    }

    /// Whether what is written is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.lock().master.is_some()
    }

    /// Encrypts the session with another passphrase, or not any more with `None`. The file is written anew under a
    /// new key, so that the old passphrase and an old copy open nothing that is written from now on. Takes the time
    /// and the memory that the passphrase [costs](super::Cost).
    ///
    /// # Errors
    /// See [`ErrorKind`]; the old passphrase is then still the one.
    pub fn set_passphrase(&self, passphrase: Option<&Passphrase>) -> Result<(), Error> {
        let master = passphrase.map(new_master).transpose().map_err(|kind| self.error(kind))?;
        self.lock().set_master(&self.real, master).map_err(|kind| self.error(kind))
    }

    /// Removes the file, and with it the auth keys. An account that is to be logged out must be so before.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn remove(self) -> Result<(), Error> {
        let removed = match fs::remove_file(&self.real) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => disk::sync_directory_of(&self.real),
        };
        removed.map_err(|error| self.error(ErrorKind::Io { action: "remove", error }))
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(&self.shown, kind)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The state is changed in one step, after the disk: a panic elsewhere leaves it whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for FileStore {
    fn read(&self, look: &mut dyn FnMut(&State)) {
        look(&self.lock().state);
    }

    fn apply(&self, changes: &[Change]) -> Result<(), Error> {
        self.lock().apply(&self.real, changes).map_err(|kind| self.error(kind))
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.shown)
    }
}

impl Inner {
    fn open(path: &Path, passphrase: Option<&Passphrase>) -> Result<(Self, Option<TornTail>), ErrorKind> {
        let Some(mut file) = disk::open(path, true)? else {
            let (state, master) = (State::default(), passphrase.map(new_master).transpose()?);
            let none =
                Self { state, file: None, master, vault: None, snapshot_end: 0, end: 0, unsure: false };
            return Ok((none, None));
        };
        let content = disk::read(&mut file)?;
        let (master, vault) = match format::unlock(&content, passphrase)? {
            Some(Keys { master, vault }) => (Some(master), Some(vault)),
            None => (None, None),
        };
        let replay = format::replay(&content, vault.as_ref())?;
        let (end, len) = (replay.end as u64, content.len() as u64);
        let torn = (end < len).then_some(TornTail { offset: end, len: len - end });
        if torn.is_some() {
            let cut = file.set_len(end).and_then(|()| file.sync_all());
            cut.map_err(|error| ErrorKind::Io { action: "cut the torn tail of", error })?;
        }
        let snapshot_end = replay.snapshot_end as u64;
        // A record that stood where the torn one does could be put in its place by who has kept a copy of that: another
        // key ends this.
        let unsure = torn.is_some() && vault.is_some();
        let state = replay.state;
        Ok((Self { state, file: Some(file), master, vault, snapshot_end, end, unsure }, torn))
    }

    fn set_master(&mut self, path: &Path, master: Option<Master>) -> Result<(), ErrorKind> {
        let old = std::mem::replace(&mut self.master, master);
        let done = self.rewrite(path, self.state.clone());
        if done.is_err() {
            // If the new file is there all the same, it is one of unsure standing, and the next change replaces it.
            self.master = old;
        }
        done
    }

    fn apply(&mut self, path: &Path, changes: &[Change]) -> Result<(), ErrorKind> {
        let changes = self.state.news(changes);
        if changes.is_empty() && self.file.is_some() {
            return Ok(());
        }
        let payload = format::payload(&changes);
        if payload.len() > MAX_BATCH {
            return Err(ErrorKind::BatchTooLarge { size: payload.len(), max: MAX_BATCH });
        }
        // An appended change would leave the old key in the file.
        let drops_key = changes.iter().any(|change| self.state.drops_key(change));
        if self.file.is_none() || self.unsure || drops_key {
            let mut next = self.state.clone();
            changes.into_iter().for_each(|change| next.apply(change));
            return self.rewrite(path, next);
        }
        self.append(path, payload.as_slice())?;
        changes.into_iter().for_each(|change| self.state.apply(change));
        if self.end - self.snapshot_end > self.snapshot_end.max(MIN_TAIL) {
            // The change is on the disk already. When this fails the next one tries again.
            _ = self.rewrite(path, self.state.clone());
        }
        Ok(())
    }

    fn append(&mut self, path: &Path, payload: &[u8]) -> Result<(), ErrorKind> {
        let Some(file) = &mut self.file else { return Ok(()) };
        // What is written to a file without a name is lost, and another's file is not ours to write to.
        if !disk::is_at(file, path).map_err(|error| ErrorKind::Io { action: "look at", error })? {
            return Err(ErrorKind::Replaced);
        }
        let record = match &self.vault {
            Some(vault) => {
                let sealed = vault.seal_record(self.end, payload, &mut rand::rng());
                format::record(self.end, sealed.as_slice())
            }
            None => format::record(self.end, payload),
        };
        let written = file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| file.write_all(&record))
            .and_then(|()| file.sync_data());
        match written {
            Ok(()) => {
                self.end += record.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.unsure = true;
                Err(ErrorKind::Io { action: "write to", error })
            }
        }
    }

    fn rewrite(&mut self, path: &Path, next: State) -> Result<(), ErrorKind> {
        if let Some(file) = &self.file
            && !disk::is_at(file, path).map_err(|error| ErrorKind::Io { action: "look at", error })?
        {
            return Err(ErrorKind::Replaced);
        }
        let (content, vault) = match &self.master {
            Some(master) => {
                let (content, vault) = format::encode_sealed(&next, master, &mut rand::rng());
                (content, Some(vault))
            }
            None => (format::encode(&next), None),
        };
        self.file = Some(disk::replace(path, &content)?);
        self.vault = vault;
        self.end = content.len() as u64;
        self.snapshot_end = self.end;
        // Until the directory is on the disk too, a crash may bring the old file back.
        self.unsure = true;
        disk::sync_directory_of(path)
            .map_err(|error| ErrorKind::Io { action: "write the directory of", error })?;
        self.unsure = false;
        self.state = next;
        Ok(())
    }
}

fn new_master(passphrase: &Passphrase) -> Result<Master, ErrorKind> {
    Ok(Master::new(passphrase, &mut rand::rng())?)
}

/// Reads a session file without a lock and without changing it; for looking, not for connecting.
///
/// # Errors
/// As [`FileStore::open`], but never [`InUse`](ErrorKind::InUse); and when there is no such file.
pub fn load(path: impl AsRef<Path>) -> Result<State, Error> {
    load_with(path, None)
}

/// [`load`] of an encrypted session file.
///
/// # Errors
/// As [`load`].
pub fn load_with(path: impl AsRef<Path>, passphrase: Option<&Passphrase>) -> Result<State, Error> {
    let shown = path.as_ref();
    let read = || -> Result<State, ErrorKind> {
        let content = disk::content(&disk::resolve(shown)?)?;
        let keys = format::unlock(&content, passphrase)?;
        Ok(format::replay(&content, keys.as_ref().map(|keys| &keys.vault))?.state)
    };
    read().map_err(|kind| Error::new(shown, kind))
}

/// Whether the session file is encrypted, as its header says; for asking for a passphrase before it is opened.
/// `false` when there is no such file.
///
/// # Errors
/// When it cannot be looked at, or does not begin as a session.
pub fn is_encrypted(path: impl AsRef<Path>) -> Result<bool, Error> {
    let shown = path.as_ref();
    let read = || -> Result<bool, ErrorKind> {
        match disk::open(&disk::resolve(shown)?, false)? {
            None => Ok(false),
            Some(mut file) => Ok(disk::header(&mut file)?.encrypted),
        }
    };
    read().map_err(|kind| Error::new(shown, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(dir: &tempfile::TempDir) -> (FileStore, PathBuf) {
        let path = dir.path().join("a.session");
        let store = FileStore::open(&path).unwrap();
        store.apply(&[Change::HomeDc(1)]).unwrap();
        (store, path)
    }

    #[test]
    fn a_failed_write_changes_nothing_and_the_next_change_begins_a_new_file() {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = opened(&dir);
        store.lock().file = Some(File::open(&path).unwrap());
        let error = store.apply(&[Change::HomeDc(2)]).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Io { action: "write to", .. }), "{error}");
        assert_eq!(store.with(|state| state.home_dc), 1);
        // What a partial write would have left.
        let mut content = fs::read(&path).unwrap();
        content.extend_from_slice(b"half a record");
        fs::write(&path, content).unwrap();
        store.apply(&[Change::Channel(7, Some(8))]).unwrap();
        let state = load(&path).unwrap();
        assert_eq!((state.home_dc, state.channels.get(&7)), (1, Some(&8)));
    }

    #[test]
    fn a_batch_over_the_bound_is_refused_and_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = opened(&dir);
        let before = fs::read(&path).unwrap();
        let token = crate::session::Secret::from(vec![0; MAX_BATCH]);
        let error = store.apply(&[Change::FutureAuthTokens(vec![token])]).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::BatchTooLarge { max: MAX_BATCH, .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(store.with(|state| state.future_auth_tokens.is_empty()));
    }

    #[test]
    fn a_change_that_changes_nothing_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = opened(&dir);
        let before = fs::read(&path).unwrap();
        store.apply(&[Change::HomeDc(1), Change::Channel(3, None)]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn the_tail_is_bounded_and_an_append_does_not_rewrite() {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = opened(&dir);
        let mut largest = 0;
        let mut rewrites = 0;
        for n in 0..2500 {
            let before = store.lock().snapshot_end;
            store.apply(&[Change::Channel(1, Some(n))]).unwrap();
            rewrites += u32::from(store.lock().snapshot_end != before || store.lock().end == before);
            largest = largest.max(fs::metadata(&path).unwrap().len());
        }
        assert!(largest <= MIN_TAIL + 1000, "{largest}");
        assert_eq!(rewrites, 1, "32 bytes each: one snapshot in 2048 records");
    }

    #[test]
    fn an_old_auth_key_does_not_stay_in_the_file() {
        use crate::{crypto::AuthKey, session::Dc};
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = opened(&dir);
        let with_key = |byte| Dc { auth_key: Some(AuthKey::from_bytes([byte; 256])), ..Dc::default() };
        let holds = |byte| fs::read(&path).unwrap().windows(256).any(|window| window == [byte; 256]);
        store.apply(&[Change::Dc(2, Some(with_key(0xaa)))]).unwrap();
        assert!(holds(0xaa));
        store.apply(&[Change::Dc(2, Some(with_key(0xbb)))]).unwrap();
        assert!(!holds(0xaa) && holds(0xbb));
        store.apply(&store.with(|state| state.log_out(None))).unwrap();
        assert!(!holds(0xbb));
    }

    #[test]
    fn nothing_secret_is_printed() {
        use crate::session::{App, Secret};
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = opened(&dir);
        store.apply(&[Change::App(Some(App { id: 1, hash: Secret::from("abcdef99") }))]).unwrap();
        let shown = format!("{store:?}");
        assert!(shown.contains("a.session") && !shown.contains("abcdef99"), "{shown}");
        let state = store.with(|state| format!("{state:?}"));
        assert!(state.contains("Secret(..)") && !state.contains("abcdef99"), "{state}");
    }
}
