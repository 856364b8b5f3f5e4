//! The calls that one connection's task has to see to their end.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::introduction::{Introduction, is_service};
use super::link::{Call, CallEnd, CallId, Order};
use crate::clock::Now;
use crate::message::client::{CallOptions, Session};
use crate::message::ordered::{Ordered, let_go_if_empty};
use crate::message::{CallStatus, Failure, RequestId, SendError};
use crate::net::SystemClock;

/// Calls by their two names. Each stays here, with its body, until it has ended: a session that is given up for
/// another (new auth key) hands its calls on.
#[derive(Default)]
pub(super) struct Calls {
    /// The last calls that succeeded and may be followed by others.
    succeeded: VecDeque<CallId>,
    /// Not yet taken by a session: there is none, or it is full.
    waiting: VecDeque<Box<Call>>,
    running: Ordered<RequestId, Running>,
    requests: Ordered<CallId, RequestId>,
    /// No call is to be given up before. The calls themselves are looked at then only: nearly all end before.
    earliest: Option<Instant>,
}

/// How many calls that succeeded are remembered for those that come after them.
const SUCCEEDED: usize = 256;

/// What belongs around the calls of a connection.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub introduced: bool,
    pub without_updates: bool,
    /// The transport has quick acks.
    pub quick_acks: bool,
    pub introduction: &'a Introduction,
}

struct Running {
    call: Box<Call>,
    introduced: bool,
}

/// A call that has just ended.
pub(super) struct Ended {
    pub call: Box<Call>,
    /// It was made inside `initConnection`.
    pub introduced: bool,
}

impl Calls {
    pub(super) fn add(&mut self, call: Box<Call>) {
        let deadline = call.order.deadline;
        self.earliest = Some(self.deadline().map_or(deadline, |earliest| earliest.min(deadline)));
        self.waiting.push_back(call);
    }

