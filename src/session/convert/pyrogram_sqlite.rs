//! The `.session` file of Pyrogram and Kurigram: tables `version`, `sessions` (one row), `peers`.
//!
//! | version | written by | what it has more |
//! |---|---|---|
//! | 1 | Pyrogram 1.0 | (its access hashes are of no use) |
//! | 2 | Pyrogram 1 | |
//! | 3 | Pyrogram 2 | `sessions.api_id` |
//! | 4 | Kurigram | the table `usernames` in place of `peers.username` |
//! | 5, 6 | Kurigram | the table `update_state`, an index |
//! | 7 | Kurigram 2.2 | `sessions.server_address`, `sessions.port` |

use std::path::Path;

use rusqlite::{Connection, params};
use zeroize::Zeroizing;

use super::{
    ErrorKind, Export, ExportOptions, Exported, Imported, Warning, address, peer_id,
    pyrogram_string::{Fields, known_user},
    sqlite::{self, columns, need, sqlite},
    telethon_sqlite::{key_of, update_states, usable},
};
use crate::session::{DcAddress, Network, Peer, PeerKey, PeerKind, State};

const PYROGRAM: u32 = 3;
const KURIGRAM: u32 = 7;

/// As Pyrogram 2.0.106 makes them.
const PYROGRAM_TABLES: &str = "
    CREATE TABLE sessions (
        dc_id INTEGER PRIMARY KEY, api_id INTEGER, test_mode INTEGER, auth_key BLOB, date INTEGER NOT NULL,
        user_id INTEGER, is_bot INTEGER
    );
    CREATE TABLE peers (
        id INTEGER PRIMARY KEY, access_hash INTEGER, type INTEGER NOT NULL, username TEXT, phone_number TEXT,
        last_update_on INTEGER NOT NULL DEFAULT (CAST(STRFTIME('%s', 'now') AS INTEGER))
    );
    CREATE INDEX idx_peers_username ON peers (username);";

/// As Kurigram 2.2.26 makes them.
const KURIGRAM_TABLES: &str = "
    CREATE TABLE sessions (
        dc_id INTEGER PRIMARY KEY, server_address TEXT, port INTEGER, api_id INTEGER, test_mode INTEGER,
        auth_key BLOB, date INTEGER NOT NULL, user_id INTEGER, is_bot INTEGER
    );
    CREATE TABLE peers (
        id INTEGER PRIMARY KEY, access_hash INTEGER, type INTEGER NOT NULL, phone_number TEXT,
        last_update_on INTEGER NOT NULL DEFAULT (CAST(STRFTIME('%s', 'now') AS INTEGER))
    );
    CREATE TABLE usernames (id INTEGER, username TEXT, FOREIGN KEY (id) REFERENCES peers(id));
    CREATE TABLE update_state (id INTEGER PRIMARY KEY, pts INTEGER, qts INTEGER, date INTEGER, seq INTEGER);
    CREATE INDEX idx_usernames_id ON usernames (id);
    CREATE INDEX idx_usernames_username ON usernames (username);";

const TABLES_OF_BOTH: &str = "
    CREATE TABLE version (number INTEGER PRIMARY KEY);
    CREATE INDEX idx_peers_id ON peers (id);
    CREATE INDEX idx_peers_phone_number ON peers (phone_number);
    CREATE TRIGGER trg_peers_last_update_on AFTER UPDATE ON peers BEGIN
        UPDATE peers SET last_update_on = CAST(STRFTIME('%s', 'now') AS INTEGER) WHERE id = NEW.id;
    END;";

pub(super) fn read(path: &Path) -> Result<Imported, ErrorKind> {
    let copy = sqlite::Copy::open(path)?;
    let connection = copy.connection();
    if !columns(connection, "entities")?.is_empty() {
        return Err(ErrorKind::Other("a file of Telethon (telethon-sqlite)"));
    }
    let version = sqlite::version(connection, "number", KURIGRAM)?;
    let needed = ["dc_id", "test_mode", "auth_key", "user_id", "is_bot"];
    let has = need(connection, "sessions", &needed)?;
    let mut imported = session(connection, &has)?;
    if version < PYROGRAM {
        imported.warnings.push(Warning::OldLayout("version 1 or 2"));
    }
    let left_out = if version > 1 { peers(connection, &mut imported.state)? } else { 0 };
    if left_out > 0 {
        imported.warnings.push(Warning::PeersLeftOut(left_out));
    }
    if !columns(connection, "usernames")?.is_empty() {
        usernames(connection, &mut imported.state)?;
    }
    if !columns(connection, "update_state")?.is_empty() {
        update_states(connection, &mut imported.state)?;
    }
    Ok(imported)
}

