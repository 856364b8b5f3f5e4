//! What a server does with what comes from the client.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::kept::{Message, Origin, Sent};
use super::{MAX_NOTICES, Query, Session};
use crate::clock::Now;
use crate::crypto::Side;
use crate::message::bad_msg as code;
use crate::message::container::{Body, Incoming, is_container, unfold};
use crate::message::envelope::{self, Header, Opened};
use crate::message::error::Error;
use crate::message::event::{PushId, ServerEvent};
use crate::message::gzip::Budget;
use crate::message::msg_id::{Kind, MsgId};
use crate::message::replay::Seen;
use crate::message::seqno::{check_order, is_content_related};
use crate::message::service::{FromClient, encode};
use crate::tl::mtproto::{enums, types};
use crate::tl::{Serialize, Writer};

/// A message of a client may be this old (ID-2).
const MAX_AGE: Duration = Duration::from_secs(300);
/// A message of a client may be this far ahead of the clock (ID-2).
const MAX_AHEAD: Duration = Duration::from_secs(30);

/// An answer that went out on this connection so long ago and is asked for must have got lost.
const ANSWER_LOST_AFTER: Duration = Duration::from_secs(5);

/// Bits of a message's byte in `msgs_state_info` (ST-1).
mod state {
    pub(super) const UNKNOWN: u8 = 1;
    pub(super) const NOT_RECEIVED: u8 = 2;
    pub(super) const NOT_RECEIVED_TOO_HIGH: u8 = 3;
    pub(super) const RECEIVED: u8 = 4;
    pub(super) const ACKED: u8 = 8;
    pub(super) const NEEDS_NO_ACK: u8 = 16;
    pub(super) const QUERY_TAKEN: u8 = 32;
    pub(super) const ANSWER_GENERATED: u8 = 64;
}

impl Session {
    /// [`open`](envelope::open) and [`handle_opened`](Self::handle_opened) in one.
    ///
    /// # Errors
    /// Those of both.
    pub fn handle_packet(&mut self, now: Now, packet: BytesMut) -> Result<(), Error> {
        let opened = envelope::open(&self.link.key, Side::Client, packet)?;
        self.handle_opened(now, opened)
    }

    /// Takes a packet of the client.
    ///
    /// A wrong salt, msg_id or seqno is no error: the client is told with `bad_server_salt` or
    /// `bad_msg_notification` and nothing of the packet is used. A seqno that is wrong within a container
    /// concerns that message alone.
    ///
    /// # Errors
    /// [`Error`]; nothing of the packet was used. [`Error::closes_connection`] says what to do with the
    /// connection.
    pub fn handle_opened(&mut self, now: Now, opened: Opened) -> Result<(), Error> {
        let Opened { header, body, .. } = opened;
        let Header { salt, session_id, msg_id, seqno } = header;
        if session_id != self.link.session_id {
            return Err(Error::SessionId);
        }
        if !msg_id.is_from(Side::Client) {
            self.refuse(msg_id, seqno, code::MSG_ID_LOW_BITS);
            return Ok(());
        }
        let contained = is_container(&body);
        match self.look_up(msg_id) {
            Seen::New => {}
            Seen::Before(_) => {
                self.take_again(now, msg_id, seqno, body);
                return Ok(());
            }
            Seen::Disowned => {
                self.refuse(msg_id, seqno, code::MSG_ID_TOO_LOW);
                return Ok(());
            }
            Seen::Forgotten if self.first.is_some_and(|first| msg_id < first) => {
                return Err(Error::Forgotten { msg_id });
            }
            Seen::Forgotten => {
                self.refuse(msg_id, seqno, code::TOO_OLD);
                return Ok(());
            }
        }
        if msg_id.unix() + MAX_AGE < now.unix {
            self.refuse(msg_id, seqno, code::MSG_ID_TOO_LOW);
            return Ok(());
        }
        if msg_id.unix() > now.unix + MAX_AHEAD {
            // Its client sends it anew, so it must not be taken when it comes again and its time has come.
            self.link.window.disown(msg_id);
            self.refuse(msg_id, seqno, code::MSG_ID_TOO_HIGH);
            return Ok(());
        }
        if !self.salts.accepts(salt, now.unix) {
            self.notice(
                Kind::Notice,
                &types::BadServerSalt {
                    bad_msg_id: msg_id.to_wire(),
                    bad_msg_seqno: seqno,
                    error_code: code::BAD_SALT,
                    new_server_salt: self.salts.current(now.unix),
                },
            );
            return Ok(());
        }
        let Some(messages) = self.unfold(msg_id, seqno, contained, body) else { return Ok(()) };
        let mut budget = Budget::of_packet();
        let mut parsed = Vec::with_capacity(messages.len());
        for mut message in messages {
            // Taken, as each clone is counted in a place that the owners of all bodies of the packet share.
            let content = FromClient::read(std::mem::take(&mut message.body), &mut budget)?;
            parsed.push((message, content));
        }

        if self.first.is_none() {
            let first = parsed.iter().map(|(message, _)| message.msg_id).chain([msg_id]).min();
            self.greet(now, first.unwrap_or(msg_id));
        }
        if contained {
            self.link.window.insert(msg_id, seqno);
        }
        for (message, content) in parsed {
            self.accept(now, message, content);
        }
        Ok(())
    }

