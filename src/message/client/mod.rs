//! The client's end of an encrypted session.

mod in_flight;
mod late;
mod liveness;
mod receive;
mod remedy;
mod sent;
#[cfg(test)]
mod tests;
mod transmit;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rand::CryptoRng;

use self::in_flight::InFlight;
use self::late::{Former, Late};
use self::liveness::Liveness;
use self::sent::SentLog;
use super::error::SendError;
use super::event::{CallStatus, ClientEvent, Failure, RequestId};
use super::gzip;
use super::link::Link;
use super::msg_id::MsgId;
use super::ordered::{Ordered, let_go_if_empty};
use super::salts::KnownSalts;
use super::server_time::ServerTime;
use super::service::constructor;
use crate::clock::Now;
use crate::crypto::{AuthKey, Side};
use crate::handshake::binding::{BIND_TEMP_AUTH_KEY, Binding};

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
    /// How often a `ping_delay_disconnect` goes out (PG-1); `None` never.
    pub ping_interval: Option<Duration>,
    /// Nothing received for this long after a ping: [`ClientEvent::ConnectionDead`].
    pub pong_timeout: Duration,
    /// Ask for future salts when few are left (SA-2).
    pub future_salts: bool,
    /// The transport is HTTP: for how long the server is to hold back the answer to a packet of
    /// [`poll_http_wait`](Session::poll_http_wait), if it has nothing to say (HW-1). It stands in for pings, so
    /// [`ping_interval`](Self::ping_interval) is best `None` then. `None` for all other transports.
    pub http_wait: Option<Duration>,
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
            http_wait: None,
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
///     over HTTP, while no such packet is unanswered:
///     if poll_http_wait(now, rng, &mut packet) { post packet on a connection of its own }
///     while let Some(event) = poll_event() { … }
///     wait until: a packet came        → handle_packet(now, packet)
///                 poll_timeout() is up → handle_timeout(now)
///                 someone wants a call → call(now, body, options)
///     (while the connection takes no packet: poll_timeout_unsent())
/// }
/// on_disconnected(now)            // then dial again; nothing of the calls is lost
/// ```
///
/// # The fate of a call
/// A call is over when its answer has come or when it has failed, each told by one event. Until then:
/// - What was never on the wire is sent when there is a connection.
/// - What is on the wire without an answer is asked for with `msgs_state_req`: after a reconnect at once,
///   otherwise after [`Options::state_delay`], then at growing intervals. Only what the server has *not*
///   received is sent again, under a new msg_id (ST-1, AK-2).
/// - When the server cannot tell (it has lost the session, or the message is too old for it), a
///   [`repeatable`](CallOptions::repeatable) call is sent again, any other fails with
///   [`Failure::UnknownOutcome`].
/// - What the server refuses (`bad_msg_notification`, `bad_server_salt`) was not carried out, and is sent again
///   with the remedy for the code, a bounded number of times (BM-1).
#[derive(Debug)]
pub struct Session {
    link: Link,
    options: Options,
    time: ServerTime,
    salts: KnownSalts,
    in_flight: InFlight,
    sent: SentLog,
    liveness: Liveness,
    /// Messages of the server to be asked for with `msg_resend_req`, with the call that each answers.
    resends: Ordered<MsgId, Option<RequestId>>,
    /// Calls whose answers are not wanted any more, by the id they were sent under.
    drops: VecDeque<MsgId>,
    /// Answers to the server's `msgs_state_req`: its id, and the information.
    state_infos: VecDeque<(MsgId, Bytes)>,
    /// Tokens of packets with calls that want a quick ack.
    quick_acks: VecDeque<(u32, Vec<RequestId>)>,
    events: VecDeque<ClientEvent>,
    connected: bool,
    /// Counts the connections.
    connection: u64,
    /// Whether a valid packet has come on this connection.
    heard: bool,
    /// Not before this moment future salts are asked for again, on the monotonic clock.
    next_salts_request: Duration,
    /// The session id has to be changed, at this moment at the latest, on the monotonic clock.
    renew_by: Option<Duration>,
    /// Ids that this session had before; packets for them may still come.
    former_ids: VecDeque<i64>,
    /// `unique_id` of the last `new_session_created`.
    unique_id: Option<i64>,
}

/// A body longer than this fits no packet (2^24 bytes) with its headers and padding.
const MAX_BODY: usize = (1 << 24) - 4096;

/// The most calls that one call is told to come after.
const MAX_FORMERS: usize = 64;

/// How many entries the small queues of a session have at most.
const MAX_QUEUE: usize = 1024;

