//! Sessions of other programs: reading them into a [`State`], and writing a state as theirs.
//!
//! A session is an auth key and what goes with it, and every program keeps it in a form of its own.
//! `docs/session-conversion.md` has the layout of each, what it carries, and what is lost on the way.
//!
//! **Two programs must not use one auth key at the same time**: [`TWO_PROGRAMS`] says what happens then, and is to be shown
//! at every conversion.
//!
//! ```
//! use mtwire::session::convert::{self, ExportOptions, Exported, Format, ImportOptions, Input};
//! # use mtwire::{crypto::AuthKey, session::{Dc, DcAddress, State}};
//! # let mut state = State { home_dc: 2, ..State::default() };
//! # let (key, at) = (AuthKey::from_bytes([7; 256]), DcAddress::new("149.154.167.51", 443));
//! # state.user = Some(mtwire::session::User { id: 7, ..Default::default() });
//! # state.dcs.insert(2, Dc { auth_key: Some(key), addresses: vec![at], ..Dc::default() }.into());
//!
//! let exported = convert::export(&state, Format::TelethonString, &ExportOptions::default())?;
//! let Exported::Text(string) = exported.output else { unreachable!("the format is a string") };
//! let back = convert::import(Format::TelethonString, Input::Text(&string), &ImportOptions::default())?;
//! assert_eq!(back.state.dcs[&2].auth_key, state.dcs[&2].auth_key);
//! # Ok::<(), convert::Error>(())
//! ```

mod address;
mod base64url;
mod error;
mod mtwire_string;
mod peer_id;
mod pyrogram_sqlite;
mod pyrogram_string;
mod reader;
mod save;
mod source;
mod sqlite;
pub mod tdata;
mod telethon_sqlite;
mod telethon_string;

pub use error::{Error, ErrorKind, Warning};
pub use save::save;

use std::{fmt, path::Path, str::FromStr};

use zeroize::Zeroizing;

use super::{App, DcAddress, Network, Secret, State};

/// What to tell the user whenever a session is copied from one program to another.
pub const TWO_PROGRAMS: &str = "two programs that use one auth key at the same time end in AUTH_KEY_DUPLICATED: the \
     server drops the key, and both are logged out; stop the other program before this session is used, or log in anew \
     to have a key of its own";

/// A form that a session can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Our own string: network, home DC with its addresses and auth key, user, `api_id`.
    MtwireString,
    /// Telethon's `StringSession`, version 1.
    TelethonString,
    /// Telethon's `.session` file (SQLite); versions 1 to 8 are read, 8 is written.
    TelethonSqlite,
    /// The session string of Pyrogram and Kurigram; the three layouts are read, the newest is written.
    PyrogramString,
    /// The `.session` file (SQLite) of Pyrogram (versions 1 to 3) and Kurigram (4 to 7).
    PyrogramSqlite,
    /// The `tdata` directory of Telegram Desktop; it is read only.
    Tdata,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::MtwireString,
        Self::TelethonString,
        Self::TelethonSqlite,
        Self::PyrogramString,
        Self::PyrogramSqlite,
        Self::Tdata,
    ];

    /// The name, as in `telethon-string`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MtwireString => "mtwire-string",
            Self::TelethonString => "telethon-string",
            Self::TelethonSqlite => "telethon-sqlite",
            Self::PyrogramString => "pyrogram-string",
            Self::PyrogramSqlite => "pyrogram-sqlite",
            Self::Tdata => "tdata",
        }
    }

    /// Whether it is one line of text.
    #[must_use]
    pub fn is_string(self) -> bool {
        matches!(self, Self::MtwireString | Self::TelethonString | Self::PyrogramString)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no [`Format`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no such format; it is one of mtwire-string, telethon-string, telethon-sqlite, pyrogram-string, pyrogram-sqlite, tdata"
)]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or(UnknownFormat)
    }
}

/// Where a session comes from.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// The string itself; spaces and line ends around it are dropped. Only for formats that are strings.
    Text(&'a str),
    /// A file: with the string, or with the database. For `tdata` the directory, or the one that it is in.
    Path(&'a Path),
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(..)"),
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
        }
    }
}

