//! How a client builds its packets.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use rand::CryptoRng;

use super::sent::Sent;
use super::{Session, Transmit, push_bounded};
use crate::clock::Now;
use crate::message::acks::MAX_IDS;
use crate::message::container::{Batch, Body};
use crate::message::draft::Draft;
use crate::message::event::{CallStatus, RequestId};
use crate::message::ids::Ids;
use crate::message::msg_id::{Kind, MsgId};
use crate::message::salts::SALT_PERIOD;
use crate::message::service::{encode, longs};
use crate::tl::PacketBuf;
use crate::tl::mtproto::{functions, types};

/// Ids asked for in one `msgs_state_req`: as many as fit into a container with other messages.
const MAX_ASKED: usize = 2048;

const _: () = assert!(MAX_ASKED <= MAX_IDS);

/// Pause between two requests for future salts: a server that has none to give must not be asked in every
/// packet.
const SALTS_PAUSE: Duration = Duration::from_secs(300);

/// Bytes of an `http_wait`.
const HTTP_WAIT_LEN: usize = 16;

/// Room in a packet is made for so many of the calls that wait, at once: of large ones fewer fit.
const ROOM: usize = 64;

/// How many salts are asked for (SA-2: at most 64): enough for four hours, and little to keep.
const SALTS_WANTED: i32 = 8;

impl Session {
    /// Whether [`poll_transmit`](Self::poll_transmit) may have something to send. To be asked first, as mostly there is
    /// nothing: it saves the owner a buffer.
    #[must_use]
    pub fn wants_transmit(&self, now: Now) -> bool {
        let is_up = |at: Option<Duration>| at.is_some_and(|at| at <= now.monotonic);
        if !self.connected || self.renew_by.is_some() {
            return self.connected && self.may_renew(now.monotonic);
        }
        self.in_flight.next_queued().is_some()
            || is_up(self.in_flight.next_due())
            || self.link.acks.is_due(now.monotonic)
            || is_up(self.liveness.next_timeout())
            || !(self.resends.is_empty() && self.drops.is_empty() && self.state_infos.is_empty())
            || self.wants_salts(now.monotonic, self.time.unix(now))
    }

    /// Builds the next packet in `out`, which it clears first: encrypted, with
    /// [`HEADROOM`](crate::tl::HEADROOM) for the framing in front. `None` if there is nothing to send.
    ///
    /// Small messages that wait, acks among them, share a container (CT-1); a single message goes without.
    pub fn poll_transmit(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        out: &mut PacketBuf,
    ) -> Option<Transmit> {
        let quick = self.build(now, rng, out)?;
        let token = self.link.seal(out);
        Some(expect_quick_ack(&mut self.quick_acks, quick, token))
    }

    /// [`poll_transmit`](Self::poll_transmit) for an owner who may send several packets at once: builds one in `packet`, which
    /// [`seal`](Self::seal) encrypts with others. Gives the buffer back if there is nothing to send.
    ///
    /// # Errors
    /// The buffer.
    pub fn draft(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        mut packet: PacketBuf,
    ) -> Result<Draft, PacketBuf> {
        match self.build(now, rng, &mut packet) {
            Some(quick) => Ok(Draft { packet, quick }),
            None => Err(packet),
        }
    }

    /// Encrypts what [`draft`](Self::draft) has built, up to eight packets side by side, and gives it to `send` in its order.
    pub fn seal(&mut self, drafts: &mut Vec<Draft>, mut send: impl FnMut(PacketBuf, Transmit)) {
        let quick_acks = &mut self.quick_acks;
        self.link.seal_all(drafts, |packet, quick, token| {
            send(packet, expect_quick_ack(quick_acks, quick, token));
        });
    }