    /// The messages of a packet; `None` if it was refused.
    fn unfold(&mut self, msg_id: MsgId, seqno: i32, contained: bool, body: Bytes) -> Option<Vec<Incoming>> {
        let from_client = |message: &Incoming| message.msg_id.is_from(Side::Client);
        let refusal = match unfold(msg_id, seqno, body) {
            Ok(_) if contained && is_content_related(seqno) => code::EVEN_SEQNO_EXPECTED,
            Ok(messages) if messages.iter().all(from_client) => return Some(messages),
            _ => code::BAD_CONTAINER,
        };
        self.refuse(msg_id, seqno, refusal);
        None
    }

    /// What is known of an id; of a call whose answer is not acknowledged also when the window has passed it.
    fn look_up(&self, id: MsgId) -> Seen {
        match self.link.window.look_up(id) {
            Seen::Forgotten if self.queries.contains(id) => Seen::Before(1),
            seen => seen,
        }
    }

    /// The session begins with `first`, the lowest id of the packet (NS-1). What comes later with a lower id
    /// is not taken: the client has it sent again on this word.
    fn greet(&mut self, now: Now, first: MsgId) {
        self.first = Some(first);
        self.link.window.begin_at(first);
        let created = encode(&types::NewSessionCreated {
            first_msg_id: first.to_wire(),
            unique_id: self.unique_id,
            server_salt: self.salts.current(now.unix),
        });
        self.kept.insert_greeting(Body::Plain(created));
    }

    fn accept(&mut self, now: Now, message: Incoming, content: FromClient) {
        let Incoming { msg_id, seqno, .. } = message;
        match self.look_up(msg_id) {
            Seen::New => {}
            Seen::Before(_) => return self.take_message_again(now, msg_id, seqno),
            // It was declared lost. A client that sends it again all the same learns that it needs another id.
            Seen::Disowned => return self.refuse(msg_id, seqno, code::MSG_ID_TOO_LOW),
            Seen::Forgotten if self.first.is_some_and(|first| msg_id < first) => return,
            Seen::Forgotten => return self.refuse(msg_id, seqno, code::TOO_OLD),
        }
        if let Err(code) = self.check_seqno(msg_id, seqno, &content) {
            return self.refuse(msg_id, seqno, code);
        }
        if matches!(content, FromClient::Call(_)) && self.open_calls >= self.options.max_calls {
            return self.link.window.disown(msg_id);
        }
        self.link.window.insert(msg_id, seqno);
        if is_content_related(seqno) {
            self.link.acks.add(msg_id, now.monotonic);
        }
        self.process(now, msg_id, content);
    }

