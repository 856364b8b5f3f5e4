//! What a client does with what comes from the server.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::sent::Sent;
use super::{MAX_QUEUE, Session, push_bounded};
use crate::clock::Now;
use crate::crypto::Side;
use crate::message::acks::MAX_IDS;
use crate::message::container::{Incoming, is_container, unfold};
use crate::message::envelope::{self, Header};
use crate::message::error::Error;
use crate::message::event::{CallStatus, ClientEvent, Failure, RequestId};
use crate::message::gzip::Budget;
use crate::message::ids::Ids;
use crate::message::msg_id::MsgId;
use crate::message::replay::Seen;
use crate::message::rpc::RpcError;
use crate::message::salts::FutureSalt;
use crate::message::server_time::ServerTime;
use crate::message::service::FromServer;
use crate::tl::mtproto::types;

/// A message of the server may be this old (ID-2).
const MAX_AGE: Duration = Duration::from_secs(300);
/// A message of the server may be this far ahead of the clock (ID-2).
const MAX_AHEAD: Duration = Duration::from_secs(30);

/// State of a message in the low three bits of its byte in `msgs_state_info` (ST-1).
mod state {
    pub(super) const MASK: u8 = 7;
    pub(super) const UNKNOWN: u8 = 1;
    pub(super) const NOT_RECEIVED: u8 = 2;
    pub(super) const NOT_RECEIVED_TOO_HIGH: u8 = 3;
    pub(super) const RECEIVED: u8 = 4;
}

impl Session {
    /// Takes a packet from the transport.
    ///
    /// # Errors
    /// [`Error`]; nothing of the packet was used. [`Error::closes_connection`] says what to do with the
    /// connection.
    pub fn handle_packet(&mut self, now: Now, packet: BytesMut) -> Result<(), Error> {
        let opened = envelope::open(&self.link.key, Side::Server, packet)?;
        let Header { session_id, msg_id, seqno, .. } = opened.header;
        if session_id != self.link.session_id {
            // The server cannot know yet that the session goes by another name now.
            return if self.former_ids.contains(&session_id) { Ok(()) } else { Err(Error::SessionId) };
        }
        let contained = is_container(&opened.body);
        let messages = unfold(msg_id, seqno, opened.body)?;
        let outer = [msg_id].into_iter();
        for msg_id in outer.chain(messages.iter().map(|message| message.msg_id)) {
            if !msg_id.is_from(Side::Server) {
                return Err(Error::Parity { msg_id });
            }
        }
        match self.link.window.look_up(msg_id) {
            Seen::New => {}
            Seen::Before(_) | Seen::Disowned => {
                self.ack_again(now, &messages);
                return Ok(());
            }
            Seen::Forgotten => return Err(Error::Forgotten { msg_id }),
        }
        let mut budget = Budget::of_packet();
        let mut parsed = Vec::with_capacity(messages.len());
        for mut message in messages {
            // Taken, as each clone is counted in a place that the owners of all bodies of the packet share.
            let content = FromServer::read(std::mem::take(&mut message.body), &mut budget)?;
            parsed.push((message, content));
        }
        if !self.is_timely(now, msg_id) {
            return self.correct_only(now, msg_id, parsed);
        }

        self.link.window.insert(msg_id, seqno);
        self.heard = true;
        self.liveness.heard(now.monotonic);
        let before = self.time;
        self.time.heard(msg_id.unix(), now);
        self.tell_if_time_changed(now, before);
        // What is said of single messages is understood right only after word of a new session.
        let is_greeting = |content: &FromServer| matches!(content, FromServer::NewSession(_));
        // It is rare, and taking it out takes memory.
        if parsed.iter().any(|(_, content)| is_greeting(content)) {
            let (greetings, others): (Vec<_>, _) =
                parsed.into_iter().partition(|(_, content)| is_greeting(content));
            for (message, content) in greetings {
                self.accept(now, msg_id, contained, &message, content);
            }
            parsed = others;
        }
        for (message, content) in parsed {
            self.accept(now, msg_id, contained, &message, content);
        }
        Ok(())
    }

