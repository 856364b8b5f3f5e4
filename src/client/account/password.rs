//! The 2FA password of an account that is logged in (<https://core.telegram.org/api/srp>; SR-3, SR-4).

use super::AccountError;
use crate::auth::{NewPassword, PasswordChallenge, Refusal};
use crate::client::Client;
use crate::net::off_thread;
use crate::session::Secret;
use crate::tl::{
    Bytes, Str,
    enums::{InputCheckPasswordSrp, PasswordKdfAlgo, account::ResetPasswordResult},
    functions::account,
    types::account::{Password, PasswordInputSettings, PasswordSettings},
};

/// A new 2FA password.
#[derive(Clone, Debug, Default)]
pub struct NewSettings {
    /// The password; empty for none.
    pub password: Secret,
    /// A hint, may be empty. The server shows it to everybody who has a login code.
    pub hint: String,
    /// The e-mail address to recover it with. The server sends a code there, which [`Client::confirm_password_email`]
    /// takes.
    pub recovery_email: Option<String>,
}

/// What became of the wish to have a forgotten password removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordReset {
    /// It is removed.
    Done,
    /// It is removed then, seconds since 1970 by the server's clock, unless somebody declines it.
    Requested {
        /// When.
        until: i64,
    },
    /// One was declined not long ago; another can be asked for then, seconds since 1970 by the server's clock.
    TooEarly {
        /// When.
        retry: i64,
    },
}

impl Client {
    /// Sets, changes or removes the 2FA password. `current` is the one that is set now, if there is one. Gives the number
    /// of characters of the code that was sent to the recovery address, if that must be confirmed
    /// (`EMAIL_UNCONFIRMED_n`); the password is set once it is.
    ///
    /// # Errors
    /// [`AccountError`]: [`Refusal::WrongPassword`], [`Refusal::EmailInvalid`], ….
    pub async fn set_password(
        &self,
        current: Option<&Secret>,
        new: NewSettings,
    ) -> Result<Option<u32>, AccountError> {
        let mut again = true;
        loop {
            let info = self.invoke(&account::GetPassword {}).await?;
            let settings = settings(&info, &new).await?;
            let call = account::UpdatePasswordSettings {
                password: proof(&info, current).await?,
                new_settings: settings,
            };
            let error = match self.invoke(&call).await {
                Ok(_) => return Ok(None),
                Err(error) => error,
            };
            if let Some(rpc) = error.rpc()
                && rpc.is("EMAIL_UNCONFIRMED")
                && let Some(length) = rpc.value()
            {
                return Ok(Some(length));
            }
            match AccountError::from(error) {
                // The numbers are good for a short time only (SR-2): others once, without a word.
                AccountError::Refused(Refusal::PasswordChanged) if again => again = false,
                error => return Err(error),
            }
        }
    }

    /// The settings that only the password opens, as the recovery address.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn password_settings(&self, current: &Secret) -> Result<PasswordSettings, AccountError> {
        let info = self.invoke(&account::GetPassword {}).await?;
        let password = proof(&info, Some(current)).await?;
        Ok(self.invoke(&account::GetPasswordSettings { password }).await?)
    }

    /// Gives the code that was sent to a new recovery address.
    ///
    /// # Errors
    /// [`AccountError`]: [`Refusal::WrongCode`], [`Refusal::EmailCodeExpired`].
    pub async fn confirm_password_email(&self, code: &str) -> Result<(), AccountError> {
        let code = Str::from(code.trim().to_owned());
        self.invoke(&account::ConfirmPasswordEmail { code }).await.map(drop).map_err(Into::into)
    }

    /// Sends that code again.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn resend_password_email(&self) -> Result<(), AccountError> {
        self.invoke(&account::ResendPasswordEmail {}).await.map(drop).map_err(Into::into)
    }

    /// Gives up the new recovery address, and the password with it if that was to be set only then.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn cancel_password_email(&self) -> Result<(), AccountError> {
        self.invoke(&account::CancelPasswordEmail {}).await.map(drop).map_err(Into::into)
    }

    /// Asks for the removal of a password that is forgotten, of an account that is logged in: after a wait of days, in
    /// which it can be [declined](Self::decline_password_reset).
    ///
    /// # Errors
    /// [`AccountError`]: [`Refusal::NoPassword`].
    pub async fn reset_password(&self) -> Result<PasswordReset, AccountError> {
        Ok(match self.invoke(&account::ResetPassword {}).await? {
            ResetPasswordResult::ResetPasswordOk => PasswordReset::Done,
            ResetPasswordResult::ResetPasswordRequestedWait(wait) => {
                PasswordReset::Requested { until: wait.until_date.into() }
            }
            ResetPasswordResult::ResetPasswordFailedWait(wait) => {
                PasswordReset::TooEarly { retry: wait.retry_date.into() }
            }
        })
    }

    /// Declines the removal of the password that somebody asked for.
    ///
    /// # Errors
    /// [`AccountError`]: [`Refusal::NoResetRequested`].
    pub async fn decline_password_reset(&self) -> Result<(), AccountError> {
        self.invoke(&account::DeclinePasswordReset {}).await.map(drop).map_err(Into::into)
    }
}

async fn proof(info: &Password, current: Option<&Secret>) -> Result<InputCheckPasswordSrp, AccountError> {
    match current {
        Some(current) if info.has_password => {
            let challenge = PasswordChallenge::new(info, current.clone())?;
            Ok(off_thread(move || challenge.prove(&mut rand::rng())).await?)
        }
        Some(_) => Err(Refusal::NoPassword.into()),
        None if info.has_password => Err(Refusal::WrongPassword.into()),
        None => Ok(InputCheckPasswordSrp::InputCheckPasswordEmpty),
    }
}

async fn settings(info: &Password, new: &NewSettings) -> Result<PasswordInputSettings, AccountError> {
    let email = new.recovery_email.clone().map(Str::from);
    if new.password.expose().is_empty() {
        return Ok(PasswordInputSettings {
            new_algo: Some(Box::new(PasswordKdfAlgo::Unknown)),
            new_password_hash: Some(Bytes::new()),
            hint: Some(Str::default()),
            email,
            ..Default::default()
        });
    }
    let made = NewPassword::new(info, new.password.clone(), new.hint.clone())?;
    let settings = off_thread(move || made.settings(&mut rand::rng())).await?;
    Ok(PasswordInputSettings { email, ..settings })
}
