//! What becomes of peers that are no clients.

use tokio::{
    io::{AsyncWriteExt, copy_bidirectional},
    time::timeout,
};

use super::limits;
use crate::net::{Address, BoxStream, FramedError, Stranger, dial};

/// Closes the connection; or, as the peer may be a browser or somebody who looks for proxies, passes it on to the `site`
/// as if nothing else were here (FT-2).
pub(super) async fn turn_away(stranger: Stranger<BoxStream>, site: Option<&Address>) {
    let Stranger { error, untouched } = stranger;
    tracing::debug!(%error, "no client");
    let is_open = matches!(error, FramedError::Framing(_));
    let (true, Some(site), Some((mut peer, seen))) = (is_open, site, untouched) else { return };
    let mut real = match dial(site, limits::SITE).await {
        Ok(real) => real,
        Err(error) => return tracing::warn!(%error, "the site is not reached"),
    };
    let passed_on = async {
        real.write_all(&seen).await?;
        copy_bidirectional(&mut peer, &mut real).await
    };
    // How it ends is their business.
    let _ = timeout(limits::STRANGER, passed_on).await;
}
