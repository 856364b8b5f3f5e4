//! The container of every file: `TDF$`, version of the program (4, little-endian), content, and 16 bytes of MD5 over content,
//! length of the content (4, little-endian), version (4, little-endian) and `TDF$`.

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{ErrorKind, Files};
use crate::session::convert::reader::Reader;

const MAGIC: &[u8; 4] = b"TDF$";

/// The content of a container.
pub(super) struct Content {
    /// Name with suffix, for messages.
    pub name: String,
    bytes: Zeroizing<Vec<u8>>,
}

impl Content {
    /// The fields of the content.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader::of_file(&self.bytes, &self.name)
    }
}

/// Reads `NAMEs`, or the older `NAME1` and `NAME0`, of which a crash may have spoiled one; `None` when there is none.
pub(super) fn read(files: &mut Files<'_>, name: &str) -> Result<Option<Content>, ErrorKind> {
    let mut first_error = None;
    for suffix in ["s", "1", "0"] {
        let name = format!("{name}{suffix}");
        let Some(bytes) = files(&name)? else { continue };
        match open(name, bytes) {
            Ok(content) => return Ok(Some(content)),
            Err(error) => _ = first_error.get_or_insert(error),
        }
    }
    first_error.map_or(Ok(None), Err)
}

fn open(name: String, mut bytes: Zeroizing<Vec<u8>>) -> Result<Content, ErrorKind> {
    let bad = |offset, problem| ErrorKind::Field {
        what: "the container",
        offset,
        file: Some(name.clone()),
        problem,
    };
    let (magic, rest) = bytes.split_first_chunk::<4>().ok_or_else(|| bad(0, "shorter than its header"))?;
    if magic != MAGIC {
        return Err(bad(0, "it does not begin with TDF$"));
    }
    let (version, rest) = rest.split_first_chunk::<4>().ok_or_else(|| bad(4, "shorter than its header"))?;
    let (content, md5) = rest.split_last_chunk::<16>().ok_or_else(|| bad(8, "shorter than its checksum"))?;
    let len = u32::try_from(content.len()).map_err(|_| bad(8, "over 4 GiB"))?;
    let computed = Md5::new().chain_update(content).chain_update(len.to_le_bytes());
    let computed: [u8; 16] = computed.chain_update(version).chain_update(MAGIC).finalize().into();
    if computed != *md5 {
        return Err(ErrorKind::Checksum { file: Some(name) });
    }
    let end = bytes.len() - 16;
    bytes.truncate(end);
    bytes.drain(..8);
    Ok(Content { name, bytes })
}