impl Session {
    /// A session with a new random id.
    pub fn new(config: Config, _now: Now, rng: &mut dyn CryptoRng) -> Self {
        let Config { auth_key, salt, time, options } = config;
        Self {
            link: Link::new(auth_key, Side::Client, random_id(rng), options.ack_delay),
            time,
            salts: KnownSalts::new(salt),
            in_flight: InFlight::new(options.state_delay),
            sent: SentLog::default(),
            liveness: Liveness::new(options.ping_interval, options.pong_timeout),
            options,
            resends: Ordered::default(),
            drops: VecDeque::new(),
            state_infos: VecDeque::new(),
            quick_acks: VecDeque::new(),
            events: VecDeque::new(),
            connected: false,
            connection: 0,
            heard: false,
            next_salts_request: Duration::ZERO,
            renew_by: None,
            former_ids: VecDeque::new(),
            unique_id: None,
        }
    }

    /// The session id.
    #[must_use]
    pub fn session_id(&self) -> i64 {
        self.link.session_id
    }

    /// The authorization key.
    #[must_use]
    pub fn auth_key(&self) -> &Arc<AuthKey> {
        &self.link.key
    }

    /// The salt in use, to be saved for the next run.
    #[must_use]
    pub fn salt(&self, now: Now) -> i64 {
        self.salts.at(self.time.unix(now))
    }

    /// The server's clock, as far as it is known.
    #[must_use]
    pub fn time(&self) -> ServerTime {
        self.time
    }

    /// Queues a call. `body` is the serialized function, boxed; a multiple of four bytes.
    ///
    /// It may be called before there is a connection. The handle stays the same however often the call has to
    /// be sent.
    ///
    /// # Errors
    /// [`SendError`]; the call is not queued then.
    pub fn call(&mut self, now: Now, body: Bytes, options: CallOptions) -> Result<RequestId, SendError> {
        self.call_after(now, body, options, &[])
    }

    /// [`call`](Self::call), to be carried out after some others of this session: with `invokeAfterMsg(s)` around it, as
    /// long as these are not over, under the ids that they have when it is sent (AP-2, AP-3). At most 64.
    ///
    /// The server refuses it with `MSG_WAIT_FAILED` if one of them fails, and with `MSG_WAIT_TIMEOUT` if it does not know
    /// one or does not wait any longer; what then is to be done only the owner knows.
    ///
    /// # Errors
    /// [`SendError`]; the call is not queued then.
    pub fn call_after(
        &mut self,
        _now: Now,
        body: Bytes,
        options: CallOptions,
        formers: &[RequestId],
    ) -> Result<RequestId, SendError> {
        let length = body.len();
        let Some(function) = constructor(&body).filter(|_| length.is_multiple_of(4) && length <= MAX_BODY)
        else {
            return Err(SendError::Length { length });
        };
        self.room_for(length)?;
        let in_flight = formers.iter().copied().filter(|former| self.in_flight.get(*former).is_some());
        let formers: Vec<_> = in_flight.take(MAX_FORMERS).map(Former::Call).collect();
        // A server is sure to unpack a whole call, and not what is inside a wrapper.
        let (body, late) = if formers.is_empty() {
            (gzip::pack(&body, self.options.gzip_from).unwrap_or(body), Late::Nothing)
        } else {
            (body, Late::After(formers))
        };
        Ok(self.in_flight.insert(body, late, function, options))
    }

    /// Queues `auth.bindTempAuthKey`: the session's key is a temporary one, and `binding` says for which other it is to
    /// stand (PF-2). Its message is made anew for every msg_id.
    ///
    /// # Errors
    /// [`SendError::Full`].
    pub fn bind(&mut self, _now: Now, binding: Binding) -> Result<RequestId, SendError> {
        self.room_for(Binding::REQUEST_LEN)?;
        // Bound twice is bound.
        let options = CallOptions { repeatable: true, quick_ack: false };
        let late = Late::Binding(Box::new(binding));
        Ok(self.in_flight.insert(Bytes::new(), late, BIND_TEMP_AUTH_KEY, options))
    }

    fn room_for(&self, length: usize) -> Result<(), SendError> {
        let bytes = self.in_flight.bytes().saturating_add(length);
        let full = self.in_flight.len() >= self.options.max_calls || bytes > self.options.max_call_bytes;
        if full { Err(SendError::Full) } else { Ok(()) }
    }

    /// Forgets a call: no event about it comes any more. If it was sent, the server is told that the answer is
    /// not wanted (`rpc_drop_answer`, RD-1); it may have been carried out nevertheless.
    ///
    /// Gives how far it had come; `None` if it was over.
    pub fn cancel(&mut self, _now: Now, request: RequestId) -> Option<CallStatus> {
        let call = self.in_flight.finish(request)?;
        self.in_flight.given_up(request, call.id());
        if let (true, true, Some(id)) = (self.connected, call.status() != CallStatus::Queued, call.id()) {
            push_bounded(&mut self.drops, id);
        }
        self.events.retain(|event| !matches!(event, ClientEvent::Received { request: of } | ClientEvent::QuickAck { request: of } if *of == request));
        Some(call.status())
    }

