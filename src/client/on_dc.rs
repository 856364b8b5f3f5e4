//! Calls to other DCs than the home, and connections for files.

use bytes::Bytes;

use super::invoke::{Request, Target};
use super::{Client, InvokeError};
use crate::tl::Function;

/// Calls at one DC; made by [`Client::on_dc`] and [`Client::media`].
#[derive(Clone, Debug)]
pub struct OnDc {
    client: Client,
    target: Target,
}

impl Client {
    /// For calls at another DC, with a key of its own; the home stays where it is. If somebody is logged in, the login
    /// is taken along first, once for each key (AU-7). The connection is opened by the first call, and closed when it
    /// has nothing to do for a while ([`Timing::idle`](super::Timing::idle)); no updates come on it.
    ///
    /// A call of the home that the server answers with `FILE_MIGRATE_n` or `STATS_MIGRATE_n` is made there by itself.
    #[must_use]
    pub fn on_dc(&self, dc: i32) -> OnDc {
        OnDc { client: self.clone(), target: Target::Dc(dc) }
    }

    /// For up- and downloads at a DC, which may be the home: calls are spread over several connections of their own, so
    /// that large parts do not hold up other calls. The connections share the DC's key, and are opened while all others
    /// have something to do, up to
    /// [`ClientBuilder::media_connections`](super::ClientBuilder::media_connections), and closed like those of
    /// [`on_dc`](Self::on_dc).
    #[must_use]
    pub fn media(&self, dc: i32) -> OnDc {
        OnDc { client: self.clone(), target: Target::Media(dc) }
    }
}

impl OnDc {
    /// As [`Client::invoke`], here.
    ///
    /// # Errors
    /// [`InvokeError`].
    pub async fn invoke<F: Function>(&self, function: &F) -> Result<F::Return, InvokeError> {
        self.client.typed::<F>(Request::of(function, self.target)?).await
    }

    /// As [`Client::invoke_raw`], here.
    ///
    /// # Errors
    /// [`InvokeError`], never its `Decode`.
    pub async fn invoke_raw(&self, body: Bytes) -> Result<Bytes, InvokeError> {
        self.client.call(Request::raw(body, self.target)).await
    }

    /// As [`Client::invoke_raw_as`], here.
    ///
    /// # Errors
    /// [`InvokeError`], never its `Decode`.
    pub async fn invoke_raw_as(&self, method: &'static str, body: Bytes) -> Result<Bytes, InvokeError> {
        self.client.call(Request::named(method, body, self.target)).await
    }
}