    /// Builds the next packet in `out`, all but its encryption. Gives the calls in it that want a quick ack.
    fn build(&mut self, now: Now, rng: &mut dyn CryptoRng, out: &mut PacketBuf) -> Option<Vec<RequestId>> {
        if !self.connected {
            return None;
        }
        if self.may_renew(now.monotonic) {
            self.renew(rng);
        } else if self.renew_by.is_some() {
            return None;
        }
        let wanted = !cfg!(debug_assertions) || self.wants_transmit(now);
        let unix = self.time.unix(now);
        let mut batch = Batch::default();
        self.add_questions(now, unix, &mut batch);
        self.add_service(now, unix, &mut batch);
        let quick = self.add_calls(now, unix, rng, &mut batch);
        if let Some((id, acked)) = self.link.add_acks(now.monotonic, unix, &mut batch) {
            self.sent.insert(id, Sent::Acks(acked));
        }
        debug_assert!(wanted || batch.is_empty(), "an owner who asks first would not have sent this");
        if batch.is_empty() {
            return None;
        }
        // Over HTTP the answer to a call comes at once or with the long poll, so that no call waits for the answer to
        // another one. Before the server was heard there is no poll yet.
        if self.options.http_wait.is_some() && self.heard && batch.has_room_for(HTTP_WAIT_LEN) {
            self.add_http_wait(unix, &mut batch, Duration::ZERO);
        }
        self.write(unix, &batch, rng, out);
        Some(quick)
    }

    /// Builds the packet of a long poll in `out`, which it clears first: `http_wait` and the acks that wait (HW-1).
    /// To be called when no other such packet is without an answer; `false` if there is nothing to send now, or
    /// [`Options::http_wait`](super::Options::http_wait) is not set.
    ///
    /// A session that is new to the server begins with the lowest msg_id of the first packet that arrives. A poll
    /// travels on a connection of its own, so it could overtake the first calls: these go first.
    pub fn poll_http_wait(&mut self, now: Now, rng: &mut dyn CryptoRng, out: &mut PacketBuf) -> bool {
        let Some(wait) = self.options.http_wait else { return false };
        let may_go = self.connected && self.renew_by.is_none();
        if !may_go || (!self.heard && self.in_flight.len() > 0) {
            return false;
        }
        let unix = self.time.unix(now);
        let mut batch = Batch::default();
        self.add_http_wait(unix, &mut batch, wait);
        if let Some((id, acked)) = self.link.add_acks(now.monotonic, unix, &mut batch) {
            self.sent.insert(id, Sent::Acks(acked));
        }
        self.write(unix, &batch, rng, out);
        self.link.seal(out);
        true
    }

    /// At most one in each packet (HW-1). Whatever comes ends the wait at once: messages that come together are in one
    /// container anyway.
    fn add_http_wait(&mut self, unix: Duration, batch: &mut Batch, wait: Duration) {
        let max_wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        let body = encode(&types::HttpWait { max_delay: 0, wait_after: 0, max_wait });
        self.add(unix, batch, false, body, Sent::HttpWait);
    }

    fn write(&mut self, unix: Duration, batch: &Batch, rng: &mut dyn CryptoRng, out: &mut PacketBuf) {
        let salt = self.salts.at(unix);
        let msg_id = self.link.draft(salt, unix, batch, rng, out);
        if batch.single().is_none() {
            self.sent.insert(msg_id, Sent::Container(Ids::new(batch.ids())));
        }
    }

    /// Adds a message to the packet, and to the log of what was sent.
    fn add(
        &mut self,
        unix: Duration,
        batch: &mut Batch,
        content_related: bool,
        body: Bytes,
        sent: Sent,
    ) -> MsgId {
        let message = self.link.message(unix, Kind::FromClient, content_related, Body::Plain(body));
        let id = message.msg_id;
        batch.push(message);
        self.sent.insert(id, sent);
        id
    }