    /// How far a call has come; `None` if it is over.
    #[must_use]
    pub fn status(&self, request: RequestId) -> Option<CallStatus> {
        self.in_flight.get(request).map(in_flight::Call::status)
    }

    /// A connection is there. Calls that were sent and not answered are asked for, calls that wait are sent.
    pub fn on_connected(&mut self, now: Now) {
        self.connected = true;
        self.connection += 1;
        self.heard = false;
        self.liveness.connected(now.monotonic, self.connection > 1);
        self.in_flight.ask_for_all(now.monotonic);
    }

    /// The connection is gone. [`poll_transmit`](Self::poll_transmit) builds nothing until the next one.
    pub fn on_disconnected(&mut self, _now: Now) {
        self.connected = false;
        self.liveness.disconnected();
        // What belongs to a connection goes with it: the server sends missed messages again by itself, and
        // quick acks come on the same connection or never.
        self.resends.clear();
        self.drops.clear();
        self.state_infos.clear();
        self.quick_acks.clear();
        self.shrink_to_fit();
    }

    /// Takes a quick ack from the transport (TR-7). An unknown token is ignored.
    pub fn handle_quick_ack(&mut self, token: u32) {
        let Some(at) = self.quick_acks.iter().position(|(known, _)| *known == token) else { return };
        let (_, requests) = self.quick_acks.remove(at).unwrap_or_default();
        for request in requests {
            if self.in_flight.get(request).is_some() {
                self.events.push_back(ClientEvent::QuickAck { request });
            }
        }
    }

    /// Makes the acks that wait go with the next packet, for an owner who is about to close the connection.
    pub fn flush_acks(&mut self) {
        self.link.acks.flush();
    }

    /// Lets go of memory that it has no use for now. Worth the trouble when nothing is expected to happen for a while.
    pub fn shrink_to_fit(&mut self) {
        self.link.shrink_to_fit();
        self.salts.shrink_to_fit();
        self.in_flight.shrink_to_fit();
        self.sent.shrink_to_fit();
        self.resends.let_go_if_empty();
        let_go_if_empty(&mut self.drops);
        let_go_if_empty(&mut self.state_infos);
        let_go_if_empty(&mut self.quick_acks);
        let_go_if_empty(&mut self.events);
        self.former_ids.shrink_to_fit();
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called: a reading of the monotonic clock.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        if !self.connected {
            return None;
        }
        if self.renew_by.is_some() {
            // Nothing can be sent before.
            return self.renew_by;
        }
        let asks = self.in_flight.next_due();
        let timers = [asks, self.link.acks.due(), self.liveness.next_timeout()];
        timers.into_iter().flatten().min()
    }

    /// [`poll_timeout`](Self::poll_timeout) while the connection takes no packet: what is due has to wait until it does, and only
    /// the time for what was asked before still runs.
    #[must_use]
    pub fn poll_timeout_unsent(&self) -> Option<Duration> {
        self.liveness.deadline().filter(|_| self.connected)
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) has given is up. Harmless when called early.
    /// [`poll_transmit`](Self::poll_transmit) and [`poll_event`](Self::poll_event) may have something then.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.connected && self.liveness.take_dead(now.monotonic) {
            self.events.push_back(ClientEvent::ConnectionDead);
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// How full the bounded tables are.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        Sizes {
            calls: self.in_flight.len(),
            call_bytes: self.in_flight.bytes(),
            acks: self.link.acks.len(),
            received: self.link.window.received(),
            sent: self.sent.len(),
            salts: self.salts.len(),
        }
    }

    /// Ends a call without an answer.
    fn fail(&mut self, request: RequestId, reason: Failure) {
        if self.in_flight.finish(request).is_some() {
            self.events.push_back(ClientEvent::Failed { request, reason });
        }
    }

    /// The server may or may not have carried out a call, and nobody can tell.
    fn resolve_doubt(&mut self, request: RequestId, reason: Failure) {
        match self.in_flight.get(request) {
            Some(call) if call.options.repeatable => self.in_flight.requeue(request),
            Some(_) => self.fail(request, reason),
            None => {}
        }
    }
}

/// A session id: random and not zero (ID-4).
fn random_id(rng: &mut dyn CryptoRng) -> i64 {
    loop {
        let id = rng.next_u64().cast_signed();
        if id != 0 {
            return id;
        }
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() >= MAX_QUEUE {
        queue.pop_front();
    }
    queue.push_back(item);
}
