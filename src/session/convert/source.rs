//! Getting at what an import is given.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

use super::{ErrorKind, Input, base64url::MAX_LEN};

/// The string, or what the file with the string holds.
pub(super) fn text(input: Input<'_>) -> Result<Zeroizing<String>, ErrorKind> {
    let text = match input {
        Input::Text(text) => Zeroizing::new(text.to_owned()),
        Input::Path(path) => {
            let bytes = bytes(path, MAX_LEN as u64)?;
            let text = std::str::from_utf8(&bytes).map_err(|_| ErrorKind::Other("not text"))?;
            Zeroizing::new(text.to_owned())
        }
    };
    Ok(Zeroizing::new(text.trim().to_owned()))
}

/// The file.
pub(super) fn path(input: Input<'_>) -> Result<&Path, ErrorKind> {
    match input {
        Input::Path(path) => Ok(path),
        Input::Text(_) => Err(ErrorKind::NotAString),
    }
}

/// The content of a regular file of at most `max` bytes.
pub(super) fn bytes(path: &Path, max: u64) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let io = |action| move |error| ErrorKind::Io { action, path: path.to_owned(), error };
    // Before it is opened, since opening a FIFO waits.
    let metadata = std::fs::metadata(path).map_err(io("read"))?;
    if !metadata.is_file() {
        let (kind, what) = match metadata.is_dir() {
            true => (io::ErrorKind::IsADirectory, "a directory"),
            false => (io::ErrorKind::InvalidInput, "not a regular file"),
        };
        return Err(io("read")(io::Error::new(kind, format!("it is {what}"))));
    }
    let too_large = |size| ErrorKind::TooLarge { path: path.to_owned(), size, max };
    let size = metadata.len();
    if size > max {
        return Err(too_large(size));
    }
    // Room for one byte more, so that the vector, which holds keys, is not moved when the file ends where it should.
    let capacity = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(1);
    let mut content = Zeroizing::new(Vec::new());
    content.try_reserve_exact(capacity).map_err(|_| io("read")(io::ErrorKind::OutOfMemory.into()))?;
    let file = File::open(path).map_err(io("read"))?;
    file.take(max + 1).read_to_end(&mut content).map_err(io("read"))?;
    let size = content.len() as u64;
    if size > max { Err(too_large(size)) } else { Ok(content) }
}
