//! The login step by step, for programs that ask the user themselves. Every step can be taken in another process than the
//! one before.

use super::flow::{Flow, Progress};
use super::{SignInError, SignInStep};
use crate::auth::{Answer, Prompt};
use crate::client::Client;
use crate::session::{Secret, User};

impl Client {
    /// Where a login is that was begun before, also in another process: what it waits for now.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in_step(&self) -> Result<SignInStep, SignInError> {
        if let Some(user) = self.user() {
            return Ok(SignInStep::Done(user));
        }
        match Flow::begin(self, true).await?.1 {
            // Whether or not there was one that is too old now.
            Progress::Ask(Prompt::Phone { .. }) => Ok(SignInStep::PhoneNeeded),
            progress => progress.step(),
        }
    }

    /// Asks for a login code for this phone number, in any form that people write.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn send_code(&self, phone: &str) -> Result<SignInStep, SignInError> {
        let (mut flow, _) = Flow::begin(self, false).await?;
        flow.answer(Answer::Phone(phone.to_owned())).await?.step()
    }

    /// Gives the code that [`send_code`](Self::send_code) has sent, in this process or an earlier one.
    ///
    /// # Errors
    /// [`SignInError::NotTaken`] with [`Notice::WrongCode`](crate::auth::Notice::WrongCode) when it is wrong;
    /// [`SignInError`].
    pub async fn sign_in(&self, code: &str) -> Result<SignInStep, SignInError> {
        let (mut flow, progress) = Flow::begin(self, true).await?;
        match progress {
            Progress::Ask(Prompt::Code { .. }) => flow.answer(Answer::Code(Secret::from(code))).await?.step(),
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Asks for another code: the login code, that for the login e-mail address, or that to recover the password,
    /// whichever the login waits for.
    ///
    /// # Errors
    /// [`SignInError::NotTaken`] with [`Notice::ResendLater`](crate::auth::Notice::ResendLater) when it is too early, or
    /// [`Notice::NoResend`](crate::auth::Notice::NoResend) when there is no other way; [`SignInError`].
    pub async fn resend_code(&self) -> Result<SignInStep, SignInError> {
        let (mut flow, progress) = Flow::begin(self, true).await?;
        match progress {
            Progress::Ask(Prompt::Code { .. } | Prompt::EmailCode { .. } | Prompt::RecoveryCode { .. }) => {
                flow.answer(Answer::Resend).await?.step()
            }
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Asks for the reset of the login e-mail address, whose mailbox is lost
    /// ([`CodeSent::email_reset`](crate::auth::CodeSent::email_reset)).
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn reset_login_email(&self) -> Result<SignInStep, SignInError> {
        let (mut flow, progress) = Flow::begin(self, true).await?;
        match progress {
            Progress::Ask(Prompt::Code { .. }) => flow.answer(Answer::ResetEmail).await?.step(),
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Gives the login e-mail address that the account must get.
    ///
    /// # Errors
    /// [`SignInError::NotTaken`] when it is not taken; [`SignInError`].
    pub async fn set_login_email(&self, address: &str) -> Result<SignInStep, SignInError> {
        let (mut flow, mut progress) = Flow::begin(self, true).await?;
        if matches!(progress, Progress::Ask(Prompt::EmailCode { .. })) {
            progress = flow.answer(Answer::Back).await?;
        }
        match progress {
            Progress::Ask(Prompt::Email { .. }) => {
                flow.answer(Answer::Email(address.to_owned())).await?.step()
            }
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Gives the code that was sent to the new login e-mail address.
    ///
    /// # Errors
    /// [`SignInError::NotTaken`] when it is wrong; [`SignInError`].
    pub async fn verify_login_email(&self, code: &str) -> Result<SignInStep, SignInError> {
        let (mut flow, progress) = Flow::begin(self, true).await?;
        match progress {
            Progress::Ask(Prompt::EmailCode { .. }) => {
                flow.answer(Answer::Code(Secret::from(code))).await?.step()
            }
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Gives the 2FA password.
    ///
    /// # Errors
    /// [`SignInError::NotTaken`] with [`Notice::WrongPassword`](crate::auth::Notice::WrongPassword) when it is wrong;
    /// [`SignInError`].
    pub async fn check_password(&self, password: &str) -> Result<SignInStep, SignInError> {
        let (mut flow, progress) = Flow::at_password(self).await?;
        match progress {
            Progress::Ask(Prompt::Password { .. }) => {
                flow.answer(Answer::Password(Secret::from(password))).await?.step()
            }
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Asks for a code to recover the 2FA password, by e-mail.
    ///
    /// # Errors
    /// [`SignInError::NotTaken`] with [`Notice::NoRecovery`](crate::auth::Notice::NoRecovery) when there is no address;
    /// [`SignInError`].
    pub async fn request_password_recovery(&self) -> Result<SignInStep, SignInError> {
        let (mut flow, progress) = Flow::at_password(self).await?;
        match progress {
            Progress::Ask(Prompt::Password { .. }) => flow.answer(Answer::Recover).await?.step(),
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Gives the code to recover the 2FA password, and the new password with its hint. Without a new password the account
    /// has no two-step verification afterwards: warn the user before.
    ///
    /// # Errors
    /// [`SignInError::NotTaken`] when the code is wrong or the password not taken; [`SignInError`].
    pub async fn recover_password(
        &self,
        code: &str,
        new_password: Option<(&str, &str)>,
    ) -> Result<SignInStep, SignInError> {
        let (mut flow, progress) = Flow::begin(self, true).await?;
        let Progress::Ask(Prompt::RecoveryCode { .. }) = progress else { return Err(SignInError::NotAsked) };
        match flow.answer(Answer::Code(Secret::from(code))).await? {
            Progress::Ask(Prompt::NewPassword { .. }) => {}
            other => return other.step(),
        }
        let answer = match new_password {
            Some((password, hint)) => {
                Answer::NewPassword { password: Secret::from(password), hint: hint.to_owned() }
            }
            None => Answer::NoPassword,
        };
        flow.answer(answer).await?.step()
    }

    /// Deletes the account because its 2FA password is lost, with all its chats; the number is free for a new account
    /// then. The server may ask for a wait of days first, which
    /// [`Notice::AccountResetScheduled`](crate::auth::Notice::AccountResetScheduled) says.
    ///
    /// # Errors
    /// [`SignInError::NotTaken`] with that notice; [`SignInError`].
    pub async fn delete_lost_account(&self) -> Result<SignInStep, SignInError> {
        let (mut flow, progress) = Flow::at_password(self).await?;
        let Progress::Ask(Prompt::Password { .. }) = progress else { return Err(SignInError::NotAsked) };
        match flow.answer(Answer::ResetAccount).await? {
            Progress::Ask(Prompt::ResetAccount) => flow.answer(Answer::Confirm(true)).await?.step(),
            other => other.step(),
        }
    }

    /// Makes an account for the number. The user must have accepted the terms that
    /// [`SignInStep::SignUpNeeded`] gave.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_up(&self, first_name: &str, last_name: &str) -> Result<SignInStep, SignInError> {
        let (mut flow, mut progress) = Flow::begin(self, true).await?;
        if matches!(progress, Progress::Ask(Prompt::Terms { .. })) {
            progress = flow.answer(Answer::Terms(true)).await?;
        }
        match progress {
            Progress::Ask(Prompt::Name { .. }) => {
                let name = Answer::Name { first: first_name.to_owned(), last: last_name.to_owned() };
                flow.answer(name).await?.step()
            }
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Gives up a login that was begun: the server drops its code, and the session forgets it.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn cancel_sign_in(&self) -> Result<(), SignInError> {
        let (mut flow, mut progress) = Flow::begin(self, true).await?;
        // From a code for an e-mail address or a recovery the way back has two steps.
        for _ in 0..3 {
            match progress {
                Progress::Ask(Prompt::Phone { .. }) | Progress::Done(_) => break,
                Progress::Ask(_) => progress = flow.answer(Answer::Back).await?,
            }
        }
        Ok(())
    }

    /// Logs a bot in.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in_bot(&self, token: &str) -> Result<User, SignInError> {
        let (mut flow, _) = Flow::begin(self, false).await?;
        match flow.answer(Answer::BotToken(Secret::from(token))).await?.step()? {
            SignInStep::Done(user) => Ok(user),
            _ => Err(SignInError::NotAsked),
        }
    }
}
