//! Who is logged in.

use super::{Client, SignInError};
use crate::auth::{self_peer, session_user};
use crate::session::{Change, User};
use crate::tl::{enums, functions};

impl Client {
    /// Asks the server who is logged in, and keeps the answer in the session: a session that was imported may not say.
    /// `None` when the server gives no user.
    ///
    /// # Errors
    /// [`SignInError::Invoke`], with [`Unauthorized`](super::InvokeError::Unauthorized) when nobody is logged in, or
    /// [`SignInError::Session`] when the answer cannot be kept.
    pub async fn get_me(&self) -> Result<Option<User>, SignInError> {
        let call = functions::users::GetUsers { id: vec![enums::InputUser::InputUserSelf] };
        let users = self.invoke(&call).await?;
        let Some(found) = users.first() else { return Ok(None) };
        let Some(user) = session_user(found) else { return Ok(None) };
        let mut changes = vec![Change::User(Some(user.clone()))];
        changes.extend(self_peer(found).map(Change::Peer));
        self.save(changes).await?;
        Ok(Some(user))
    }
}
