//! The records that a session is made of.

use std::fmt;
use std::sync::Arc;

use super::Secret;
use crate::crypto::AuthKey;

/// The application's own credentials (<https://my.telegram.org>), kept so that a later run needs only the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// `api_id`.
    pub id: i32,
    /// `api_hash`, 32 hexadecimal digits. Empty when it is not known, as in a session that was imported: only a login
    /// needs it.
    pub hash: Secret,
}

/// Which servers the session belongs to. DC numbers mean nothing without it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Telegram's production DCs.
    #[default]
    Production,
    /// Telegram's test DCs.
    Test,
    /// Other servers: their RSA public keys, each as PEM text (PKCS#1 or SubjectPublicKeyInfo).
    Custom {
        /// At least one key, else no key exchange can succeed.
        public_keys: Vec<Arc<str>>,
    },
}

/// What is known of one DC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dc {
    /// The permanent authorization key made with this DC.
    pub auth_key: Option<AuthKey>,
    /// The login of the home DC was taken along to this key (AU-7). Never without a key.
    pub authorized: bool,
    /// Salts that go with the key, the current one and future ones (SA-1, SA-2).
    pub salts: Vec<Salt>,
    /// Server time minus local time, in seconds (ID-5).
    pub time_offset: i64,
    /// Where to reach it, best first.
    pub addresses: Vec<DcAddress>,
}

impl Dc {
    /// The salt to use at `server_time` (seconds since 1970): the newest that is valid then, else the newest of all.
    #[must_use]
    pub fn salt_at(&self, server_time: i64) -> Option<i64> {
        let valid = self
            .salts
            .iter()
            .filter(|s| (s.valid_since..s.valid_until).contains(&server_time))
            .max_by_key(|s| s.valid_since);
        valid.or_else(|| self.salts.iter().max_by_key(|s| s.valid_since)).map(|s| s.salt)
    }
}

/// One server salt and when the server takes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt {
    /// First second of server time at which it is valid; 0 when unknown, as for the salt that a key exchange yields.
    pub valid_since: i64,
    /// First second at which it is not valid any more; `i64::MAX` when unknown.
    pub valid_until: i64,
    /// The salt.
    pub salt: i64,
}

impl Salt {
    /// A salt whose time of validity is not known: the first one of a key, or that of a `bad_server_salt`.
    #[must_use]
    pub fn undated(salt: i64) -> Self {
        Self { valid_since: 0, valid_until: i64::MAX, salt }
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Salt({}..{})", self.valid_since, self.valid_until)
    }
}

/// One address of a DC (`dcOption`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DcAddress {
    /// Host name or IP address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Only for up- and downloads.
    pub media_only: bool,
    /// Only with an obfuscated transport (`tcpo_only`).
    pub obfuscated_only: bool,
    /// A CDN DC: own RSA keys, no authorization.
    pub cdn: bool,
    /// To be preferred behind a proxy (`static`).
    pub is_static: bool,
    /// The DC listens there on no other port.
    pub this_port_only: bool,
    /// The transport secret to use at this address.
    pub secret: Option<Secret>,
}

impl DcAddress {
    /// An ordinary address.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, ..Self::default() }
    }

    /// Whether it is an IPv6 address.
    #[must_use]
    pub fn is_ipv6(&self) -> bool {
        self.host.contains(':')
    }
}

/// Who is logged in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// User id. 0 as long as it is not known who is logged in, as in a session that was imported from a form that does
    /// not say.
    pub id: i64,
    /// Logged in with a bot token.
    pub bot: bool,
    /// First name.
    pub first_name: String,
    /// Last name, may be empty.
    pub last_name: String,
    /// Without the `@`.
    pub username: Option<String>,
    /// International format, digits only, as the server gives it.
    pub phone: Option<String>,
}

impl User {
    /// The names in words, as in `Ada Lovelace (@ada)`; empty when none is known.
    #[must_use]
    pub fn names(&self) -> String {
        let name = format!("{} {}", self.first_name, self.last_name).trim().to_owned();
        match &self.username {
            Some(username) if name.is_empty() => format!("@{username}"),
            Some(username) => format!("{name} (@{username})"),
            None => name,
        }
    }
}

