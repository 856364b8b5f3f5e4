//! What protects an account besides its number: e-mail addresses, resets under way, tokens of past logins.

use std::collections::VecDeque;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    accounts::Password,
    email::EmailCode,
    event::EmailPurpose,
    journal::{from_hex, to_hex},
    records::Object,
};

/// How long a session may be idle before it ends, days, unless the user says otherwise.
const TTL_DAYS: i32 = 180;

/// An account's settings of this kind. All of them are in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Security {
    /// Where login codes are sent.
    pub login_email: Option<String>,
    /// When the login e-mail goes, Unix time in seconds: its reset was asked for.
    pub login_email_reset: Option<i64>,
    /// A code for `account.verifyEmail` of a user who is logged in.
    pub email_check: Option<EmailCode>,
    /// Where the password can be recovered.
    pub recovery_email: Option<String>,
    /// A recovery address that is not confirmed yet, and the password that comes into force with it.
    pub unconfirmed: Option<Unconfirmed>,
    /// A code for `auth.recoverPassword`.
    pub recovery: Option<EmailCode>,
    /// When the password can go without proof, Unix time in seconds: its reset was asked for.
    pub password_reset: Option<i64>,
    /// When the password's reset may be asked for again, Unix time in seconds: the last one was declined.
    pub password_reset_retry: Option<i64>,
    /// SHA-256 of the tokens given at log-outs, the oldest first (AU-6).
    pub logout_tokens: VecDeque<[u8; 32]>,
    /// How long a session may be idle, days. It is kept and shown, but ends none here.
    pub ttl_days: i32,
}

impl Default for Security {
    fn default() -> Self {
        Self {
            login_email: None,
            login_email_reset: None,
            email_check: None,
            recovery_email: None,
            unconfirmed: None,
            recovery: None,
            password_reset: None,
            password_reset_retry: None,
            logout_tokens: VecDeque::new(),
            ttl_days: TTL_DAYS,
        }
    }
}

/// A recovery address that is not confirmed yet (SR-4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unconfirmed {
    /// The address, and the code that was sent to it.
    pub code: EmailCode,
    /// The password that was set along with it.
    pub password: Option<Password>,
}

/// A code in the journal.
pub(super) fn email_code(code: &EmailCode) -> Value {
    json!({
        "email": code.email,
        "purpose": code.purpose.name(),
        "code": code.code.as_str(),
        "expires": code.expires,
        "attempts": code.attempts,
    })
}

/// A code from the journal.
pub(super) fn parse_email_code(object: &Object<'_>) -> Result<EmailCode, String> {
    let purpose = object.text("purpose")?;
    Ok(EmailCode {
        email: object.text("email")?,
        purpose: EmailPurpose::from_name(&purpose)
            .ok_or_else(|| format!("`{purpose}` is no purpose of a code"))?,
        code: Zeroizing::new(object.text("code")?),
        expires: object.int("expires")?,
        attempts: object.int("attempts")?,
    })
}

/// A password in the journal.
pub(super) fn password(p: &Password) -> Value {
    json!({
        "salt1": to_hex(&p.salt1),
        "salt2": to_hex(&p.salt2),
        "verifier": to_hex(&p.verifier),
        "hint": p.hint,
    })
}

/// A password from the journal.
pub(super) fn parse_password(object: &Object<'_>) -> Result<Password, String> {
    Ok(Password {
        salt1: object.bytes("salt1")?,
        salt2: object.bytes("salt2")?,
        verifier: Zeroizing::new(object.hex::<256>("verifier")?.to_vec()),
        hint: object.optional("hint", Object::text)?,
    })
}

impl Security {
    /// Takes the addresses that there are.
    pub fn take_over(&mut self, login: Option<String>, recovery: Option<String>) {
        if login.is_some() {
            (self.login_email, self.login_email_reset) = (login, None);
        }
        if recovery.is_some() {
            self.recovery_email = recovery;
        }
    }

    /// As it stands in the account's line of the journal.
    pub fn to_json(&self) -> Value {
        let unconfirmed = self
            .unconfirmed
            .as_ref()
            .map(|u| json!({"code": email_code(&u.code), "password": u.password.as_ref().map(password)}));
        json!({
            "login_email": self.login_email,
            "login_email_reset": self.login_email_reset,
            "email_check": self.email_check.as_ref().map(email_code),
            "recovery_email": self.recovery_email,
            "unconfirmed": unconfirmed,
            "recovery": self.recovery.as_ref().map(email_code),
            "password_reset": self.password_reset,
            "password_reset_retry": self.password_reset_retry,
            "logout_tokens": self.logout_tokens.iter().map(|t| to_hex(t)).collect::<Vec<_>>(),
            "ttl_days": self.ttl_days,
        })
    }

    /// From the account's line of the journal.
    pub fn parse(object: &Object<'_>) -> Result<Self, String> {
        let code = |o: &Object<'_>, name: &str| parse_email_code(&o.object(name)?);
        let token = |value: &Value| {
            let bytes = value.as_str().and_then(from_hex).and_then(|bytes| bytes.try_into().ok());
            bytes.ok_or_else(|| "a token in `logout_tokens` is not 32 bytes".to_owned())
        };
        let tokens = object.get("logout_tokens")?.as_array().ok_or("`logout_tokens` is not a list")?;
        Ok(Self {
            login_email: object.optional("login_email", Object::text)?,
            login_email_reset: object.optional("login_email_reset", Object::int)?,
            email_check: object.optional("email_check", code)?,
            recovery_email: object.optional("recovery_email", Object::text)?,
            unconfirmed: object.optional("unconfirmed", |o, name| {
                let o = o.object(name)?;
                Ok(Unconfirmed {
                    code: parse_email_code(&o.object("code")?)?,
                    password: o.optional("password", |o, name| parse_password(&o.object(name)?))?,
                })
            })?,
            recovery: object.optional("recovery", code)?,
            password_reset: object.optional("password_reset", Object::int)?,
            password_reset_retry: object.optional("password_reset_retry", Object::int)?,
            logout_tokens: tokens.iter().map(token).collect::<Result<_, _>>()?,
            ttl_days: object.int("ttl_days")?,
        })
    }
}
