//! Received messages that wait for their acks (AK-1).

use std::time::Duration;

use super::ids::Ids;
use super::msg_id::MsgId;
use super::ordered::Ordered;

/// The most ids that one `msgs_ack`, `msgs_state_req` or `msg_resend_req` may have (CT-1).
pub(super) const MAX_IDS: usize = 8192;

/// More than this many waiting acks go out at once (AK-1).
const FLUSH_ABOVE: usize = 16;

/// The received content-related messages that are still to be acknowledged.
#[derive(Clone, Debug)]
pub(super) struct PendingAcks {
    ids: Ordered<MsgId>,
    /// When the oldest of them has to go, on the monotonic clock.
    due: Option<Duration>,
    delay: Duration,
}

impl PendingAcks {
    pub(super) fn new(delay: Duration) -> Self {
        Self { ids: Ordered::default(), due: None, delay }
    }

    /// Adds a received message, also one that has come before (its ack may be lost).
    pub(super) fn add(&mut self, id: MsgId, now: Duration) {
        self.ids.insert(id, ());
        self.due.get_or_insert(now + self.delay);
        // More than fit in one message pile up only if nothing can be sent; the peer asks again for the oldest.
        if self.ids.len() > MAX_IDS {
            self.ids.pop_first();
        }
    }

    /// Takes out one id: something else acknowledges it.
    pub(super) fn remove(&mut self, id: MsgId) {
        self.ids.remove(id);
        if self.ids.is_empty() {
            self.due = None;
        }
    }

    pub(super) fn contains(&self, id: MsgId) -> bool {
        self.ids.contains(id)
    }

    /// Whether the acks have to go now, even alone.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.ids.len() > FLUSH_ABOVE || self.due.is_some_and(|due| due <= now)
    }

    /// Makes them go with the next packet.
    pub(super) fn flush(&mut self) {
        self.due = self.due.and(Some(Duration::ZERO));
    }

    /// When they will have to go.
    pub(super) fn due(&self) -> Option<Duration> {
        self.due
    }

    /// All of them, at most [`MAX_IDS`].
    pub(super) fn take(&mut self) -> Ids {
        self.due = None;
        self.ids.drain(|ids| Ids::new(ids.map(|(id, ())| id)))
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Lets go of memory that it has no use for now.
    pub(super) fn shrink_to_fit(&mut self) {
        self.ids.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::msg_id::Kind;

    const S: Duration = Duration::from_secs(1);

    fn id(seconds: u32) -> MsgId {
        MsgId::at(seconds * S, Kind::Notice)
    }

    #[test]
    fn ak_1_the_first_one_sets_the_time() {
        let mut acks = PendingAcks::new(20 * S);
        assert!(!acks.is_due(100 * S));
        acks.add(id(1), 5 * S);
        acks.add(id(2), 15 * S);
        assert_eq!(acks.due(), Some(25 * S));
        assert!(!acks.is_due(24 * S));
        assert!(acks.is_due(25 * S));
        assert_eq!(*acks.take(), [id(1), id(2)]);
        assert!(!acks.is_due(100 * S));
    }

    #[test]
    fn ak_1_more_than_16_go_at_once() {
        let mut acks = PendingAcks::new(20 * S);
        for n in 0..16 {
            acks.add(id(n), S);
            acks.add(id(n), S);
        }
        assert!(!acks.is_due(S));
        acks.add(id(16), S);
        assert!(acks.is_due(S));
    }

    #[test]
    fn an_ack_given_otherwise_is_not_sent() {
        let mut acks = PendingAcks::new(20 * S);
        acks.add(id(1), S);
        acks.remove(id(1));
        assert_eq!((acks.len(), acks.due()), (0, None));
    }

    #[test]
    fn ct_1_never_more_than_8192() {
        let mut acks = PendingAcks::new(20 * S);
        for n in 0..9000 {
            acks.add(id(n), S);
        }
        assert_eq!(acks.take().len(), MAX_IDS);
    }
}