    /// SQ-1, SQ-2.
    fn check_seqno(&self, msg_id: MsgId, seqno: i32, content: &FromClient) -> Result<(), i32> {
        if content.must_be_content_related() && !is_content_related(seqno) {
            return Err(code::ODD_SEQNO_EXPECTED);
        }
        let (earlier, later) = self.link.window.neighbours(msg_id);
        check_order(earlier, seqno, later)
    }

    fn process(&mut self, now: Now, msg_id: MsgId, content: FromClient) {
        match content {
            FromClient::Nothing => {}
            FromClient::Acks(ids) => {
                for push in ids.into_iter().filter_map(|id| self.kept.by_id(id)).collect::<Vec<_>>() {
                    self.acked(push);
                }
            }
            FromClient::StateRequest(ids) => self.handle_state_request(now, msg_id, &ids),
            FromClient::ResendRequest(ids) => self.handle_resend_request(msg_id, &ids),
            FromClient::ResendAnswers(calls) => self.handle_resend_answers(msg_id, &calls),
            FromClient::DropAnswer(call) => self.handle_drop(msg_id, call),
            FromClient::Ping { ping_id, disconnect_delay } => {
                if let Some(seconds) = disconnect_delay {
                    let delay = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
                    self.idle_at = Some(now.monotonic + delay);
                }
                self.notice(Kind::Answer, &types::Pong { msg_id: msg_id.to_wire(), ping_id });
            }
            FromClient::GetFutureSalts { count } => {
                let salts = self.salts.future(now.unix, usize::try_from(count).unwrap_or(0).max(1));
                let salts = salts.into_iter().map(|salt| types::FutureSalt {
                    valid_since: salt.valid_since.cast_signed(),
                    valid_until: salt.valid_until.cast_signed(),
                    salt: salt.salt,
                });
                self.notice(
                    Kind::Answer,
                    &types::FutureSalts {
                        req_msg_id: msg_id.to_wire(),
                        now: (now.unix.as_secs() as u32).cast_signed(),
                        salts: salts.collect(),
                    },
                );
            }
            FromClient::HttpWait(wait) => self.events.push_back(ServerEvent::HttpWait {
                max_delay: wait.max_delay,
                wait_after: wait.wait_after,
                max_wait: wait.max_wait,
            }),
            FromClient::Call(body) => {
                self.queries.insert(msg_id, Query::Open);
                self.open_calls += 1;
                self.events.push_back(ServerEvent::Call { msg_id, body });
            }
        }
    }

    /// A packet has come again: nothing of it is carried out again (interop; AK-1).
    fn take_again(&mut self, now: Now, msg_id: MsgId, seqno: i32, body: Bytes) {
        let contained = is_container(&body);
        let Ok(messages) = unfold(msg_id, seqno, body) else { return };
        let is_new = |message: &Incoming| self.look_up(message.msg_id) == Seen::New;
        if contained && messages.iter().any(is_new) {
            return self.refuse(msg_id, seqno, code::CONTAINER_ID_USED);
        }
        for message in messages {
            // What was not taken the first time must not be acknowledged the second.
            if matches!(self.look_up(message.msg_id), Seen::Before(_)) {
                self.take_message_again(now, message.msg_id, message.seqno);
            }
        }
    }

    /// A message has come again: its ack or its answer is lost.
    fn take_message_again(&mut self, now: Now, msg_id: MsgId, seqno: i32) {
        if is_content_related(seqno) {
            self.link.acks.add(msg_id, now.monotonic);
        }
        if let Some(&Query::Answered(push)) = self.queries.get(msg_id) {
            self.send_again(push);
        }
    }

