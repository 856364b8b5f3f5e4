//! The account's sessions: listed, ended, and let in by a QR code (<https://core.telegram.org/api/auth>,
//! <https://core.telegram.org/api/qr-login>).

use base64ct::{Base64UrlUnpadded, Encoding};

use super::AccountError;
use crate::auth::login::qr::URL;
use crate::client::Client;
use crate::tl::{functions, types};

impl Client {
    /// All sessions of the account, this one among them (`current`).
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn sessions(&self) -> Result<Vec<types::Authorization>, AccountError> {
        Ok(self.invoke(&functions::account::GetAuthorizations {}).await?.authorizations)
    }

    /// Ends another session of the account, by the `hash` that [`sessions`](Self::sessions) gives.
    ///
    /// # Errors
    /// [`AccountError`]; a session may end others only a day after its own login.
    pub async fn end_session(&self, hash: i64) -> Result<(), AccountError> {
        self.invoke(&functions::account::ResetAuthorization { hash }).await.map(drop).map_err(Into::into)
    }

    /// Ends all other sessions of the account.
    ///
    /// # Errors
    /// [`AccountError`]; a session may end others only a day after its own login.
    pub async fn end_other_sessions(&self) -> Result<(), AccountError> {
        self.invoke(&functions::auth::ResetAuthorizations {}).await.map(drop).map_err(Into::into)
    }

    /// Logs another program in to this account: `url` is what its QR code says, `tg://login?token=…`. Gives the new
    /// session.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn accept_login(&self, url: &str) -> Result<types::Authorization, AccountError> {
        let token = url.trim().strip_prefix(URL).ok_or(AccountError::NotALoginUrl)?;
        let token = Base64UrlUnpadded::decode_vec(token.trim_end_matches('='))
            .map_err(|_| AccountError::NotALoginUrl)?;
        Ok(self.invoke(&functions::auth::AcceptLoginToken { token: token.into() }).await?)
    }
}
