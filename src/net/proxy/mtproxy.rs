//! MTProxy, and DC addresses that have a secret (TC-1), which are spoken to alike.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::{Proxy, ProxyError, open};
use crate::net::{Address, BoxStream, DialError, Framed, SystemClock};
use crate::transport::fake_tls::{Handshake, Shape};
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
            Some(_) => fake_tls(hop, limit).await?,
        };
        let codec = Codec::client_via(hop.secret, number, kind, &mut rand::rng())?;
        Ok(Framed::with_input(stream, codec, rest))
    };
    match timeout_at(deadline, reached).await {
        Ok(reached) => reached.map_err(failed),
        Err(_) => Err(failed(ProxyError::TimedOut(limit))),
    }
}

async fn dial(hop: Hop<'_>, limit: Duration) -> Result<BoxStream, ProxyError> {
    open(hop.proxy, hop.address, limit).await.map_err(|error| ProxyError::Dial(Box::new(error)))
}

/// A connection on which the hellos are exchanged. Proxies of 2019 know only the hellos of that time and take ours for a
/// browser's: they pass it on to a real site, close, or wait for more. So whatever comes of it, but a proxy that is not
/// there, a second connection is tried with a hello of that time.
async fn fake_tls(hop: Hop<'_>, limit: Duration) -> Result<(BoxStream, BytesMut), ProxyError> {
    let half = Instant::now() + limit / 2;
    match timeout_at(half, shake(hop, Shape::Current, limit)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error @ ProxyError::Dial(_))) => Err(error),
        Ok(Err(_)) | Err(_) => shake(hop, Shape::Short, limit).await,
    }
}

async fn shake(hop: Hop<'_>, shape: Shape, limit: Duration) -> Result<(BoxStream, BytesMut), ProxyError> {
    let mut stream = dial(hop, limit).await?;
    let now = SystemClock::new().now().unix.as_secs();
    let handshake = Handshake::new(hop.secret, shape, now, &mut rand::rng()).ok_or(ProxyError::NoTunnel)?;
    stream.write_all(handshake.hello()).await?;
    let mut input = BytesMut::with_capacity(8 * 1024);
    while !handshake.take_answer(&mut input)? {
        if stream.read_buf(&mut input).await? == 0 {
            return Err(ProxyError::Closed);
        }
    }
    Ok((stream, input))
}
