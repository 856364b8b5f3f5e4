//! The server's end of an encrypted session.

mod kept;
mod receive;
#[cfg(test)]
mod tests;
mod transmit;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rand::CryptoRng;

use self::kept::{Kept, Origin};
use super::container::Body;
use super::error::SendError;
use super::event::{PushId, ServerEvent};
use super::gzip;
use super::link::Link;
use super::msg_id::{Kind, MsgId};
use super::ordered::Ordered;
use super::replay::CAPACITY;
use super::rpc::RpcError;
use super::salts::SaltSchedule;
use crate::clock::Now;
use crate::crypto::{AuthKey, Side};
use crate::tl::Writer;

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
    /// How many calls of the client may be unanswered at a time. Further ones are not taken: the client is told
    /// so when it asks, and sends them again.
    pub max_calls: usize,
    /// How many answers and pushes are kept until their acks come. When there are more, the oldest that were
    /// sent are forgotten.
    pub max_unacked: usize,
    /// How many bytes the bodies of kept answers and pushes may have together.
    pub max_unacked_bytes: usize,
    /// Bodies of this many bytes and more are sent as `gzip_packed` when that makes them smaller; `None`
    /// never packs.
    pub gzip_from: Option<usize>,
    /// Answers and pushes of this many bytes and more that may be lost are not sent again by themselves: the client is
    /// told of them (`msg_detailed_info`, `msg_new_detailed_info`, ST-2) and asks for what it has really missed. `None`
    /// sends all of them again: not every client asks.
    pub announce_from: Option<usize>,
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
            announce_from: None,
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
    /// Remembered msg_ids of messages that are not to be taken when they come: the client was told that they are
    /// lost or refused.
    pub disowned: usize,
}

/// One session of a server: one authorization key and one session id, over any number of connections.
///
/// The owner finds the session of a packet by its key and session id:
/// ```text
/// let key = keys.get(envelope::key_id(&packet)?) or transport error -404 and close
/// let opened = envelope::open(&key, Side::Client, packet)? or transport error -404 and close
/// let session = sessions.entry((key.id(), opened.header.session_id)).or_insert_with(|| Session::new(…))
/// if the session was last seen on another connection { session.on_connected(now) }
/// session.handle_opened(now, opened)?
/// while let Some(event) = session.poll_event() { … session.answer(now, msg_id, body) … }
/// while session.poll_transmit(now, rng, &mut packet) { frame and send packet }
/// ```
/// The server's clock is [`Now::unix`].
///
/// Each call is reported once, however often it comes: its msg_id is remembered, and so is that of a message
/// of which the client was told that it has *not* come. Answers and pushes are kept until the client has
/// acknowledged them, and are sent again, under their old msg_id in a new container, when the client asks for
/// them or comes back on another connection.
#[derive(Debug)]
pub struct Session {
    link: Link,
    options: Options,
    salts: SaltSchedule,
    unique_id: i64,
    /// The msg_id that `new_session_created` names, once a packet was taken.
    first: Option<MsgId>,
    /// The calls that were taken and whose answers are not acknowledged.
    queries: Ordered<MsgId, Query>,
    open_calls: usize,
    /// Calls whose answers were forgotten before their acks came: nothing can be told of them any more.
    forgotten: Ordered<MsgId>,
    kept: Kept,
    /// Messages that are not kept: they belong to this connection.
    notices: VecDeque<(Kind, Bytes)>,
    events: VecDeque<ServerEvent>,
    connected: bool,
    /// Counts the connections.
    connection: u64,
    /// When to close the connection, if no other ping comes, on the monotonic clock.
    idle_at: Option<Duration>,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Query {
    /// It waits for its answer.
    Open,
    /// It waits for its answer, which nobody wants any more.
    Dropped,
    /// Its answer is kept.
    Answered(PushId),
}

/// A body longer than this fits no packet (2^24 bytes) with its headers and padding.
const MAX_BODY: usize = (1 << 24) - 4096;

/// How many calls with forgotten answers are remembered: as many as the window of received messages has.
const MAX_FORGOTTEN: usize = CAPACITY;

/// How many notices wait at most.
const MAX_NOTICES: usize = 1024;

impl Session {
    /// A session for a session id that came for the first time. It greets its client with
    /// `new_session_created` (NS-1), which names the first message that it takes.
    ///
    /// It begins connected.
    pub fn new(config: Config, session_id: i64, rng: &mut dyn CryptoRng) -> Self {
        let Config { auth_key, salts, options } = config;
        Self {
            link: Link::new(auth_key, Side::Server, session_id, options.ack_delay),
            salts,
            unique_id: rng.next_u64().cast_signed(),
            first: None,
            queries: Ordered::default(),
            open_calls: 0,
            forgotten: Ordered::default(),
            kept: Kept::new(options.max_unacked, options.max_unacked_bytes),
            options,
            notices: VecDeque::new(),
            events: VecDeque::new(),
            connected: true,
            connection: 1,
            idle_at: None,
        }
    }

    /// The session id.
    #[must_use]
    pub fn session_id(&self) -> i64 {
        self.link.session_id
    }

    /// The server's number of the session, as `new_session_created` tells it.
    #[must_use]
    pub fn unique_id(&self) -> i64 {
        self.unique_id
    }

    /// The authorization key.
    #[must_use]
    pub fn auth_key(&self) -> &Arc<AuthKey> {
        &self.link.key
    }

