//! The `tdata` directory of Telegram Desktop, as far as it holds sessions.
//!
//! | file | holds | module |
//! |---|---|---|
//! | `key_datas` | the local key, encrypted with the passcode's, and which accounts there are | `key_data` |
//! | `D877F783D5D3EF8Cs` | user, home DC and auth keys of account 0, encrypted with the local key | `account` |
//! | `A7FDF864FBC10B77s` and others | the same of account 1 (data name `data#2`) and so on | `account` |
//! | `D877F783D5D3EF8C/configs` | whether account 0 is on the test servers | `account` |
//!
//! Every file is a `TDF$` container with an MD5 checksum (`file`); numbers inside are big-endian (`QDataStream` of Qt 5.1),
//! while the container's own are little-endian. What is encrypted is so with AES-IGE under a key of 256 bytes in the manner
//! of MTProto 1.0 (`local_key`). The layout is that of Telegram Desktop's `storage_domain.cpp`, `storage_account.cpp` and
//! `storage_file_utilities.cpp`.

mod account;
mod file;
mod key_data;
mod local_key;

use std::path::Path;

use zeroize::Zeroizing;

use self::account::Account;
use super::{Error, ErrorKind, Format, ImportOptions, Imported, source};
use crate::session::Secret;

/// Of one file; keys and settings are a few kilobytes.
const MAX_FILE: u64 = 1 << 20;

/// Gives the content of a file of `tdata`, by its path relative to the directory, with `/`; `None` when there is none.
pub type Files<'a> = dyn FnMut(&str) -> Result<Option<Zeroizing<Vec<u8>>>, ErrorKind> + 'a;

/// Reads one account out of `tdata` whose files come from `files`; [`import`](super::import) reads a directory.
///
/// # Errors
/// [`Error`]: a damaged or missing file, a passcode that is missing or wrong, several accounts and none chosen.
pub fn read(files: &mut Files<'_>, options: &ImportOptions) -> Result<Imported, Error> {
    let passcode = options.passcode.as_ref().map(Secret::expose).unwrap_or_default();
    choose(files, passcode, options.account).map_err(|kind| Error { format: Format::Tdata, kind })
}

/// [`read`] in a directory, or in the `tdata` that is in it.
pub(super) fn read_directory(path: &Path, options: &ImportOptions) -> Result<Imported, ErrorKind> {
    let inner = path.join("tdata");
    let directory = if inner.is_dir() { &*inner } else { path };
    if !directory.is_dir() {
        return Err(ErrorKind::Other("tdata is a directory"));
    }
    let mut files = |name: &str| match source::bytes(&directory.join(name), MAX_FILE) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ErrorKind::Io { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    read(&mut files, options).map_err(|error| error.kind)
}

fn choose(files: &mut Files<'_>, passcode: &[u8], asked: Option<u32>) -> Result<Imported, ErrorKind> {
    let key_data = file::read(files, "key_data")?;
    let Some(key_data) = key_data else {
        // Before there were several accounts, the salt of the passcode was in the account's own directory.
        let map = file::read(files, &format!("{}/map", account::folder(0)))?;
        let legacy = map.is_some_and(|map| {
            key_data::byte_array(&mut map.reader(), "the salt").is_ok_and(|salt| !salt.is_empty())
        });
        return Err(ErrorKind::Other(if legacy {
            "tdata of Telegram Desktop before 2.0; start a newer one once, which rewrites it"
        } else {
            "there is no key_datas, the file of Telegram Desktop's keys"
        }));
    };
    let opened = key_data::open(&key_data, passcode)?;
    let mut accounts = Vec::new();
    let mut first_error = None;
    for index in opened.accounts {
        match Account::read(files, index, &opened.local_key) {
            Ok(account) => accounts.push((index, account)),
            // One that is damaged, or where nobody is logged in, does not keep the others from being read.
            Err(error) if asked == Some(index) => return Err(error),
            Err(error) => _ = first_error.get_or_insert(error),
        }
    }
    let listed =
        |accounts: &[(u32, Account)]| accounts.iter().map(|(i, found)| (*i, found.user_id)).collect();
    match asked {
        Some(asked) => match accounts.iter().position(|(index, _)| *index == asked) {
            Some(at) => Ok(accounts.swap_remove(at).1.imported()),
            None => Err(ErrorKind::NoAccount { asked, there: listed(&accounts) }),
        },
        None if accounts.len() > 1 => Err(ErrorKind::WhichAccount(listed(&accounts))),
        None => match (accounts.pop(), first_error) {
            (Some((_, account)), _) => Ok(account.imported()),
            (None, Some(error)) => Err(error),
            (None, None) => Err(ErrorKind::NoKey),
        },
    }
}