fn session(connection: &Connection, has: &[String]) -> Result<Imported, ErrorKind> {
    let column = |column, problem| ErrorKind::Column { table: "sessions", column, problem };
    let or_null = |name: &'static str| if has.iter().any(|has| has == name) { name } else { "NULL" };
    let (api_id, host, port) = (or_null("api_id"), or_null("server_address"), or_null("port"));
    let ask = format!(
        "SELECT dc_id, {api_id}, test_mode, auth_key, user_id, is_bot, {host}, {port} FROM sessions LIMIT 1"
    );
    let row = connection.query_row(&ask, [], |row| {
        let number = |index| row.get::<_, Option<i64>>(index);
        let key = Zeroizing::new(row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default());
        let host = row.get::<_, Option<String>>(6)?;
        Ok(([number(0)?, number(1)?, number(2)?, number(4)?, number(5)?, number(7)?], key, host))
    });
    let ([dc, api_id, test, user, bot, port], key, host) = match row {
        Ok(row) => row,
        Err(rusqlite::Error::QueryReturnedNoRows) => return Err(ErrorKind::NoKey),
        Err(error) => return Err(sqlite("read the session")(error)),
    };
    let small = |value: Option<i64>| value.and_then(|value| i32::try_from(value).ok());
    let dc = small(dc).filter(|&dc| dc > 0).ok_or_else(|| column("dc_id", "not a DC"))?;
    let key = key_of(&key).ok_or_else(|| column("auth_key", "not 256 bytes"))??;
    let user_id = user.unwrap_or(0);
    if user_id < 0 {
        return Err(column("user_id", "negative"));
    }
    let fields = Fields {
        dc,
        api_id: small(api_id).filter(|&id| id > 0),
        test: test.unwrap_or(0) != 0,
        key,
        user_id,
        bot: bot.unwrap_or(0) != 0,
    };
    let mut imported = fields.imported();
    let port = port.and_then(|port| u16::try_from(port).ok()).filter(|&port| port > 0);
    if let (Some(host), Some(port)) = (host.filter(|host| !host.is_empty()), port) {
        imported.state.dcs.entry(dc).or_default().addresses = vec![DcAddress::new(host, port)];
    }
    Ok(imported)
}

/// Reads the peers; gives how many rows were of no use.
fn peers(connection: &Connection, state: &mut State) -> Result<usize, ErrorKind> {
    let has = need(connection, "peers", &["id", "access_hash", "type", "phone_number"])?;
    let username = if has.iter().any(|has| has == "username") { "username" } else { "NULL" };
    let ask = format!("SELECT id, access_hash, type, phone_number, {username} FROM peers");
    let mut read = || {
        let mut left_out = 0;
        let mut statement = connection.prepare(&ask)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let marked: i64 = row.get(0)?;
            let kind: String = row.get(2)?;
            let Some(key) = peer_id::unmark(marked).filter(|key| fits(key, &kind)) else {
                left_out += 1;
                continue;
            };
            let text = |index| row.get::<_, Option<String>>(index).map(|text| text.filter(|t| !t.is_empty()));
            let peer = Peer {
                key,
                access_hash: row.get::<_, Option<i64>>(1)?.filter(|_| key.kind != PeerKind::Chat),
                min: false,
                bot_or_broadcast: matches!(&*kind, "bot" | "channel"),
                username: text(4)?,
                phone: text(3)?,
                name: None,
            };
            state.peers.insert(key, Box::new(peer));
        }
        Ok(left_out)
    };
    read().map_err(sqlite("read the table `peers`"))
}

fn fits(key: &PeerKey, kind: &str) -> bool {
    match key.kind {
        PeerKind::User => matches!(kind, "user" | "bot"),
        PeerKind::Chat => kind == "group",
        PeerKind::Channel => {
            matches!(kind, "direct" | "channel" | "forum" | "supergroup" | "community")
        }
    }
}

