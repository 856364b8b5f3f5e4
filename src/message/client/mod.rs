//! The client's end of an encrypted session.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rand::CryptoRng;

use super::error::{Error, SendError};
use super::event::{CallStatus, ClientEvent, RequestId};
use super::server_time::ServerTime;
use crate::clock::Now;
use crate::crypto::AuthKey;
use crate::tl::PacketBuf;

/// What a session needs to begin.
#[derive(Clone, Debug)]
pub struct Config {
    /// The authorization key.
    pub auth_key: Arc<AuthKey>,
    /// The salt to begin with: from the key exchange or from an earlier run; 0 if there is none, which costs
    /// one round trip (SA-1).
    pub salt: i64,
    /// The server's clock, as far as it is known.
    pub time: ServerTime,
    /// Limits and timers.
    pub options: Options,
}

/// Limits and timers of a session. The defaults are right for almost everybody.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many calls may be unfinished at a time; further ones are refused with [`SendError::Full`].
    pub max_calls: usize,
    /// How many bytes the bodies of unfinished calls may have together.
    pub max_call_bytes: usize,
    /// Bodies of this many bytes and more are sent as `gzip_packed` when that makes them smaller; `None`
    /// never packs.
    pub gzip_from: Option<usize>,
    /// The longest a received message waits for its ack; it goes earlier with anything else that is sent, or
    /// when more than 16 wait (AK-1: at most 120 s).
    pub ack_delay: Duration,
    /// A call that is neither answered nor confirmed for this long is asked for with `msgs_state_req` (ST-1).
    /// Doubled with each question.
    pub state_delay: Duration,
    /// A `ping_delay_disconnect` goes out when nothing else has been received for this long; `None` never.
    pub ping_interval: Option<Duration>,
    /// Nothing received for this long after a ping: [`ClientEvent::ConnectionDead`].
    pub pong_timeout: Duration,
    /// Ask for future salts when few are left (SA-2).
    pub future_salts: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_calls: 4096,
            max_call_bytes: 64 << 20,
            gzip_from: Some(1024),
            ack_delay: Duration::from_secs(20),
            state_delay: Duration::from_secs(10),
            ping_interval: Some(Duration::from_secs(60)),
            pong_timeout: Duration::from_secs(15),
            future_salts: true,
        }
    }
}

/// How a call is to be treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// The call may be carried out twice without harm: it reads only, or carries a random id by which the
    /// server knows it again. Then it is sent again where its fate is unknown; otherwise it fails with
    /// [`UnknownOutcome`](super::event::Failure::UnknownOutcome) there.
    pub repeatable: bool,
    /// Ask for a quick ack (TR-7). It must not be set for transports that have none (full, HTTP).
    pub quick_ack: bool,
}

/// What [`Session::poll_transmit`] has built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// The packet wants a quick ack: to be passed to the framing.
    pub quick_ack: bool,
}

/// How full the bounded tables of a session are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Unfinished calls.
    pub calls: usize,
    /// Bytes of their bodies.
    pub call_bytes: usize,
    /// Messages received and not yet acknowledged.
    pub acks: usize,
    /// Remembered msg_ids of received messages.
    pub received: usize,
    /// Remembered msg_ids of sent messages.
    pub sent: usize,
    /// Salts known.
    pub salts: usize,
}

/// One session of a client: one authorization key and one session id, over any number of connections one
/// after the other.
///
/// The owner moves bytes and time:
/// ```text
/// on_connected(now)
/// loop {
///     while let Some(transmit) = poll_transmit(now, rng, &mut packet) { frame and send packet }
///     while let Some(event) = poll_event() { … }
///     wait until: a packet came        → handle_packet(now, packet)
///                 poll_timeout() is up → handle_timeout(now)
///                 someone wants a call → call(now, body, options)
/// }
/// on_disconnected(now)            // then dial again; nothing of the calls is lost
/// ```
pub struct Session {
    _private: (),
}

impl Session {
    /// A session with a new random id.
    pub fn new(config: Config, now: Now, rng: &mut dyn CryptoRng) -> Self {
        let _ = (config, now, rng);
        todo!()
    }

    /// The session id.
    pub fn session_id(&self) -> i64 {
        todo!()
    }

    /// The salt in use, to be saved for the next run.
    pub fn salt(&self, now: Now) -> i64 {
        let _ = now;
        todo!()
    }

    /// The server's clock, as far as it is known.
    pub fn time(&self) -> ServerTime {
        todo!()
    }

    /// Queues a call. `body` is the serialized function, boxed; a multiple of four bytes.
    ///
    /// It may be called before there is a connection. The handle stays the same however often the call has to
    /// be sent.
    ///
    /// # Errors
    /// [`SendError`]; the call is not queued then.
    pub fn call(&mut self, now: Now, body: Bytes, options: CallOptions) -> Result<RequestId, SendError> {
        let _ = (now, body, options);
        todo!()
    }

    /// Forgets a call: no event about it comes any more. If it was sent, the server is told that the answer is
    /// not wanted (`rpc_drop_answer`, RD-1); it may have been carried out nevertheless.
    ///
    /// Gives how far it had come; `None` if it was over.
    pub fn cancel(&mut self, now: Now, request: RequestId) -> Option<CallStatus> {
        let _ = (now, request);
        todo!()
    }

    /// How far a call has come; `None` if it is over.
    pub fn status(&self, request: RequestId) -> Option<CallStatus> {
        let _ = request;
        todo!()
    }

    /// A connection is there. Calls that were sent and not answered are asked for, calls that wait are sent.
    pub fn on_connected(&mut self, now: Now) {
        let _ = now;
        todo!()
    }

    /// The connection is gone. [`poll_transmit`](Self::poll_transmit) builds nothing until the next one.
    pub fn on_disconnected(&mut self, now: Now) {
        let _ = now;
        todo!()
    }

    /// Takes a packet from the transport.
    ///
    /// # Errors
    /// [`Error`]; nothing of the packet was used. [`Error::closes_connection`] says what to do with the
    /// connection.
    pub fn handle_packet(&mut self, now: Now, packet: BytesMut) -> Result<(), Error> {
        let _ = (now, packet);
        todo!()
    }

    /// Takes a quick ack from the transport (TR-7).
    pub fn handle_quick_ack(&mut self, token: u32) {
        let _ = token;
        todo!()
    }

    /// Builds the next packet in `out`, which it clears first: encrypted, with [`HEADROOM`](crate::tl::HEADROOM)
    /// for the framing in front. `None` if there is nothing to send.
    pub fn poll_transmit(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        out: &mut PacketBuf,
    ) -> Option<Transmit> {
        let _ = (now, rng, out);
        todo!()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called: a reading of the monotonic clock.
    pub fn poll_timeout(&self) -> Option<Duration> {
        todo!()
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) has given is up. Harmless when called early.
    pub fn handle_timeout(&mut self, now: Now) {
        let _ = now;
        todo!()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        todo!()
    }

    /// How full the bounded tables are.
    pub fn sizes(&self) -> Sizes {
        todo!()
    }
}
