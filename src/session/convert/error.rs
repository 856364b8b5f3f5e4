//! What can be wrong with a session of another program.

use std::{fmt, io, path::PathBuf};

use thiserror::Error as ThisError;

use super::Format;

/// A session that could not be converted.
#[derive(Debug, ThisError)]
#[error("{format}: {kind}")]
pub struct Error {
    /// The form that was to be read or written.
    pub format: Format,
    /// What happened.
    #[source]
    pub kind: ErrorKind,
}

/// What happened to a conversion.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A string was given where a file is needed.
    #[error("this form is a file; give its path")]
    NotAString,
    /// The text or file is something else.
    #[error("this is something else: {0}")]
    Other(&'static str),
    /// A field does not hold what it must.
    #[error("{what} at byte {offset}{}: {problem}", within(.file.as_deref()))]
    Field {
        /// The field.
        what: &'static str,
        /// Where it begins: in the decoded string, in the file, or in the decrypted part that `what` names.
        offset: usize,
        /// The file of `tdata`; `None` for strings.
        file: Option<String>,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The bytes were changed or cut.
    #[error("the checksum{} is wrong: it was changed or cut on the way", within(.file.as_deref()))]
    Checksum {
        /// The file of `tdata`; `None` for strings.
        file: Option<String>,
    },
    /// It was made by a newer version than is known.
    #[error("made by a newer version ({found}) than this program knows ({known})")]
    Newer {
        /// What was found.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// A table of the database has not the columns that are known.
    #[error("the database has no table `{table}` as that program makes it: {problem}")]
    Table {
        /// The table.
        table: &'static str,
        /// What is missing.
        problem: String,
    },
    /// A column of the session's row does not hold what it must.
    #[error("column `{column}` of table `{table}`: {problem}")]
    Column {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The session is there, but nobody is logged in with it.
    #[error("nobody is logged in with it: there is no auth key")]
    NoKey,
    /// SQLite does not take the file.
    #[error("SQLite cannot {action}: {error}")]
    Sqlite {
        /// What was tried.
        action: &'static str,
        /// What it said.
        error: rusqlite::Error,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// The file is larger than any session.
    #[error("{} is larger ({size} bytes) than is read ({max})", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The bound in bytes.
        max: u64,
    },
    /// The files of `tdata` are locked with a passcode, and none was given.
    #[error("locked with a local passcode; give it (--passcode-file)")]
    PasscodeNeeded,
    /// The passcode does not open the files.
    #[error("the local passcode is wrong")]
    WrongPasscode,
    /// The passcode key would cost more than Telegram Desktop itself allows.
    #[error("the key of the local passcode asks for more time or memory than Telegram Desktop allows")]
    PasscodeTooCostly,
    /// There are several accounts, and which one is not said.
    #[error("there are several accounts; choose one by its number (--account): {}", Accounts(.0))]
    WhichAccount(
        /// Number and user id of each that can be read.
        Vec<(u32, i64)>,
    ),
    /// There is no account with this number.
    #[error("there is no account number {asked}; there are: {}", Accounts(.there))]
    NoAccount {
        /// The number.
        asked: u32,
        /// Number and user id of each that can be read.
        there: Vec<(u32, i64)>,
    },
    /// The session lacks what the form needs.
    #[error("the session has no {what}; {hint}")]
    Missing {
        /// What is not there.
        what: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A value of the session has no place in the form.
    #[error("{what} has no place in this form: {problem}")]
    Unfit {
        /// The value.
        what: &'static str,
        /// Why.
        problem: &'static str,
    },
    /// The form is read, not written.
    #[error(
        "this form is only read, not written: tdata holds far more than a session, and Telegram Desktop would lose it; \
         export a string or a .session file, or log in to Telegram Desktop by its QR code"
    )]
    ReadOnly,
}

fn within(file: Option<&str>) -> String {
    file.map_or_else(String::new, |file| format!(" of {file}"))
}

struct Accounts<'a>(&'a [(u32, i64)]);

impl fmt::Display for Accounts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (number, user)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{number} (user {user})")?;
        }
        Ok(())
    }
}

/// What a conversion loses, or what is to be done after it.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Warning {
    /// No `api_id` is known.
    #[error("no api_id is known: a client needs one to connect (--api-id and --api-hash)")]
    NoApiId,
    /// The form does not say whose session it is.
    #[error("the form does not say who is logged in: `mtwire me` asks the server and keeps the answer")]
    UserUnknown,
    /// An older layout, which its own programs still read.
    #[error("this is an old layout ({0}); it has no api_id")]
    OldLayout(
        /// Which.
        &'static str,
    ),
    /// Peers that had no usable id or access hash.
    #[error("{0} peers were left out: they have no id or access hash that could be used")]
    PeersLeftOut(
        /// How many.
        usize,
    ),
    /// The form holds the key and not what was seen with it.
    #[error("the form has no room for {0} peers and the update state")]
    OnlyTheKey(
        /// How many peers the session has.
        usize,
    ),
    /// The form has no address; the other program takes the DC for one of Telegram's.
    #[error("the form has no address: the other program must be told where the DC is")]
    NoAddress,
    /// The update state is not carried.
    #[error("the form has no room for the update state: the other program starts from now")]
    NoUpdateState,
    /// The network is a guess.
    #[error("the form does not say whether the servers are Telegram's production ones; they are taken to be")]
    NetworkAssumed,
}
