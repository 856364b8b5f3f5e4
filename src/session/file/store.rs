//! The store over one file.

use std::path::{Path, PathBuf};

use crate::session::{Change, Error, SessionStore, State};

/// An unacknowledged record that a crash left half written and that was cut off at opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// Where it began, in bytes.
    pub offset: u64,
    /// How many bytes were cut.
    pub len: u64,
}

/// A session in a file, locked against every other process until it is dropped.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// Opens the file, or begins a session that is written there at the first change. Takes the lock.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::session::ErrorKind); the file is then as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self { path: path.as_ref().to_owned() })
    }

    /// What a crash left behind and opening cut off.
    #[must_use]
    pub fn torn_tail(&self) -> Option<TornTail> {
        todo!()
    }

    /// Whether the file was there already when it was opened.
    #[must_use]
    pub fn existed(&self) -> bool {
        todo!()
    }

    /// [`SessionStore::read`] that hands back what `look` returns.
    pub fn with<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        crate::session::with(self, look)
    }
}

impl SessionStore for FileStore {
    fn read(&self, _look: &mut dyn FnMut(&State)) {
        todo!()
    }

    fn apply(&self, _changes: &[Change]) -> Result<(), Error> {
        todo!()
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }
}

/// Reads a session file without a lock and without changing it; for looking, not for connecting.
///
/// # Errors
/// As [`FileStore::open`], but never [`InUse`](crate::session::ErrorKind::InUse).
pub fn load(_path: impl AsRef<Path>) -> Result<State, Error> {
    todo!()
}
