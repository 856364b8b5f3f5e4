//! The client: connect, call any method, stay connected.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use mtwire::{Client, functions};
//!
//! let client = Client::builder("my_account").api_id(12345).api_hash("0123456789abcdef").connect().await?;
//! let config = client.invoke(&functions::help::GetConfig {}).await?;
//! println!("connected to DC {}", config.this_dc);
//! client.disconnect().await?;
//! # Ok(())
//! # }
//! ```

mod builder;
mod config;
mod dcs;
mod error;
mod introduction;
mod retry;
mod updates;

pub use builder::ClientBuilder;
pub use crate::message::{CallStatus, RpcError};
pub use config::{DeviceInfo, RetryPolicy, Timing};
pub use dcs::{DcAddress, PRODUCTION, TEST};
pub use error::{ConnectError, InvokeError};
pub use updates::{Update, Updates};

use std::sync::Arc;

use bytes::Bytes;

use crate::session::{self, SessionStore, User};
use crate::tl::Function;

/// A handle to a connected client: cheap to clone, every clone shares the connections and the session.
///
/// When the last handle is dropped the connections close; [`disconnect`](Self::disconnect) closes them in order.
#[derive(Clone, Debug)]
pub struct Client {}

impl Client {
    /// Starts describing a client whose session has this name.
    #[must_use]
    pub fn builder(name: &str) -> ClientBuilder {
        todo!()
    }

    /// Connects with a saved session, which needs nothing but its name.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn open(name: &str) -> Result<Self, ConnectError> {
        todo!()
    }

    /// Calls a function of the API on the home DC and waits for its typed result.
    ///
    /// Concurrent calls share the connection and are answered in any order. Dropping the future tells the server to
    /// drop the answer. Short waits, internal errors and moves to another DC are handled here, as far as the
    /// [`RetryPolicy`] goes.
    ///
    /// # Errors
    /// [`InvokeError`].
    pub async fn invoke<F: Function>(&self, function: &F) -> Result<F::Return, InvokeError> {
        todo!()
    }

    /// Calls a serialized function (constructor id first) and gives the serialized result.
    ///
    /// # Errors
    /// [`InvokeError`], never its `Decode`.
    pub async fn invoke_raw(&self, body: Bytes) -> Result<Bytes, InvokeError> {
        todo!()
    }

    /// The API key of this client: `api_id` and `api_hash`, which the login methods ask for.
    #[must_use]
    pub fn api_key(&self) -> (i32, &str) {
        todo!()
    }

    /// The DC that is home now.
    #[must_use]
    pub fn home_dc(&self) -> i32 {
        todo!()
    }

    /// Makes another DC the home (its key is made if there is none): what a QR login does after
    /// `auth.loginTokenMigrateTo`. 303 errors do it by themselves.
    ///
    /// # Errors
    /// [`InvokeError::Migrate`].
    pub async fn set_home_dc(&self, dc: i32) -> Result<(), InvokeError> {
        todo!()
    }

    /// Who is logged in, as far as the session knows.
    #[must_use]
    pub fn user(&self) -> Option<User> {
        todo!()
    }

    /// The session's store, for what else is kept there (pending login, peers, update state).
    #[must_use]
    pub fn store(&self) -> &Arc<dyn SessionStore> {
        todo!()
    }

    /// Makes a new key for the home DC and forgets the old one and its user: the way on after
    /// [`InvokeError::AuthKeyUnknown`], `AuthKeyDuplicated`, or a log-out.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn reset_key(&self) -> Result<(), ConnectError> {
        todo!()
    }

    /// The stream of updates; all handles of the client share one bounded buffer.
    #[must_use]
    pub fn updates(&self) -> Updates {
        todo!()
    }

    /// Sends what is still to be acknowledged, closes the connections, saves the session and lets go of its lock.
    ///
    /// # Errors
    /// When the session cannot be saved.
    pub async fn disconnect(&self) -> Result<(), session::Error> {
        todo!()
    }
}