    /// Replaces the salts, for example after the operator has changed the secret they are made from.
    pub fn set_salts(&mut self, salts: SaltSchedule) {
        self.salts = salts;
    }

    /// The client has come back on another connection: answers and pushes that it has not confirmed go out
    /// again. To be called before the connection's first packet is handled; its acks still count.
    pub fn on_connected(&mut self, _now: Now) {
        self.connected = true;
        self.connection += 1;
        self.idle_at = None;
        self.notices.clear();
        for id in self.kept.all() {
            self.send_again(id);
        }
    }

    /// The connection is gone. [`poll_transmit`](Self::poll_transmit) builds nothing until the next one;
    /// answers and pushes are kept.
    pub fn on_disconnected(&mut self, _now: Now) {
        self.connected = false;
        self.idle_at = None;
        self.notices.clear();
        self.shrink_to_fit();
    }

    /// Answers a call: `body` is the result, boxed; `rpc_result` is put around it.
    ///
    /// # Errors
    /// [`SendError`]; the answer is not kept then, and the call stays open. An answer to a call that was
    /// dropped is taken and forgotten.
    pub fn answer(&mut self, _now: Now, call: MsgId, body: Bytes) -> Result<PushId, SendError> {
        let result = gzip::pack(&body, self.options.gzip_from).unwrap_or(body);
        self.keep_answer(call, Body::Result { call, result })
    }

    /// Answers a call with an error.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn answer_error(&mut self, _now: Now, call: MsgId, error: &RpcError) -> Result<PushId, SendError> {
        let mut writer = Writer::new();
        error.write(&mut writer);
        let length = error.message.len();
        let result = writer.finish().map_err(|_| SendError::Length { length })?.into();
        self.keep_answer(call, Body::Result { call, result })
    }

    /// Answers a call with `body` alone, without `rpc_result` around it, as `destroy_session` and
    /// `destroy_auth_key` are answered (DS-1, DS-2).
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn answer_bare(&mut self, _now: Now, call: MsgId, body: Bytes) -> Result<PushId, SendError> {
        self.keep_answer(call, Body::Plain(body))
    }

    /// Sends something that answers no call: `Updates`, boxed.
    ///
    /// # Errors
    /// [`SendError`]; the message is not kept then.
    pub fn push(&mut self, _now: Now, body: Bytes) -> Result<PushId, SendError> {
        let body = gzip::pack(&body, self.options.gzip_from).unwrap_or(body);
        self.keep(Origin::Owner, None, Kind::Notice, Body::Plain(body))
    }

    /// How many messages wait to be sent, acks not counted: what a server that holds back the answer to an HTTP request
    /// goes by (HW-1). [`poll_transmit`](Self::poll_transmit) may have acks to send when there are none.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.kept.queued() + self.notices.len()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called: a reading of the monotonic clock.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        if !self.connected {
            return None;
        }
        [self.link.acks.due(), self.idle_at].into_iter().flatten().min()
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) has given is up. Harmless when called early.
    /// [`poll_transmit`](Self::poll_transmit) and [`poll_event`](Self::poll_event) may have something then.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.idle_at.is_some_and(|at| at <= now.monotonic) {
            self.idle_at = None;
            self.events.push_back(ServerEvent::Idle);
        }
    }

    /// Lets go of memory that it has no use for now. Worth the trouble when nothing is expected to happen for a while.
    pub fn shrink_to_fit(&mut self) {
        self.link.shrink_to_fit();
        self.kept.shrink_to_fit();
        self.queries.shrink_to_fit();
        self.forgotten.shrink_to_fit();
        self.notices.shrink_to_fit();
        self.events.shrink_to_fit();
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// How full the bounded tables are.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        Sizes {
            calls: self.open_calls,
            unacked: self.kept.len(),
            unacked_bytes: self.kept.bytes(),
            acks: self.link.acks.len(),
            received: self.link.window.received(),
            disowned: self.link.window.disowned(),
        }
    }

    /// Keeps the answer to an open call.
    fn keep_answer(&mut self, call: MsgId, body: Body) -> Result<PushId, SendError> {
        match self.queries.get(call) {
            Some(Query::Open) => {
                let push = self.keep(Origin::Owner, Some(call), Kind::Answer, body)?;
                self.queries.insert(call, Query::Answered(push));
                self.open_calls -= 1;
                Ok(push)
            }
            Some(Query::Dropped) => {
                self.queries.remove(call);
                self.open_calls -= 1;
                Ok(self.kept.next_id())
            }
            _ => Err(SendError::NoSuchCall { msg_id: call }),
        }
    }

    fn keep(
        &mut self,
        origin: Origin,
        call: Option<MsgId>,
        kind: Kind,
        body: Body,
    ) -> Result<PushId, SendError> {
        let length = body.len();
        let empty = match &body {
            Body::Plain(body) | Body::Result { result: body, .. } => body.is_empty(),
        };
        if empty || !length.is_multiple_of(4) || length > MAX_BODY {
            return Err(SendError::Length { length });
        }
        let Some(forgotten) = self.kept.make_room(length) else { return Err(SendError::Full) };
        for call in forgotten {
            self.queries.remove(call);
            self.forgotten.insert(call, ());
            if self.forgotten.len() > MAX_FORGOTTEN {
                self.forgotten.pop_first();
            }
        }
        Ok(self.kept.insert(origin, call, kind, body))
    }
}
