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
        }
    }
}
