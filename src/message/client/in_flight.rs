//! The calls that are not over yet, and when to ask for their fate (ST-1).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::CallOptions;
use super::late::Late;
use crate::message::event::{CallStatus, RequestId};
use crate::message::hidden::Hidden;
use crate::message::msg_id::MsgId;
use crate::message::ordered::Ordered;

/// A call that was sent under more ids than this is known by the last ones only.
const MAX_IDS_OF_CALL: usize = 16;

/// The longest pause between two questions about a call.
const MAX_ASK_DELAY: Duration = Duration::from_secs(60);

/// A call that is not over yet.
pub(super) struct Call {
    /// As far as it is known before the call is sent.
    pub(super) body: Bytes,
    /// The rest of it.
    pub(super) late: Late,
    /// Constructor id of the function, also when the body is packed.
    pub(super) function: u32,
    pub(super) options: CallOptions,
    /// Whether it is sent as content-related; only a server that disagrees (BM-1, code 34) makes it false.
    pub(super) content_related: bool,
    /// A container with it was refused (BM-1, code 64): it goes alone.
    pub(super) alone: bool,
    /// How often the server has refused it.
    pub(super) refusals: u32,
    /// The server did not know it, before its word of a new session had come.
    pub(super) unknown_before_greeting: bool,
    status: CallStatus,
    told_received: bool,
    /// The id it was last sent under.
    id: Option<MsgId>,
    /// The ids that it was sent under before.
    former_ids: Vec<MsgId>,
    /// The number of the connection it was first sent on.
    first_connection: Option<u64>,
    /// When to ask for it, on the monotonic clock. Set while it is sent and not answered.
    ask_at: Option<Duration>,
    ask_delay: Duration,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("body", &Hidden(&self.body))
            .field("function", &format_args!("{:#010x}", self.function))
            .field("status", &self.status)
            .field("id", &self.id)
            .field("former_ids", &self.former_ids)
            .field("refusals", &self.refusals)
            .field("ask_at", &self.ask_at)
            .finish_non_exhaustive()
    }
}

impl Call {
    /// The most bytes that it takes on the wire.
    pub(super) fn len(&self) -> usize {
        self.body.len() + self.late.len()
    }

    pub(super) fn status(&self) -> CallStatus {
        self.status
    }

    /// The id it was last sent under.
    pub(super) fn id(&self) -> Option<MsgId> {
        self.id
    }

    /// Whether no connection before the one with this number can have carried it.
    pub(super) fn was_sent_only_on(&self, connection: u64) -> bool {
        self.first_connection == Some(connection)
    }
}

/// All calls that are not over yet.
#[derive(Debug)]
pub(super) struct InFlight {
    calls: Ordered<RequestId, Box<Call>>,
    by_id: Ordered<MsgId, RequestId>,
    /// Those to be sent, older ones first.
    queue: Ordered<RequestId>,
    /// Those to be asked for, with the time.
    asks: Ordered<(Duration, RequestId)>,
    /// Those that come after others: the only ones that a call which is given up concerns.
    followers: Ordered<RequestId>,
    next: u64,
    bytes: usize,
    state_delay: Duration,
}

