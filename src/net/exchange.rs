//! The key exchange over a fresh connection, with a deadline for the whole of it.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::{Connection, FramedError, Refusal, SystemClock, erased, off_thread};
use crate::crypto::AuthKey;
use crate::crypto::rsa::PublicKey;
use crate::handshake::client::{self, Exchange, Options, Outcome};
use crate::handshake::plain::{self, PlainError};
use crate::message::ServerTime;
use crate::message::msg_id::{Kind, MsgId};
use crate::tl::PacketBuf;
use crate::transport::{self, Frame};

/// What the exchange is to be made with.
#[derive(Clone, Debug)]
pub struct ExchangeOptions {
    /// The number of the DC as the exchange carries it: +10000 for test, negative for media.
    pub dc: i32,
    /// The RSA keys to trust.
    pub keys: Vec<PublicKey>,
    /// The deadline of the whole exchange.
    pub limit: Duration,
    /// For a temporary key: after how many seconds it ends (PF-1).
    pub expires_in: Option<i32>,
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
    /// When a temporary key ends, in seconds since the Unix epoch by the server's clock.
    pub expires_at: Option<i32>,
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
    /// The server's packet is no plain message: it speaks something else.
    #[error("the server does not speak MTProto: {0}")]
    NotPlain(#[from] PlainError),
    /// The server's answer failed a check, or it has none of the trusted keys.
    #[error(transparent)]
    Handshake(#[from] client::Error),
    /// The transport cannot carry a step.
    #[error(transparent)]
    Transport(#[from] transport::Error),
    /// The server did not answer in time.
    #[error("the server did not finish the key exchange within {0:?}")]
    TimedOut(Duration),
}

impl ExchangeError {
    /// Whether another exchange, over a new connection, may succeed without anybody doing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Stream(FramedError::Closed | FramedError::Truncated | FramedError::Io(_)) => true,
            Self::Refused(refusal) => matches!(refusal, Refusal::UnknownKey | Refusal::Flood),
            Self::Handshake(error) => {
                matches!(error, client::Error::DhGenFail | client::Error::TooManyRetries(_))
            }
            // A server that says nothing has had its time, and one that speaks nonsense does not stop.
            _ => false,
        }
    }
}

/// Makes a key over a connection on which no session has begun yet; the connection serves one, or another exchange,
/// afterwards. The number theory runs off the I/O thread.
///
/// # Errors
/// [`ExchangeError`]; the connection is of no more use then.
pub async fn exchange(
    connection: &mut Connection,
    clock: &SystemClock,
    options: ExchangeOptions,
) -> Result<FreshKey, ExchangeError> {
    let ExchangeOptions { dc, keys, limit, expires_in } = options;
    let plain = Plain { connection, clock, last: 0 };
    match timeout(limit, erased(run(plain, Options { keys, dc, expires_in }))).await {
        Ok(done) => done,
        Err(_) => Err(ExchangeError::TimedOut(limit)),
    }
}

async fn run(mut plain: Plain<'_>, options: Options) -> Result<FreshKey, ExchangeError> {
    let (request, exchange) = Exchange::start(options, &mut rand::rng());
    plain.send(request).await?;
    let answer = plain.receive().await?;
    let (request, exchange) = off_thread(move || exchange.res_pq(answer, &mut rand::rng())).await?;
    plain.send(request).await?;
    // The server needs as long for its part as we for this one.
    let exchange = off_thread(move || {
        let mut exchange = exchange;
        exchange.prepare(&mut rand::rng());
        exchange
    })
    .await;
    let answer = plain.receive().await?;
    let heard = plain.clock.now();
    let (request, mut exchange) =
        off_thread(move || exchange.dh_params(answer, heard, &mut rand::rng())).await?;
    plain.send(request).await?;
    loop {
        let answer = plain.receive().await?;
        match off_thread(move || exchange.dh_gen(answer, &mut rand::rng())).await? {
            Outcome::Established(done) => {
                let server_time = Duration::from_secs(done.server_time.cast_unsigned().into());
                let time = ServerTime::synchronised(server_time, heard);
                let expires_at = done.expires_at;
                return Ok(FreshKey { auth_key: done.auth_key, salt: done.first_salt, time, expires_at });
            }
            Outcome::Retry(request, next) => {
                exchange = next;
                plain.send(request).await?;
            }
        }
    }
}

/// Plain messages over a connection.
struct Plain<'a> {
    connection: &'a mut Connection,
    clock: &'a SystemClock,
    last: i64,
}

impl Plain<'_> {
    async fn send(&mut self, mut body: PacketBuf) -> Result<(), ExchangeError> {
        // Ids go up also where the clock does not (ID-1).
        let now = MsgId::at(self.clock.now().unix, Kind::FromClient).to_wire();
        self.last = now.max(self.last.wrapping_add(4));
        plain::encode(self.last, &mut body);
        self.connection.queue(body, false)?;
        Ok(self.connection.flush().await?)
    }

    async fn receive(&mut self) -> Result<Bytes, ExchangeError> {
        loop {
            match self.connection.next().await? {
                Frame::Packet { payload, .. } => return Ok(plain::decode(&payload.freeze())?.body),
                Frame::TransportError(code) => return Err(ExchangeError::Refused(code.into())),
                // Nobody has asked for one, and it does no harm.
                Frame::QuickAck(_) => {}
                // The answer may come in that to a later request; there is none, so the deadline ends this.
                Frame::Empty => {}
            }
        }
    }
}
