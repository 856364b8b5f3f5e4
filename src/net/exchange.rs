//! The key exchange over a fresh connection, with a deadline for the whole of it.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::{Framed, FramedError, Refusal, SystemClock};
use crate::crypto::AuthKey;
use crate::crypto::rsa::PublicKey;
use crate::message::ServerTime;

/// What the exchange is to be made with.
#[derive(Clone, Debug)]
pub struct ExchangeOptions {
    /// The number of the DC as the exchange carries it: +10000 for test, negative for media.
    pub dc: i32,
    /// The RSA keys to trust.
    pub keys: Vec<PublicKey>,
    /// The deadline of the whole exchange.
    pub limit: Duration,
}

/// A key just made.
#[derive(Debug)]
pub struct FreshKey {
    /// The key.
    pub auth_key: AuthKey,
    /// The first salt (SA-1).
    pub salt: i64,
    /// The server's clock, from `server_DH_inner_data` (ID-5).
    pub time: ServerTime,
}

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The connection ended.
    #[error(transparent)]
    Stream(#[from] FramedError),
    /// The server refused a step with a transport error.
    #[error(transparent)]
    Refused(Refusal),
    /// The server did not answer in time.
    #[error("the server did not finish the key exchange within {0:?}")]
    TimedOut(Duration),
}

impl ExchangeError {
    /// Whether another exchange, over a new connection, may succeed without anybody doing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        // A server that says nothing has had its time, and one that speaks nonsense does not stop.
        matches!(self, Self::Stream(FramedError::Closed | FramedError::Truncated | FramedError::Io(_)))
            || matches!(self, Self::Refused(Refusal::UnknownKey | Refusal::Flood))
    }
}

/// Makes a key over a connection on which nothing else happens.
///
/// # Errors
/// [`ExchangeError`]; the connection is of no more use then.
#[allow(unused_variables, reason = "body to come")]
pub async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    framed: &mut Framed<S>,
    clock: &SystemClock,
    options: ExchangeOptions,
) -> Result<FreshKey, ExchangeError> {
    todo!()
}