/// A peer may have several names; the first is the one to write.
fn usernames(connection: &Connection, state: &mut State) -> Result<(), ErrorKind> {
    need(connection, "usernames", &["id", "username"])?;
    let mut read = || {
        let mut statement = connection.prepare("SELECT id, username FROM usernames ORDER BY rowid")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (marked, username): (i64, Option<String>) = (row.get(0)?, row.get(1)?);
            let peer = peer_id::unmark(marked).and_then(|key| state.peers.get_mut(&key));
            if let Some(peer) = peer.filter(|peer| peer.username.is_none()) {
                peer.username = username.filter(|name| !name.is_empty());
            }
        }
        Ok(())
    };
    read().map_err(sqlite("read the table `usernames`"))
}

pub(super) fn write(state: &State, options: &ExportOptions) -> Result<Export, ErrorKind> {
    let key = address::home_key(state)?;
    let user = known_user(state)?;
    let at = if options.kurigram { Some(address::home_address(state, options)?) } else { None };
    let api_id = state.app.as_ref().map(|app| app.id);
    let test = state.network == Network::Test;
    let mut left_out = 0;
    let file = sqlite::build(|database| {
        database.execute_batch(if options.kurigram { KURIGRAM_TABLES } else { PYROGRAM_TABLES })?;
        database.execute_batch(TABLES_OF_BOTH)?;
        let version = if options.kurigram { KURIGRAM } else { PYROGRAM };
        database.execute("INSERT INTO version VALUES (?1)", [version])?;
        database.execute(
            "INSERT INTO sessions (dc_id, api_id, test_mode, auth_key, date, user_id, is_bot)
             VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)",
            params![state.home_dc, api_id, test, &key.as_bytes()[..], user.id, user.bot],
        )?;
        if let Some(at) = at {
            database
                .execute("UPDATE sessions SET server_address = ?1, port = ?2", params![at.host, at.port])?;
        }
        let row = "INSERT INTO peers (id, access_hash, type, phone_number) VALUES (?1, ?2, ?3, ?4)";
        let mut row = database.prepare(row)?;
        let mut name = database.prepare(if options.kurigram {
            "INSERT INTO usernames (id, username) VALUES (?1, ?2)"
        } else {
            "UPDATE peers SET username = ?2 WHERE id = ?1"
        })?;
        for peer in state.peers.values() {
            let Some((id, hash)) = usable(peer) else {
                left_out += 1;
                continue;
            };
            row.execute(params![id, hash, kind_of(peer), peer.phone])?;
            if let Some(username) = &peer.username {
                name.execute(params![id, username.to_lowercase()])?;
            }
        }
        if options.kurigram {
            write_update_state(database, state)?;
        }
        Ok(())
    })?;
    let mut warnings = Vec::new();
    if left_out > 0 {
        warnings.push(Warning::PeersLeftOut(left_out));
    }
    if api_id.is_none() {
        warnings.push(Warning::NoApiId);
    }
    if !options.kurigram && state.updates.is_some() {
        warnings.push(Warning::NoUpdateState);
    }
    if !options.kurigram && matches!(state.network, Network::Custom { .. }) {
        warnings.push(Warning::NoAddress);
    }
    Ok(Export { output: Exported::File(file), warnings })
}

fn kind_of(peer: &Peer) -> &'static str {
    match (peer.key.kind, peer.bot_or_broadcast) {
        (PeerKind::User, false) => "user",
        (PeerKind::User, true) => "bot",
        (PeerKind::Chat, _) => "group",
        (PeerKind::Channel, false) => "supergroup",
        (PeerKind::Channel, true) => "channel",
    }
}

fn write_update_state(database: &Connection, state: &State) -> rusqlite::Result<()> {
    let mut row = database.prepare("INSERT INTO update_state VALUES (?1, ?2, ?3, ?4, ?5)")?;
    if let Some(at) = &state.updates {
        row.execute(params![0, at.pts, at.qts, at.date, at.seq])?;
    }
    let date = state.updates.map(|at| at.date);
    for (&id, pts) in &state.channels {
        if let Some(marked) = peer_id::mark(PeerKey { kind: PeerKind::Channel, id }) {
            row.execute(params![marked, pts, None::<i32>, date, None::<i32>])?;
        }
    }
    Ok(())
}