    /// Sends a message that may be lost again, or tells of it if it is large (ST-2).
    pub(super) fn send_again(&mut self, push: PushId) {
        let large =
            |message: &&Message| self.options.announce_from.is_some_and(|from| message.body.len() >= from);
        let announced = self.kept.get(push).filter(large).and_then(|message| {
            let bytes = i32::try_from(message.body.len()).unwrap_or(i32::MAX);
            Some((message.call, message.sent?.msg_id.to_wire(), bytes))
        });
        match announced {
            None => self.kept.requeue(push),
            Some((Some(call), answer_msg_id, bytes)) => {
                let msg_id = call.to_wire();
                let info = types::MsgDetailedInfo { msg_id, answer_msg_id, bytes, status: 0 };
                self.notice(Kind::Notice, &info);
            }
            Some((None, answer_msg_id, bytes)) => {
                let info = types::MsgNewDetailedInfo { answer_msg_id, bytes, status: 0 };
                self.notice(Kind::Notice, &info);
            }
        }
    }

    fn acked(&mut self, push: PushId) {
        if let Some(message) = self.kept.remove(push) {
            if let Some(call) = message.call {
                self.queries.remove(call);
            }
            if message.origin == Origin::Owner {
                self.events.push_back(ServerEvent::Acked { message: push });
            }
        }
    }

    /// ST-1.
    fn handle_state_request(&mut self, now: Now, question: MsgId, ids: &[MsgId]) {
        // Who asks for what was sent before the session has not heard that it has begun.
        if ids.iter().any(|&id| self.first.is_some_and(|first| id < first)) {
            self.kept.requeue_greeting();
        }
        let info: Vec<u8> = ids.iter().map(|&id| self.state_of(id)).collect();
        for (&id, state) in ids.iter().zip(&info) {
            // On this word the client sends the message again under another id. If it comes yet, it must not be
            // carried out a second time.
            if matches!(*state, state::NOT_RECEIVED | state::NOT_RECEIVED_TOO_HIGH) {
                self.link.window.disown(id);
            }
            // Who asks for a call has no answer to it.
            if let Some(&Query::Answered(push)) = self.queries.get(id) {
                let sent = self.kept.get(push).and_then(|message| message.sent);
                let lost = |sent: Sent| {
                    sent.connection != self.connection || sent.at + ANSWER_LOST_AFTER <= now.monotonic
                };
                if sent.is_some_and(lost) {
                    self.send_again(push);
                }
            }
        }
        self.tell_states(question, info);
    }

    /// What is known of the client's message `id`.
    fn state_of(&self, id: MsgId) -> u8 {
        match self.queries.get(id) {
            Some(Query::Open | Query::Dropped) => return state::RECEIVED | state::QUERY_TAKEN,
            Some(Query::Answered(_)) => {
                return state::RECEIVED | state::QUERY_TAKEN | state::ANSWER_GENERATED;
            }
            // It has come, and whoever waits for its answer waits in vain.
            None if self.forgotten.contains(id) => return state::UNKNOWN,
            None => {}
        }
        match self.link.window.look_up(id) {
            Seen::Before(seqno) if !is_content_related(seqno) => state::RECEIVED | state::NEEDS_NO_ACK,
            Seen::Before(_) if self.link.acks.contains(id) => state::RECEIVED,
            Seen::Before(_) => state::RECEIVED | state::ACKED,
            Seen::Forgotten => state::UNKNOWN,
            Seen::Disowned => state::NOT_RECEIVED,
            Seen::New if !id.is_from(Side::Client) => state::UNKNOWN,
            Seen::New if self.link.window.highest().is_none_or(|highest| id > highest) => {
                state::NOT_RECEIVED_TOO_HIGH
            }
            Seen::New => state::NOT_RECEIVED,
        }
    }