    /// When to look for calls whose time is over, if there are calls.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.earliest.filter(|_| !self.is_empty())
    }

    /// Gives up the calls whose time is over. `cause` says why there is no connection, when there is none.
    pub(super) fn expire(
        &mut self,
        mut session: Option<&mut Session>,
        now: Now,
        clock: &SystemClock,
        cause: Option<&str>,
    ) {
        let instant = clock.instant(now.monotonic);
        let is_due = |call: &Call| call.order.deadline <= instant;
        let give_up = |call: Box<Call>, status| {
            call.end(Err(CallEnd::TimedOut { status, cause: cause.map(str::to_owned) }));
        };
        let mut later: Option<Instant> = None;
        let mut keep = |call: &Call| {
            let deadline = call.order.deadline;
            later = Some(later.map_or(deadline, |later| later.min(deadline)));
        };
        for call in std::mem::take(&mut self.waiting) {
            if is_due(&call) {
                give_up(call, CallStatus::Queued);
            } else {
                keep(&call);
                self.waiting.push_back(call);
            }
        }
        let mut due = Vec::new();
        for (request, running) in self.running.iter() {
            if is_due(&running.call) { due.push(*request) } else { keep(&running.call) }
        }
        for request in due {
            let Some(Running { call, .. }) = self.running.remove(request) else { continue };
            self.requests.remove(call.id);
            let status = session.as_deref_mut().and_then(|session| session.cancel(now, request));
            // What the session does not know any more was received at least.
            give_up(call, status.unwrap_or(CallStatus::Received));
        }
        self.earliest = later;
    }

    /// Hands the waiting calls to the session, in order, as long as it takes them, each with what belongs around it.
    pub(super) fn submit(&mut self, session: &mut Session, now: Now, around: Around<'_>) {
        while let Some(call) = self.waiting.front() {
            let formers = match self.former(&call.order) {
                Ok(former) => former,
                Err(end) => {
                    if let Some(call) = self.waiting.pop_front() {
                        call.end(Err(end));
                    }
                    continue;
                }
            };
            let wrap = (call.order.introduce || !around.introduced) && !is_service(&call.order.body);
            let without_updates = call.order.without_updates || around.without_updates;
            let body = around.introduction.wrap(&call.order.body, wrap, without_updates);
            let quick_ack = around.quick_acks && call.order.acknowledged.is_some();
            let options = CallOptions { quick_ack, ..call.order.options };
            match session.call_after(now, body, options, formers.as_slice()) {
                // An answer will make room.
                Err(SendError::Full) => return,
                Err(reason) => {
                    let call = self.waiting.pop_front();
                    call.into_iter().for_each(|call| call.end(Err(CallEnd::Unsendable(reason))));
                }
                Ok(request) => {
                    let Some(call) = self.waiting.pop_front() else { return };
                    tracing::debug!(method = call.order.method, %request, "queued");
                    self.requests.insert(call.id, request);
                    self.running.insert(request, Running { call, introduced: wrap });
                }
            }
        }
    }

    /// The call that the server has to have carried out before this one, unless it has.
    fn former(&self, order: &Order) -> Result<Option<RequestId>, CallEnd> {
        let Some(after) = order.after else { return Ok(None) };
        match self.requests.get(after) {
            Some(request) => Ok(Some(*request)),
            None if self.succeeded.contains(&after) => Ok(None),
            // Its caller may be about to make it again: only the callers can tell who comes when.
            None => Err(CallEnd::FormerOver),
        }
    }

    /// The server has said that it has the packet with this call.
    pub(super) fn acknowledged(&self, request: RequestId) {
        if let Some(told) =
            self.running.get(request).and_then(|running| running.call.order.acknowledged.as_ref())
        {
            told.notify_one();
        }
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    /// Lets go of memory that it has no use for now, when there are no calls.
    pub(super) fn shrink_to_fit(&mut self) {
        let_go_if_empty(&mut self.waiting);
        self.running.let_go_if_empty();
        self.requests.let_go_if_empty();
    }

    /// How many calls there are.
    pub(super) fn all(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    /// How many calls a session has taken.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// Takes out the call whose end an event tells.
    pub(super) fn ended(&mut self, request: RequestId, well: bool) -> Option<Ended> {
        let Running { call, introduced } = self.running.remove(request)?;
        self.requests.remove(call.id);
        if well && call.order.leads {
            self.succeeded.push_back(call.id);
            if self.succeeded.len() > SUCCEEDED {
                self.succeeded.pop_front();
            }
        }
        Some(Ended { call, introduced })
    }

    /// Forgets a call, unless it has ended.
    pub(super) fn cancel(&mut self, session: Option<&mut Session>, now: Now, id: CallId) {
        if let Some(request) = self.requests.remove(id) {
            self.running.remove(request);
            if let Some(session) = session {
                session.cancel(now, request);
            }
        } else if let Some(place) = self.waiting.iter().position(|call| call.id == id) {
            self.waiting.remove(place);
        }
    }

    /// The session is given up: its calls wait for the next one, in the order in which they were made.
    ///
    /// A call that this session may have brought to the server and that must not run twice ends here instead.
    /// `unheard` says that the server never understood a packet of this session, so that no call can have run.
    pub(super) fn requeue(&mut self, session: &Session, unheard: bool) {
        self.requests.clear();
        for (request, Running { call, .. }) in self.running.take().rev() {
            let unsent = session.status(request) == Some(CallStatus::Queued);
            if unheard || unsent || call.order.options.repeatable {
                self.waiting.push_front(call);
            } else {
                call.end(Err(CallEnd::Failed(Failure::UnknownOutcome)));
            }
        }
    }

    /// Ends all calls for one reason.
    pub(super) fn end_all(&mut self, session: Option<&Session>, end: impl Fn(CallStatus) -> CallEnd) {
        for call in self.waiting.drain(..) {
            call.end(Err(end(CallStatus::Queued)));
        }
        for (request, running) in self.running.take() {
            let status = session.and_then(|session| session.status(request)).unwrap_or(CallStatus::Sent);
            running.call.end(Err(end(status)));
        }
        self.requests.clear();
    }
}

/// What drops the calls before they have ended, a runtime that shuts down or a panic, leaves those that a session has
/// taken in doubt: such a call is not to be made again as if it had never been sent.
impl Drop for Calls {
    fn drop(&mut self) {
        self.end_all(None, CallEnd::Closed);
    }
}

impl Call {
    /// Tells the caller the end.
    pub(super) fn end(self, end: Result<bytes::Bytes, CallEnd>) {
        // A caller that is gone has cancelled, or is about to.
        let _ = self.reply.send(end);
    }
}
