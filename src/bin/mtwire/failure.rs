//! How a command ends when it fails.

use std::fmt::Display;
use std::process::ExitCode;

use mtwire::client::{ConnectError, InvokeError, SignInError};
use serde_json::json;

/// Why a command failed.
pub struct Failure {
    message: String,
    json: bool,
    usage: bool,
}

impl Failure {
    /// The work failed: exit code 1.
    pub fn new(message: impl Display) -> Self {
        Self { message: message.to_string(), json: false, usage: false }
    }

    /// What was asked for makes no sense: exit code 2.
    pub fn usage(message: impl Display) -> Self {
        Self { message: message.to_string(), json: false, usage: true }
    }

    /// Reports as JSON, for programs, as well as in words.
    pub fn in_json(mut self, json: bool) -> Self {
        self.json = json;
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

failure!(
    std::io::Error,
    InvokeError,
    SignInError,
    mtwire::server::Error,
    mtwire::session::Error,
    mtwire::session::convert::Error
);

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        match error {
            // It is the command line that has to change.
            ConnectError::NoApiKey { .. } => Self::usage(error),
            error => Self::new(error),
        }
    }
}
