//! Our own string: `mtwire1_`, then URL-safe base64 without padding of tagged fields and a checksum.
//!
//! A field is a tag (1 byte), a length (2 bytes, big-endian) and so many bytes; numbers in it are big-endian. Fields are in
//! the order of their tags. The last 8 bytes are the beginning of the SHA-256 of the prefix and all fields, so that a string
//! that was cut or mistyped is told from one of another program.
//!
//! | tag | value | times |
//! |---|---|---|
//! | 1 | network: 0 production, 1 test, 2 other servers (1) | 1 |
//! | 2 | number of the home DC (4) | 1 |
//! | 3 | its auth key (256) | 1 |
//! | 4 | an address of it, best first: port (2), host (UTF-8) | any |
//! | 5 | an RSA key of other servers (PEM) | with network 2: at least 1; else none |
//! | 6 | the user: id, 0 if not known (8), 1 for a bot (1) | 1 |
//! | 7 | `api_id` (4) | at most 1 |

use std::sync::Arc;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    ErrorKind, Export, ExportOptions, Exported, Imported, Warning, address, base64url, reader::Reader,
};
use crate::{
    crypto::{AuthKey, hash::sha256, rsa::PublicKey},
    session::{App, Dc, DcAddress, Network, Secret, State, User},
};

const PREFIX: &str = "mtwire1_";
const CHECKSUM_LEN: usize = 8;
/// Of RSA keys and of addresses: far more than there are.
const MAX_REPEATED: usize = 32;

pub(super) fn encode(state: &State, options: &ExportOptions) -> Result<Export, ErrorKind> {
    let key = address::home_key(state)?;
    let mut fields = Zeroizing::new(Vec::with_capacity(4096));
    let keys: &[Arc<str>] = match &state.network {
        Network::Custom { public_keys } => public_keys,
        Network::Production | Network::Test => &[],
    };
    let network = match state.network {
        Network::Production => 0,
        Network::Test => 1,
        Network::Custom { .. } => 2,
    };
    put(&mut fields, 1, &[&[network]])?;
    put(&mut fields, 2, &[&state.home_dc.to_be_bytes()])?;
    put(&mut fields, 3, &[key.as_bytes()])?;
    for at in address::home_addresses(state, options).into_iter().take(MAX_REPEATED) {
        put(&mut fields, 4, &[&at.port.to_be_bytes(), at.host.as_bytes()])?;
    }
    for key in keys.iter().take(MAX_REPEATED) {
        put(&mut fields, 5, &[key.as_bytes()])?;
    }
    let user = state.user.clone().unwrap_or_default();
    put(&mut fields, 6, &[&user.id.to_be_bytes(), &[user.bot.into()]])?;
    if let Some(app) = &state.app {
        put(&mut fields, 7, &[&app.id.to_be_bytes()])?;
    }
    let checksum = checksum(&fields);
    fields.extend(checksum);
    let digits = base64url::encode_unpadded(&fields);
    let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + digits.len()));
    text.push_str(PREFIX);
    text.push_str(&digits);
    Ok(Export { output: Exported::Text(text), warnings: vec![Warning::OnlyTheKey(state.peers.len())] })
}

fn put(fields: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) -> Result<(), ErrorKind> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let what = if tag == 4 { "a host name" } else { "an RSA key" };
    let len = u16::try_from(len).ok().filter(|&len| len <= 8192);
    let len = len.ok_or(ErrorKind::Unfit { what, problem: "it is longer than 8 KiB" })?;
    fields.push(tag);
    fields.extend(len.to_be_bytes());
    parts.iter().for_each(|part| fields.extend(*part));
    Ok(())
}

fn checksum(fields: &[u8]) -> [u8; CHECKSUM_LEN] {
    let hash = sha256(&[PREFIX.as_bytes(), fields]);
    *hash.first_chunk().expect("32 bytes hold 8")
}

pub(super) fn decode(text: &str) -> Result<Imported, ErrorKind> {
    let Some(digits) = text.strip_prefix(PREFIX) else {
        let version = text.strip_prefix("mtwire").and_then(|rest| rest.split_once('_'));
        return Err(match version.and_then(|(version, _)| version.parse().ok()) {
            Some(found) => ErrorKind::Newer { found, known: 1 },
            None => ErrorKind::Other("our own string begins with mtwire1_"),
        });
    };
    let bytes = base64url::decode(digits)?;
    let (fields, check) =
        bytes.split_last_chunk::<CHECKSUM_LEN>().ok_or(ErrorKind::Checksum { file: None })?;
    if !bool::from(checksum(fields).ct_eq(check)) {
        return Err(ErrorKind::Checksum { file: None });
    }
    let found = Found::read(fields)?;
    found.imported()
}

