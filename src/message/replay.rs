//! The window of received msg_ids (ID-3).

use super::msg_id::MsgId;
use super::ordered::Ordered;

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
    /// The seqno of each message that has come.
    received: Ordered<MsgId, i32>,
    /// Apart from the received ones: the peer makes as many as it likes by asking for ids, and a search among the
    /// received must not walk past them.
    disowned: Ordered<MsgId>,
    /// The highest id that has come, even when higher disowned ones have pushed it out.
    highest: Option<MsgId>,
    /// Ids up to this one are forgotten: nothing at or below it was kept.
    floor: MsgId,
    capacity: usize,
}

impl Window {
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            received: Ordered::default(),
            disowned: Ordered::default(),
            highest: None,
            floor: MsgId::default(),
            capacity,
        }
    }

    pub(super) fn look_up(&self, id: MsgId) -> Seen {
        match self.received.get(id) {
            Some(seqno) => Seen::Before(*seqno),
            None if self.disowned.contains(id) => Seen::Disowned,
            None if id <= self.floor => Seen::Forgotten,
            None => Seen::New,
        }
    }

    /// Notes that a message has come.
    pub(super) fn insert(&mut self, id: MsgId, seqno: i32) {
        if id <= self.floor {
            return;
        }
        self.disowned.remove(id);
        self.received.insert(id, seqno);
        self.highest = self.highest.max(Some(id));
        self.slide();
    }

    /// Notes that the peer was told that a message has not come.
    pub(super) fn disown(&mut self, id: MsgId) {
        if self.look_up(id) == Seen::New {
            self.disowned.insert(id, ());
            self.slide();
        }
    }

    /// Forgets all ids below `first`.
    pub(super) fn begin_at(&mut self, first: MsgId) {
        let dropped =
            self.received.remove_below(first).max(self.disowned.remove_below(first)).unwrap_or_default();
        self.floor = self.floor.max(dropped).max(first.before());
    }

    /// Lets go of memory that it has no use for now.
    pub(super) fn shrink_to_fit(&mut self) {
        self.received.shrink_to_fit();
        self.disowned.shrink_to_fit();
    }

    /// Forgets the lowest ids until no more than the capacity are left.
    fn slide(&mut self) {
        while self.len() > self.capacity {
            let received = self.received.first().map(|&(id, _)| id);
            let disowned = self.disowned.first().map(|&(id, ())| id);
            let Some(lowest) = received.into_iter().chain(disowned).min() else { return };
            self.received.remove(lowest);
            self.disowned.remove(lowest);
            self.floor = lowest;
        }
    }

    /// The seqnos of the received messages with the next lower and the next higher id.
    pub(super) fn neighbours(&self, id: MsgId) -> (Option<i32>, Option<i32>) {
        let seqno = |&(_, seqno): &(MsgId, i32)| seqno;
        (self.received.before(id).map(seqno), self.received.after(id).map(seqno))
    }

    /// The highest id that has come.
    pub(super) fn highest(&self) -> Option<MsgId> {
        self.highest
    }

    /// How many ids are kept of messages that have come.
    pub(super) fn received(&self) -> usize {
        self.received.len()
    }

    /// How many ids are kept of messages that must not be taken any more.
    pub(super) fn disowned(&self) -> usize {
        self.disowned.len()
    }

    fn len(&self) -> usize {
        self.received() + self.disowned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
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
    fn disowned_ids_are_not_among_those_that_are_searched() {
        let mut window = Window::new();
        window.insert(id(10), 1);
        window.insert(id(100_000), 3);
        for seconds in 0..CAPACITY as u64 - 2 {
            window.disown(id(20 + seconds));
        }
        assert_eq!((window.len(), window.disowned.len()), (CAPACITY, CAPACITY - 2));
        assert_eq!(window.received.len(), 2, "a search meets nothing else");
        assert_eq!(window.neighbours(id(15)), (Some(1), Some(3)));
        assert_eq!(window.neighbours(id(90_000)), (Some(1), Some(3)));
    }

    #[test]
    fn the_highest_id_outlives_its_place_in_the_window() {
        let mut window = Window::with_capacity(3);
        window.insert(id(5), 1);
        for seconds in 6..9 {
            window.disown(id(seconds));
        }
        assert_eq!(window.look_up(id(5)), Seen::Forgotten);
        assert_eq!(window.highest(), Some(id(5)));
        assert_eq!(window.neighbours(id(9)), (None, None));
    }

    #[test]
    fn ns_1_a_session_begins_at_its_first_message() {
        let mut window = Window::new();
        window.begin_at(id(10));
        assert_eq!(window.look_up(id(9)), Seen::Forgotten);
        assert_eq!(window.look_up(id(10)), Seen::New);
    }

    /// What is done to a window.
    #[derive(Clone, Debug)]
    enum Step {
        Insert(u64, i32),
        Disown(u64),
        BeginAt(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (1_u64..40, 0..9).prop_map(|(id, seqno)| Step::Insert(id, seqno)),
            8 => (1_u64..40).prop_map(Step::Disown),
            1 => (1_u64..40).prop_map(Step::BeginAt),
        ]
    }

    proptest! {
        #[test]
        fn a_window_is_as_one_that_walks_over_all_ids(steps in proptest::collection::vec(step(), 0..100)) {
            const SMALL: usize = 8;
            let mut window = Window::with_capacity(SMALL);
            let (mut kept, mut floor, mut highest) = (BTreeMap::new(), 0, None);
            for step in steps {
                match step {
                    Step::Insert(at, seqno) => {
                        window.insert(id(at), seqno);
                        if at > floor {
                            kept.insert(at, Some(seqno));
                            highest = highest.max(Some(id(at)));
                        }
                    }
                    Step::Disown(at) => {
                        window.disown(id(at));
                        if at > floor {
                            kept.entry(at).or_insert(None);
                        }
                    }
                    Step::BeginAt(at) => {
                        window.begin_at(id(at));
                        kept = kept.split_off(&at);
                        floor = floor.max(at - 1);
                    }
                }
                while kept.len() > SMALL {
                    floor = kept.pop_first().unwrap().0;
                }
                prop_assert_eq!(window.len(), kept.len());
                prop_assert_eq!(window.highest(), highest);
                for at in 1..40 {
                    let seen = match kept.get(&at) {
                        Some(Some(seqno)) => Seen::Before(*seqno),
                        Some(None) => Seen::Disowned,
                        None if at <= floor => Seen::Forgotten,
                        None => Seen::New,
                    };
                    prop_assert_eq!(window.look_up(id(at)), seen);
                    let earlier = kept.range(..at).rev().find_map(|(_, seqno)| *seqno);
                    let later = kept.range(at + 1..).find_map(|(_, seqno)| *seqno);
                    prop_assert_eq!(window.neighbours(id(at)), (earlier, later));
                }
            }
        }

        #[test]
        fn id_3_no_id_is_new_twice(ids in proptest::collection::vec(1_u64..40, 0..200)) {
            let mut window = Window::with_capacity(8);
            let mut taken = BTreeSet::new();
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
