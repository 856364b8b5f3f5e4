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
        let same_phone = |phone: &String| normalize_phone(phone).as_ref() == Some(&pending.phone);
        self.bot_token.is_none()
            && self.phone.as_ref().is_none_or(same_phone)
            && (!self.qr || pending.phone.is_empty())
    }
}
