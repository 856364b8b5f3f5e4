//! The way to a DC: which transport, through which proxy.

use std::time::Duration;

use super::http::HttpConnection;
use super::proxy::{Hop, open, through};
use super::{Address, Connection, DialError, Framed, Proxy};
use crate::transport::{Codec, Kind, ProxySecret};

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

/// One way to reach a DC: an address, and the secret to use there (TC-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where the DC listens.
    pub address: Address,
    /// The secret with which it is spoken to, as if it were an MTProxy.
    pub secret: Option<ProxySecret>,
}

impl From<Address> for Endpoint {
    fn from(address: Address) -> Self {
        Self { address, secret: None }
    }
}

/// Opens a connection to the DC with the number `dc` (as the key exchange carries it: +10000 for test, negative for
/// media), which listens at `endpoint`, within `limit`. Nothing of the transport is sent yet, but a WebSocket is opened.
/// Through an MTProxy the endpoint makes no difference.
///
/// # Errors
/// [`DialError`].
pub async fn connect(
    route: &Route,
    dc: i32,
    endpoint: &Endpoint,
    limit: Duration,
) -> Result<Connection, DialError> {
    let (proxy, address) = (route.proxy.as_ref(), &endpoint.address);
    let hop = match (proxy.and_then(Proxy::mtproxy), &endpoint.secret) {
        (Some((address, secret)), _) => Some(Hop { proxy: None, address, secret }),
        (None, Some(secret)) => Some(Hop { proxy, address, secret }),
        (None, None) => None,
    };
    if let Some(hop) = hop {
        return through(hop, route.transport, dc, limit).await.map(Connection::from);
    }
    let stream = open(proxy, address, limit).await?;
    let codec = match route.transport {
        Kind::Http => {
            let (proxy, address) = (route.proxy.clone(), address.clone());
            let host = address.to_string();
            let again = move || {
                let (proxy, address) = (proxy.clone(), address.clone());
                async move { open(proxy.as_ref(), &address, limit).await }
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
