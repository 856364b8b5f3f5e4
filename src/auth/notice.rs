//! What is said besides the question.

use std::fmt;

use super::{date::utc, error::PhoneRefusal};

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
    /// What was typed is not an e-mail address.
    NotAnEmail,
    /// The server does not take the e-mail address.
    EmailRefused,
    /// The server does not allow this e-mail address, or its provider, for logins.
    EmailNotAllowed,
    /// The code sent by e-mail has expired; another was sent to the same address.
    EmailCodeExpired,
    /// The login e-mail address cannot be reset.
    NoEmailReset,
    /// The login e-mail address is reset already, then.
    EmailResetScheduled {
        /// Seconds since 1970 by the server's clock; `None` when the server has not told.
        at: Option<i64>,
    },
    /// The password has no e-mail address to recover it with.
    NoRecovery,
    /// The code to recover the password has expired; another was sent.
    RecoveryCodeExpired,
    /// The server does not take the new password.
    NewPasswordRefused,
    /// The account is deleted and can be made anew then, unless somebody logs in to it before.
    AccountResetScheduled {
        /// Seconds since 1970 by the local clock.
        at: i64,
    },
    /// The account was deleted.
    AccountDeleted,
    /// The account has no password any more.
    PasswordGone,
    /// The QR code was not scanned in time, or was used up; there is another.
    QrRenewed,
}

impl Notice {
    /// Whether the last answer was not taken, or what it asked for not done; else something has happened meanwhile.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::NotAPhone
            | Self::PhoneRefused(_)
            | Self::NotResumed
            | Self::WrongCode { .. }
            | Self::CodeLength { .. }
            | Self::ResendLater { .. }
            | Self::NoResend
            | Self::WrongPassword { .. }
            | Self::NameRefused
            | Self::NotAnEmail
            | Self::EmailRefused
            | Self::EmailNotAllowed
            | Self::NoEmailReset
            | Self::EmailResetScheduled { .. }
            | Self::NoRecovery
            | Self::NewPasswordRefused
            | Self::AccountResetScheduled { .. } => true,
            Self::Resumed
            | Self::CodeExpired
            | Self::Restarted
            | Self::Resent
            | Self::EmailCodeExpired
            | Self::RecoveryCodeExpired
            | Self::AccountDeleted
            | Self::PasswordGone
            | Self::QrRenewed => false,
        }
    }
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
            Self::NotAnEmail => f.write_str("That is not an e-mail address."),
            Self::EmailRefused => f.write_str("The server does not take that e-mail address."),
            Self::EmailNotAllowed => {
                f.write_str("The server does not allow that e-mail address for logins; give one of another provider.")
            }
            Self::EmailCodeExpired => {
                f.write_str("That code has expired; another was sent to the same address.")
            }
            Self::NoEmailReset => f.write_str("The login e-mail address of this account cannot be reset."),
            Self::EmailResetScheduled { at: Some(at) } => {
                write!(f, "The login e-mail address is reset at {} UTC; log in again then.", utc(*at))
            }
            Self::EmailResetScheduled { at: None } => {
                f.write_str("A reset of the login e-mail address was asked for already; log in again when it is done.")
            }
            Self::NoRecovery => {
                f.write_str("The password has no e-mail address to recover it with; only the password helps, or a new account.")
            }
            Self::RecoveryCodeExpired => f.write_str("That code has expired; another was sent."),
            Self::NewPasswordRefused => f.write_str("The server does not take that password; give another."),
            Self::AccountResetScheduled { at } => write!(
                f,
                "The account is deleted at {} UTC, unless somebody logs in to it before; run the login again then.",
                utc(*at)
            ),
            Self::AccountDeleted => f.write_str("The account was deleted; the number is free for a new one."),
            Self::PasswordGone => f.write_str("The account has no password any more."),
            Self::QrRenewed => f.write_str("The QR code has expired; here is another."),
        }
    }
}

fn tries(left: u32) -> String {
    if left == 1 { "one try is left".to_owned() } else { format!("{left} tries are left") }
}
