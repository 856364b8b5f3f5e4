//! The window of received msg_ids (ID-3).

use std::collections::BTreeMap;
use std::ops::Bound;

use super::msg_id::MsgId;

/// How many received ids a session keeps. Four full containers fit, so a single packet cannot push out what
/// came just before it.
pub(super) const CAPACITY: usize = 4096;

/// What a window knows of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It has not come yet.
    New,
    /// It has come; with its seqno.
    Before(i32),
    /// The peer was told that it has not come, so it must not be taken any more when it does.
    Disowned,
    /// It is lower than all that are kept, so it may have come.
    Forgotten,
}

/// The msg_ids that have come lately in a session.
///
/// It outlives connections: a packet recorded on one must not pass on the next.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// The seqno of each message; `None` for a disowned id.
    kept: BTreeMap<MsgId, Option<i32>>,
    /// Ids up to this one are forgotten: nothing at or below it was kept.
    floor: MsgId,
    capacity: usize,
}

impl Window {
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self { kept: BTreeMap::new(), floor: MsgId::default(), capacity }
    }

    pub(super) fn look_up(&self, id: MsgId) -> Seen {
        match self.kept.get(&id) {
            Some(Some(seqno)) => Seen::Before(*seqno),
            Some(None) => Seen::Disowned,
            None if id <= self.floor => Seen::Forgotten,
            None => Seen::New,
        }
    }

    /// Notes that a message has come.
    pub(super) fn insert(&mut self, id: MsgId, seqno: i32) {
        self.put(id, Some(seqno));
    }

    /// Notes that the peer was told that a message has not come.
    pub(super) fn disown(&mut self, id: MsgId) {
        if self.look_up(id) == Seen::New {
            self.put(id, None);
        }
    }

    /// Forgets all ids below `first`.
    pub(super) fn begin_at(&mut self, first: MsgId) {
        if let Some((&id, _)) = self.kept.range(..first).next_back() {
            self.floor = self.floor.max(id);
        }
        self.kept = self.kept.split_off(&first);
        self.floor = self.floor.max(first.before());
    }

    fn put(&mut self, id: MsgId, seqno: Option<i32>) {
        if id <= self.floor {
            return;
        }
        self.kept.insert(id, seqno);
        while self.kept.len() > self.capacity {
            if let Some((lowest, _)) = self.kept.pop_first() {
                self.floor = lowest;
            }
        }
    }

    /// The seqnos of the received messages with the next lower and the next higher id.
    pub(super) fn neighbours(&self, id: MsgId) -> (Option<i32>, Option<i32>) {
        let earlier = self.kept.range(..id).rev().find_map(|(_, seqno)| *seqno);
        let later = self.kept.range((Bound::Excluded(id), Bound::Unbounded)).find_map(|(_, seqno)| *seqno);
        (earlier, later)
    }

    /// The highest id that has come.
    pub(super) fn highest(&self) -> Option<MsgId> {
        self.kept.iter().rev().find(|(_, seqno)| seqno.is_some()).map(|(&id, _)| id)
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::message::msg_id::Kind;

    fn id(seconds: u64) -> MsgId {
        MsgId::at(Duration::from_secs(seconds), Kind::FromClient)
    }

    #[test]
    fn id_3_an_equal_id_is_seen() {
        let mut window = Window::with_capacity(3);
        assert_eq!(window.look_up(id(1)), Seen::New);
        window.insert(id(1), 5);
        assert_eq!(window.look_up(id(1)), Seen::Before(5));
    }

    #[test]
    fn id_3_an_id_below_the_first_is_new_until_something_was_dropped() {
        let mut window = Window::with_capacity(3);
        window.insert(id(10), 0);
        assert_eq!(window.look_up(id(5)), Seen::New, "messages of a container have lower ids than it");
        for seconds in 11..14 {
            window.insert(id(seconds), 0);
        }
        assert_eq!(window.len(), 3);
        assert_eq!(window.look_up(id(10)), Seen::Forgotten, "the one that was dropped");
        assert_eq!(window.look_up(id(5)), Seen::Forgotten);
        assert_eq!(window.look_up(id(11)), Seen::Before(0));
    }

    #[test]
    fn id_3_the_window_slides() {
        let mut window = Window::with_capacity(3);
        for seconds in 0..100 {
            assert_eq!(window.look_up(id(1000 + seconds)), Seen::New);
            window.insert(id(1000 + seconds), 0);
        }
        assert_eq!(window.len(), 3);
        assert_eq!(window.look_up(id(1096)), Seen::Forgotten);
        window.insert(id(1096), 0);
        assert_eq!(window.look_up(id(1096)), Seen::Forgotten, "what is forgotten stays so");
    }

    #[test]
    fn a_disowned_id_stays_refused() {
        let mut window = Window::with_capacity(3);
        window.insert(id(5), 3);
        window.disown(id(5));
        window.disown(id(7));
        assert_eq!(window.look_up(id(5)), Seen::Before(3), "it has come: no disowning any more");
        assert_eq!(window.look_up(id(7)), Seen::Disowned);
        assert_eq!(window.highest(), Some(id(5)));
        assert_eq!(window.neighbours(id(6)), (Some(3), None), "it has no seqno to compare with");
    }

    #[test]
    fn ns_1_a_session_begins_at_its_first_message() {
        let mut window = Window::new();
        window.begin_at(id(10));
        assert_eq!(window.look_up(id(9)), Seen::Forgotten);
        assert_eq!(window.look_up(id(10)), Seen::New);
    }

    proptest! {
        #[test]
        fn id_3_no_id_is_new_twice(ids in proptest::collection::vec(1_u64..40, 0..200)) {
            let mut window = Window::with_capacity(8);
            let mut taken = std::collections::BTreeSet::new();
            for seconds in ids {
                if window.look_up(id(seconds)) == Seen::New {
                    prop_assert!(taken.insert(seconds));
                    window.insert(id(seconds), 0);
                }
                prop_assert!(window.len() <= 8);
            }
        }
    }
}
