//! The lines of the journal: accounts, keys and messages as JSON, and back.

use std::sync::Arc;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    accounts::Account,
    codes::Pending,
    journal::{from_hex, to_hex},
    keys::{Authorization, Device, KeyEntry},
    mailbox::Message,
    security::{self, Security},
    via::Via,
};
use crate::crypto::AuthKey;

/// The format's version, in the first line.
const VERSION: u64 = 1;

/// One line.
pub(super) enum Record {
    /// The first line: the secret that server salts are made of.
    Header([u8; 32]),
    /// A permanent key and who is logged in on it.
    Key(Arc<KeyEntry>, Authorization),
    /// A key was destroyed.
    KeyGone(i64),
    /// An account.
    Account(Box<Account>),
    /// An account was deleted; its id is not given again.
    AccountGone(i64),
    /// A code on its way, with its hash.
    Code(String, Pending),
    /// A code was used up or called off.
    CodeGone(String),
    /// A message in the mailbox of `owner`.
    Message {
        /// Whose mailbox.
        owner: i64,
        /// The message.
        message: Message,
    },
}

/// The first line.
pub(super) fn header(salts: &[u8; 32]) -> Value {
    json!({"t": "mtwire-server", "v": VERSION, "salts": to_hex(salts)})
}

/// A permanent key with its authorization.
pub(super) fn key(entry: &KeyEntry, auth: &Authorization) -> Value {
    json!({
        "t": "key",
        "key": to_hex(entry.key.as_bytes()),
        "dc": entry.dc,
        "created": entry.created,
        "salt": entry.first_salt,
        "user": auth.user,
        "awaiting_password": auth.awaiting_password,
        "since": auth.since,
        "layer": auth.layer,
        "api_id": auth.device.api_id,
        "model": auth.device.model,
        "system": auth.device.system,
        "app": auth.device.app,
        "parent": auth.parent,
        "revoked": auth.revoked,
        "no_secret_chats": auth.no_secret_chats,
        "no_calls": auth.no_calls,
    })
}

/// A key was destroyed.
pub(super) fn key_gone(id: i64) -> Value {
    json!({"t": "key-gone", "id": id})
}

/// An account.
pub(super) fn account(account: &Account) -> Value {
    json!({
        "t": "account",
        "id": account.id,
        "hash": account.access_hash,
        "phone": account.phone,
        "bot": account.bot_secret.as_ref().map(|s| s.as_str()),
        "first": account.first_name,
        "last": account.last_name,
        "username": account.username,
        "dc": account.dc,
        "password": account.password.as_ref().map(security::password),
        "contacts": account.contacts,
        "security": account.security.to_json(),
    })
}

/// An account was deleted.
pub(super) fn account_gone(id: i64) -> Value {
    json!({"t": "account-gone", "id": id})
}

/// A code on its way.
pub(super) fn code(hash: &str, pending: &Pending) -> Value {
    json!({
        "t": "code",
        "hash": hash,
        "phone": pending.phone,
        "via": pending.via.name(),
        "verified": pending.verified,
        "code": pending.code.as_str(),
        "expires": pending.expires,
        "attempts": pending.attempts,
        "rest": pending.rest.iter().map(|via| via.name()).collect::<Vec<_>>(),
        "resend_at": pending.resend_at,
        "email": pending.email,
        "setup": pending.setup.as_ref().map(security::email_code),
    })
}

/// A code was used up or called off.
pub(super) fn code_gone(hash: &str) -> Value {
    json!({"t": "code-gone", "hash": hash})
}

/// A message in a mailbox.
pub(super) fn message(owner: i64, m: &Message) -> Value {
    json!({
        "t": "message",
        "owner": owner,
        "id": m.id,
        "peer": m.peer,
        "out": m.out,
        "date": m.date,
        "text": m.text,
        "pts": m.pts,
    })
}

