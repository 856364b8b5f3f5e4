//! What the store asks of the operating system beyond `std`: modes, identities of files, durable names.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{
    format::{HEADER_LEN, Header, read_header},
    lock::with_suffix,
    scan::START_LEN,
};
use crate::session::ErrorKind;

fn io(action: &'static str) -> impl FnOnce(io::Error) -> ErrorKind {
    move |error| ErrorKind::Io { action, error }
}

/// Follows links, so that the lock stands beside the real file and a snapshot replaces that one and not the link.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, ErrorKind> {
    let Some(name) = path.file_name() else {
        return Err(ErrorKind::NotAFile { what: "a directory" });
    };
    match fs::symlink_metadata(path) {
        Ok(_) => fs::canonicalize(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotAFile { what: "a link that leads nowhere" },
            _ => ErrorKind::Io { action: "follow", error },
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent =
                path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok(fs::canonicalize(parent).map_err(io("find the directory of"))?.join(name))
        }
        Err(error) => Err(ErrorKind::Io { action: "look at", error }),
    }
}

/// Opens a session file that exists; `None` when there is none.
pub(super) fn open(path: &Path, write: bool) -> Result<Option<File>, ErrorKind> {
    // Before it is opened, since opening a FIFO waits.
    match fs::symlink_metadata(path) {
        Ok(metadata) => check_kind(&metadata)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ErrorKind::Io { action: "look at", error }),
    }
    let mut options = OpenOptions::new();
    options.read(true).write(write);
    let file = private(&mut options).open(path).map_err(io("open"))?;
    let metadata = file.metadata().map_err(io("look at"))?;
    check_kind(&metadata)?;
    check_mode(&metadata)?;
    Ok(Some(file))
}

fn check_kind(metadata: &fs::Metadata) -> Result<(), ErrorKind> {
    match metadata.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(ErrorKind::NotAFile { what: "a directory" }),
        kind if kind.is_symlink() => Err(ErrorKind::NotAFile { what: "a link that changed meanwhile" }),
        _ => Err(ErrorKind::NotAFile { what: "a device, pipe or socket" }),
    }
}

/// Reads what the file holds now; the memory taken is that of the file, and is wiped. A file whose header is not that
/// of a session is refused before more of it is read, however long it is.
pub(super) fn read(file: &mut File) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    header(file)?;
    read_all(file)
}

/// Reads and checks the header of a file that was just opened.
pub(super) fn header(file: &mut File) -> Result<Header, ErrorKind> {
    let len = file.metadata().map_err(io("look at"))?.len();
    let mut header = [0; HEADER_LEN];
    let filled = fill(file, &mut header)?;
    Ok(read_header(&header[..filled], len)?)
}

/// The beginning of a file, as much as [`START_LEN`] if it is as long.
pub(super) fn start(file: &mut File) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let mut start = Zeroizing::new(vec![0; START_LEN]);
    let filled = fill(file, &mut start)?;
    start.truncate(filled);
    Ok(start)
}

/// The content of a session file that must be there, whose header must be good.
pub(super) fn content(path: &Path) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    match open(path, false)? {
        Some(mut file) => read(&mut file),
        None => Err(not_there()),
    }
}

/// A kind alone would say "entity not found".
pub(super) fn not_there() -> ErrorKind {
    ErrorKind::Io { action: "open", error: io::Error::new(io::ErrorKind::NotFound, "there is no such file") }
}

/// [`read`], whatever the file holds.
pub(super) fn read_all(file: &mut File) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let len = file.metadata().map_err(io("look at"))?.len();
    file.rewind().map_err(io("read"))?;
    let mut content = Zeroizing::new(Vec::new());
    let size = usize::try_from(len).ok().filter(|&size| content.try_reserve_exact(size).is_ok());
    content.resize(size.ok_or_else(|| io("read")(io::ErrorKind::OutOfMemory.into()))?, 0);
    // What a running holder appends meanwhile is left out: the vector must not grow, which would copy the keys.
    let filled = fill(file, &mut content)?;
    content.truncate(filled);
    Ok(content)
}

/// Reads until `buffer` is full or the file ends; gives the number of bytes read.
fn fill(file: &mut File, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io("read")(error)),
        }
    }
    Ok(filled)
}

/// Puts `content` in the place of `path` in one step and gives the open file. The name is durable only after
/// [`sync_directory_of`].
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<File, ErrorKind> {
    let temporary = with_suffix(path, "-new");
    // The holder of the lock is the only one to write it: one that is there was left by a crash.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(ErrorKind::Io { action: "remove the left-over temporary file of", error });
        }
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    let mut file = private(&mut options).open(&temporary).map_err(io("create"))?;
    let written =
        file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        _ = fs::remove_file(&temporary);
        return Err(ErrorKind::Io { action: "write", error });
    }
    Ok(file)
}

/// Makes a rename or removal durable.
#[cfg(unix)]
pub(super) fn sync_directory_of(path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    match File::open(parent)?.sync_all() {
        // Some file systems have no such thing.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}

/// Directories cannot be synced here; the file system's journal orders the names.
#[cfg(not(unix))]
pub(super) fn sync_directory_of(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// For the owner only when it is created, and not through a link at the last place.
#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

/// Access is by the directory's rules here.
#[cfg(not(unix))]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn check_mode(metadata: &fs::Metadata) -> Result<(), ErrorKind> {
    use std::os::unix::fs::PermissionsExt;
    match metadata.permissions().mode() & 0o777 {
        mode if mode & 0o077 != 0 => Err(ErrorKind::ReadableByOthers { mode }),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_mode(_metadata: &fs::Metadata) -> Result<(), ErrorKind> {
    Ok(())
}

/// Whether `path` still leads to `file`.
#[cfg(unix)]
pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let here = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((here.dev(), here.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// An open file cannot be removed or replaced here.
#[cfg(not(unix))]
pub(super) fn is_at(_file: &File, path: &Path) -> io::Result<bool> {
    fs::exists(path)
}

/// Whether the process `pid` is known to live; `false` where that cannot be told.
#[cfg(target_os = "linux")]
pub(super) fn is_alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_alive(_pid: u32) -> bool {
    false
}
