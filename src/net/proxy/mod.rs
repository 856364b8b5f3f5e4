//! Proxies between a client and a DC.
//!
//! SOCKS5 and HTTP proxies pass a byte stream on to the address of a DC, whatever is spoken in it. An MTProxy is told
//! the number of a DC in the obfuscation header and knows the address itself (OB-2).

#[cfg(feature = "proxy")]
mod credentials;
mod error;
#[cfg(feature = "fake-tls")]
mod fake_tls;
#[cfg(not(feature = "fake-tls"))]
#[path = "no_fake_tls.rs"]
mod fake_tls;
#[cfg(feature = "proxy")]
mod http;
#[cfg(feature = "proxy")]
mod kinds;
#[cfg(not(feature = "proxy"))]
#[path = "no_kinds.rs"]
mod kinds;
mod mtproxy;
#[cfg(feature = "proxy")]
mod percent;
#[cfg(feature = "proxy")]
mod socks5;
#[cfg(feature = "proxy")]
mod text;

use std::time::Duration;

#[cfg(feature = "proxy")]
pub use credentials::Credentials;
pub use error::ProxyError;
pub use kinds::Proxy;
pub(super) use mtproxy::{Hop, through};
#[cfg(feature = "proxy")]
pub use text::ProxyTextError;

use super::{Address, BoxFuture, BoxStream, DialError, dial, erased};

/// Opens a byte stream to `address` within `limit`, through a SOCKS5 or HTTP proxy if there is one.
pub(super) fn open<'a>(
    proxy: Option<&'a Proxy>,
    address: &'a Address,
    limit: Duration,
) -> BoxFuture<'a, Result<BoxStream, DialError>> {
    erased(async move {
        match proxy {
            Some(proxy) => proxy.open(address, limit).await,
            None => Ok(Box::new(dial(address, limit).await?) as BoxStream),
        }
    })
}

#[cfg(test)]
mod tests;
