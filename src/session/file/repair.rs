//! Saying what is wrong with a session file, and writing a good one in the place of a damaged one.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{
    disk, format,
    lock::{Lock, with_suffix},
    scan::{Report, Scan, examine, find_header, scan},
    seal::Passphrase,
};
use crate::session::{Error, ErrorKind, State};

/// How many damaged files are kept beside one session.
const MAX_KEPT: u32 = 100;

/// Looks at every byte of a session file, without a lock and without changing it.
///
/// # Errors
/// When nothing can be said of what it holds: it is not there or cannot be read, is no session or one of a newer version,
/// needs another passphrase, or is encrypted and has lost its key. Damage elsewhere is in the report.
pub fn check(path: impl AsRef<Path>, passphrase: Option<&Passphrase>) -> Result<Report, Error> {
    let shown = path.as_ref();
    let look = || -> Result<Report, ErrorKind> {
        let content = read(&disk::resolve(shown)?)?;
        examine(&content, passphrase)
    };
    look().map_err(|kind| Error::new(shown, kind))
}

/// What became of a damaged session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// What was found before.
    pub report: Report,
    /// Where the damaged file is kept: beside the session, with `-damaged` at the end of its name, mode 0600.
    pub kept: PathBuf,
    /// What the new file holds.
    pub state: State,
}

/// What becomes of the whole records behind the damage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Later {
    /// They are left out, unless that would lose the login: then nothing is written.
    #[default]
    KeepLogin,
    /// They are left out, whatever they hold.
    LeaveOut,
    /// They are applied; see [`Report::skipping_damage`] for what that may mean.
    Apply,
}

/// Writes a file with what is before the damage, and of what is behind it what `later` says, in the place of a damaged
/// one, which is kept.
///
/// # Errors
/// [`NothingToRepair`](ErrorKind::NothingToRepair) when the file is whole,
/// [`NothingRecovered`](ErrorKind::NothingRecovered) when the new one would be empty,
/// [`LoginBehindDamage`](ErrorKind::LoginBehindDamage) with [`Later::KeepLogin`],
/// [`InUse`](ErrorKind::InUse), and all of [`check`]. The file is then as it was.
pub fn repair(
    path: impl AsRef<Path>,
    passphrase: Option<&Passphrase>,
    later: Later,
) -> Result<Repaired, Error> {
    let shown = path.as_ref();
    let fail = |kind| Error::new(shown, kind);
    let real = disk::resolve(shown).map_err(fail)?;
    let _lock = Lock::acquire(&real)?;
    repair_locked(&real, passphrase, later).map_err(fail)
}

fn repair_locked(path: &Path, passphrase: Option<&Passphrase>, later: Later) -> Result<Repaired, ErrorKind> {
    let content = read(path)?;
    let Scan { report, keys } = scan(&content, passphrase)?;
    if report.is_whole() {
        return Err(ErrorKind::NothingToRepair);
    }
    let whole = report.skipping_damage();
    if let (Later::KeepLogin, Some(missing)) = (later, missing(&report.state, &whole)) {
        return Err(ErrorKind::LoginBehindDamage { missing, later: report.later_records });
    }
    let state = if later == Later::Apply { whole } else { report.state.clone() };
    if state == State::default() {
        return Err(ErrorKind::NothingRecovered { later: report.later_records });
    }
    let io = |action| move |error| ErrorKind::Io { action, error };
    let kept = keep(path, &content)?;
    disk::sync_directory_of(path).map_err(io("write the directory of"))?;
    let content = match keys {
        Some(keys) => format::encode_sealed(&state, &keys.master, &mut rand::rng()).0,
        None => format::encode(&state),
    };
    disk::replace(path, &content)?;
    disk::sync_directory_of(path).map_err(io("write the directory of"))?;
    Ok(Repaired { report, kept, state })
}

/// The part of a login that is in `whole` and not in `before`.
fn missing(before: &State, whole: &State) -> Option<String> {
    let has_key = |state: &State| state.dcs.get(&whole.home_dc).is_some_and(|dc| dc.auth_key.is_some());
    // Without the key of the home the rest is no login.
    if !has_key(whole) {
        return None;
    }
    if !has_key(before) {
        return Some(format!("the auth key of DC {}", whole.home_dc));
    }
    (whole.user.is_some() && before.user.is_none()).then(|| "who is logged in".to_owned())
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let mut file = disk::open(path, false)?.ok_or_else(disk::not_there)?;
    // Another program's file is refused before it is read whole, however long it is.
    find_header(&disk::start(&mut file)?)?;
    disk::read_all(&mut file)
}

/// Writes the bytes of a damaged file to one beside it that was not there.
fn keep(path: &Path, content: &[u8]) -> Result<PathBuf, ErrorKind> {
    for number in 1..=MAX_KEPT {
        let suffix = if number == 1 { "-damaged".to_owned() } else { format!("-damaged-{number}") };
        let kept = with_suffix(path, &suffix);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        match disk::private(&mut options).open(&kept) {
            Ok(mut file) => {
                let written = file.write_all(content).and_then(|()| file.sync_all());
                return match written {
                    Ok(()) => Ok(kept),
                    Err(error) => {
                        _ = std::fs::remove_file(&kept);
                        Err(ErrorKind::Io { action: "keep the damaged file of", error })
                    }
                };
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(ErrorKind::Io { action: "keep the damaged file of", error }),
        }
    }
    let error = io::Error::new(io::ErrorKind::AlreadyExists, format!("there are {MAX_KEPT} already"));
    Err(ErrorKind::Io { action: "find a name to keep the damaged file of", error })
}
