//! Databases made to do harm: views and triggers instead of tables, endless queries, values that are too large or of
//! another type.

use std::path::Path;
use std::time::Duration;

use mtwire::session::convert::{Error, Format, ImportOptions, Imported, Input, import};
use rusqlite::Connection;

fn read(format: Format, sql: &str) -> Result<Imported, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    import(format, Input::Path(&path), &ImportOptions::default())
}

const TELETHON: &str = "
    CREATE TABLE version (version integer primary key);
    INSERT INTO version VALUES (8);
    CREATE TABLE entities (id integer primary key, hash integer not null, username text, phone integer, name text, date integer);
    CREATE TABLE update_state (id integer primary key, pts integer, qts integer, date integer, seq integer);
    CREATE TABLE sessions (dc_id integer primary key, server_address text, port integer, auth_key blob, takeout_id integer, tmp_auth_key blob);
    INSERT INTO sessions VALUES (2, '149.154.167.51', 443, randomblob(256), NULL, NULL);";

#[test]
fn the_plain_one_is_read() {
    assert_eq!(read(Format::TelethonSqlite, TELETHON).unwrap().state.home_dc, 2);
}

#[test]
fn a_view_in_place_of_a_table_is_not_run() {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT i AS id, i AS hash, '' AS username, 0 AS phone, '' AS name FROM n";
    let sql = format!("{TELETHON} DROP TABLE entities; CREATE VIEW entities AS {endless};");
    let error = read(Format::TelethonSqlite, &sql).unwrap_err().to_string();
    assert!(error.contains("entities"), "{error}");
}

#[test]
fn values_that_cannot_be_are_named() {
    for (change, message) in [
        (
            "UPDATE sessions SET auth_key = randomblob(255)",
            "column `auth_key` of table `sessions`: not 256 bytes",
        ),
        ("UPDATE sessions SET auth_key = x''", "no auth key"),
        ("UPDATE sessions SET auth_key = zeroblob(256)", "no auth key"),
        ("UPDATE sessions SET auth_key = NULL", "no auth key"),
        ("UPDATE sessions SET auth_key = 'text'", "cannot read the session"),
        ("UPDATE sessions SET port = 70000", "not a port"),
        ("UPDATE sessions SET dc_id = -1", "not a DC"),
        ("UPDATE sessions SET server_address = x'ff'", "cannot read the session"),
        ("DELETE FROM sessions", "no auth key"),
        ("DROP TABLE sessions", "no table `sessions`"),
        ("UPDATE version SET version = 9", "newer version (9) than this program knows (8)"),
        ("DELETE FROM version", "not a version"),
        ("ALTER TABLE sessions DROP COLUMN port", "column `port` is not there"),
        ("INSERT INTO entities VALUES (1, 'text', 1, 1, 1, 1)", "cannot read the table `entities`"),
    ] {
        let error = read(Format::TelethonSqlite, &format!("{TELETHON} {change};")).unwrap_err().to_string();
        assert!(error.contains(message), "{change}: {error}");
    }
}

#[test]
fn a_value_over_the_bound_is_refused() {
    let sql =
        format!("{TELETHON} INSERT INTO entities VALUES (1, 1, hex(zeroblob(100000)), NULL, NULL, NULL);");
    let error = read(Format::TelethonSqlite, &sql).unwrap_err().to_string();
    assert!(error.contains("too big"), "{error}");
}

#[test]
fn peers_with_ids_that_mean_nothing_are_counted() {
    let sql = format!(
        "{TELETHON} INSERT INTO entities VALUES (0, 1, NULL, NULL, NULL, NULL), (9223372036854775807, 1, NULL, NULL, \
         NULL, NULL), (-9223372036854775808, 1, NULL, NULL, NULL, NULL), (7, 1, '', -4, '', NULL);"
    );
    let imported = read(Format::TelethonSqlite, &sql).unwrap();
    assert_eq!(imported.state.peers.len(), 1);
    assert!(imported.warnings.iter().any(|warning| warning.to_string().starts_with("3 peers were left out")));
}

#[test]
fn a_file_with_holes_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    Connection::open(&path).unwrap().execute_batch(TELETHON).unwrap();
    let good = std::fs::read(&path).unwrap();
    let read = |path: &Path| import(Format::TelethonSqlite, Input::Path(path), &ImportOptions::default());
    let began = std::time::Instant::now();
    for at in (16..good.len()).step_by(97) {
        let mut bad = good.clone();
        let end = bad.len().min(at + 60);
        bad[at..end].fill(0xff);
        std::fs::write(&path, &bad).unwrap();
        // Some holes are in unused parts; none may panic or hang.
        _ = read(&path);
    }
    assert!(began.elapsed() < Duration::from_secs(120));
    std::fs::write(&path, &good[..good.len() / 2]).unwrap();
    assert!(read(&path).is_err());
    std::fs::write(&path, &good[..16]).unwrap();
    assert!(read(&path).is_err());
}