    /// Whether the id of a packet is within the time window, as far as the server's clock is known (ID-2).
    ///
    /// The first packet of a connection may also be ahead: a machine that was asleep has a monotonic clock
    /// that stood still. Nobody but the server can make such a packet, and nobody can have recorded it.
    fn is_timely(&self, now: Now, msg_id: MsgId) -> bool {
        let (sent, here) = (msg_id.unix(), self.time.unix(now));
        let too_old = sent + MAX_AGE < here;
        let too_new = sent > here + MAX_AHEAD;
        !self.time.is_synchronised() || (!too_old && (!too_new || !self.heard))
    }

    /// The packet's time is wrong by our clock. If it tells that a message which we have really sent was
    /// refused, our clock may be what is wrong, and that much of the packet is used (BM-1; security guidelines,
    /// check of msg_id).
    fn correct_only(
        &mut self,
        now: Now,
        msg_id: MsgId,
        messages: Vec<(Incoming, FromServer)>,
    ) -> Result<(), Error> {
        let mut corrected = false;
        for (message, content) in messages {
            if let FromServer::BadMessage { id, code, salt } = content
                && self.was_sent(id)
                && self.link.window.look_up(message.msg_id) == Seen::New
            {
                self.link.window.insert(message.msg_id, message.seqno);
                self.handle_bad_message(now, msg_id, id, code, salt);
                corrected = true;
            }
        }
        if corrected { Ok(()) } else { Err(Error::TimeWindow { msg_id }) }
    }

    /// The packet has come before, so its acks may be lost (AK-1).
    fn ack_again(&mut self, now: Now, messages: &[Incoming]) {
        for message in messages.iter().filter(|message| message.is_content_related()) {
            self.link.acks.add(message.msg_id, now.monotonic);
        }
    }

    /// Takes one message of a packet that was found right.
    fn accept(&mut self, now: Now, outer: MsgId, contained: bool, message: &Incoming, content: FromServer) {
        if message.is_content_related() {
            self.link.acks.add(message.msg_id, now.monotonic);
        }
        // A message that is the packet itself was looked up already.
        let seen = if message.msg_id == outer && !contained {
            Seen::New
        } else {
            self.link.window.look_up(message.msg_id)
        };
        match seen {
            Seen::New => self.link.window.insert(message.msg_id, message.seqno),
            Seen::Before(_) | Seen::Disowned => return,
            // The container around it is fresh, so this is no replay, but a message sent again. Whether it is
            // news cannot be told, unless it answers a call that is still open.
            Seen::Forgotten if matches!(content, FromServer::Answer { .. }) => {}
            Seen::Forgotten => return,
        }
        self.process(now, outer, message.msg_id, content);
    }

    fn process(&mut self, now: Now, outer: MsgId, msg_id: MsgId, content: FromServer) {
        match content {
            FromServer::Nothing => {}
            FromServer::Acks(ids) => self.handle_acks(now, &ids),
            FromServer::BadMessage { id, code, salt } => {
                if self.was_sent(id) {
                    self.handle_bad_message(now, outer, id, code, salt);
                }
            }
            FromServer::StateRequest(ids) => {
                let info = ids.iter().map(|&id| self.state_of(id)).collect();
                push_bounded(&mut self.state_infos, (msg_id, info));
            }
            FromServer::StateInfo { question, info } => self.handle_state_info(now, question, &info),
            FromServer::AllInfo { ids, info } => {
                if ids.len() == info.len() {
                    for (&id, &state) in ids.iter().zip(&info) {
                        if let Some(request) = self.in_flight.by_id(id) {
                            self.handle_state(now, request, id, state);
                        }
                    }
                }
            }
            FromServer::DetailedInfo { call, answer } => self.handle_detailed_info(now, call, answer),
            // Calls are sent again when they are known to be lost; nothing else is worth it.
            FromServer::ResendRequest(ids) => {
                for id in ids {
                    if let Some(request) = self.in_flight.by_id(id) {
                        self.in_flight.ask_again_at(request, now.monotonic);
                    }
                }
            }
            FromServer::NewSession(created) => self.handle_new_session(now, &created),
            FromServer::Pong { ping, body } => match self.in_flight.by_id(ping) {
                Some(request) => self.answer(request, Some(Ok(body))),
                None => self.liveness.pong(),
            },
            FromServer::FutureSalts { request, salts, body } => {
                self.handle_future_salts(now, request, &salts, body);
            }
            FromServer::Bare { function, body } => {
                if let Some(request) = self.in_flight.by_function(function) {
                    self.answer(request, Some(Ok(body)));
                }
            }
            FromServer::Answer { call, result } => {
                if let Some(request) = self.in_flight.by_id(call) {
                    self.answer(request, result);
                }
            }
            FromServer::Other(body) => self.events.push_back(ClientEvent::Update(body)),
        }
    }

