//! The kinds of proxies, and the way through those that pass a stream on.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Credentials, ProxyError, http, socks5};
use crate::net::{Address, BoxStream, DialError, dial};
use crate::transport::ProxySecret;

/// A proxy on the way to a DC. Text (`FromStr`) may be `socks5://[USER:PASSWORD@]HOST:PORT`,
/// `http://[USER:PASSWORD@]HOST:PORT`, `mtproxy://SECRET@HOST:PORT`, and the links by which Telegram's apps share
/// proxies: `tg://proxy?…`, `tg://socks?…`, `https://t.me/proxy?…`, `https://t.me/socks?…`. [`fmt::Display`] shows
/// kind and address alone, as does `Debug`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// SOCKS5 (RFC 1928).
    Socks5 {
        /// Where it listens.
        address: Address,
        /// What it asks for (RFC 1929), if it does.
        credentials: Option<Credentials>,
    },
    /// HTTP CONNECT (RFC 9110, 9.3.6).
    Http {
        /// Where it listens.
        address: Address,
        /// What it asks for (RFC 7617), if it does.
        credentials: Option<Credentials>,
    },
    /// MTProxy (OB-2, OB-3, OB-6).
    MtProxy {
        /// Where it listens.
        address: Address,
        /// What its clients have in common with it.
        secret: ProxySecret,
    },
}

impl Proxy {
    /// Where the proxy listens.
    #[must_use]
    pub const fn address(&self) -> &Address {
        match self {
            Self::Socks5 { address, .. } | Self::Http { address, .. } | Self::MtProxy { address, .. } => {
                address
            }
        }
    }
}

impl Proxy {
    /// The address and the secret of an MTProxy.
    #[must_use]
    pub const fn mtproxy(&self) -> Option<(&Address, &ProxySecret)> {
        match self {
            Self::MtProxy { address, secret } => Some((address, secret)),
            Self::Socks5 { .. } | Self::Http { .. } => None,
        }
    }

    /// A byte stream through it to `address`, within `limit`.
    pub(super) async fn open(&self, address: &Address, limit: Duration) -> Result<BoxStream, DialError> {
        let deadline = Instant::now() + limit;
        let tunnel = async {
            let dialed = dial(self.address(), limit).await;
            let mut stream = dialed.map_err(|error| ProxyError::Dial(Box::new(error)))?;
            match self {
                Self::Socks5 { credentials, .. } => {
                    stream = socks5::tunnel(stream, address, credentials.as_ref()).await?;
                }
                Self::Http { credentials, .. } => {
                    http::tunnel(&mut stream, address, credentials.as_ref()).await?;
                }
                // It knows the addresses of the DCs itself: `mtproxy` dials it as one.
                Self::MtProxy { .. } => return Err(ProxyError::NoTunnel),
            }
            Ok(stream)
        };
        let tunnel = match timeout_at(deadline, tunnel).await {
            Ok(tunnel) => tunnel,
            Err(_) => Err(ProxyError::TimedOut(limit)),
        };
        match tunnel {
            Ok(stream) => Ok(Box::new(stream)),
            Err(source) => {
                Err(DialError::Proxy { proxy: self.to_string(), target: address.to_string(), source })
            }
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self {
            Self::Socks5 { .. } => "socks5",
            Self::Http { .. } => "http",
            Self::MtProxy { .. } => "mtproxy",
        };
        write!(f, "{scheme}://{}", self.address())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}
