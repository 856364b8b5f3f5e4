//! How long the answer to an HTTP request is held back (HW-1).

use std::time::Duration;

/// The longest that any answer is held back, whatever a client asks for.
const LONGEST: Duration = Duration::from_secs(60);

/// What `http_wait` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// Answer this long after the first message at the latest.
    pub max_delay: Duration,
    /// Answer when this long after a message no other has come.
    pub wait_after: Duration,
    /// Answer after this long in any case.
    pub max_wait: Duration,
}

impl Wait {
    /// The wait of a packet without an `http_wait`.
    pub const DEFAULT: Self = Self::new(0, 0, 25_000);

    /// From milliseconds as they stand in `http_wait`.
    pub const fn new(max_delay: i32, wait_after: i32, max_wait: i32) -> Self {
        Self { max_delay: bounded(max_delay), wait_after: bounded(wait_after), max_wait: bounded(max_wait) }
    }
}

const fn bounded(milliseconds: i32) -> Duration {
    if milliseconds <= 0 {
        return Duration::ZERO;
    }
    let asked = Duration::from_millis(milliseconds.unsigned_abs() as u64);
    if asked.as_millis() > LONGEST.as_millis() { LONGEST } else { asked }
}

/// One request that has no answer yet. Times are readings of the monotonic clock.
#[derive(Debug)]
pub(super) struct Hold {
    wait: Wait,
    until: Duration,
    /// When the first and the last of the messages came that wait to be sent.
    first: Option<Duration>,
    last: Duration,
    waiting: usize,
}

impl Hold {
    /// A request that has come now.
    pub fn new(now: Duration, wait: Wait) -> Self {
        Self { wait, until: now + wait.max_wait, first: None, last: now, waiting: 0 }
    }

    /// Until when to hold the answer back, as things are now with `waiting` messages to be sent; a time that is not
    /// later than `now` says to answer.
    pub fn until(&mut self, now: Duration, waiting: usize) -> Duration {
        if waiting == 0 {
            self.first = None;
            self.waiting = 0;
            return self.until;
        }
        let first = *self.first.get_or_insert(now);
        if waiting != self.waiting {
            self.waiting = waiting;
            self.last = now;
        }
        self.until.min(first + self.wait.max_delay).min(self.last + self.wait.wait_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn hw_1_by_default_a_message_is_sent_at_once_and_nothing_after_25_seconds() {
        let mut hold = Hold::new(1000 * MS, Wait::DEFAULT);
        assert_eq!(hold.until(1000 * MS, 0), 26_000 * MS);
        assert_eq!(hold.until(9000 * MS, 1), 9000 * MS);
    }

    #[test]
    fn hw_1_messages_are_waited_for_but_not_longer_than_max_delay_and_max_wait() {
        let mut hold = Hold::new(Duration::ZERO, Wait::new(100, 30, 1000));
        assert_eq!(hold.until(500 * MS, 1), 530 * MS);
        assert_eq!(hold.until(520 * MS, 1), 530 * MS, "no other message");
        assert_eq!(hold.until(520 * MS, 2), 550 * MS);
        assert_eq!(hold.until(590 * MS, 3), 600 * MS, "max_delay goes before wait_after");
        let mut hold = Hold::new(Duration::ZERO, Wait::new(100, 30, 1000));
        assert_eq!(hold.until(990 * MS, 1), 1000 * MS, "max_wait goes before both");
    }

    #[test]
    fn hw_1_absurd_times_are_bounded() {
        let mut hold = Hold::new(Duration::ZERO, Wait::new(i32::MAX, i32::MAX, i32::MAX));
        assert_eq!(hold.until(MS, 1), 60_000 * MS);
        let mut hold = Hold::new(5 * MS, Wait::new(-1, i32::MIN, -1));
        assert_eq!(hold.until(5 * MS, 0), 5 * MS);
    }
}