/// A login that was begun and not finished: enough for another process to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingLogin {
    /// As typed, or as normalized before it was sent.
    pub phone: String,
    /// Of the newest `auth.sentCode`.
    pub phone_code_hash: Secret,
    /// The DC that sent the code and where it must be given.
    pub dc: i32,
    /// When the code was sent, seconds since 1970 by the local clock.
    pub sent_at: i64,
    /// How it was sent.
    pub via: CodeVia,
    /// Number of digits or characters, if known.
    pub length: Option<u32>,
    /// What is known of the code or where it went: the pattern of a calling number, the prefix of a missed call, the
    /// masked e-mail address, the first word or phrase, the address of a Fragment page.
    pub hint: Option<String>,
    /// What `auth.resendCode` would use.
    pub next: Option<CodeVia>,
    /// Seconds after [`sent_at`](Self::sent_at) when a resend is possible.
    pub timeout: Option<u32>,
    /// What the server waits for.
    pub stage: Stage,
}

/// The ways in which a login code travels (`auth.SentCodeType`, `auth.CodeType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeVia {
    /// A message in the user's other Telegram apps.
    App,
    /// Text message.
    Sms,
    /// A voice reads it.
    Call,
    /// The calling number is the code.
    FlashCall,
    /// The last digits of the number of a missed call are the code.
    MissedCall,
    /// E-mail.
    Email,
    /// Not sent: the account must get a login e-mail address first.
    EmailSetup,
    /// A page of fragment.com, for numbers bought there.
    Fragment,
    /// Text message that only official apps can ask for.
    Firebase,
    /// Text message with a word.
    Word,
    /// Text message with a phrase.
    Phrase,
}

/// How far a [`PendingLogin`] has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// The code has been sent, not yet accepted.
    #[default]
    Code,
    /// The code was accepted; the 2FA password is asked for.
    Password,
    /// The code was accepted; the number has no account yet.
    SignUp {
        /// The terms to accept before signing up.
        terms: Option<Terms>,
    },
    /// The account must get a login e-mail address before a code is sent; it is asked for.
    EmailSetup,
    /// A code was sent to the new login e-mail address and not yet accepted.
    EmailVerify {
        /// The address as it was given.
        address: String,
        /// Number of characters of the code, if known.
        length: Option<u32>,
    },
    /// A login code was sent by e-mail, as with [`Code`](Self::Code), and the address can be reset.
    EmailCode {
        /// A reset can be asked for, and is done so many seconds later.
        reset_wait: Option<u32>,
        /// A reset was asked for and is done then, seconds since 1970 by the server's clock.
        reset_at: Option<i64>,
    },
    /// The code was accepted; a code to recover the 2FA password was sent by e-mail and not yet accepted.
    Recovery {
        /// The masked e-mail address.
        pattern: String,
    },
}

/// Terms of service that a new user must accept (`help.termsOfService`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Plain text.
    pub text: String,
    /// The user must confirm to be at least that old, in years.
    pub min_age: Option<u32>,
}

/// The common update state (`updates.state`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpdateState {
    /// Counter of message events.
    pub pts: i32,
    /// Counter of secret chat events.
    pub qts: i32,
    /// Server time of the last update, seconds since 1970.
    pub date: i32,
    /// Counter of update packets.
    pub seq: i32,
}

/// What a peer's id counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerKind {
    /// A person or bot.
    User,
    /// A small group.
    Chat,
    /// A channel or supergroup.
    Channel,
}

/// Names a peer: ids of different kinds overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey {
    /// Kind.
    pub kind: PeerKind,
    /// Bare id, positive.
    pub id: i64,
}

/// A peer that was seen, with what is needed to address it.
#[derive(Clone, PartialEq, Eq)]
pub struct Peer {
    /// Kind and id.
    pub key: PeerKey,
    /// Needed to address users and channels; valid for this account only.
    pub access_hash: Option<i64>,
    /// Seen only in passing (`min`): the access hash is good for a photo, not for a call.
    pub min: bool,
    /// A bot (users) or a broadcast channel without discussion (channels).
    pub bot_or_broadcast: bool,
    /// Without the `@`.
    pub username: Option<String>,
    /// International format, digits only.
    pub phone: Option<String>,
    /// Display name or title.
    pub name: Option<String>,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The access hash is a capability: it stays out of logs.
        f.debug_struct("Peer")
            .field("key", &self.key)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