/// Reads a line; the error says what is wrong with it.
pub(super) fn parse(value: &Value) -> Result<Record, String> {
    let object = Object(value);
    match value.get("t").and_then(Value::as_str) {
        Some("mtwire-server") => match value.get("v").and_then(Value::as_u64) {
            Some(VERSION) => Ok(Record::Header(object.hex("salts")?)),
            version => Err(format!("written by another version (format {version:?}, not {VERSION})")),
        },
        Some("key") => {
            let key = AuthKey::from_bytes(object.hex("key")?);
            let entry =
                KeyEntry::new(key, object.int("dc")?, object.int("created")?, None, object.int("salt")?);
            let device = Device {
                api_id: object.int("api_id")?,
                model: object.text("model")?,
                system: object.text("system")?,
                app: object.text("app")?,
            };
            let user = object.optional("user", Object::int)?;
            let awaiting_password = object.optional("awaiting_password", Object::int)?;
            let since = object.int("since")?;
            let authorization = Authorization {
                user,
                awaiting_password,
                since,
                layer: object.optional("layer", Object::int)?,
                device,
                parent: object.added("parent", Object::int)?,
                revoked: object.added("revoked", Object::bool)?.unwrap_or_default(),
                no_secret_chats: object.added("no_secret_chats", Object::bool)?.unwrap_or_default(),
                no_calls: object.added("no_calls", Object::bool)?.unwrap_or_default(),
            };
            Ok(Record::Key(Arc::new(entry), authorization))
        }
        Some("key-gone") => Ok(Record::KeyGone(object.int("id")?)),
        Some("account") => Ok(Record::Account(Box::new(parse_account(&object)?))),
        Some("account-gone") => Ok(Record::AccountGone(object.int("id")?)),
        Some("code") => {
            let pending = parse_code(&object)?;
            Ok(Record::Code(object.text("hash")?, pending))
        }
        Some("code-gone") => Ok(Record::CodeGone(object.text("hash")?)),
        Some("message") => Ok(Record::Message {
            owner: object.int("owner")?,
            message: Message {
                id: object.int("id")?,
                peer: object.int("peer")?,
                out: object.bool("out")?,
                date: object.int("date")?,
                text: object.text("text")?,
                pts: object.int("pts")?,
            },
        }),
        other => Err(format!("a line of unknown type {other:?}")),
    }
}

fn parse_code(object: &Object<'_>) -> Result<Pending, String> {
    let via = |name: &str| Via::from_name(name).ok_or_else(|| format!("`{name}` is no way for a code"));
    let rest = object.added("rest", |o, name| o.list(name))?.map_or(&[][..], Vec::as_slice);
    Ok(Pending {
        phone: object.text("phone")?,
        via: via(&object.text("via")?)?,
        rest: rest.iter().map(|name| via(name.as_str().unwrap_or_default())).collect::<Result<_, _>>()?,
        verified: object.bool("verified")?,
        code: Zeroizing::new(object.text("code")?),
        resend_at: object.added("resend_at", Object::int)?,
        expires: object.int("expires")?,
        attempts: object.int("attempts")?,
        email: object.added("email", Object::text)?,
        setup: object.added("setup", |o, name| security::parse_email_code(&o.object(name)?))?,
    })
}

fn parse_account(object: &Object<'_>) -> Result<Account, String> {
    let contacts = object.get("contacts")?.as_array().ok_or("`contacts` is not a list")?;
    Ok(Account {
        id: object.int("id")?,
        access_hash: object.int("hash")?,
        phone: object.optional("phone", Object::text)?,
        bot_secret: object.optional("bot", Object::text)?.map(Zeroizing::new),
        first_name: object.text("first")?,
        last_name: object.text("last")?,
        username: object.optional("username", Object::text)?,
        dc: object.int("dc")?,
        password: object.optional("password", |o, name| security::parse_password(&o.object(name)?))?,
        security: object.added("security", |o, name| Security::parse(&o.object(name)?))?.unwrap_or_default(),
        contacts: contacts.iter().filter_map(Value::as_i64).collect(),
    })
}

/// Typed access to the fields of a line.
pub(super) struct Object<'a>(&'a Value);

