//! Proxies between a client and a DC.

use std::fmt;

use super::Address;

/// A proxy on the way to a DC.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// SOCKS5 (RFC 1928), with user name and password (RFC 1929) or without.
    Socks5 {
        /// Where it listens.
        address: Address,
    },
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socks5 { address } => write!(f, "Socks5({address})"),
        }
    }
}
