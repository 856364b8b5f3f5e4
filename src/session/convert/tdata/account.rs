//! One account: who it is, where it lives, and its keys.
//!
//! The data name of account 0 is `data`, that of account N `data#(N+1)`; the file's name is made of its MD5. Decrypted, the
//! file is blocks: an id (4) and what it calls for. Block 0x4b is a `QByteArray` with: user id (4) and home DC (4), or if
//! both are -1 user id (8) and home DC (4); how many keys (4), each a DC (4) and the key (256); and as many that are to be
//! destroyed.

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{ErrorKind, Files, file, key_data::byte_array, local_key};
use crate::{
    crypto::AuthKey,
    session::{
        Dc, Network, State, User,
        convert::{Imported, reader::Reader},
    },
};

/// The block with the keys (`dbiMtpAuthorization`).
const AUTHORIZATION: u32 = 0x4b;
/// Of keys: one for each DC.
const MAX_KEYS: i32 = 64;

/// What is read of an account.
pub(super) struct Account {
    pub user_id: i64,
    home_dc: i32,
    keys: Vec<(i32, AuthKey)>,
    test: bool,
}

/// The name of an account's file, without the suffix, and of its directory: the first 8 bytes of the MD5 of its data name,
/// in hexadecimal with the low digit of each byte first.
pub(super) fn folder(index: u32) -> String {
    let name = match index {
        0 => "data".to_owned(),
        index => format!("data#{}", u64::from(index) + 1),
    };
    let hash: [u8; 16] = Md5::digest(name).into();
    hash[..8].iter().map(|byte| format!("{:X}{:X}", byte & 15, byte >> 4)).collect()
}

impl Account {
    pub(super) fn read(files: &mut Files<'_>, index: u32, key: &AuthKey) -> Result<Self, ErrorKind> {
        let folder = folder(index);
        let content = file::read(files, &folder)?.ok_or(ErrorKind::NoKey)?;
        let plain = decrypted(&content, key)?;
        let mut account = Self::parse(&mut Reader::of_file(&plain, &content.name))?;
        // Telegram Desktop itself falls back to the production servers when this cannot be read.
        if let Some(config) = file::read(files, &format!("{folder}/config"))? {
            account.test = decrypted(&config, key).and_then(|plain| is_test(&plain, &config.name))?;
        }
        Ok(account)
    }

    fn parse(reader: &mut Reader<'_>) -> Result<Self, ErrorKind> {
        let at = reader.position();
        if reader.u32("the block's id")? != AUTHORIZATION {
            return Err(reader.bad(
                "the block's id",
                at,
                "not that of the keys; start a newer Telegram Desktop once",
            ));
        }
        let start = reader.position() + 4;
        let serialized = byte_array(reader, "the keys")?;
        let mut inner = Reader::new(serialized);
        Self::authorization(&mut inner).map_err(|error| match error {
            ErrorKind::Field { what, offset, problem, .. } => reader.bad(what, start + offset, problem),
            error => error,
        })
    }

    fn authorization(reader: &mut Reader<'_>) -> Result<Self, ErrorKind> {
        let (short_id, short_dc) = (reader.i32("the user id")?, reader.i32("the home DC")?);
        let (user_id, home_dc) = match (short_id, short_dc) {
            (-1, -1) => (reader.i64("the user id")?, reader.i32("the home DC")?),
            (id, dc) => (i64::from(id), dc),
        };
        if user_id < 0 {
            return Err(reader.bad("the user id", 0, "negative"));
        }
        let at = reader.position();
        let count = reader.i32("how many keys")?;
        if !(0..=MAX_KEYS).contains(&count) {
            return Err(reader.bad("how many keys", at, "more than there are DCs"));
        }
        let mut keys = Vec::new();
        for _ in 0..count {
            let dc = reader.i32("the DC of a key")?;
            keys.push((dc, reader.key("an auth key")?));
        }
        // 0 when nobody is logged in.
        if user_id == 0 || home_dc <= 0 || !keys.iter().any(|(dc, _)| *dc == home_dc) {
            return Err(ErrorKind::NoKey);
        }
        Ok(Self { user_id, home_dc, keys, test: false })
    }

    pub(super) fn imported(self) -> Imported {
        let mut state = State {
            home_dc: self.home_dc,
            network: if self.test { Network::Test } else { Network::Production },
            user: Some(User { id: self.user_id, ..User::default() }),
            ..State::default()
        };
        // The others are of DCs that were visited for files; numbers above 1000 are connections of their own.
        for (dc, key) in self.keys.into_iter().filter(|(dc, _)| (1..1000).contains(dc)) {
            state.dcs.insert(dc, Box::new(Dc { auth_key: Some(key), ..Dc::default() }));
        }
        Imported { state, warnings: Vec::new() }
    }
}

/// The one `QByteArray` of a file, decrypted.
fn decrypted(content: &file::Content, key: &AuthKey) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let mut reader = content.reader();
    let encrypted = byte_array(&mut reader, "the content")?;
    let plain = local_key::decrypt(key, encrypted);
    plain.ok_or_else(|| reader.bad("the content", 0, "the local key does not open it"))
}

/// The settings of the network: a `QByteArray` that begins with its version (4) and 1 for the test servers (4).
fn is_test(plain: &[u8], name: &str) -> Result<bool, ErrorKind> {
    let mut reader = Reader::of_file(plain, name);
    let serialized = byte_array(&mut reader, "the settings")?;
    let mut inner = Reader::of_file(serialized, name);
    inner.i32("the version of the settings")?;
    Ok(inner.i32("the network")? == 1)
}
