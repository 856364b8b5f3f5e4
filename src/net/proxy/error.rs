//! Why a proxy does not lead to a DC.

use std::io;
use std::time::Duration;

use crate::net::DialError;
use crate::transport::{NotThroughProxy, fake_tls};

/// Why a proxy does not lead to a DC.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The proxy itself is not reached.
    #[error(transparent)]
    Dial(Box<DialError>),
    /// The connection to the proxy broke.
    #[error("the connection to the proxy broke: {0}")]
    Io(#[from] io::Error),
    /// The proxy has closed the connection before it said yes.
    #[error("the proxy closed the connection")]
    Closed,
    /// The proxy wants another name and password, or any.
    #[error("the proxy does not let this user in")]
    Login,
    /// The name or the password are such that the proxy cannot be told them.
    #[error("the proxy cannot be told such a user or password: {0}")]
    Credentials(&'static str),
    /// The proxy says no.
    #[error("the proxy refused: {0}")]
    Refused(String),
    /// What answered is no such proxy.
    #[error("this is no such proxy: {0}")]
    Protocol(String),
    /// The MTProxy does not prove that it has the secret, or its fake TLS is broken (FT-3).
    #[error(transparent)]
    FakeTls(#[from] fake_tls::Error),
    /// Not every transport goes through an MTProxy.
    #[error(transparent)]
    Transport(#[from] NotThroughProxy),
    /// This build of the library has no such proxy.
    #[error("this program is built without mtwire's feature `{feature}`, which such a proxy needs")]
    NotBuilt {
        /// The cargo feature.
        feature: &'static str,
    },
    /// An MTProxy is told the number of a DC in 16 bits.
    #[error("no proxy can be told the DC number {0}")]
    DcNumber(i32),
    /// An MTProxy passes on nothing but MTProto.
    #[error("an MTProxy opens no connection to an address")]
    NoTunnel,
    /// All of it took too long.
    #[error("not within {0:?}")]
    TimedOut(Duration),
}

impl ProxyError {
    /// Whether another try may succeed without anybody doing anything; `elsewhere` says that there is another address to
    /// try.
    #[must_use]
    pub fn may_pass(&self, elsewhere: bool) -> bool {
        match self {
            Self::Dial(error) => error.may_pass(elsewhere),
            Self::Io(_) | Self::Closed | Self::Refused(_) => true,
            Self::TimedOut(_) => elsewhere,
            _ => false,
        }
    }
}
