//! Telethon's `.session` file: tables `version`, `sessions` (one row), `entities`, `update_state`, and `sent_files`, which
//! is a cache of uploads and not carried.

use rusqlite::{Connection, Row, params};

use super::{
    ErrorKind, Export, ExportOptions, Exported, Imported, Warning, address, peer_id,
    reader::auth_key,
    sqlite::{self, columns, need, sqlite},
};
use crate::{
    crypto::AuthKey,
    session::{Dc, DcAddress, Network, Peer, PeerKind, State, UpdateState, User},
};
use std::path::Path;

/// Of Telethon 1.45.
const VERSION: u32 = 8;

/// As Telethon makes them, so that it finds what it expects.
const TABLES: &str = "
    CREATE TABLE version (version integer primary key);
    CREATE TABLE sessions (
        dc_id integer primary key, server_address text, port integer, auth_key blob, takeout_id integer,
        tmp_auth_key blob
    );
    CREATE TABLE entities (
        id integer primary key, hash integer not null, username text, phone integer, name text, date integer
    );
    CREATE TABLE sent_files (
        md5_digest blob, file_size integer, type integer, id integer, hash integer,
        primary key(md5_digest, file_size, type)
    );
    CREATE TABLE update_state (id integer primary key, pts integer, qts integer, date integer, seq integer);";

pub(super) fn read(path: &Path) -> Result<Imported, ErrorKind> {
    let copy = sqlite::Copy::open(path)?;
    let connection = copy.connection();
    if !columns(connection, "peers")?.is_empty() {
        return Err(ErrorKind::Other("a file of Pyrogram or Kurigram (pyrogram-sqlite)"));
    }
    let version = sqlite::version(connection, "version", VERSION)?;
    need(connection, "sessions", &["dc_id", "server_address", "port", "auth_key"])?;
    let (dc_id, server) = session(connection)?;
    let mut state = State {
        home_dc: dc_id,
        network: server.addresses.first().map_or_else(Network::default, |at| address::network_of(&at.host)),
        user: Some(User::default()),
        ..State::default()
    };
    state.dcs.insert(dc_id, Box::new(server));
    let mut warnings = vec![Warning::UserUnknown];
    // Until version 5 access hashes were stored that are of no use (Telethon drops them itself).
    let left_out = if version > 5 { entities(connection, &mut state)? } else { 0 };
    if left_out > 0 {
        warnings.push(Warning::PeersLeftOut(left_out));
    }
    if !columns(connection, "update_state")?.is_empty() {
        update_states(connection, &mut state)?;
    }
    Ok(Imported { state, warnings })
}

fn session(connection: &Connection) -> Result<(i32, Dc), ErrorKind> {
    let column = |column, problem| ErrorKind::Column { table: "sessions", column, problem };
    let row = connection.query_row(
        "SELECT dc_id, server_address, port, auth_key FROM sessions ORDER BY length(auth_key) DESC LIMIT 1",
        [],
        |row: &Row<'_>| {
            let key: Option<Vec<u8>> = row.get(3)?;
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Option<String>>(1)?,
                row.get::<_, Option<i64>>(2)?,
                zeroize::Zeroizing::new(key.unwrap_or_default()),
            ))
        },
    );
    let (dc, host, port, key) = match row {
        Ok(row) => row,
        Err(rusqlite::Error::QueryReturnedNoRows) => return Err(ErrorKind::NoKey),
        Err(error) => return Err(sqlite("read the session")(error)),
    };
    let dc = i32::try_from(dc).ok().filter(|&dc| dc > 0).ok_or_else(|| column("dc_id", "not a DC"))?;
    let auth_key = key_of(&key).ok_or_else(|| column("auth_key", "not 256 bytes"))??;
    let port = port.and_then(|port| u16::try_from(port).ok()).filter(|&port| port > 0);
    let addresses = match (host.filter(|host| !host.is_empty()), port) {
        (Some(host), Some(port)) => vec![DcAddress::new(host, port)],
        (Some(_), None) => return Err(column("port", "not a port")),
        (None, _) => Vec::new(),
    };
    Ok((dc, Dc { auth_key: Some(auth_key), addresses, ..Dc::default() }))
}

