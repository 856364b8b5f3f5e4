//! The state directory: what survives a restart.
//!
//! | file | what it holds |
//! |---|---|
//! | `key.pem` | the RSA private key, PKCS#8 |
//! | `journal.jsonl` | everything else: one JSON object a line |
//! | `lock` | nothing; locked as long as a server uses the directory |
//!
//! All files have mode 0600, the directory 0700. A change appends one line, so nothing is ever rewritten while the
//! server runs; a later line about a thing replaces the earlier ones. At the start the lines that still count are
//! written to a new file, which takes the old one's place in one step. A last line that is cut short (the
//! machine died while it was written) is left out; any other line that cannot be read is an error, and the file is
//! left as it was.
//!
//! The first line is `{"t":"mtwire-server","v":1,"salts":H}` with the secret that the server salts are made of. The
//! others have `"t"` equal to `key`, `key-gone`, `account`, `account-gone`, `code`, `code-gone` or `message`;
//! `super::records` writes and reads them. Binary values are hexadecimal.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::Error;

/// The state directory of a running server, open for appending.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    failed: bool,
    _lock: File,
}

/// The lines of a journal, and the locked directory to go on with.
pub(super) struct Opened {
    /// The directory.
    pub dir: PathBuf,
    /// What the journal held: line number and object.
    pub records: Vec<(usize, Value)>,
    lock: File,
}

/// Opens (or makes) a state directory and reads its journal.
pub(super) fn open(dir: &Path) -> Result<Opened, Error> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::State { path, source }
    };
    create_dir(dir).map_err(at(dir))?;
    let lock_path = dir.join("lock");
    let lock = private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(&lock_path)
        .map_err(at(&lock_path))?;
    lock.try_lock().map_err(|_| Error::InUse { dir: dir.to_owned() })?;
    let path = journal_path(dir);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(at(&path)(e)),
    };
    let mut records = Vec::new();
    // Bytes behind the last line end are a line that was cut short.
    let whole = text.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    let lines = text.get(..whole).unwrap_or_default().split(|b| *b == b'\n').enumerate();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let value = serde_json::from_slice(line).map_err(|e| Error::StateFormat {
            path: path.clone(),
            line: number + 1,
            reason: e.to_string(),
        })?;
        records.push((number + 1, value));
    }
    Ok(Opened { dir: dir.to_owned(), records, lock })
}

impl Opened {
    /// Puts a journal of just these records in the place of the old one and opens it for appending.
    pub fn rewrite(self, records: impl Iterator<Item = Value>) -> Result<Journal, Error> {
        let path = journal_path(&self.dir);
        let fresh = self.dir.join("journal.new");
        let write = || -> io::Result<File> {
            let mut file =
                private(OpenOptions::new().write(true).create(true).truncate(true)).open(&fresh)?;
            let mut out = io::BufWriter::new(&mut file);
            for record in records {
                writeln!(out, "{record}")?;
            }
            out.flush()?;
            drop(out);
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            OpenOptions::new().append(true).open(&path)
        };
        match write() {
            Ok(file) => Ok(Journal { file, path, failed: false, _lock: self.lock }),
            Err(source) => Err(Error::State { path, source }),
        }
    }
}

impl Journal {
    /// Appends one record. The first failure is logged; the server goes on in memory.
    pub fn append(&mut self, record: &Value) {
        let line = format!("{record}\n");
        if let Err(error) = self.file.write_all(line.as_bytes())
            && !self.failed
        {
            self.failed = true;
            tracing::error!(path = %self.path.display(), %error, "the state cannot be written any more");
        }
    }

    /// Forces everything to the disk.
    pub fn sync(&self) {
        if let Err(error) = self.file.sync_all() {
            tracing::error!(path = %self.path.display(), %error, "the state cannot be written");
        }
    }
}

/// Writes a file that only the owner may read, in one step.
pub(super) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

fn journal_path(dir: &Path) -> PathBuf {
    dir.join("journal.jsonl")
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn create_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn create_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|d| d.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, d| byte << 4 | d)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_appended_is_read_again_and_a_torn_line_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = open(dir.path()).unwrap().rewrite([json!({"t": 1})].into_iter()).unwrap();
        journal.append(&json!({"t": 2}));
        drop(journal);
        let path = journal_path(dir.path());
        let mut text = fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"t\":3");
        fs::write(&path, &text).unwrap();
        let opened = open(dir.path()).unwrap();
        assert_eq!(opened.records, [(1, json!({"t": 1})), (2, json!({"t": 2}))]);
    }

    #[test]
    fn a_broken_line_is_an_error_and_the_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = journal_path(dir.path());
        fs::write(&path, "{\"t\":1}\nnonsense\n").unwrap();
        assert!(matches!(open(dir.path()), Err(Error::StateFormat { line: 2, .. })));
        assert_eq!(fs::read(&path).unwrap(), b"{\"t\":1}\nnonsense\n");
    }

    #[test]
    fn two_servers_cannot_share_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path()).unwrap();
        assert!(matches!(open(dir.path()), Err(Error::InUse { .. })));
        drop(first);
        assert!(open(dir.path()).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        drop(open(&state).unwrap().rewrite(std::iter::empty()).unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&state), 0o700);
        assert_eq!(mode(&journal_path(&state)), 0o600);
    }

    #[test]
    fn hex_goes_both_ways() {
        assert_eq!(from_hex(&to_hex(&[0, 0xa5, 0xff])), Some(vec![0, 0xa5, 0xff]));
        assert_eq!(from_hex("abc"), None);
        assert_eq!(from_hex("zz"), None);
    }
}
