//! MTProxy, and DC addresses that have a secret (TC-1), which are spoken to alike.

use std::time::Duration;

use bytes::BytesMut;
use tokio::time::{Instant, timeout_at};

use super::{Proxy, ProxyError, fake_tls, open};
use crate::net::{Address, BoxStream, DialError, Framed};
use crate::transport::{Codec, Kind, ProxySecret};

/// Where a secret is spoken: at an MTProxy, or at a DC's own address.
#[derive(Clone, Copy)]
pub struct Hop<'a> {
    /// The SOCKS5 or HTTP proxy before it.
    pub proxy: Option<&'a Proxy>,
    pub address: &'a Address,
    pub secret: &'a ProxySecret,
}

/// Opens a connection to the DC with the number `dc` within `limit`.
pub async fn through(
    hop: Hop<'_>,
    kind: Kind,
    dc: i32,
    limit: Duration,
) -> Result<Framed<BoxStream>, DialError> {
    let failed = |source| DialError::Proxy {
        proxy: format!("mtproxy://{}", hop.address),
        target: format!("DC {dc}"),
        source,
    };
    let number = i16::try_from(dc).map_err(|_| failed(ProxyError::DcNumber(dc)))?;
    // Before anything is dialed, and again below without a way to fail.
    hop.secret.framing(kind).map_err(|error| failed(error.into()))?;
    let deadline = Instant::now() + limit;
    let reached = async {
        let (stream, rest) = match hop.secret.domain() {
            None => (dial(hop, limit).await?, BytesMut::new()),
            Some(_) => fake_tls::open(hop, limit).await?,
        };
        let codec = Codec::client_via(hop.secret, number, kind, &mut rand::rng())?;
        Ok(Framed::with_input(stream, codec, rest))
    };
    match timeout_at(deadline, reached).await {
        Ok(reached) => reached.map_err(failed),
        Err(_) => Err(failed(ProxyError::TimedOut(limit))),
    }
}

pub(super) async fn dial(hop: Hop<'_>, limit: Duration) -> Result<BoxStream, ProxyError> {
    open(hop.proxy, hop.address, limit).await.map_err(|error| ProxyError::Dial(Box::new(error)))
}
