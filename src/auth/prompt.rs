//! What the user is asked, and the answers.

use std::fmt;

use super::error::PhoneRefusal;
use crate::session::{CodeVia, PendingLogin, Secret, Terms};

/// A question to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// The phone number, or the token of a bot. Answers: [`Answer::Phone`], [`Answer::BotToken`].
    Phone {
        /// Why it is asked again.
        notice: Option<Notice>,
    },
    /// The login code. Answers: [`Answer::Code`], [`Answer::Resend`], [`Answer::Back`].
    Code {
        /// Where the code went.
        sent: CodeSent,
        /// Why it is asked again.
        notice: Option<Notice>,
    },
    /// The 2FA password. Answer: [`Answer::Password`].
    Password {
        /// The user's own hint, never empty.
        hint: Option<String>,
        /// Why it is asked again.
        notice: Option<Notice>,
    },
    /// Whether the user accepts the terms of service, before the account is made. Answer: [`Answer::Terms`].
    Terms {
        /// The terms.
        terms: Terms,
    },
    /// The name of the new user. Answer: [`Answer::Name`].
    Name {
        /// Why it is asked again.
        notice: Option<Notice>,
    },
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
        }
    }
}

fn resend_in(pending: &PendingLogin, unix: i64) -> u32 {
    let Some(timeout) = pending.timeout else { return 0 };
    let passed = unix.saturating_sub(pending.sent_at);
    // A clock that was set back must not make the wait longer than it was.
    u32::try_from(i64::from(timeout).saturating_sub(passed)).unwrap_or(0).min(timeout)
}

/// Why something is asked again, or what happened meanwhile. Shows itself as a sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// What was typed is neither a phone number nor a bot token.
    NotAPhone,
    /// The server refuses the number.
    PhoneRefused(PhoneRefusal),
    /// An earlier run has begun this login and it goes on here.
    Resumed,
    /// What an earlier run has begun is no longer valid.
    NotResumed,
    /// The code is wrong; so many tries are left.
    WrongCode {
        /// Tries left.
        left: u32,
    },
    /// The code has another number of digits.
    CodeLength {
        /// The number of digits.
        length: u32,
    },
    /// The code has expired and a new one was sent.
    CodeExpired,
    /// The server asked to begin again, and a new code was sent.
    Restarted,
    /// A new code was sent.
    Resent,
    /// It is too early for another code.
    ResendLater {
        /// Seconds left.
        seconds: u32,
    },
    /// The server offers no other way to send a code.
    NoResend,
    /// The password is wrong; so many tries are left.
    WrongPassword {
        /// Tries left.
        left: u32,
    },
    /// The server does not take the first or last name.
    NameRefused,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPhone => f.write_str(
                "That is neither a phone number (like +1-123-456-7890) nor a bot token (it has a colon).",
            ),
            Self::PhoneRefused(why) => write!(f, "The server refuses the number: {why}."),
            Self::Resumed => f.write_str("Going on with the login that was begun before."),
            Self::NotResumed => f.write_str("The login that was begun before is no longer valid."),
            Self::WrongCode { left } => write!(f, "That code is wrong; {}.", tries(*left)),
            Self::CodeLength { length } => write!(f, "The code has {length} digits."),
            Self::CodeExpired => f.write_str("That code has expired; a new one was sent."),
            Self::Restarted => f.write_str("The server asked to begin again; a new code was sent."),
            Self::Resent => f.write_str("Another code was sent."),
            Self::ResendLater { seconds } => write!(f, "Another code can be sent in {seconds} s."),
            Self::NoResend => f.write_str("The server offers no other way to send the code."),
            Self::WrongPassword { left } => write!(f, "That password is wrong; {}.", tries(*left)),
            Self::NameRefused => f.write_str("The server does not take that name; the first name is needed."),
        }
    }
}

fn tries(left: u32) -> String {
    if left == 1 { "one try is left".to_owned() } else { format!("{left} tries are left") }
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
    /// Another number. At every prompt but that for the phone.
    Back,
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
