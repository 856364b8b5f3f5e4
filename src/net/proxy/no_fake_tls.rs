//! In the place of `fake_tls`, in a build without that feature.

use std::time::Duration;

use bytes::BytesMut;

use super::ProxyError;
use super::mtproxy::Hop;
use crate::net::BoxStream;

#[allow(clippy::unused_async, reason = "stands for one that waits")]
pub(super) async fn open(_hop: Hop<'_>, _limit: Duration) -> Result<(BoxStream, BytesMut), ProxyError> {
    Err(ProxyError::NotBuilt { feature: "fake-tls" })
}
