//! Answers that are given in advance.

use std::{fs::File, io, path::Path};

use super::console::read_line;
use crate::{
    auth::normalize_phone,
    session::{PendingLogin, Secret},
};

/// Answers that are given in advance, so that nobody is asked.
#[derive(Clone, Debug, Default)]
pub struct Presets {
    /// `--phone`.
    pub phone: Option<String>,
    /// `--bot-token`.
    pub bot_token: Option<Secret>,
    /// The password, as [`read_password`](Self::read_password) gives it.
    pub password: Option<Secret>,
    /// `--qr`: show a QR code at once.
    pub qr: bool,
    /// What the program calls the ways to give answers in advance.
    pub options: Options,
}

/// What a program calls the ways to give answers in advance, for the errors that advise them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// A number.
    pub phone: &'static str,
    /// A bot's token.
    pub bot_token: &'static str,
    /// A password.
    pub password: &'static str,
}

impl Default for Options {
    /// The methods of [`ClientBuilder`](crate::client::ClientBuilder).
    fn default() -> Self {
        Self {
            phone: "ClientBuilder::phone",
            bot_token: "ClientBuilder::bot_token",
            password: "ClientBuilder::password",
        }
    }
}

impl Presets {
    /// Reads the password from the first line of a file (`--password-file`).
    ///
    /// # Errors
    /// When it cannot be read, or the line is empty.
    pub fn read_password(path: &Path) -> io::Result<Secret> {
        let line = read_line(&mut io::BufReader::new(File::open(path)?))?;
        let empty = || io::Error::new(io::ErrorKind::InvalidData, "its first line is empty");
        line.filter(|line| !line.expose().is_empty()).ok_or_else(empty)
    }

    /// What was given in advance decides who logs in, so an unfinished login of somebody else is dropped. One by QR code
    /// has no number.
    pub(super) fn resumes(&self, pending: &PendingLogin) -> bool {
        let digits = |phone: &str| phone.trim_start_matches('+').to_owned();
        let same_phone = |phone: &String| {
            normalize_phone(phone).is_some_and(|phone| digits(&phone) == digits(&pending.phone))
        };
        self.bot_token.is_none()
            && self.phone.as_ref().is_none_or(same_phone)
            && (!self.qr || pending.phone.is_empty())
    }
}