impl InFlight {
    pub(super) fn new(state_delay: Duration) -> Self {
        Self {
            calls: Ordered::default(),
            by_id: Ordered::default(),
            queue: Ordered::default(),
            asks: Ordered::default(),
            followers: Ordered::default(),
            next: 1,
            bytes: 0,
            state_delay,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Lets go of memory that it has no use for now.
    pub(super) fn shrink_to_fit(&mut self) {
        self.calls.let_go_if_empty();
        self.by_id.let_go_if_empty();
        self.queue.let_go_if_empty();
        self.asks.let_go_if_empty();
        self.followers.let_go_if_empty();
    }

    /// Bytes of all bodies.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn get(&self, request: RequestId) -> Option<&Call> {
        self.calls.get(request).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, request: RequestId) -> Option<&mut Call> {
        self.calls.get_mut(request).map(Box::as_mut)
    }

    /// The call that was sent under this id, now or earlier.
    pub(super) fn by_id(&self, id: MsgId) -> Option<RequestId> {
        self.by_id.get(id).copied()
    }

    /// The oldest call of this function that was sent.
    pub(super) fn by_function(&self, function: u32) -> Option<RequestId> {
        let sent = |call: &Call| call.function == function && call.id.is_some();
        self.calls.iter().find(|(_, call)| sent(call)).map(|&(request, _)| request)
    }

    /// Queues a new call.
    pub(super) fn insert(
        &mut self,
        body: Bytes,
        late: Late,
        function: u32,
        options: CallOptions,
    ) -> RequestId {
        let request = RequestId(self.next);
        self.next += 1;
        self.bytes += body.len();
        self.queue.insert(request, ());
        if matches!(late, Late::After(_)) {
            self.followers.insert(request, ());
        }
        let call = Call {
            body,
            late,
            function,
            options,
            content_related: true,
            alone: false,
            refusals: 0,
            unknown_before_greeting: false,
            status: CallStatus::Queued,
            told_received: false,
            id: None,
            former_ids: Vec::new(),
            first_connection: None,
            ask_at: None,
            ask_delay: self.state_delay,
        };
        self.calls.insert(request, Box::new(call));
        request
    }

    /// The next call to be sent.
    pub(super) fn next_queued(&self) -> Option<(RequestId, &Call)> {
        let &(request, ()) = self.queue.first()?;
        self.get(request).map(|call| (request, call))
    }

    /// How many are to be sent.
    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Notes that a queued call goes on the wire.
    pub(super) fn sent(&mut self, request: RequestId, id: MsgId, connection: u64, now: Duration) {
        self.queue.remove(request);
        let Some(call) = self.calls.get_mut(request) else { return };
        call.status = CallStatus::Sent;
        call.first_connection.get_or_insert(connection);
        self.by_id.insert(id, request);
        if let Some(former) = call.id.replace(id) {
            call.former_ids.push(former);
            if call.former_ids.len() >= MAX_IDS_OF_CALL {
                self.by_id.remove(call.former_ids.remove(0));
            }
        }
        call.ask_delay = self.state_delay;
        self.ask_at(request, Some(now + self.state_delay));
    }

    /// Has a call sent again, under a new id.
    pub(super) fn requeue(&mut self, request: RequestId) {
        if let Some(call) = self.calls.get_mut(request) {
            call.status = CallStatus::Queued;
            self.queue.insert(request, ());
            self.ask_at(request, None);
        }
    }

    /// Notes that the server has the call; gives whether that is news for the owner.
    pub(super) fn received(&mut self, request: RequestId, now: Duration) -> bool {
        let Some(call) = self.calls.get_mut(request) else { return false };
        call.status = CallStatus::Received;
        let news = !std::mem::replace(&mut call.told_received, true);
        // The call may wait in the queue again, when an earlier message about it was wrong or late. It has
        // arrived, so it must not go out a second time; but its answer is still to be asked for.
        if self.queue.remove(request).is_some() {
            self.ask_again_at(request, now + self.state_delay);
        }
        news
    }

    /// Takes out a call that is over.
    pub(super) fn finish(&mut self, request: RequestId) -> Option<Box<Call>> {
        self.ask_at(request, None);
        let call = self.calls.remove(request)?;
        self.queue.remove(request);
        self.followers.remove(request);
        for id in call.id.iter().chain(&call.former_ids) {
            self.by_id.remove(*id);
        }
        self.bytes -= call.body.len();
        Some(call)
    }

    /// A call is given up that went by this id; others may be meant to come after it.
    pub(super) fn given_up(&mut self, request: RequestId, id: Option<MsgId>) {
        for (follower, ()) in self.followers.iter() {
            if let Some(call) = self.calls.get_mut(*follower) {
                call.late.given_up(request, id);
            }
        }
    }

    /// The session has another id.
    pub(super) fn session_renewed(&mut self) {
        self.calls.values_mut().for_each(|call| call.late.session_renewed());
    }

    /// The calls that are on the wire without an answer, from the oldest on.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = (RequestId, &Call)> {
        let on_the_wire = |call: &Call| call.status != CallStatus::Queued;
        let calls = self.calls.iter().map(|(request, call)| (*request, call.as_ref()));
        calls.filter(move |(_, call)| on_the_wire(call))
    }

    /// Whether a call is on the wire of which nothing was heard.
    pub(super) fn any_unheard(&self) -> bool {
        self.calls.iter().any(|(_, call)| call.status == CallStatus::Sent)
    }

    /// Asks for all calls without an answer at the next opportunity: the connection is another.
    pub(super) fn ask_for_all(&mut self, now: Duration) {
        let requests: Vec<_> = self.unanswered().map(|(request, _)| request).collect();
        for request in requests {
            self.ask_again_at(request, now);
        }
    }

    /// Asks for a call at `at`, if it is on the wire; with the first, short pause after it.
    pub(super) fn ask_again_at(&mut self, request: RequestId, at: Duration) {
        let Some(call) = self.calls.get_mut(request) else { return };
        if call.status != CallStatus::Queued {
            call.ask_delay = self.state_delay;
            self.ask_at(request, Some(at));
        }
    }

