//! The way to a DC: which transport, through which proxy.

use std::time::Duration;

use super::http::HttpConnection;
use super::{Address, BoxStream, Connection, DialError, Framed, Proxy, dial};
use crate::transport::{Codec, Kind};

/// How a client reaches its DCs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The transport.
    pub transport: Kind,
    /// The proxy in between, if any.
    pub proxy: Option<Proxy>,
}

impl Route {
    /// Without a proxy.
    #[must_use]
    pub const fn direct(transport: Kind) -> Self {
        Self { transport, proxy: None }
    }
}

/// Opens a connection to the DC with the number `dc` (as the key exchange carries it: +10000 for test, negative for
/// media), which listens at `address`, within `limit`. Nothing of the transport is sent yet, but a WebSocket is opened.
///
/// # Errors
/// [`DialError`].
pub async fn connect(
    route: &Route,
    dc: i32,
    address: &Address,
    limit: Duration,
) -> Result<Connection, DialError> {
    let stream = open(route, dc, address, limit).await?;
    let codec = match route.transport {
        Kind::Http => {
            let (route, host, address) = (route.clone(), address.to_string(), address.clone());
            let again = move || {
                let (route, address) = (route.clone(), address.clone());
                async move { open(&route, dc, &address, limit).await }
            };
            return Ok(HttpConnection::new(host, stream, again).into());
        }
        #[cfg(feature = "websocket")]
        kind @ (Kind::WebSocket | Kind::WebSocketTls) => {
            let stream = super::websocket::connect(kind, dc, address, stream, limit).await?;
            return Ok(Framed::new(stream, Codec::client(kind, &mut rand::rng())).into());
        }
        #[cfg(not(feature = "websocket"))]
        kind @ (Kind::WebSocket | Kind::WebSocketTls) => {
            return Err(DialError::NotBuilt { transport: kind, feature: "websocket" });
        }
        kind => Codec::client(kind, &mut rand::rng()),
    };
    Ok(Framed::new(stream, codec).into())
}

/// Opens a byte stream to a DC.
async fn open(_route: &Route, _dc: i32, address: &Address, limit: Duration) -> Result<BoxStream, DialError> {
    Ok(Box::new(dial(address, limit).await?))
}