/// The fields as they are found, before it is checked that those that must be there are.
#[derive(Default)]
struct Found {
    network: Option<u8>,
    home: Option<i32>,
    key: Option<AuthKey>,
    addresses: Vec<DcAddress>,
    rsa_keys: Vec<Arc<str>>,
    user: Option<User>,
    api_id: Option<i32>,
}

impl Found {
    fn read(fields: &[u8]) -> Result<Self, ErrorKind> {
        let mut found = Self::default();
        let mut reader = Reader::new(fields);
        let mut last = 0;
        while reader.remaining() > 0 {
            let at = reader.position();
            let tag = reader.u8("a tag")?;
            let may_repeat = matches!(tag, 4 | 5);
            if tag < last || (tag == last && !may_repeat) {
                return Err(reader.bad("a tag", at, "out of order, or twice"));
            }
            last = tag;
            let len = reader.u16("a length")?;
            let body = reader.take(len.into(), "a field")?;
            found.field(tag, body).map_err(|error| match error {
                ErrorKind::Field { what, offset, file, problem } => {
                    ErrorKind::Field { what, offset: at + 3 + offset, file, problem }
                }
                error => error,
            })?;
        }
        Ok(found)
    }

    fn field(&mut self, tag: u8, body: &[u8]) -> Result<(), ErrorKind> {
        let mut reader = Reader::new(body);
        match tag {
            1 => self.network = Some(reader.u8("the network")?),
            2 => self.home = Some(reader.i32("the home DC")?),
            3 => self.key = Some(reader.key("the auth key")?),
            4 => {
                let port = reader.u16("the port")?;
                let host = reader.take(reader.remaining(), "the host")?;
                let host = std::str::from_utf8(host).ok().filter(|host| is_host(host));
                let host = host.ok_or_else(|| reader.bad("the host", 2, "not a name or an address"))?;
                if port == 0 || self.addresses.len() >= MAX_REPEATED {
                    return Err(reader.bad("an address", 0, "port 0, or one too many"));
                }
                self.addresses.push(DcAddress::new(host, port));
            }
            5 => {
                let pem = reader.take(reader.remaining(), "an RSA key")?;
                let pem = std::str::from_utf8(pem).ok().filter(|pem| PublicKey::from_pem(pem).is_ok());
                let pem = pem.ok_or_else(|| reader.bad("an RSA key", 0, "not a public key in PEM"))?;
                if self.rsa_keys.len() >= MAX_REPEATED {
                    return Err(reader.bad("an RSA key", 0, "one too many"));
                }
                self.rsa_keys.push(pem.into());
            }
            6 => {
                let id = reader.i64("the user id")?;
                let bot = reader.flag("the bot flag")?;
                if id < 0 {
                    return Err(reader.bad("the user id", 0, "negative"));
                }
                self.user = Some(User { id, bot, ..User::default() });
            }
            7 => self.api_id = Some(reader.i32("the api_id")?),
            _ => return Err(reader.bad("a tag", 0, "of a newer version than this program knows")),
        }
        reader.end()
    }

    fn imported(self) -> Result<Imported, ErrorKind> {
        let missing = |what| ErrorKind::Field { what, offset: 0, file: None, problem: "it is not there" };
        let key = self.key.ok_or_else(|| missing("the auth key"))?;
        let home_dc = self.home.filter(|&dc| dc > 0).ok_or_else(|| missing("the home DC"))?;
        let network = match (self.network, self.rsa_keys.is_empty()) {
            (Some(0), true) => Network::Production,
            (Some(1), true) => Network::Test,
            (Some(2), false) => Network::Custom { public_keys: self.rsa_keys },
            _ => return Err(missing("the network with its RSA keys")),
        };
        let user = self.user.ok_or_else(|| missing("the user"))?;
        let warnings = if user.id == 0 { vec![Warning::UserUnknown] } else { Vec::new() };
        let mut state = State {
            app: self.api_id.map(|id| App { id, hash: Secret::default() }),
            network,
            home_dc,
            user: Some(user),
            ..State::default()
        };
        let auth_key = Some(key);
        let dc = Dc { auth_key, addresses: self.addresses, ..Dc::default() };
        state.dcs.insert(home_dc, Box::new(dc));
        Ok(Imported { state, warnings })
    }
}

fn is_host(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
    !host.is_empty() && host.len() <= 255 && host.bytes().all(allowed)
}
