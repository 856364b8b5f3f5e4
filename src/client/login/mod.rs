//! Logging in and out, by the state machine of [`auth`](crate::auth).

mod flow;
mod log_out;
mod qr;
mod steps;

pub use qr::{QrLogin, QrStep};

use self::flow::{Flow, Progress};
use super::{Client, InvokeError};
use crate::auth::{
    Authenticator, CodeSent, Input, LoginError, NoAnswer, Notice, PasswordInfo, Prompt, Success,
};
use crate::session::{self, Terms, User};

/// Why nobody is logged in, or out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The login has come to an end.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// A call had no answer of the server's.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// The session cannot be written.
    #[error(transparent)]
    Session(#[from] session::Error),
    /// The [`Authenticator`] has no answer.
    #[error("{0}")]
    NoAnswer(NoAnswer),
    /// What was given is not taken. The login is where it was, so that it can be given again.
    #[error("{0}")]
    NotTaken(Notice),
    /// No login has been begun, or not one that waits for this; call [`Client::send_code`] first, and do what the last
    /// [`SignInStep`] said.
    #[error("the login does not wait for that; begin with sending a code")]
    NotAsked,
    /// The session was imported without `api_hash`, which the calls of a login ask for.
    #[error(
        "a login needs api_hash, which this session does not have: give api_id and api_hash from https://my.telegram.org/apps"
    )]
    NoApiHash,
}

/// What a login waits for, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignInStep {
    /// Somebody is logged in.
    Done(User),
    /// A phone number: [`Client::send_code`] takes it.
    PhoneNeeded,
    /// A code was sent: [`Client::sign_in`] takes it, [`Client::resend_code`] sends another.
    CodeSent(CodeSent),
    /// The account must get a login e-mail address first: [`Client::set_login_email`] takes it.
    EmailNeeded,
    /// A code was sent to that address: [`Client::verify_login_email`] takes it.
    EmailCodeSent {
        /// The address.
        address: String,
        /// Number of characters, if known.
        length: Option<u32>,
    },
    /// The account has a 2FA password: [`Client::check_password`] takes it, [`Client::request_password_recovery`] is for
    /// those who have forgotten it.
    PasswordNeeded(PasswordInfo),
    /// A code to recover the password was sent by e-mail: [`Client::recover_password`] takes it.
    RecoveryCodeSent {
        /// The masked address.
        pattern: String,
    },
    /// The code to recover the password is right, and a new password is wanted; [`Client::recover_password`] takes both in
    /// one.
    NewPasswordNeeded,
    /// The number has no account: [`Client::sign_up`] makes one.
    SignUpNeeded {
        /// The terms that the user must accept before.
        terms: Option<Terms>,
    },
}

impl Client {
    /// Logs in, or goes on with a login that an earlier run has begun; `authenticator` answers the questions.
    ///
    /// # Errors
    /// [`SignInError`]. What was reached until then is in the session.
    pub async fn sign_in_with<A: Authenticator>(
        &self,
        authenticator: &mut A,
    ) -> Result<Success, SignInError> {
        let resumes =
            self.store().with(|state| state.login.as_ref().is_none_or(|login| authenticator.resumes(login)));
        let watch = self.watch_scan();
        let (mut flow, mut progress) = Flow::begin(self, resumes).await?;
        loop {
            let prompt = match progress {
                Progress::Done(success) => return Ok(success),
                Progress::Ask(prompt) => prompt,
            };
            let input = if let Prompt::Qr { code, .. } = &prompt {
                // A question that answers itself: the scan or the end of the code drops it.
                tokio::select! {
                    biased;
                    input = Flow::scan(&watch, code.expires_in) => input,
                    answer = authenticator.answer(&prompt) => Input::Answer(answer.map_err(SignInError::NoAnswer)?),
                }
            } else {
                Input::Answer(authenticator.answer(&prompt).await.map_err(SignInError::NoAnswer)?)
            };
            progress = flow.input(input).await?;
        }
    }
}
