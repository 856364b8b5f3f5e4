//! The session string of Pyrogram and Kurigram: URL-safe base64 without padding of big-endian fields.
//!
//! | bytes | characters | fields | written by |
//! |---|---|---|---|
//! | 263 | 351 | DC (1), test (1), auth key (256), user id (4), bot (1) | Pyrogram 1.0 |
//! | 267 | 356 | the same with a user id of 8 bytes | Pyrogram 1.2 |
//! | 271 | 362 | DC (1), `api_id` (4), test (1), auth key (256), user id (8), bot (1) | Pyrogram 2, Kurigram |

use zeroize::Zeroizing;

use super::{ErrorKind, Export, Exported, Imported, Warning, address, base64url, reader::Reader};
use crate::{
    crypto::AuthKey,
    session::{App, Dc, Network, Secret, State, User},
};

/// What a string has, whichever layout it is in.
pub(super) struct Fields {
    pub dc: i32,
    pub api_id: Option<i32>,
    pub test: bool,
    pub key: AuthKey,
    pub user_id: i64,
    pub bot: bool,
}

pub(super) fn decode(text: &str) -> Result<Imported, ErrorKind> {
    let bytes = base64url::decode(text)?;
    let (with_api_id, long_user_id, old) = match bytes.len() {
        271 => (true, true, None),
        267 => (false, true, Some("267 bytes")),
        263 => (false, false, Some("263 bytes")),
        _ => return Err(ErrorKind::Other("a Pyrogram string has 351, 356 or 362 characters")),
    };
    let mut reader = Reader::new(&bytes);
    let dc = reader.u8("the DC")?.into();
    let api_id_at = reader.position();
    let api_id = if with_api_id { Some(reader.u32("the api_id")?) } else { None };
    let api_id = api_id.filter(|&id| id != 0).map(i32::try_from).transpose();
    let api_id = api_id.map_err(|_| reader.bad("the api_id", api_id_at, "over 31 bits"))?;
    let test = reader.flag("test mode")?;
    let key = reader.key("the auth key")?;
    let user_at = reader.position();
    let user_id = if long_user_id { reader.i64("the user id")? } else { reader.u32("the user id")?.into() };
    let bot = reader.flag("the bot flag")?;
    reader.end()?;
    if dc == 0 {
        return Err(reader.bad("the DC", 0, "0 is none"));
    }
    if user_id < 0 {
        return Err(reader.bad("the user id", user_at, "over 63 bits"));
    }
    let mut imported = Fields { dc, api_id, test, key, user_id, bot }.imported();
    imported.warnings.extend(old.map(Warning::OldLayout));
    Ok(imported)
}

impl Fields {
    /// The session that they make.
    pub(super) fn imported(self) -> Imported {
        let mut state = State {
            home_dc: self.dc,
            network: if self.test { Network::Test } else { Network::Production },
            app: self.api_id.map(|id| App { id, hash: Secret::default() }),
            user: Some(User { id: self.user_id, bot: self.bot, ..User::default() }),
            ..State::default()
        };
        let auth_key = Some(self.key);
        state.dcs.insert(self.dc, Box::new(Dc { auth_key, ..Dc::default() }));
        let warnings = if self.user_id == 0 { vec![Warning::UserUnknown] } else { Vec::new() };
        Imported { state, warnings }
    }
}

/// The user to write: these forms cannot do without.
pub(super) fn known_user(state: &State) -> Result<&User, ErrorKind> {
    let hint = "run `mtwire me` first: it asks the server and keeps the answer";
    let missing = ErrorKind::Missing { what: "user id", hint };
    state.user.as_ref().filter(|user| user.id > 0).ok_or(missing)
}

pub(super) fn encode(state: &State) -> Result<Export, ErrorKind> {
    let key = address::home_key(state)?;
    let user = known_user(state)?;
    let hint = "the other program would ask for it; give it at the import (--api-id)";
    let missing = ErrorKind::Missing { what: "api_id", hint };
    let api_id = state.app.as_ref().map(|app| app.id).filter(|&id| id > 0).ok_or(missing)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(271));
    bytes.push(address::home_dc_byte(state)?);
    bytes.extend(api_id.to_be_bytes());
    bytes.push((state.network == Network::Test).into());
    bytes.extend(key.as_bytes());
    bytes.extend(user.id.to_be_bytes());
    bytes.push(user.bot.into());
    let mut warnings = vec![Warning::OnlyTheKey(state.peers.len())];
    if matches!(state.network, Network::Custom { .. }) {
        warnings.push(Warning::NoAddress);
    }
    Ok(Export { output: Exported::Text(base64url::encode_unpadded(&bytes)), warnings })
}
