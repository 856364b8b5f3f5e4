//! What belongs to a login that is done: the account's other sessions and its 2FA password.

mod password;
mod sessions;

pub use password::{NewSettings, PasswordReset};

use super::InvokeError;
use crate::auth::{LoginError, Refusal};

/// Why something about the account was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The server refuses it, for a reason that is known.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The call had no answer, or a refusal that is not known.
    #[error(transparent)]
    Invoke(InvokeError),
    /// The password cannot be checked or made.
    #[error(transparent)]
    Password(#[from] LoginError),
    /// What was given is not the text of a login's QR code, `tg://login?token=…`.
    #[error("that is not the text of a QR code of a login; it begins with tg://login?token=")]
    NotALoginUrl,
}

impl From<InvokeError> for AccountError {
    fn from(error: InvokeError) -> Self {
        match error.rpc().and_then(Refusal::of) {
            Some(refusal) => Self::Refused(refusal),
            None => Self::Invoke(error),
        }
    }
}
