//! How a command ends when it fails.

use std::fmt::Display;
use std::process::ExitCode;

use mtwire::client::{AccountError, ConnectError, InvokeError, SignInError};
use mtwire::session::User;
use serde_json::json;

use super::me;

/// Why a command failed.
pub struct Failure {
    message: String,
    json: bool,
    usage: bool,
    /// Why the login is over, if that is why it failed.
    ended: Option<String>,
}

impl Failure {
    /// The work failed: exit code 1.
    pub fn new(message: impl Display) -> Self {
        Self { message: message.to_string(), json: false, usage: false, ended: None }
    }

    /// What was asked for makes no sense: exit code 2.
    pub fn usage(message: impl Display) -> Self {
        Self { usage: true, ..Self::new(message) }
    }

    /// Reports as JSON, for programs, as well as in words.
    pub fn in_json(mut self, json: bool) -> Self {
        self.json = json;
        self
    }

    /// If it failed because the server has ended the login: says whose it was, and what to do.
    pub fn if_ended(mut self, name: &str, user: &User) -> Self {
        if let Some(why) = &self.ended {
            let whose = if user.id == 0 { String::new() } else { format!(" as {}", me::words(user)) };
            self.message = format!(
                "{name} was logged in{whose}, and the server has ended that session ({why}): run `mtwire login {name}`"
            );
        }
        self
    }

    /// Tells the user and gives the exit code.
    pub fn report(&self) -> ExitCode {
        if self.json {
            println!("{}", json!({"error": self.message}));
        }
        eprintln!("mtwire: {}", self.message);
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

macro_rules! failure {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error)
            }
        }
    )*};
}

failure!(std::io::Error, mtwire::server::Error, mtwire::session::Error, mtwire::session::convert::Error);

/// What the server said when it ended the login.
fn ended(error: &InvokeError) -> Option<String> {
    match error {
        InvokeError::Unauthorized { error, .. } => Some(error.name()),
        InvokeError::AuthKeyDuplicated => {
            Some("AUTH_KEY_DUPLICATED: it was used from two places at once".to_owned())
        }
        InvokeError::AuthKeyUnknown { dc, .. } => Some(format!("DC {dc} does not know its key any more")),
        _ => None,
    }
}

impl From<InvokeError> for Failure {
    fn from(error: InvokeError) -> Self {
        Self { ended: ended(&error), ..Self::new(error) }
    }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Invoke(error) => error.into(),
            error => Self::new(error),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Invoke(error) => error.into(),
            error => Self::new(error),
        }
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        match error {
            // It is the command line that has to change.
            ConnectError::NoApiKey { .. } => Self::usage(error),
            ConnectError::FirstCall(ref first) => Self { ended: ended(first), ..Self::new(error) },
            error => Self::new(error),
        }
    }
}