impl<'a> Object<'a> {
    /// The value of a field.
    pub fn get(&self, name: &str) -> Result<&'a Value, String> {
        self.0.get(name).ok_or_else(|| format!("`{name}` is missing"))
    }

    /// A whole number.
    pub fn int<T: TryFrom<i64>>(&self, name: &str) -> Result<T, String> {
        let number = self.get(name)?.as_i64().and_then(|n| T::try_from(n).ok());
        number.ok_or_else(|| format!("`{name}` is not a number that fits"))
    }

    /// A truth value.
    pub fn bool(&self, name: &str) -> Result<bool, String> {
        self.get(name)?.as_bool().ok_or_else(|| format!("`{name}` is not true or false"))
    }

    /// Text.
    pub fn text(&self, name: &str) -> Result<String, String> {
        Ok(self.get(name)?.as_str().ok_or_else(|| format!("`{name}` is not text"))?.to_owned())
    }

    /// Bytes in hexadecimal.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        from_hex(&self.text(name)?).ok_or_else(|| format!("`{name}` is not hexadecimal"))
    }

    /// `N` bytes in hexadecimal.
    pub fn hex<const N: usize>(&self, name: &str) -> Result<[u8; N], String> {
        self.bytes(name)?.try_into().map_err(|_| format!("`{name}` does not have {N} bytes"))
    }

    /// A list.
    pub fn list(&self, name: &str) -> Result<&'a Vec<Value>, String> {
        self.get(name)?.as_array().ok_or_else(|| format!("`{name}` is not a list"))
    }

    /// An object in this one.
    pub fn object(&self, name: &str) -> Result<Self, String> {
        Ok(Self(self.get(name)?))
    }

    /// A field that is `null` if there is nothing.
    pub fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self, &str) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        if self.get(name)?.is_null() { Ok(None) } else { read(self, name).map(Some) }
    }

    /// A field that lines of earlier versions do not have.
    pub fn added<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self, &str) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        if self.0.get(name).is_none() { Ok(None) } else { self.optional(name, read) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{accounts::Password, email::EmailCode, event::EmailPurpose, security::Unconfirmed};

    fn email_code() -> EmailCode {
        EmailCode {
            email: "ada@example.org".into(),
            purpose: EmailPurpose::PasswordSetup,
            code: Zeroizing::new("123456".into()),
            expires: 12,
            attempts: 2,
        }
    }

    #[test]
    fn accounts_come_back_as_they_were() {
        let password = Password {
            salt1: vec![1, 2],
            salt2: vec![],
            verifier: Zeroizing::new(vec![7; 256]),
            hint: Some("h".into()),
        };
        let original = Account {
            id: 7_000_000_001,
            access_hash: -5,
            phone: Some("9996621234".into()),
            bot_secret: None,
            first_name: "Ada".into(),
            last_name: String::new(),
            username: Some("ada".into()),
            dc: 2,
            password: Some(password.clone()),
            contacts: [3, 4].into(),
            security: Security {
                login_email: Some("ada@example.com".into()),
                login_email_reset: Some(5),
                email_check: Some(email_code()),
                recovery_email: Some("ada@example.net".into()),
                unconfirmed: Some(Unconfirmed { code: email_code(), password: Some(password) }),
                recovery: Some(email_code()),
                password_reset: Some(6),
                password_reset_retry: Some(7),
                logout_tokens: [[1; 32], [2; 32]].into(),
                ttl_days: 9,
            },
        };
        let Ok(Record::Account(read)) = parse(&account(&original)) else { panic!() };
        assert_eq!(account(&read), account(&original));
        assert_eq!((read.password, read.security), (original.password, original.security));
    }

    #[test]
    fn lines_of_the_first_version_are_read() {
        let line = json!({"t": "account", "id": 1, "hash": 2, "phone": "12345", "bot": null, "first": "A",
            "last": "", "username": null, "dc": 2, "password": null, "contacts": []});
        let Ok(Record::Account(read)) = parse(&line) else { panic!() };
        assert_eq!(read.security, Security::default());
        let line = json!({"t": "code", "hash": "h", "phone": "12345", "via": "sms", "verified": false,
            "code": "1", "expires": 9, "attempts": 5});
        assert!(matches!(parse(&line), Ok(Record::Code(..))));
    }

    #[test]
    fn keys_come_back_as_they_were() {
        let entry = KeyEntry::new(AuthKey::from_bytes([3; 256]), 2, 17, None, -1);
        let auth = Authorization {
            user: Some(5),
            since: 9,
            parent: Some(6),
            revoked: true,
            no_calls: true,
            ..Authorization::default()
        };
        let Ok(Record::Key(read, auth_read)) = parse(&key(&entry, &auth)) else { panic!() };
        assert_eq!(read.key.id(), entry.key.id());
        assert_eq!(auth_read, auth);
    }

    #[test]
    fn codes_come_back_as_they_were() {
        for via in [Via::App, Via::Sms, Via::EmailSetup] {
            let mut original = Pending::new("9996621234".into(), via, "22222".into(), 17);
            (original.verified, original.attempts, original.resend_at) = (true, 3, Some(8));
            (original.rest, original.setup) = (vec![Via::Word, Via::Email], Some(email_code()));
            let Ok(Record::Code(hash, read)) = parse(&code("ab", &original)) else { panic!() };
            assert_eq!((hash.as_str(), code(&hash, &read)), ("ab", code("ab", &original)));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, word) in [
            (json!({}), "type"),
            (json!({"t": "mtwire-server", "v": 2}), "version"),
            (json!({"t": "key", "key": "00"}), "256"),
            (json!({"t": "message", "owner": "x"}), "owner"),
            (json!({"t": "code", "phone": "1", "via": "pigeon"}), "pigeon"),
        ] {
            let Err(reason) = parse(&line) else { panic!("{line} was taken") };
            assert!(reason.contains(word), "{reason}");
        }
    }
}
