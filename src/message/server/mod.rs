//! The server's end of an encrypted session.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rand::CryptoRng;

use super::envelope::Opened;
use super::error::{Error, SendError};
use super::event::{PushId, ServerEvent};
use super::msg_id::MsgId;
use super::rpc::RpcError;
pub use super::salts::SaltSchedule;
use crate::clock::Now;
use crate::crypto::AuthKey;
use crate::tl::PacketBuf;

/// What a session needs to begin.
#[derive(Clone, Debug)]
pub struct Config {
    /// The authorization key.
    pub auth_key: Arc<AuthKey>,
    /// The salts of this key (SA-1: they belong to the key, all its sessions have the same).
    pub salts: SaltSchedule,
    /// Limits and timers.
    pub options: Options,
}

/// Limits and timers of a session. The defaults are right for almost everybody.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many calls of the client may be unanswered at a time; further ones are not taken (the client asks
    /// for them and sends them again later).
    pub max_calls: usize,
    /// How many sent messages may wait for their acks.
    pub max_unacked: usize,
    /// How many bytes the bodies of sent messages that wait for their acks may have together.
    pub max_unacked_bytes: usize,
    /// Bodies of this many bytes and more are sent as `gzip_packed` when that makes them smaller; `None`
    /// never packs.
    pub gzip_from: Option<usize>,
    /// The longest a received message waits for its ack, if its answer does not come before.
    pub ack_delay: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_calls: 4096,
            max_unacked: 8192,
            max_unacked_bytes: 64 << 20,
            gzip_from: Some(1024),
            ack_delay: Duration::from_secs(1),
        }
    }
}

/// How full the bounded tables of a session are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Calls that wait for an answer.
    pub calls: usize,
    /// Sent messages that wait for an ack.
    pub unacked: usize,
    /// Bytes of their bodies.
    pub unacked_bytes: usize,
    /// Messages received and not yet acknowledged.
    pub acks: usize,
    /// Remembered msg_ids of received messages.
    pub received: usize,
}

/// One session of a server: one authorization key and one session id, over any number of connections.
///
/// The owner finds the session of a packet by its key and session id:
/// ```text
/// let key = keys.get(envelope::key_id(&packet)?) or transport error -404 and close
/// let opened = envelope::open(&key, Side::Client, packet)? or transport error -404 and close
/// let session = sessions.entry((key.id(), opened.session_id)).or_insert_with(|| Session::new(…))
/// if the session was last seen on another connection { session.on_connected(now) }
/// session.handle_opened(now, opened)?
/// while let Some(event) = session.poll_event() { … session.answer(now, msg_id, body) … }
/// while session.poll_transmit(now, rng, &mut packet) { frame and send packet }
/// ```
/// The server's clock is [`Now::unix`].
pub struct Session {
    _private: (),
}

impl Session {
    /// A session for a session id that came for the first time. It greets its client with
    /// `new_session_created` (NS-1), which names the first message it gets.
    pub fn new(config: Config, session_id: i64, rng: &mut dyn CryptoRng) -> Self {
        let _ = (config, session_id, rng);
        todo!()
    }

    /// The session id.
    pub fn session_id(&self) -> i64 {
        todo!()
    }

    /// The server's number of the session, as `new_session_created` tells it.
    pub fn unique_id(&self) -> i64 {
        todo!()
    }

    /// Replaces the salts, for example after the operator has changed the secret they are made from.
    pub fn set_salts(&mut self, salts: SaltSchedule) {
        let _ = salts;
        todo!()
    }

    /// The client has come back on another connection: answers and pushes that it has not confirmed go out
    /// again.
    pub fn on_connected(&mut self, now: Now) {
        let _ = now;
        todo!()
    }

    /// The connection is gone. [`poll_transmit`](Self::poll_transmit) builds nothing until the next one;
    /// answers and pushes are kept.
    pub fn on_disconnected(&mut self, now: Now) {
        let _ = now;
        todo!()
    }

    /// [`open`](super::envelope::open) and [`handle_opened`](Self::handle_opened) in one.
    ///
    /// # Errors
    /// Those of both.
    pub fn handle_packet(&mut self, now: Now, packet: BytesMut) -> Result<(), Error> {
        let _ = (now, packet);
        todo!()
    }

    /// Takes a packet of the client.
    ///
    /// A wrong salt, msg_id or seqno is no error: the client is told with `bad_server_salt` or
    /// `bad_msg_notification` and nothing of the packet is used.
    ///
    /// # Errors
    /// [`Error`]; nothing of the packet was used. [`Error::closes_connection`] says what to do with the
    /// connection.
    pub fn handle_opened(&mut self, now: Now, opened: Opened) -> Result<(), Error> {
        let _ = (now, opened);
        todo!()
    }

    /// Answers a call: `body` is the result, boxed; `rpc_result` is put around it.
    ///
    /// # Errors
    /// [`SendError`]; the answer is not kept then. An answer to a call that was dropped is taken and dropped.
    pub fn answer(&mut self, now: Now, call: MsgId, body: Bytes) -> Result<PushId, SendError> {
        let _ = (now, call, body);
        todo!()
    }

    /// Answers a call with an error.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn answer_error(&mut self, now: Now, call: MsgId, error: &RpcError) -> Result<PushId, SendError> {
        let _ = (now, call, error);
        todo!()
    }

    /// Answers a call with `body` alone, without `rpc_result` around it, as `destroy_session` and
    /// `destroy_auth_key` are answered (DS-1, DS-2).
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn answer_bare(&mut self, now: Now, call: MsgId, body: Bytes) -> Result<PushId, SendError> {
        let _ = (now, call, body);
        todo!()
    }

    /// Sends something that answers no call: `Updates`, boxed.
    ///
    /// # Errors
    /// [`SendError`]; the message is not kept then.
    pub fn push(&mut self, now: Now, body: Bytes) -> Result<PushId, SendError> {
        let _ = (now, body);
        todo!()
    }

    /// Builds the next packet in `out`, which it clears first: encrypted, with [`HEADROOM`](crate::tl::HEADROOM)
    /// for the framing in front. `false` if there is nothing to send.
    pub fn poll_transmit(&mut self, now: Now, rng: &mut dyn CryptoRng, out: &mut PacketBuf) -> bool {
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
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        todo!()
    }

    /// How full the bounded tables are.
    pub fn sizes(&self) -> Sizes {
        todo!()
    }
}
