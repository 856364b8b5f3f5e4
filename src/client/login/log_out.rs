//! Logging out.

use std::time::Duration;

use super::SignInError;
use crate::client::{Client, InvokeError};
use crate::session::Secret;
use crate::tl::{functions, mtproto};

/// How long the server may take to drop the key, which nothing depends on.
const DESTROY: Duration = Duration::from_secs(3);

impl Client {
    /// Logs out: the server drops the key, and the session forgets key, user, peers and update state. It keeps the API
    /// key, the servers, and the token with which the next login may need no code (AU-6). A session that the server has
    /// ended already is forgotten too.
    ///
    /// # Errors
    /// When the server could not be asked; the session is then as before.
    pub async fn log_out(&self) -> Result<(), SignInError> {
        let token = match self.invoke(&functions::auth::LogOut {}).await {
            Ok(logged_out) => logged_out.future_auth_token.map(|token| Secret::from(&*token)),
            Err(
                InvokeError::Unauthorized { .. }
                | InvokeError::AuthKeyDuplicated
                | InvokeError::AuthKeyUnknown { .. },
            ) => None,
            Err(error) => return Err(error.into()),
        };
        // The token is worth more than the order: saved before anything else can fail.
        let changes = self.store().with(|state| state.log_out(token));
        self.save(changes).await?;
        // The login is over whether or not the key goes at once.
        let destroy = self.invoke(&mtproto::functions::DestroyAuthKey {});
        if let Ok(Err(error)) = tokio::time::timeout(DESTROY, destroy).await {
            tracing::debug!(%error, "the auth key was not destroyed");
        }
        // What is called from now on is called with a key of which the session knows.
        self.close_links().await;
        Ok(())
    }
}
