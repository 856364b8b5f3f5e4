//! Who answers for the user.

use std::{error::Error, future::Future};

use super::{Answer, Prompt};
use crate::session::PendingLogin;

/// Why there is no answer: whatever the program that asks the user has to say.
pub type NoAnswer = Box<dyn Error + Send + Sync>;

/// Answers the questions of a login: a terminal, a window, a web form, a test.
pub trait Authenticator: Send {
    /// Answers `prompt` with one of the answers that its documentation names. The question may come again, with a notice
    /// that says why.
    ///
    /// At [`Prompt::Qr`] the future is dropped when the code was scanned or has expired, so it must be cancel safe there.
    ///
    /// An `Err` ends the login; what was reached until then is kept in the session.
    fn answer(&mut self, prompt: &Prompt) -> impl Future<Output = Result<Answer, NoAnswer>> + Send;

    /// Whether to go on with a login that an earlier run has begun, rather than to begin anew.
    fn resumes(&self, pending: &PendingLogin) -> bool {
        let _ = pending;
        true
    }
}
