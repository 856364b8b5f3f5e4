//! Sequence numbers (SQ-1 to SQ-4).

use super::bad_msg;

/// Counts the content-related messages that a side has sent in a session.
///
/// A content-related message is one that wants an ack: calls, answers, updates. Acks, containers, pings and
/// questions about messages are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counter {
    content: u32,
}

impl Counter {
    /// The number of the next message (SQ-1): twice the content-related messages before it, plus one if it is
    /// one of them.
    pub(super) fn next(&mut self, content_related: bool) -> i32 {
        let even = self.content.wrapping_mul(2);
        if content_related {
            self.content = self.content.wrapping_add(1);
        }
        (even | u32::from(content_related)).cast_signed()
    }

    /// The peer says that the numbers are too low (BM-1, code 32).
    pub(super) fn raise(&mut self) {
        self.content = self.content.wrapping_add(64);
    }

    /// The peer says that the numbers are too high (BM-1, code 33).
    pub(super) fn lower(&mut self) {
        self.content = self.content.saturating_sub(16);
    }
}

/// Whether a number is that of a content-related message (SQ-4).
pub(super) const fn is_content_related(seqno: i32) -> bool {
    seqno & 1 == 1
}

/// Whether a message numbered `seqno` can stand between two others of the same sender: `earlier` has the
/// next lower msg_id, `later` the next higher one. Packets may overtake each other, so neighbours count, not
/// the order of arrival.
///
/// # Errors
/// The code for `bad_msg_notification`: 32 if the number is too low, 33 if it is too high.
pub(super) fn check_order(earlier: Option<i32>, seqno: i32, later: Option<i32>) -> Result<(), i32> {
    // A content-related message raises the number of all that follow it.
    let follows =
        |first: i32, second: i32| if is_content_related(first) { first < second } else { first <= second };
    if earlier.is_some_and(|earlier| !follows(earlier, seqno)) {
        Err(bad_msg::SEQNO_TOO_LOW)
    } else if later.is_some_and(|later| !follows(seqno, later)) {
        Err(bad_msg::SEQNO_TOO_HIGH)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sq_1_the_documented_sequence() {
        let mut counter = Counter::default();
        let content = [true, true, false, false, true, false];
        assert_eq!(content.map(|content| counter.next(content)), [1, 3, 4, 4, 5, 6]);
        assert!(is_content_related(5) && !is_content_related(4));
    }

    #[test]
    fn bm_1_codes_32_and_33_move_the_counter() {
        let mut counter = Counter::default();
        counter.raise();
        assert_eq!(counter.next(true), 129);
        counter.lower();
        assert_eq!(counter.next(true), 99);
        for _ in 0..10 {
            counter.lower();
        }
        assert_eq!(counter.next(true), 1);
    }

    #[test]
    fn sq_1_order_is_checked_against_the_neighbours() {
        assert_eq!(check_order(None, 7, None), Ok(()));
        assert_eq!(check_order(Some(1), 2, Some(2)), Ok(()), "messages without content share a number");
        assert_eq!(check_order(Some(2), 3, Some(4)), Ok(()));
        assert_eq!(check_order(Some(3), 3, None), Err(32), "two messages with content do not");
        assert_eq!(check_order(Some(5), 4, None), Err(32));
        assert_eq!(check_order(None, 5, Some(5)), Err(33));
        assert_eq!(check_order(Some(1), 6, Some(5)), Err(33));
    }

    #[test]
    fn the_counter_survives_its_overflow() {
        let mut counter = Counter { content: u32::MAX };
        assert_eq!(counter.next(true), -1);
        assert_eq!(counter.next(true), 1);
    }
}