/// `None` when it is no key at all; the inner error when nobody has logged in.
pub(super) fn key_of(bytes: &[u8]) -> Option<Result<AuthKey, ErrorKind>> {
    if bytes.is_empty() {
        return Some(Err(ErrorKind::NoKey));
    }
    (bytes.len() == 256).then(|| auth_key(bytes).ok_or(ErrorKind::NoKey))
}

/// Reads the peers; gives how many rows were of no use.
fn entities(connection: &Connection, state: &mut State) -> Result<usize, ErrorKind> {
    need(connection, "entities", &["id", "hash", "username", "phone", "name"])?;
    let mut read = || {
        let mut left_out = 0;
        let mut statement = connection.prepare("SELECT id, hash, username, phone, name FROM entities")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(key) = peer_id::unmark(row.get(0)?) else {
                left_out += 1;
                continue;
            };
            // A chat has none, and 0 stands there.
            let hash: i64 = row.get(1)?;
            let text = |index| row.get::<_, Option<String>>(index).map(|text| text.filter(|t| !t.is_empty()));
            let peer = Peer {
                key,
                access_hash: Some(hash).filter(|_| key.kind != PeerKind::Chat),
                min: false,
                bot_or_broadcast: false,
                username: text(2)?,
                phone: row
                    .get::<_, Option<i64>>(3)?
                    .filter(|&phone| phone > 0)
                    .map(|phone| phone.to_string()),
                name: text(4)?,
            };
            state.peers.insert(key, Box::new(peer));
        }
        Ok(left_out)
    };
    read().map_err(sqlite("read the table `entities`"))
}

pub(super) fn update_states(connection: &Connection, state: &mut State) -> Result<(), ErrorKind> {
    need(connection, "update_state", &["id", "pts", "qts", "date", "seq"])?;
    let mut read = || {
        // Telethon stores the date as a real number.
        let ask = "SELECT id, pts, qts, CAST(date AS INTEGER), seq FROM update_state";
        let mut statement = connection.prepare(ask)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let number = |index| row.get::<_, Option<i32>>(index).map(Option::unwrap_or_default);
            let pts = number(1)?;
            if id == 0 {
                let common = UpdateState { pts, qts: number(2)?, date: number(3)?, seq: number(4)? };
                state.updates = Some(common).filter(|common| common.pts > 0);
            } else if let Some(channel) = peer_id::channel(id).filter(|_| pts > 0) {
                state.channels.insert(channel, pts);
            }
        }
        Ok(())
    };
    read().map_err(sqlite("read the table `update_state`"))
}

pub(super) fn write(state: &State, options: &ExportOptions) -> Result<Export, ErrorKind> {
    let key = address::home_key(state)?;
    let at = address::home_address(state, options)?;
    let mut left_out = 0;
    let file = sqlite::build(|database| {
        database.execute_batch(TABLES)?;
        database.execute("INSERT INTO version VALUES (?1)", [VERSION])?;
        database.execute(
            "INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, NULL, x'')",
            params![state.home_dc, at.host, at.port, &key.as_bytes()[..]],
        )?;
        let mut row = database.prepare("INSERT INTO entities VALUES (?1, ?2, ?3, ?4, ?5, NULL)")?;
        for peer in state.peers.values() {
            match usable(peer) {
                Some((id, hash)) => {
                    let username = peer.username.as_deref().map(str::to_lowercase);
                    let phone: Option<i64> = peer.phone.as_deref().and_then(|phone| phone.parse().ok());
                    row.execute(params![id, hash, username, phone, peer.name])?;
                }
                None => left_out += 1,
            }
        }
        let mut row = database.prepare("INSERT INTO update_state VALUES (?1, ?2, ?3, ?4, ?5)")?;
        if let Some(at) = &state.updates {
            row.execute(params![0, at.pts, at.qts, at.date, at.seq])?;
        }
        for (channel, pts) in &state.channels {
            row.execute(params![channel, pts, 0, 0, 0])?;
        }
        Ok(())
    })?;
    let warnings = if left_out > 0 { vec![Warning::PeersLeftOut(left_out)] } else { Vec::new() };
    Ok(Export { output: Exported::File(file), warnings })
}

/// Marked id and access hash of a peer that another program can address.
pub(super) fn usable(peer: &Peer) -> Option<(i64, i64)> {
    let hash = match peer.key.kind {
        PeerKind::Chat => Some(0),
        PeerKind::User | PeerKind::Channel => peer.access_hash.filter(|_| !peer.min),
    };
    peer_id::mark(peer.key).zip(hash)
}
