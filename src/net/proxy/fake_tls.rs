//! The hellos of fake TLS over a socket (FT-1 to FT-3).

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::ProxyError;
use super::mtproxy::{Hop, dial};
use crate::net::{BoxStream, SystemClock};
use crate::transport::fake_tls::{Handshake, Shape};

/// A connection on which the hellos are exchanged. Proxies of 2019 know only the hellos of that time and take ours for a
/// browser's: they pass it on to a real site, close, or wait for more. So whatever comes of it, but a proxy that is not
/// there, a second connection is tried with a hello of that time.
pub(super) async fn open(hop: Hop<'_>, limit: Duration) -> Result<(BoxStream, BytesMut), ProxyError> {
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
