//! Describing a client before it connects.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::config::Timing;
use super::{Client, ConnectError, DeviceInfo, RetryPolicy};
use crate::crypto::rsa::PublicKey;
use crate::net::Address;
use crate::session::SessionStore;
use crate::transport::Kind;

/// What a client needs to know before it connects; made by [`Client::builder`].
pub struct ClientBuilder {}

#[allow(unused_variables, reason = "bodies to come")]
impl ClientBuilder {
    /// The number of the API key, from <https://my.telegram.org/apps>. Needed only for a new session.
    #[must_use]
    pub fn api_id(self, api_id: i32) -> Self {
        todo!()
    }

    /// The hash of the API key. Needed only for a new session.
    #[must_use]
    pub fn api_hash(self, api_hash: impl Into<String>) -> Self {
        todo!()
    }

    /// The directory of `NAME.session`; the current directory by default.
    #[must_use]
    pub fn session_dir(self, directory: impl Into<PathBuf>) -> Self {
        todo!()
    }

    /// A store of the caller's own in place of the file.
    #[must_use]
    pub fn store(self, store: Arc<dyn SessionStore>) -> Self {
        todo!()
    }

    /// Use the test DCs.
    #[must_use]
    pub fn test(self) -> Self {
        todo!()
    }

    /// The address of one DC, in place of the built-in one; the first call also names the DC to start at. With an
    /// address of one's own, only keys given with [`trust`](Self::trust) are trusted.
    #[must_use]
    pub fn dc(self, id: i32, address: Address) -> Self {
        todo!()
    }

    /// The DC to start at when the session names none.
    #[must_use]
    pub fn start_at(self, dc: i32) -> Self {
        todo!()
    }

    /// An RSA key to trust in the key exchange, in place of the built-in ones.
    #[must_use]
    pub fn trust(self, key: PublicKey) -> Self {
        todo!()
    }

    /// The transport; abridged by default.
    #[must_use]
    pub fn transport(self, kind: Kind) -> Self {
        todo!()
    }

    /// What to tell the server about this program.
    #[must_use]
    pub fn device(self, device: DeviceInfo) -> Self {
        todo!()
    }

    /// What to repeat, and how long to wait, before a call fails.
    #[must_use]
    pub fn retry(self, policy: RetryPolicy) -> Self {
        todo!()
    }

    /// The longest flood wait that is slept through, in place of one minute.
    #[must_use]
    pub fn flood_sleep_threshold(self, longest: Duration) -> Self {
        todo!()
    }

    /// All deadlines and intervals.
    #[must_use]
    pub fn timing(self, timing: Timing) -> Self {
        todo!()
    }

    /// How long one call may take, in place of 60 s.
    #[must_use]
    pub fn call_timeout(self, limit: Duration) -> Self {
        todo!()
    }

    /// Opens the session, connects (with a key exchange if there is no key yet) and makes the first call.
    ///
    /// # Errors
    /// [`ConnectError`]; a session that was opened is closed again and left as it was, but for a key already made.
    pub async fn connect(self) -> Result<Client, ConnectError> {
        todo!()
    }
}
