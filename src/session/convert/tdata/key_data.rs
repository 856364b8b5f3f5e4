//! `key_datas`: the local key and the list of accounts.
//!
//! | field | what |
//! |---|---|
//! | salt | `QByteArray` of 32 bytes |
//! | local key | `QByteArray`: the 256 bytes encrypted with the passcode's key; since 7.3 empty when there is a passcode |
//! | accounts | `QByteArray`, encrypted with the local key: how many (4), the index of each (4), the active one (4) |
//! | trailer | `QByteArray`, since 7.3: `KD2\0` (4), version (4), generation (4), how many wraps (4), the wraps |
//!
//! A wrap is how the local key is encrypted with a passcode's: kind of the key derivation (4), generation (4), its memory,
//! time and parallelism (4 each), salt and encrypted local key (`QByteArray` each). The one that counts has the
//! generation of the trailer; another was left by a crash.

use super::{ErrorKind, file::Content, local_key};
use crate::{
    crypto::AuthKey,
    session::convert::reader::{Reader, auth_key},
};

/// `KD2` and a zero byte.
const TRAILER_MAGIC: u32 = 0x4b44_3200;
const TRAILER_VERSION: u32 = 2;
const MAX_WRAPS: u32 = 2;
/// Telegram Desktop has at most six.
const MAX_ACCOUNTS: i32 = 64;
const SALT_LEN: usize = 32;
/// A `QByteArray` that is null and not empty.
const NULL: u32 = u32::MAX;

/// What the passcode opens.
pub(super) struct Opened {
    pub local_key: AuthKey,
    /// Their indexes.
    pub accounts: Vec<u32>,
}

struct Wrap<'a> {
    cost: local_key::Cost,
    salt: &'a [u8],
    encrypted: &'a [u8],
}

pub(super) fn open(content: &Content, passcode: &[u8]) -> Result<Opened, ErrorKind> {
    let mut reader = content.reader();
    let salt = byte_array(&mut reader, "the salt")?;
    if salt.len() != SALT_LEN {
        return Err(reader.bad("the salt", 0, "not 32 bytes"));
    }
    let encrypted = byte_array(&mut reader, "the local key")?;
    let accounts = byte_array(&mut reader, "the accounts")?;
    let trailer = if reader.remaining() > 0 { Some(byte_array(&mut reader, "the trailer")?) } else { None };
    let wrap = trailer.map(|trailer| live_wrap(trailer, &content.name)).transpose()?.flatten();
    let (key, encrypted) = match (wrap, passcode.is_empty()) {
        (Some(_), true) if encrypted.is_empty() => return Err(ErrorKind::PasscodeNeeded),
        (Some(wrap), false) => (local_key::of_passcode_at(wrap.cost, passcode, wrap.salt)?, wrap.encrypted),
        // A passcode that is given where there is none does no harm since 7.3, where it can be told.
        (None, false) if trailer.is_some() => (local_key::of_passcode(&[], salt), encrypted),
        _ => (local_key::of_passcode(passcode, salt), encrypted),
    };
    let wrong = if passcode.is_empty() { ErrorKind::PasscodeNeeded } else { ErrorKind::WrongPasscode };
    let local_key = local_key::decrypt(&key, encrypted).ok_or(wrong)?;
    let bad = || reader.bad("the local key", 0, "not 256 bytes");
    let local_key = auth_key(&local_key).ok_or_else(bad)?;
    let accounts = local_key::decrypt(&local_key, accounts);
    let accounts =
        accounts.ok_or_else(|| reader.bad("the accounts", 0, "the local key does not open them"))?;
    let mut reader = Reader::of_file(&accounts, &content.name);
    let count = reader.i32("how many accounts")?;
    if !(1..=MAX_ACCOUNTS).contains(&count) {
        return Err(reader.bad("how many accounts", 0, "none, or more than there can be"));
    }
    let mut accounts = Vec::new();
    for _ in 0..count {
        let index = reader.i32("an account's index")?;
        if let Some(index) = u32::try_from(index).ok().filter(|index| !accounts.contains(index)) {
            accounts.push(index);
        }
    }
    Ok(Opened { local_key, accounts })
}

fn live_wrap<'a>(trailer: &'a [u8], name: &'a str) -> Result<Option<Wrap<'a>>, ErrorKind> {
    let mut reader = Reader::of_file(trailer, name);
    if reader.u32("the trailer")? != TRAILER_MAGIC {
        return Err(reader.bad("the trailer", 0, "it does not begin with KD2"));
    }
    let found = reader.u32("the trailer's version")?;
    if found > TRAILER_VERSION {
        return Err(ErrorKind::Newer { found, known: TRAILER_VERSION });
    }
    let generation = reader.u32("the generation")?;
    let at = reader.position();
    let count = reader.u32("how many wraps")?;
    if count > MAX_WRAPS {
        return Err(reader.bad("how many wraps", at, "more than two"));
    }
    let mut live = None;
    for _ in 0..count {
        let kind = reader.u32("the kind of a wrap")?;
        let of = reader.u32("the generation of a wrap")?;
        let memory = reader.u32("the memory of a wrap")?;
        let time = reader.u32("the time of a wrap")?;
        let parallel = reader.u32("the parallelism of a wrap")?;
        let salt = byte_array(&mut reader, "the salt of a wrap")?;
        let encrypted = byte_array(&mut reader, "the key of a wrap")?;
        if of == generation {
            live = Some(Wrap { cost: local_key::Cost { kind, memory, time, parallel }, salt, encrypted });
        }
    }
    Ok(live)
}

/// A length (4) and so many bytes; a length of all ones is none.
pub(super) fn byte_array<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], ErrorKind> {
    match reader.u32(what)? {
        NULL => Ok(&[]),
        len => reader.take(usize::try_from(len).unwrap_or(usize::MAX), what),
    }
}