    /// Up to `limit` calls that are to be asked for now, with their current ids. Each is asked for again
    /// after a pause that doubles every time: the question or its answer may get lost.
    pub(super) fn take_due(&mut self, now: Duration, limit: usize) -> Vec<(RequestId, MsgId)> {
        let due: Vec<_> = self
            .asks
            .iter()
            .take_while(|((at, _), ())| *at <= now)
            .take(limit)
            .map(|&((_, request), ())| request)
            .collect();
        let mut asked = Vec::with_capacity(due.len());
        for request in due {
            let Some(call) = self.calls.get_mut(request) else { continue };
            let again = now + call.ask_delay;
            call.ask_delay = (call.ask_delay * 2).min(MAX_ASK_DELAY);
            if let Some(id) = call.id() {
                asked.push((request, id));
            }
            self.ask_at(request, Some(again));
        }
        asked
    }

    /// When the next call is to be asked for.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.asks.first().map(|&((at, _), ())| at)
    }

    fn ask_at(&mut self, request: RequestId, at: Option<Duration>) {
        let Some(call) = self.calls.get_mut(request) else { return };
        if let Some(before) = std::mem::replace(&mut call.ask_at, at) {
            self.asks.remove((before, request));
        }
        if let Some(at) = at {
            self.asks.insert((at, request), ());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::msg_id::Kind;

    const S: Duration = Duration::from_secs(1);

    fn id(seconds: u32) -> MsgId {
        MsgId::at(seconds * S, Kind::FromClient)
    }

    fn table(calls: usize) -> (InFlight, Vec<RequestId>) {
        let mut table = InFlight::new(10 * S);
        let requests = (0..calls)
            .map(|_| table.insert(Bytes::from_static(&[1; 8]), Late::Nothing, 1, CallOptions::default()));
        let requests = requests.collect();
        (table, requests)
    }

    #[test]
    fn calls_leave_in_the_order_they_came_in_also_when_sent_again() {
        let (mut table, requests) = table(3);
        table.sent(requests[0], id(1), 1, S);
        table.requeue(requests[0]);
        assert_eq!(table.next_queued().unwrap().0, requests[0]);
        for (n, &request) in requests.iter().enumerate() {
            assert_eq!(table.next_queued().unwrap().0, request);
            table.sent(request, id(n as u32 + 2), 1, S);
        }
        assert!(table.next_queued().is_none());
    }

    #[test]
    fn an_answer_under_an_earlier_id_finds_its_call() {
        let (mut table, requests) = table(1);
        table.sent(requests[0], id(1), 1, S);
        table.requeue(requests[0]);
        assert_eq!(table.by_id(id(1)), Some(requests[0]));
        table.finish(requests[0]).unwrap();
        assert!(table.next_queued().is_none(), "what is over is not sent");
        assert_eq!((table.by_id(id(1)), table.len(), table.bytes(), table.next_due()), (None, 0, 0, None));
    }

    #[test]
    fn st_1_questions_come_at_growing_intervals() {
        let (mut table, requests) = table(1);
        table.sent(requests[0], id(1), 1, S);
        let mut times = Vec::new();
        for _ in 0..5 {
            let at = table.next_due().unwrap();
            assert!(table.take_due(at - S, 10).is_empty());
            assert_eq!(table.take_due(at, 10), [(requests[0], id(1))]);
            times.push(at.as_secs());
        }
        assert_eq!(times, [11, 21, 41, 81, 141]);
        table.ask_for_all(200 * S);
        assert_eq!(table.next_due(), Some(200 * S));
        table.take_due(200 * S, 10);
        assert_eq!(table.next_due(), Some(210 * S));
    }

    #[test]
    fn a_call_that_the_server_has_is_not_sent_again() {
        let (mut table, requests) = table(1);
        table.sent(requests[0], id(1), 1, S);
        table.requeue(requests[0]);
        assert!(table.received(requests[0], 5 * S));
        assert!(table.next_queued().is_none());
        assert_eq!(table.next_due(), Some(15 * S), "but asked for");
        assert!(!table.received(requests[0], 6 * S), "told once");
    }

    #[test]
    fn what_is_let_go_is_not_what_is_still_wanted() {
        let (mut table, requests) = table(2);
        table.sent(requests[0], id(1), 1, S);
        table.finish(requests[0]).unwrap();
        table.shrink_to_fit();
        assert_eq!(table.next_queued().unwrap().0, requests[1]);
        table.sent(requests[1], id(2), 1, S);
        table.shrink_to_fit();
        assert_eq!((table.by_id(id(2)), table.next_due()), (Some(requests[1]), Some(11 * S)));
        table.finish(requests[1]).unwrap();
        table.shrink_to_fit();
        assert_eq!((table.len(), table.next_due()), (0, None));
    }

    #[test]
    fn the_ids_of_a_call_are_bounded() {
        let (mut table, requests) = table(1);
        for n in 1..100 {
            table.sent(requests[0], id(n), 1, S);
            table.requeue(requests[0]);
        }
        assert_eq!(table.by_id.len(), MAX_IDS_OF_CALL);
        assert_eq!(table.by_id(id(99)), Some(requests[0]));
    }
}