    /// Asks for the fate of calls (ST-1), and for messages of the server that were missed (ST-2).
    fn add_questions(&mut self, now: Now, unix: Duration, batch: &mut Batch) {
        let asked = self.in_flight.take_due(now.monotonic, MAX_ASKED);
        if !asked.is_empty() {
            let msg_ids = asked.iter().map(|(_, id)| id.to_wire()).collect();
            let body = encode(&types::MsgsStateReq { msg_ids });
            self.add(unix, batch, false, body, Sent::Question(asked));
            self.liveness.asked(now.monotonic);
        }
        if !self.resends.is_empty() && batch.has_room_for(12 + 8 * self.resends.len()) {
            let answers: Vec<_> = self.resends.take().collect();
            let ids: Vec<_> = answers.iter().map(|&(id, _)| id).collect();
            let body = encode(&types::MsgResendReq { msg_ids: longs(&ids) });
            self.add(unix, batch, false, body, Sent::Resend(answers));
        }
    }

    fn add_service(&mut self, now: Now, unix: Duration, batch: &mut Batch) {
        while let Some((question, info)) = self.state_infos.front().cloned() {
            if !batch.has_room_for(20 + info.len()) {
                return;
            }
            self.state_infos.pop_front();
            let body = encode(&types::MsgsStateInfo { req_msg_id: question.to_wire(), info });
            self.add(unix, batch, false, body, Sent::StateInfo);
        }
        while batch.has_room_for(12) {
            let Some(call) = self.drops.pop_front() else { break };
            let body = encode(&functions::RpcDropAnswer { req_msg_id: call.to_wire() });
            self.add(unix, batch, true, body, Sent::Drop(call));
        }
        if !batch.has_room_for(64) {
            return;
        }
        if let Some((ping_id, disconnect_delay)) = self.liveness.take_ping(now.monotonic) {
            let body = encode(&functions::PingDelayDisconnect { ping_id, disconnect_delay });
            self.add(unix, batch, false, body, Sent::Ping);
        }
        if self.wants_salts(now.monotonic, unix) {
            self.next_salts_request = now.monotonic + SALTS_PAUSE;
            let body = encode(&functions::GetFutureSalts { num: SALTS_WANTED });
            self.add(unix, batch, false, body, Sent::FutureSalts);
        }
    }

    /// Whether to ask for future salts: the server has spoken on this connection, so its time is known, and
    /// the known salts do not reach for the length of one (SA-2).
    fn wants_salts(&self, now: Duration, unix: Duration) -> bool {
        self.options.future_salts
            && self.heard
            && now >= self.next_salts_request
            && self.salts.reach() < (unix + SALT_PERIOD).as_secs()
    }

    /// Adds the calls that wait. Gives those that want a quick ack.
    fn add_calls(
        &mut self,
        now: Now,
        unix: Duration,
        rng: &mut dyn CryptoRng,
        batch: &mut Batch,
    ) -> Vec<RequestId> {
        let mut quick = Vec::new();
        batch.reserve(self.in_flight.queued().min(ROOM));
        while let Some((request, call)) = self.in_flight.next_queued() {
            let fits = batch.has_room_for(call.len()) && (batch.is_empty() || !call.alone);
            if !fits {
                break;
            }
            let (alone, content_related) = (call.alone, call.content_related);
            if call.options.quick_ack {
                quick.push(request);
            }
            let (body, late, session_id) = (call.body.clone(), &call.late, self.link.session_id);
            let sent_as = |request| {
                let former = self.in_flight.get(request)?;
                former.id().filter(|_| former.status() != CallStatus::Queued)
            };
            let complete = |id| Body::Plain(late.complete(body, (session_id, id), sent_as, rng));
            let message = self.link.message_of(unix, Kind::FromClient, content_related, complete);
            let id = message.msg_id;
            batch.push(message);
            self.sent.insert(id, Sent::Call(request));
            self.in_flight.sent(request, id, self.connection, now.monotonic);
            if alone {
                batch.close();
            }
        }
        quick
    }
}

/// Remembers for which calls the token of a packet speaks.
fn expect_quick_ack(
    expected: &mut VecDeque<(u32, Vec<RequestId>)>,
    quick: Vec<RequestId>,
    token: u32,
) -> Transmit {
    let quick_ack = !quick.is_empty();
    if quick_ack {
        push_bounded(expected, (token, quick));
    }
    Transmit { quick_ack }
}
