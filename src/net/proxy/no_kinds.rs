//! In the place of `kinds`, in a build without the feature `proxy`.

use std::time::Duration;

use crate::net::{Address, BoxStream, DialError};
use crate::transport::ProxySecret;

/// A proxy on the way to a DC. There is none in a build without the feature `proxy`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {}

impl Proxy {
    /// The address and the secret of an MTProxy.
    #[must_use]
    pub const fn mtproxy(&self) -> Option<(&Address, &ProxySecret)> {
        match *self {}
    }

    #[allow(clippy::unused_async, reason = "stands for one that waits")]
    pub(super) async fn open(&self, _address: &Address, _limit: Duration) -> Result<BoxStream, DialError> {
        match *self {}
    }
}
