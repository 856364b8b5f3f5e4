//! One holder for each session: an advisory lock on a file beside it.
//!
//! The lock is not on the session file itself, because a snapshot replaces that one by another.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::disk;
use crate::session::{Error, ErrorKind};

/// How often a lock is taken anew because its holder removed the lock file at that very moment.
const MAX_RACES: u32 = 100;
/// How often the holder's pid is looked for, a millisecond apart: it is written just after the lock is taken.
const PID_LOOKS: u32 = 20;

/// The lock, held until it is dropped. The operating system frees it when the process dies in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    // Holds the lock, which ends when it is closed.
    _file: File,
}

impl Lock {
    /// Takes the lock of the session at `session`, or fails at once.
    pub(super) fn acquire(session: &Path) -> Result<Self, Error> {
        let path = with_suffix(session, "-lock");
        let fail = |action| move |error| Error::new(session, ErrorKind::Io { action, error });
        for _ in 0..MAX_RACES {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let mut file = disk::private(&mut options).open(&path).map_err(fail("open the lock file of"))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::new(session, ErrorKind::InUse { pid: holder(&mut file) }));
                }
                Err(TryLockError::Error(error)) => return Err(fail("lock")(error)),
            }
            // The last holder removes the file before it lets go: a lock on that one keeps nobody out.
            if !disk::is_at(&file, &path).map_err(fail("lock"))? {
                continue;
            }
            write_pid(&mut file).map_err(fail("write the lock file of"))?;
            return Ok(Self { path, _file: file });
        }
        Err(Error::new(session, ErrorKind::InUse { pid: None }))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // It does no harm if it stays.
        _ = fs::remove_file(&self.path);
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// The pid in a lock file that another holds, if it can be read.
fn holder(file: &mut File) -> Option<u32> {
    let mut last = None;
    for look in 0..PID_LOOKS {
        if look > 0 {
            thread::sleep(Duration::from_millis(1));
        }
        let mut text = [0; 16];
        let len = file.rewind().and_then(|()| file.read(&mut text)).unwrap_or(0);
        last = std::str::from_utf8(&text[..len]).ok().and_then(|text| text.strip_suffix('\n')?.parse().ok());
        // What a killed holder wrote stays until the next has written its own: where it cannot be told whose it is, it
        // is looked at to the end.
        if last.is_some_and(disk::is_alive) {
            break;
        }
    }
    last
}