    fn answer(&mut self, request: RequestId, result: Option<Result<Bytes, RpcError>>) {
        match result {
            None => self.fail(request, Failure::MalformedAnswer),
            Some(result) => {
                if self.in_flight.finish(request).is_some() {
                    self.events.push_back(ClientEvent::Answer { request, result });
                }
            }
        }
    }

    fn handle_acks(&mut self, now: Now, ids: &[MsgId]) {
        for &id in ids {
            let members = match self.sent.get(id) {
                Some(Sent::Container(members)) => members.clone(),
                _ => Ids::new([id].into_iter()),
            };
            for &id in members.iter() {
                if let Some(request) = self.in_flight.by_id(id) {
                    self.handle_received(now, request);
                }
            }
        }
    }

    fn handle_received(&mut self, now: Now, request: RequestId) {
        if self.in_flight.received(request, now.monotonic) {
            self.events.push_back(ClientEvent::Received { request });
        }
    }

    /// What the server is told of its message `id` (ST-1).
    fn state_of(&self, id: MsgId) -> u8 {
        match self.link.window.look_up(id) {
            Seen::Before(_) => state::RECEIVED,
            Seen::Forgotten => state::UNKNOWN,
            _ if self.link.window.highest().is_none_or(|highest| id > highest) => {
                state::NOT_RECEIVED_TOO_HIGH
            }
            _ => state::NOT_RECEIVED,
        }
    }

    fn handle_state_info(&mut self, now: Now, question: MsgId, info: &[u8]) {
        let sent = self.sent.take(question);
        if matches!(sent, Some(Sent::Question(_))) {
            self.liveness.pong();
        }
        match sent {
            Some(Sent::Question(asked)) if asked.len() == info.len() => {
                for ((request, id), &state) in asked.into_iter().zip(info) {
                    self.handle_state(now, request, id, state);
                }
            }
            // The server cannot send again what we have missed.
            Some(Sent::Resend(answers)) if answers.len() == info.len() => {
                for ((answer, request), state) in answers.into_iter().zip(info) {
                    let known = state & state::MASK == state::RECEIVED || self.has_come(answer);
                    match request {
                        Some(request) if !known => self.resolve_doubt(request, Failure::AnswerLost),
                        _ => {}
                    }
                }
            }
            // An answer that does not fit the question says nothing; the question is asked again in time.
            Some(Sent::Question(asked)) => {
                for (request, _) in asked {
                    self.in_flight.ask_again_at(request, now.monotonic + self.options.state_delay);
                }
            }
            Some(other) => self.sent.insert(question, other),
            None => {}
        }
    }

    /// The server tells what it knows of a call that was sent under `id`.
    fn handle_state(&mut self, now: Now, request: RequestId, id: MsgId, state: u8) {
        let Some(call) = self.in_flight.get_mut(request) else { return };
        // Sent again or refused since: what is said of the former id settles nothing.
        if call.id() != Some(id) || call.status() == CallStatus::Queued {
            return;
        }
        match state & state::MASK {
            // The greeting of the session is still on its way, and will tell more (NS-1). The call is asked for
            // again in any case.
            state::UNKNOWN if self.unique_id.is_none() && !call.unknown_before_greeting => {
                call.unknown_before_greeting = true;
            }
            state::UNKNOWN => self.resolve_doubt(request, Failure::UnknownOutcome),
            // What was confirmed and is not known now was taken by a session that is gone.
            state::NOT_RECEIVED | state::NOT_RECEIVED_TOO_HIGH if call.status() == CallStatus::Received => {
                self.resolve_doubt(request, Failure::UnknownOutcome);
            }
            state::NOT_RECEIVED | state::NOT_RECEIVED_TOO_HIGH => self.in_flight.requeue(request),
            state::RECEIVED => self.handle_received(now, request),
            _ => {}
        }
    }

