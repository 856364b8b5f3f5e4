//! What the user is asked, and the answers.

use std::fmt;

use super::Notice;
use crate::session::{CodeVia, PendingLogin, Secret, Stage, Terms};

/// A question to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// The phone number, or the token of a bot. Answers: [`Answer::Phone`], [`Answer::BotToken`], [`Answer::Qr`].
    Phone {
        /// Why it is asked again.
        notice: Option<Notice>,
    },
    /// A QR code to be scanned with the Telegram app of the account (Settings, Devices, Link Desktop Device). Whoever drives
    /// the login goes on by itself when it was scanned, and shows another when this one has expired. Answer:
    /// [`Answer::Back`].
    Qr {
        /// The code.
        code: QrCode,
        /// Why it is shown again.
        notice: Option<Notice>,
    },
    /// The login code. Answers: [`Answer::Code`], [`Answer::Resend`], [`Answer::Back`], [`Answer::Qr`] and, if
    /// [`CodeSent::email_reset`] is there, [`Answer::ResetEmail`].
    Code {
        /// Where the code went.
        sent: CodeSent,
        /// Why it is asked again.
        notice: Option<Notice>,
    },
    /// The e-mail address that the account must get before it is sent a code. Answers: [`Answer::Email`],
    /// [`Answer::Back`].
    Email {
        /// Why it is asked again.
        notice: Option<Notice>,
    },
    /// The code that was sent to the new e-mail address. Answers: [`Answer::Code`], [`Answer::Resend`], and
    /// [`Answer::Back`] for another address.
    EmailCode {
        /// The address.
        address: String,
        /// Number of characters, if known.
        length: Option<u32>,
        /// Why it is asked again.
        notice: Option<Notice>,
    },
    /// The 2FA password. Answers: [`Answer::Password`], [`Answer::Back`], [`Answer::Recover`], [`Answer::ResetAccount`].
    Password {
        /// What is known of the password.
        info: PasswordInfo,
        /// Why it is asked again.
        notice: Option<Notice>,
    },
    /// The code to recover the password, sent by e-mail. Answers: [`Answer::Code`], [`Answer::Resend`], and
    /// [`Answer::Back`] to the password.
    RecoveryCode {
        /// The masked address.
        pattern: String,
        /// Why it is asked again.
        notice: Option<Notice>,
    },
    /// The new password. Answers: [`Answer::NewPassword`], [`Answer::NoPassword`] (of which the user must be warned: the
    /// account has no two-step verification then), and [`Answer::Back`] to the old password.
    NewPassword {
        /// Why it is asked again.
        notice: Option<Notice>,
    },
    /// Whether to delete the account, with all its chats, to make it anew. Answer: [`Answer::Confirm`].
    ResetAccount,
    /// Whether the user accepts the terms of service, before the account is made. Answers: [`Answer::Terms`],
    /// [`Answer::Back`].
    Terms {
        /// The terms.
        terms: Terms,
        /// What happened before.
        notice: Option<Notice>,
    },
    /// The name of the new user. Answers: [`Answer::Name`], [`Answer::Back`].
    Name {
        /// Why it is asked again.
        notice: Option<Notice>,
    },
}

/// A login token as it is shown to the Telegram app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrCode {
    /// What the QR code says, `tg://login?token=…` (AU-9). Whoever has it can log this program in to their account.
    pub url: Secret,
    /// Seconds until it is void.
    pub expires_in: u32,
}

/// What is known of the 2FA password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordInfo {
    /// The user's own hint, never empty.
    pub hint: Option<String>,
    /// There is an e-mail address to recover it with.
    pub can_recover: bool,
    /// A reset was asked for from another session: the password goes then (seconds since 1970, server's clock).
    pub reset_at: Option<i64>,
}

/// How a login e-mail address can be reset that nobody reads any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailReset {
    /// It can be asked for, and is done so many seconds later; 0 at once.
    After(u32),
    /// It was asked for and is done then, seconds since 1970 by the server's clock.
    At(i64),
}

impl EmailReset {
    pub(super) fn of(stage: &Stage) -> Option<Self> {
        match *stage {
            Stage::EmailCode { reset_at: Some(at), .. } => Some(Self::At(at)),
            Stage::EmailCode { reset_wait: Some(seconds), .. } => Some(Self::After(seconds)),
            _ => None,
        }
    }
}

