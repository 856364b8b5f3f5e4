//! Opening the databases of others without touching them, and without believing them; and making new ones in memory.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, limits::Limit};
use zeroize::Zeroizing;

use super::{ErrorKind, source};

/// Of a database, and of its journals: far more than a session with a million peers has.
const MAX_FILE: u64 = 512 << 20;
/// Of one value of a row, in bytes.
const MAX_VALUE: i32 = 1 << 16;
/// How many steps of SQLite's machine one statement may take; a peer takes a few dozen.
const MAX_STEPS: u32 = 200_000_000;
/// Steps between two looks at that.
const STEPS: i32 = 10_000;

/// What begins every database of SQLite 3.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// A copy of somebody's database, in a directory for this user only that goes when it is dropped.
pub(super) struct Copy {
    connection: Option<Connection>,
    directory: tempfile::TempDir,
    files: Vec<PathBuf>,
}

impl Copy {
    /// Copies the database with what its journals hold, and opens the copy. What the owner has not yet written back
    /// into the main file is so read too, and the original stays as it is, to the last byte.
    pub(super) fn open(original: &Path) -> Result<Self, ErrorKind> {
        let content = source::bytes(original, MAX_FILE)?;
        if !content.starts_with(MAGIC) {
            return Err(ErrorKind::Other("not a SQLite database"));
        }
        let directory = tempfile::Builder::new().prefix("mtwire-import-").tempdir();
        let directory = directory.map_err(|error| ErrorKind::Io {
            action: "make a directory in",
            path: std::env::temp_dir(),
            error,
        })?;
        let mut copy = Self { connection: None, directory, files: Vec::new() };
        copy.put("copy", &content)?;
        for suffix in ["-wal", "-journal"] {
            let mut beside = original.as_os_str().to_owned();
            beside.push(suffix);
            let beside = PathBuf::from(beside);
            if beside.is_file() {
                copy.put(&format!("copy{suffix}"), &source::bytes(&beside, MAX_FILE)?)?;
            }
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(copy.directory.path().join("copy"), flags);
        let mut connection = connection.map_err(sqlite("open it"))?;
        distrust(&mut connection).map_err(sqlite("open it"))?;
        copy.connection = Some(connection);
        Ok(copy)
    }

    fn put(&mut self, name: &str, content: &[u8]) -> Result<(), ErrorKind> {
        let path = self.directory.path().join(name);
        let written = private(OpenOptions::new().write(true).create_new(true))
            .open(&path)
            .and_then(|mut file| file.write_all(content));
        self.files.push(path.clone());
        written.map_err(|error| ErrorKind::Io { action: "write", path, error })
    }

    pub(super) fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("set by open")
    }
}

impl Drop for Copy {
    /// Overwrites the keys before the files go.
    fn drop(&mut self) {
        self.connection = None;
        for path in &self.files {
            let Ok(metadata) = fs::metadata(path) else { continue };
            let Ok(mut file) = OpenOptions::new().write(true).open(path) else { continue };
            let zeros = [0; 1 << 16];
            let mut left = metadata.len();
            while left > 0 {
                let part = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
                if file.write_all(&zeros[..part]).is_err() {
                    break;
                }
                left -= part as u64;
            }
            // Best effort: what the file system has kept elsewhere is out of reach.
            _ = file.sync_data();
        }
    }
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

/// Views, triggers, functions and oversized values of a hostile schema get nowhere, and no statement runs for ever.
fn distrust(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_COLUMN, 100)?;
    let mut steps = 0;
    connection.progress_handler(
        STEPS,
        Some(move || {
            steps += STEPS.unsigned_abs();
            steps > MAX_STEPS
        }),
    )?;
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")
}

pub(super) fn sqlite(action: &'static str) -> impl FnOnce(rusqlite::Error) -> ErrorKind {
    move |error| ErrorKind::Sqlite { action, error }
}

/// The columns of a table, in order; empty when there is none of that name.
pub(super) fn columns(connection: &Connection, table: &'static str) -> Result<Vec<String>, ErrorKind> {
    let ask = || {
        let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let rows = statement.query_map([table], |row| row.get::<_, String>(0))?;
        rows.collect::<Result<Vec<_>, _>>()
    };
    ask().map_err(sqlite("read the list of its tables"))
}

/// Refuses a table without one of these columns.
pub(super) fn need(
    connection: &Connection,
    table: &'static str,
    wanted: &[&str],
) -> Result<Vec<String>, ErrorKind> {
    let found = columns(connection, table)?;
    let missing = wanted.iter().find(|name| !found.iter().any(|found| found == *name));
    match missing {
        None => Ok(found),
        Some(_) if found.is_empty() => Err(ErrorKind::Table { table, problem: "it is not there".to_owned() }),
        Some(name) => Err(ErrorKind::Table { table, problem: format!("column `{name}` is not there") }),
    }
}

/// The number in the table `version`.
pub(super) fn version(connection: &Connection, column: &'static str, known: u32) -> Result<u32, ErrorKind> {
    need(connection, "version", &[column])?;
    let ask = format!("SELECT {column} FROM version LIMIT 1");
    let found: Option<i64> = match connection.query_row(&ask, [], |row| row.get(0)) {
        Ok(found) => Some(found),
        Err(rusqlite::Error::QueryReturnedNoRows) => None,
        Err(error) => return Err(sqlite("read its version")(error)),
    };
    let column_error = ErrorKind::Column { table: "version", column, problem: "not a version" };
    let found = found.and_then(|found| u32::try_from(found).ok()).filter(|&found| found > 0);
    let found = found.ok_or(column_error)?;
    if found > known { Err(ErrorKind::Newer { found, known }) } else { Ok(found) }
}

/// Makes a database in memory and gives its bytes.
pub(super) fn build(
    fill: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>,
) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let make = || {
        let mut connection = Connection::open_in_memory()?;
        let transaction = connection.transaction()?;
        fill(&transaction)?;
        transaction.commit()?;
        let bytes = connection.serialize("main")?;
        Ok(Zeroizing::new(bytes.to_vec()))
    };
    make().map_err(sqlite("make the file"))
}