    fn has_come(&self, id: MsgId) -> bool {
        matches!(self.link.window.look_up(id), Seen::Before(_))
    }

    /// There is a message for us that we may have missed (ST-2).
    fn handle_detailed_info(&mut self, now: Now, call: Option<MsgId>, answer: MsgId) {
        let request = call.and_then(|id| self.in_flight.by_id(id));
        if let Some(request) = request {
            self.handle_received(now, request);
        }
        if self.has_come(answer) || (call.is_some() && request.is_none()) {
            self.link.acks.add(answer, now.monotonic);
        } else {
            self.want_again(answer, request);
        }
    }

    /// Asks for a message of the server with the next packet, unless too many are asked for already: the server will tell
    /// of it again.
    pub(super) fn want_again(&mut self, answer: MsgId, request: Option<RequestId>) {
        if self.resends.len() < MAX_QUEUE.min(MAX_IDS) {
            self.resends.insert(answer, request);
        }
    }

    /// The server has begun a session of its own for ours, and knows nothing that came before (NS-1).
    fn handle_new_session(&mut self, now: Now, created: &types::NewSessionCreated) {
        self.change_salt(now, created.server_salt);
        let former = self.unique_id.replace(created.unique_id);
        if former == Some(created.unique_id) {
            return;
        }
        let first = MsgId::from_wire(created.first_msg_id);
        let before: Vec<_> = self
            .in_flight
            .unanswered()
            .filter_map(|(request, call)| {
                // Without an earlier session, or a connection before this one, nobody can have taken it.
                let first_contact = former.is_none() || call.was_sent_only_on(self.connection);
                // An old packet that came late, or again, may have begun the session: then what the earlier one
                // took is not below its first message.
                let before = call.id().is_some_and(|id| id < first) || !first_contact;
                before.then_some((request, call.status() == CallStatus::Sent && first_contact))
            })
            .collect();
        for (request, lost) in before {
            if lost {
                self.in_flight.requeue(request);
            } else {
                self.resolve_doubt(request, Failure::UnknownOutcome);
            }
        }
        self.events.push_back(ClientEvent::NewSession { unique_id: created.unique_id });
    }

    fn handle_future_salts(&mut self, now: Now, request: MsgId, salts: &types::FutureSalts, body: Bytes) {
        let call = self.in_flight.by_id(request);
        if call.is_none() && self.sent.take(request) != Some(Sent::FutureSalts) {
            return;
        }
        let before = self.salt(now);
        let unix = self.time.unix(now);
        let future = salts.salts.iter().map(|salt| FutureSalt {
            valid_since: salt.valid_since.cast_unsigned(),
            valid_until: salt.valid_until.cast_unsigned(),
            salt: salt.salt,
        });
        self.salts.learn(future, unix);
        self.tell_if_salt_changed(now, before);
        if let Some(request) = call {
            self.answer(request, Some(Ok(body)));
        }
    }

    /// The server wants `salt` from now on.
    pub(super) fn change_salt(&mut self, now: Now, salt: i64) {
        let before = self.salt(now);
        self.salts.replace(salt, self.time.unix(now));
        self.tell_if_salt_changed(now, before);
    }

    fn tell_if_salt_changed(&mut self, now: Now, before: i64) {
        let salt = self.salt(now);
        // A server may well name 0; to begin with that next time would be to begin without a salt.
        if salt != before && salt != 0 {
            self.events.push_back(ClientEvent::SaltChanged { salt });
        }
    }

    pub(super) fn tell_if_time_changed(&mut self, now: Now, before: ServerTime) {
        let moved = self.time.unix(now).abs_diff(before.unix(now)) >= Duration::from_secs(1);
        if moved || before.is_synchronised() != self.time.is_synchronised() {
            self.events.push_back(ClientEvent::TimeChanged);
        }
    }
}