/// Where a code went and how to get another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSent {
    /// The number that logs in.
    pub phone: String,
    /// How the code was sent.
    pub via: CodeVia,
    /// Number of digits, if known.
    pub length: Option<u32>,
    /// See [`PendingLogin::hint`].
    pub hint: Option<String>,
    /// What a resend would use; `None` when there is no other way.
    pub next: Option<CodeVia>,
    /// Seconds until a resend is possible.
    pub resend_in: u32,
    /// Whether and how the login e-mail address can be reset.
    pub email_reset: Option<EmailReset>,
}

impl CodeSent {
    pub(super) fn new(pending: &PendingLogin, unix: i64) -> Self {
        Self {
            phone: pending.phone.clone(),
            via: pending.via,
            length: pending.length,
            hint: pending.hint.clone(),
            next: pending.next,
            resend_in: resend_in(pending, unix),
            email_reset: EmailReset::of(&pending.stage),
        }
    }
}

fn resend_in(pending: &PendingLogin, unix: i64) -> u32 {
    let Some(timeout) = pending.timeout else { return 0 };
    let passed = unix.saturating_sub(pending.sent_at);
    // A clock that was set back must not make the wait longer than it was.
    u32::try_from(i64::from(timeout).saturating_sub(passed)).unwrap_or(0).min(timeout)
}

/// The user's answer to a [`Prompt`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// A phone number as typed. With a `:` in it, it is a bot token.
    Phone(String),
    /// A bot token.
    BotToken(Secret),
    /// The code as typed.
    Code(Secret),
    /// Send another code.
    Resend,
    /// Back: to another number, address or way.
    Back,
    /// Log in by a QR code.
    Qr,
    /// The login e-mail address.
    Email(String),
    /// Reset the login e-mail address, because its mailbox is lost.
    ResetEmail,
    /// The password is forgotten: recover it by e-mail.
    Recover,
    /// The password is lost: delete the account, to make it anew. Asks for a confirmation.
    ResetAccount,
    /// Whether to do what was warned of.
    Confirm(bool),
    /// The new 2FA password.
    NewPassword {
        /// The password, not empty.
        password: Secret,
        /// A hint, may be empty. The server shows it to everybody who has the login code.
        hint: String,
    },
    /// No 2FA password any more.
    NoPassword,
    /// The 2FA password.
    Password(Secret),
    /// Whether the terms are accepted.
    Terms(bool),
    /// The name of the new user.
    Name {
        /// First name, not empty.
        first: String,
        /// Last name, may be empty.
        last: String,
    },
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phone(_) => "Phone(..)",
            Self::BotToken(_) => "BotToken(..)",
            Self::Code(_) => "Code(..)",
            Self::Resend => "Resend",
            Self::Back => "Back",
            Self::Qr => "Qr",
            Self::Email(_) => "Email(..)",
            Self::ResetEmail => "ResetEmail",
            Self::Recover => "Recover",
            Self::ResetAccount => "ResetAccount",
            Self::Confirm(true) => "Confirm(yes)",
            Self::Confirm(false) => "Confirm(no)",
            Self::NewPassword { .. } => "NewPassword(..)",
            Self::NoPassword => "NoPassword",
            Self::Password(_) => "Password(..)",
            Self::Terms(true) => "Terms(accepted)",
            Self::Terms(false) => "Terms(declined)",
            Self::Name { .. } => "Name(..)",
        })
    }
}

/// Digits, with a `+` in front if there was one; `None` if it cannot be a phone number (5 to 20 digits and the marks
/// that people put between them).
#[must_use]
pub fn normalize_phone(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let (plus, rest) = typed.strip_prefix('+').map_or(("", typed), |rest| ("+", rest));
    let mut phone = String::from(plus);
    for mark in rest.chars() {
        match mark {
            '0'..='9' => phone.push(mark),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' => {}
            _ => return None,
        }
    }
    (5..=20).contains(&(phone.len() - plus.len())).then_some(phone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_taken_as_people_write_them() {
        assert_eq!(normalize_phone("+1-123-456-7890").as_deref(), Some("+11234567890"));
        assert_eq!(normalize_phone(" (999) 66/2.1234 ").as_deref(), Some("9996621234"));
        for bad in ["", "+", "1234", "hello", "12345x", "1+2345678", "123456789012345678901"] {
            assert_eq!(normalize_phone(bad), None, "{bad}");
        }
    }

    #[test]
    fn answers_are_not_printed() {
        let answers = [
            Answer::Code("12345".into()),
            Answer::Password("hunter2".into()),
            Answer::Phone("+12345".into()),
        ];
        let shown = format!("{answers:?}");
        assert!(!shown.contains("12345") && !shown.contains("hunter2"), "{shown}");
    }
}
