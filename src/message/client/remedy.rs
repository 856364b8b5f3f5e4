//! What a client does when the server refuses a message (BM-1), and when it needs another session id.

use std::time::Duration;

use rand::CryptoRng;

use super::sent::Sent;
use super::{Session, push_bounded, random_id};
use crate::clock::Now;
use crate::message::bad_msg as code;
use crate::message::event::{ClientEvent, Failure, RequestId};
use crate::message::link::Link;
use crate::message::msg_id::MsgId;
use crate::message::server_time::ServerTime;

/// How often one call may be refused before it fails.
const MAX_REFUSALS: u32 = 8;

/// How long a session whose ids are ahead of the server's clock waits for word on the calls that are on the
/// wire, before it takes another session id.
const RENEW_AFTER: Duration = Duration::from_secs(10);

/// How many former session ids are remembered.
const MAX_FORMER_IDS: usize = 8;

/// How far an id may be ahead of the server's clock, with a margin for the way (ID-2: 30 s).
const TOLERATED_LEAD: Duration = Duration::from_secs(20);

impl Session {
    /// Whether a message with this id went out lately: only then a refusal of it is believed (BM-1).
    pub(super) fn was_sent(&self, id: MsgId) -> bool {
        self.sent.get(id).is_some() || self.in_flight.by_id(id).is_some()
    }

    /// The server has refused message `bad`, in its message `notification` (the id on the packet).
    pub(super) fn handle_bad_message(
        &mut self,
        now: Now,
        notification: MsgId,
        bad: MsgId,
        code: i32,
        salt: Option<i64>,
    ) {
        match (code, salt) {
            (_, Some(salt)) => self.change_salt(now, salt),
            (code::MSG_ID_TOO_LOW | code::MSG_ID_TOO_HIGH, None) => self.correct_clock(now, notification),
            (code::SEQNO_TOO_LOW, None) => self.link.seqno.raise(),
            (code::SEQNO_TOO_HIGH, None) => self.link.seqno.lower(),
            _ => {}
        }
        // The remedy for a container is that for each of its messages.
        let refused = match self.sent.take(bad) {
            Some(Sent::Container(members)) => members.iter().map(|&id| (id, self.sent.take(id))).collect(),
            other => vec![(bad, other)],
        };
        for (id, sent) in refused {
            match self.in_flight.by_id(id) {
                Some(request) => self.call_was_refused(request, id, code),
                None => self.service_was_refused(now, sent),
            }
        }
    }

    fn call_was_refused(&mut self, request: RequestId, id: MsgId, code: i32) {
        let Some(call) = self.in_flight.get_mut(request) else { return };
        if call.id() != Some(id) {
            // It was sent again since.
            return;
        }
        call.refusals += 1;
        match code {
            _ if call.refusals > MAX_REFUSALS => self.fail(request, Failure::Refused { code }),
            code::TOO_OLD => self.resolve_doubt(request, Failure::UnknownOutcome),
            code::EVEN_SEQNO_EXPECTED => {
                call.content_related = false;
                self.in_flight.requeue(request);
            }
            code::ODD_SEQNO_EXPECTED => {
                call.content_related = true;
                self.in_flight.requeue(request);
            }
            code::BAD_CONTAINER => {
                call.alone = true;
                self.in_flight.requeue(request);
            }
            code::MSG_ID_TOO_LOW
            | code::MSG_ID_TOO_HIGH
            | code::MSG_ID_LOW_BITS
            | code::CONTAINER_ID_USED
            | code::SEQNO_TOO_LOW
            | code::SEQNO_TOO_HIGH
            | code::BAD_SALT => self.in_flight.requeue(request),
            _ => self.fail(request, Failure::Refused { code }),
        }
    }

    /// Has the effect of a refused service message come about in another way.
    fn service_was_refused(&mut self, now: Now, sent: Option<Sent>) {
        match sent {
            Some(Sent::Acks(ids)) => {
                for &id in ids.iter() {
                    self.link.acks.add(id, now.monotonic);
                }
            }
            Some(Sent::Question(asked)) => {
                for (request, _) in asked {
                    self.in_flight.ask_again_at(request, now.monotonic);
                }
            }
            Some(Sent::Resend(answers)) => {
                answers.into_iter().for_each(|(answer, request)| self.want_again(answer, request));
            }
            Some(Sent::Drop(id)) => push_bounded(&mut self.drops, id),
            Some(Sent::Ping) => self.liveness.refused(now.monotonic),
            Some(Sent::FutureSalts) => self.next_salts_request = now.monotonic,
            // The server asks again if it still wants to know; the refusal itself has ended the wait, and another follows.
            Some(Sent::StateInfo | Sent::HttpWait) | Some(Sent::Container(_) | Sent::Call(_)) | None => {}
        }
    }

    /// Our msg_ids are outside of the server's time window: take its time from the packet that says so (ID-5).
    fn correct_clock(&mut self, now: Now, notification: MsgId) {
        // A later word of the server has come before this one, and knows better: somebody may have held it back.
        if self.link.window.highest().is_some_and(|highest| highest > notification) {
            return;
        }
        let before = self.time;
        self.time = ServerTime::synchronised(notification.unix(), now);
        self.tell_if_time_changed(now, before);
        // Ids must not go down within a session. Where they are too far ahead to wait for the clock, only
        // another session can have lower ones.
        if self.link.ids.last().unix() > self.time.unix(now) + TOLERATED_LEAD {
            self.renew_by.get_or_insert(now.monotonic + RENEW_AFTER);
        }
    }

    /// Whether the session has to be renewed and may be now: the server has spoken on all calls that are on
    /// the wire under the old session id, or time is up.
    pub(super) fn may_renew(&self, now: Duration) -> bool {
        self.renew_by.is_some_and(|by| by <= now || !self.in_flight.any_unheard())
    }

    /// Begins again under another session id.
    pub(super) fn renew(&mut self, rng: &mut dyn CryptoRng) {
        self.renew_by = None;
        let former = self.link.session_id;
        self.former_ids.push_back(former);
        if self.former_ids.len() > MAX_FORMER_IDS {
            self.former_ids.pop_front();
        }
        let session_id = random_id(rng);
        self.link = Link::new(self.link.key.clone(), self.link.side, session_id, self.options.ack_delay);
        self.sent.clear();
        self.resends.clear();
        self.drops.clear();
        self.state_infos.clear();
        self.unique_id = None;
        self.in_flight.session_renewed();
        let unanswered: Vec<_> = self.in_flight.unanswered().map(|(request, _)| request).collect();
        for request in unanswered {
            self.resolve_doubt(request, Failure::UnknownOutcome);
        }
        self.events.push_back(ClientEvent::SessionRenewed { session_id, former });
    }
}
