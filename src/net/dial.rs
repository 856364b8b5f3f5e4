//! Opening a TCP connection before a deadline.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::{Address, ProxyError};
use crate::transport::Kind;

/// Why a connection could not be opened; every message names the address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The host name has no address.
    #[error("cannot find the host of {address}: {source}")]
    Resolve {
        /// What was dialed.
        address: Address,
        /// The resolver's answer.
        source: io::Error,
    },
    /// Nothing listens there.
    #[error("{address} refused the connection: nothing listens on that port")]
    Refused {
        /// What was dialed.
        address: Address,
    },
    /// Any other failure of the network.
    #[error("cannot connect to {address}: {source}")]
    Io {
        /// What was dialed.
        address: Address,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The server does not open a WebSocket, or its TLS is refused.
    #[error("{address} does not open a WebSocket: {reason}")]
    WebSocket {
        /// What was dialed.
        address: Address,
        /// What it said, or what is wrong with that.
        reason: String,
    },
    /// This build of the library has no such transport.
    #[error("this build has no transport {transport}: it is made without the feature `{feature}`")]
    NotBuilt {
        /// The transport.
        transport: Kind,
        /// The cargo feature.
        feature: &'static str,
    },
    /// The proxy does not lead there.
    #[error("{target} was not reached through {proxy}: {source}")]
    Proxy {
        /// The proxy's kind and address.
        proxy: String,
        /// The address, or the number of the DC.
        target: String,
        /// Why not.
        source: ProxyError,
    },
    /// Nobody answered within the deadline.
    #[error("{address} did not answer within {after:?}")]
    TimedOut {
        /// What was dialed.
        address: Address,
        /// The deadline that passed.
        after: Duration,
    },
    /// None of several addresses was reached.
    #[error("{}", .errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Several {
        /// What each has come to; empty when there was no address.
        errors: Vec<DialError>,
    },
}

impl DialError {
    /// What several dials have come to.
    pub(super) fn of_all(mut errors: Vec<Self>) -> Self {
        match errors.pop() {
            Some(only) if errors.is_empty() => only,
            last => {
                errors.extend(last);
                Self::Several { errors }
            }
        }
    }

    /// Whether another try may succeed without anybody doing anything; `elsewhere` says that there is another address to
    /// try.
    #[must_use]
    pub fn may_pass(&self, elsewhere: bool) -> bool {
        match self {
            Self::TimedOut { .. } => elsewhere,
            Self::Proxy { source, .. } => source.may_pass(elsewhere),
            Self::Several { errors } => errors.iter().any(|error| error.may_pass(elsewhere)),
            _ => true,
        }
    }
}

/// Opens a TCP connection to `address` within `limit`, over all addresses that a name resolves to.
///
/// Nagle's algorithm is off: a packet here is a whole request, and holding it back only adds latency.
///
/// # Errors
/// [`DialError`] with the reason of the last address tried.
pub async fn dial(address: &Address, limit: Duration) -> Result<TcpStream, DialError> {
    let deadline = Instant::now() + limit;
    let timed_out = || DialError::TimedOut { address: address.clone(), after: limit };
    let candidates = match address.literal() {
        Some(literal) => vec![literal],
        None => timeout_at(deadline, resolve(address)).await.map_err(|_| timed_out())??,
    };
    let mut last = timed_out();
    for (tried, candidate) in candidates.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        // Every address gets its share, so that one silent address cannot use up the time of the others.
        let share = left / u32::try_from(candidates.len() - tried).unwrap_or(1);
        match timeout_at(Instant::now() + share, TcpStream::connect(candidate)).await {
            Ok(Ok(stream)) => {
                stream
                    .set_nodelay(true)
                    .map_err(|source| DialError::Io { address: address.clone(), source })?;
                return Ok(stream);
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                last = DialError::Refused { address: address.clone() };
            }
            Ok(Err(source)) => last = DialError::Io { address: address.clone(), source },
            Err(_) => last = timed_out(),
        }
    }
    Err(last)
}

async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, DialError> {
    let failed = |source| DialError::Resolve { address: address.clone(), source };
    let found: Vec<_> =
        tokio::net::lookup_host((address.host(), address.port())).await.map_err(failed)?.collect();
    if found.is_empty() {
        return Err(failed(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_port_is_refused_by_name() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::from(listener.local_addr().unwrap());
        drop(listener);
        let error = dial(&address, Duration::from_secs(5)).await.unwrap_err();
        assert!(matches!(error, DialError::Refused { .. }));
        assert!(error.to_string().contains(&address.to_string()));
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_says_so() {
        let address = Address::new("no-such-host.invalid", 443);
        let error = dial(&address, Duration::from_secs(20)).await.unwrap_err();
        assert!(matches!(error, DialError::Resolve { .. } | DialError::TimedOut { .. }), "{error}");
    }
}
