//! Answers that are given in advance.

use std::{fs::File, io, path::Path};

use super::console::read_line;
use crate::{
    auth::normalize_phone,
    session::{PendingLogin, Secret, User},
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
        let same_phone = |phone: &String| {
            normalize_phone(phone).is_some_and(|phone| digits(&phone) == digits(&pending.phone))
        };
        self.bot_token.is_none()
            && self.phone.as_ref().is_none_or(same_phone)
            && (!self.qr || pending.phone.is_empty())
    }

    /// Whether the number or the bot token that was given is another's than `user`, who is logged in: going on as `user`
    /// would not be what was asked for. What the session does not know (who it is, the number) contradicts nothing.
    #[must_use]
    pub fn contradict(&self, user: &User) -> bool {
        if user.id == 0 {
            return false;
        }
        if let Some(token) = &self.bot_token {
            let id =
                std::str::from_utf8(token.expose()).ok().and_then(|token| token.trim().split(':').next());
            return !user.bot || id.and_then(|id| id.parse().ok()) != Some(user.id);
        }
        match (&self.phone, &user.phone) {
            (None, _) => false,
            (Some(_), _) if user.bot => true,
            (Some(_), None) => false,
            (Some(given), Some(known)) => digits(given) != digits(known),
        }
    }
}

/// A phone number without the marks that people put between its digits.
fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(phone: Option<&str>) -> User {
        User { id: 7, phone: phone.map(str::to_owned), ..User::default() }
    }

    fn by_phone(phone: &str) -> Presets {
        Presets { phone: Some(phone.to_owned()), ..Presets::default() }
    }

    fn by_token(token: &str) -> Presets {
        Presets { bot_token: Some(Secret::from(token)), ..Presets::default() }
    }

    #[test]
    fn another_user_is_told_from_the_same_and_from_an_unknown_one() {
        let bob = person(Some("12025550123"));
        let bot = User { bot: true, ..person(None) };
        for (presets, user, contradict) in [
            (Presets::default(), &bob, false),
            (Presets { qr: true, ..Presets::default() }, &bob, false),
            (by_phone("+1 (202) 555-0123"), &bob, false),
            (by_phone("+1 202 555 0124"), &bob, true),
            (by_phone("+12025550123"), &person(None), false),
            (by_phone("+12025550123"), &bot, true),
            (by_token("7:secret"), &bot, false),
            (by_token(" 7:other secret\n"), &bot, false),
            (by_token("8:secret"), &bot, true),
            (by_token("no token"), &bot, true),
            (by_token("7:secret"), &bob, true),
            (by_token("8:secret"), &User { id: 0, ..bob.clone() }, false),
        ] {
            assert_eq!(presets.contradict(user), contradict, "{presets:?} {user:?}");
        }
    }
}
