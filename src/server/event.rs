//! What a running server tells the program around it.

use serde_json::{Value, json};

/// Something that happened in the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A login code was "sent". This is the only way to learn the code of a number that is not a test number.
    Code {
        /// Number in international form without the plus sign.
        phone: String,
        /// The code.
        code: String,
    },
    /// A user or bot logged in: the auth key is now authorized.
    SignedIn {
        /// The user's id.
        user_id: i64,
        /// The DC where it happened.
        dc: i32,
    },
    /// A number registered itself.
    SignedUp {
        /// The new user's id.
        user_id: i64,
        /// Number in international form without the plus sign.
        phone: String,
    },
    /// An authorization ended through `auth.logOut`.
    LoggedOut {
        /// The user's id.
        user_id: i64,
    },
    /// A code was "sent" by e-mail.
    EmailCode {
        /// The address.
        email: String,
        /// The code.
        code: String,
        /// What it is good for.
        purpose: EmailPurpose,
    },
    /// An authorization was ended from another session of its user.
    AuthorizationEnded {
        /// The user's id.
        user_id: i64,
    },
    /// An account was deleted.
    AccountDeleted {
        /// The id that the user had.
        user_id: i64,
    },
}

/// What a code that was sent by e-mail is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmailPurpose {
    /// Logging in: `auth.signIn` with `email_verification`.
    Login,
    /// Setting up a login e-mail in the middle of a login: `account.verifyEmail`.
    LoginSetup,
    /// Changing the login e-mail: `account.verifyEmail`.
    LoginChange,
    /// Telegram Passport: `account.verifyEmail`.
    Passport,
    /// Confirming a recovery address: `account.confirmPasswordEmail`.
    PasswordSetup,
    /// Recovering a password: `auth.recoverPassword`.
    PasswordRecovery,
}

/// The purposes with their names in JSON.
const PURPOSES: &[(EmailPurpose, &str)] = &[
    (EmailPurpose::Login, "login"),
    (EmailPurpose::LoginSetup, "login_setup"),
    (EmailPurpose::LoginChange, "login_change"),
    (EmailPurpose::Passport, "passport"),
    (EmailPurpose::PasswordSetup, "password_setup"),
    (EmailPurpose::PasswordRecovery, "password_recovery"),
];

impl EmailPurpose {
    /// Its name, as [`Event::to_json`] writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        PURPOSES.iter().find(|(purpose, _)| *purpose == self).map_or("", |(_, name)| name)
    }

    /// The purpose with this name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        PURPOSES.iter().find(|(_, own)| *own == name).map(|(purpose, _)| *purpose)
    }
}

impl Event {
    /// The event as one JSON object, the form in which `mtwire serve --json` prints it, one a line.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Code { phone, code } => json!({"event": "code", "phone": phone, "code": code}),
            Self::SignedIn { user_id, dc } => json!({"event": "signed_in", "user_id": user_id, "dc": dc}),
            Self::SignedUp { user_id, phone } => {
                json!({"event": "signed_up", "user_id": user_id, "phone": phone})
            }
            Self::LoggedOut { user_id } => json!({"event": "logged_out", "user_id": user_id}),
            Self::EmailCode { email, code, purpose } => {
                json!({"event": "email_code", "email": email, "code": code, "purpose": purpose.name()})
            }
            Self::AuthorizationEnded { user_id } => {
                json!({"event": "authorization_ended", "user_id": user_id})
            }
            Self::AccountDeleted { user_id } => json!({"event": "account_deleted", "user_id": user_id}),
        }
    }
}