/// What an import is told besides the session. What is set goes before what the session says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Which servers: none of the other programs' forms names any but Telegram's own.
    pub network: Option<Network>,
    /// Addresses by DC, each in place of all that the session has for that DC.
    pub addresses: Vec<(i32, DcAddress)>,
    /// The application's credentials. Some forms have no `api_id`, and none has the hash.
    pub app: Option<App>,
    /// The local passcode of `tdata`.
    pub passcode: Option<Secret>,
    /// Which account of `tdata`, by its index in the key file, from 0. Needed when there are several.
    pub account: Option<u32>,
}

/// A session that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The session. What the form does not know is empty; a user that it does not know is logged in, but with id 0.
    pub state: State,
    /// What should be known of it.
    pub warnings: Vec<Warning>,
}

/// What an export is told besides the session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// The address of the home DC to write when the session has none: a session on built-in addresses.
    pub fallback_address: Option<DcAddress>,
    /// Write the newer database of Kurigram, version 7, which has the address, all user names and the update state. The
    /// default is version 3 of Pyrogram, which Kurigram opens too, and then takes for one of Telegram's own servers.
    pub kurigram: bool,
}

/// What an export yields; wiped when it is dropped, as it holds the auth key.
#[derive(Clone, PartialEq, Eq)]
pub enum Exported {
    /// One line of text, without the line's end.
    Text(Zeroizing<String>),
    /// The content of a file.
    File(Zeroizing<Vec<u8>>),
}

impl fmt::Debug for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::File(_) => "File(..)",
        })
    }
}

/// A session that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The session in its new form.
    pub output: Exported,
    /// What the form could not take.
    pub warnings: Vec<Warning>,
}

/// Reads a session of another program. The original is only read: databases are copied with their journals and opened
/// there, so that not even a journal is played back.
///
/// # Errors
/// [`Error`]: what is wrong, where, and what could be done.
pub fn import(format: Format, input: Input<'_>, options: &ImportOptions) -> Result<Imported, Error> {
    let in_format = |kind| Error { format, kind };
    let mut imported = match format {
        Format::MtwireString => mtwire_string::decode(&source::text(input).map_err(in_format)?),
        Format::TelethonString => telethon_string::decode(&source::text(input).map_err(in_format)?),
        Format::PyrogramString => pyrogram_string::decode(&source::text(input).map_err(in_format)?),
        Format::TelethonSqlite => source::path(input).and_then(telethon_sqlite::read),
        Format::PyrogramSqlite => source::path(input).and_then(pyrogram_sqlite::read),
        Format::Tdata => source::path(input).and_then(|path| tdata::read_directory(path, options)),
    }
    .map_err(in_format)?;
    let state = &mut imported.state;
    if let Some(network) = &options.network {
        state.network.clone_from(network);
    }
    for (id, _) in &options.addresses {
        state.dcs.entry(*id).or_default().addresses.clear();
    }
    for (id, address) in &options.addresses {
        state.dcs.entry(*id).or_default().addresses.push(address.clone());
    }
    if options.app.is_some() {
        state.app.clone_from(&options.app);
    }
    if state.app.is_none() {
        imported.warnings.push(Warning::NoApiId);
    }
    Ok(imported)
}

/// Writes a session in another program's form.
///
/// # Errors
/// [`Error`]: mostly that the session lacks what the form needs.
pub fn export(state: &State, format: Format, options: &ExportOptions) -> Result<Export, Error> {
    let done = match format {
        Format::MtwireString => mtwire_string::encode(state, options),
        Format::TelethonString => telethon_string::encode(state, options),
        Format::TelethonSqlite => telethon_sqlite::write(state, options),
        Format::PyrogramString => pyrogram_string::encode(state),
        Format::PyrogramSqlite => pyrogram_sqlite::write(state, options),
        Format::Tdata => Err(ErrorKind::ReadOnly),
    };
    done.map_err(|kind| Error { format, kind })
}