    /// ST-3: sends the messages again, or tells what became of them if one of them is not there any more.
    fn handle_resend_request(&mut self, request: MsgId, ids: &[MsgId]) {
        let known: Vec<_> = ids.iter().filter_map(|&id| self.kept.by_id(id)).collect();
        if known.len() < ids.len() {
            let state = |&id: &MsgId| match self.kept.by_id(id) {
                Some(_) => state::RECEIVED,
                None if id.is_from(Side::Client) => self.state_of(id),
                None => state::UNKNOWN,
            };
            let info = ids.iter().map(state).collect();
            self.tell_states(request, info);
        }
        known.into_iter().for_each(|push| self.kept.requeue(push));
    }

    /// ST-3 for answers, which are named by their calls.
    fn handle_resend_answers(&mut self, request: MsgId, calls: &[MsgId]) {
        let answer = |call: &MsgId| match self.queries.get(*call) {
            Some(&Query::Answered(push)) => Some(push),
            _ => None,
        };
        let known: Vec<_> = calls.iter().filter_map(answer).collect();
        if known.len() < calls.len() {
            let info = calls.iter().map(|&call| self.state_of(call)).collect();
            self.tell_states(request, info);
        }
        known.into_iter().for_each(|push| self.kept.requeue(push));
    }

    /// `msgs_state_info`: a byte for each id of the request.
    fn tell_states(&mut self, request: MsgId, info: Vec<u8>) {
        let info = types::MsgsStateInfo { req_msg_id: request.to_wire(), info: info.into() };
        self.notice(Kind::Answer, &info);
    }

    /// RD-1. Both the call, if it is open, and the wish to drop it get an answer.
    fn handle_drop(&mut self, msg_id: MsgId, call: MsgId) {
        let outcome = match self.queries.get(call).copied() {
            None => enums::RpcDropAnswer::RpcAnswerUnknown,
            Some(Query::Dropped) => enums::RpcDropAnswer::RpcAnswerDroppedRunning,
            Some(Query::Open) => {
                let running = encode(&enums::RpcDropAnswer::RpcAnswerDroppedRunning);
                // Without room for the answer the call is dropped all the same.
                if self
                    .keep(Origin::Session, None, Kind::Answer, Body::Result { call, result: running })
                    .is_ok()
                {
                    self.link.acks.remove(call);
                }
                self.queries.insert(call, Query::Dropped);
                self.events.push_back(ServerEvent::Dropped { msg_id: call });
                enums::RpcDropAnswer::RpcAnswerDroppedRunning
            }
            Some(Query::Answered(push)) => {
                self.queries.remove(call);
                match self.kept.remove(push) {
                    None => enums::RpcDropAnswer::RpcAnswerUnknown,
                    Some(answer) => types::RpcAnswerDropped {
                        msg_id: answer.sent.map_or(0, |sent| sent.msg_id.to_wire()),
                        seq_no: answer.sent.map_or(0, |sent| sent.seqno),
                        bytes: i32::try_from(answer.body.len()).unwrap_or(i32::MAX),
                    }
                    .into(),
                }
            }
        };
        let result = encode(&outcome);
        let body = Body::Result { call: msg_id, result };
        if let Ok(push) = self.keep(Origin::Session, Some(msg_id), Kind::Answer, body) {
            self.queries.insert(msg_id, Query::Answered(push));
        }
    }

    fn refuse(&mut self, bad_msg_id: MsgId, bad_msg_seqno: i32, error_code: i32) {
        let bad_msg_id = bad_msg_id.to_wire();
        self.notice(Kind::Notice, &types::BadMsgNotification { bad_msg_id, bad_msg_seqno, error_code });
    }

    /// Queues a message that is not kept. When too many wait, the oldest is dropped: it answers what is asked
    /// again when no answer comes.
    fn notice(&mut self, kind: Kind, message: &impl Serialize) {
        if self.notices.len() >= MAX_NOTICES {
            self.notices.pop_front();
        }
        let mut writer = Writer::new();
        message.serialize(&mut writer);
        if let Ok(packet) = writer.finish() {
            self.notices.push_back((kind, packet.into()));
        }
    }
}
