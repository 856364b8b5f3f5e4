//! What can be wrong with a session.

use std::{io, path::PathBuf};

use thiserror::Error as ThisError;

use super::file::FormatError;

/// A session that could not be opened, read or written. The message says what to do about it.
#[derive(Debug, ThisError)]
#[error("session {}: {kind}", path.display())]
pub struct Error {
    /// The session file.
    pub path: PathBuf,
    /// What happened.
    #[source]
    pub kind: ErrorKind,
}

impl Error {
    pub(super) fn new(path: impl Into<PathBuf>, kind: impl Into<ErrorKind>) -> Self {
        Self { path: path.into(), kind: kind.into() }
    }
}

/// What happened to a session.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another process, or another client in this one, has the session open. Two on one auth key would end in
    /// `AUTH_KEY_DUPLICATED`, which kills the key.
    #[error("in use by {}; stop it, or log in under another session name", holder(*pid))]
    InUse {
        /// The process that holds the lock, if it could be read.
        pid: Option<u32>,
    },
    /// The file is encrypted, and no passphrase was given.
    #[error("encrypted; give its passphrase")]
    PassphraseNeeded,
    /// The passphrase is another one. (Or somebody who can write checksums has altered the beginning of the file: that
    /// looks the same.)
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// A passphrase was given, and the file is not encrypted: going on would look as if it were.
    #[error("not encrypted, but a passphrase was given; leave it out, or encrypt the session with it first")]
    NotEncrypted,
    /// A file that is whole was to be repaired.
    #[error("nothing is wrong with it; it was left as it is")]
    NothingToRepair,
    /// No record stands before the damage, so that a repaired file would be empty.
    #[error(
        "nothing before the damage can be recovered{}; restore a backup, or remove the file and log in again",
        behind(*later)
    )]
    NothingRecovered {
        /// The number of whole records behind the damage.
        later: usize,
    },
    /// The login stands behind the damage: a file with what is before it would be one of somebody who is not logged in.
    #[error(
        "{missing} is not before the damage but among the {} behind it; say whether to apply or to leave these out",
        whole_records(*later)
    )]
    LoginBehindDamage {
        /// What would be lost, as "the auth key of DC 2".
        missing: String,
        /// The number of whole records behind the damage.
        later: usize,
    },
    /// The session, or one of its auth keys under another name, is leased to another process, maybe of another machine.
    #[error(
        "in use by the process with pid {pid} on {host}, as session {name}; stop it, or log in under another name"
    )]
    Leased {
        /// The holder's machine.
        host: String,
        /// The holder's process there.
        pid: u32,
        /// The name under which it holds it.
        name: String,
    },
    /// The lease ran out, because this process stood still or could not reach the store for too long. Another may have
    /// the session now; nothing was written, and nothing can be.
    #[error("the lease was lost, and another process may use the session now; open it again")]
    LeaseLost,
    /// A field of the session in a database is not one that this version reads.
    #[error(
        "the field {field:?} cannot be read; use the version of mtwire that wrote it, or restore a backup"
    )]
    BadField {
        /// The field's name.
        field: String,
    },
    /// Redis refused, or could not be reached. Whether a write took place is not known then; the next one settles it.
    #[error("cannot {action} it: {reason}")]
    Redis {
        /// What was tried, as "write to".
        action: &'static str,
        /// What Redis or the operating system said.
        reason: String,
    },
    /// Others than the owner can read the file, and with it the account.
    #[error(
        "readable by others than its owner (mode {mode:03o}); run `chmod 600` on it, and if others may have read it end the session from another device"
    )]
    ReadableByOthers {
        /// The permission bits.
        mode: u32,
    },
    /// The path names a directory, a device, or a link that leads nowhere.
    #[error("{what}, not a session file; give another name")]
    NotAFile {
        /// What it is.
        what: &'static str,
    },
    /// Another program removed or replaced the file while it was in use. Nothing more is written.
    #[error(
        "the file was removed or replaced by another program while in use; nothing more is written to it"
    )]
    Replaced,
    /// The content is not a session that this version reads. The file was left as it was.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The batch is larger than one record may be; nothing was written.
    #[error(
        "a batch of {size} bytes is over the {max} that one record may have; apply the changes in smaller batches"
    )]
    BatchTooLarge {
        /// Its size in bytes.
        size: usize,
        /// The bound in bytes.
        max: usize,
    },
    /// The operating system refused.
    #[error("cannot {action}: {error}")]
    Io {
        /// What was tried, as "open" or "write to".
        action: &'static str,
        /// What it said.
        error: io::Error,
    },
}

#[cfg(feature = "redis-store")]
impl ErrorKind {
    pub(super) fn redis(action: &'static str, error: &::redis::RedisError) -> Self {
        Self::Redis { action, reason: error.to_string() }
    }
}

fn behind(later: usize) -> String {
    match later {
        0 => String::new(),
        1 => " (1 whole record stands behind it)".to_owned(),
        _ => format!(" ({later} whole records stand behind it)"),
    }
}

fn whole_records(number: usize) -> String {
    format!("{number} whole record{}", if number == 1 { "" } else { "s" })
}

fn holder(pid: Option<u32>) -> String {
    match pid {
        Some(pid) if pid == std::process::id() => format!("this same process (pid {pid})"),
        Some(pid) => format!("the process with pid {pid}"),
        None => "another process".to_owned(),
    }
}
