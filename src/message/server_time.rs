//! The server's clock, as a client knows it (ID-5).

use std::time::Duration;

use crate::clock::Now;

/// A client's estimate of the server's clock.
///
/// It is an offset to the *monotonic* clock, so that a user who sets the wall clock, or a daylight-saving
/// mistake, does not disturb a running session. Before the first word from the server it follows the local
/// wall clock as it stood at the start, and says that it is not synchronised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerTime {
    /// Server time minus monotonic time, in nanoseconds. Negative only for a clock before 1970.
    offset: i128,
    synchronised: bool,
}

impl ServerTime {
    /// Nothing is known of the server's clock: assume that the local wall clock is right.
    #[must_use]
    pub fn unsynchronised(now: Now) -> Self {
        Self { offset: nanos(now.unix) - nanos(now.monotonic), synchronised: false }
    }

    /// The server's clock shows `unix` (time since the epoch) now: from `server_DH_inner_data.server_time`
    /// of the key exchange, or from an offset that an earlier run has saved.
    #[must_use]
    pub fn synchronised(unix: Duration, now: Now) -> Self {
        Self { offset: nanos(unix) - nanos(now.monotonic), synchronised: true }
    }

    /// Local wall clock plus `seconds`, as an earlier run has saved it (see [`offset_seconds`](Self::offset_seconds)).
    ///
    /// It counts as not synchronised, because the local clock may have been set since.
    #[must_use]
    pub fn from_offset(seconds: i64, now: Now) -> Self {
        let guess = Self::unsynchronised(now);
        Self { offset: guess.offset + i128::from(seconds) * 1_000_000_000, ..guess }
    }

    /// The server's time since the Unix epoch.
    #[must_use]
    pub fn unix(&self, now: Now) -> Duration {
        let unix = self.offset + nanos(now.monotonic);
        Duration::from_nanos(u64::try_from(unix.max(0)).unwrap_or(u64::MAX))
    }

    /// Whether the server has told its time, so that its msg_ids can be checked against it (ID-2).
    #[must_use]
    pub fn is_synchronised(&self) -> bool {
        self.synchronised
    }

    /// Server time minus local wall clock in seconds, to be saved for the next run.
    ///
    /// The nearest second: the two clocks of a reading are never read at quite the same moment, and rounding down
    /// would lose a second with each run.
    #[must_use]
    pub fn offset_seconds(&self, now: Now) -> i64 {
        let difference = self.offset + nanos(now.monotonic) - nanos(now.unix);
        i64::try_from((difference + 500_000_000).div_euclid(1_000_000_000)).unwrap_or(0)
    }

    /// A valid message says that it was sent at `unix` by the server's clock.
    ///
    /// A message needs time to arrive, so the true offset is at least the one that it shows: of several the
    /// largest is the best (ID-5). Gives whether the estimate has changed.
    pub(super) fn heard(&mut self, unix: Duration, now: Now) -> bool {
        let heard = Self::synchronised(unix, now);
        let better = !self.synchronised || heard.offset > self.offset;
        if better {
            *self = heard;
        }
        better
    }
}

fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn a_saved_offset_comes_back_although_the_clocks_are_read_one_after_the_other() {
        let start = Now { monotonic: 5 * S, unix: 1_700_000_000 * S };
        let late = Now { monotonic: 6 * S, unix: 1_700_000_001 * S + Duration::from_micros(1) };
        let early = Now { monotonic: 6 * S + Duration::from_micros(1), unix: 1_700_000_001 * S };
        for offset in [-2, -1, 0, 1, 3_600] {
            let time = ServerTime::from_offset(offset, start);
            for now in [start, late, early] {
                assert_eq!(time.offset_seconds(now), offset);
            }
        }
    }

    fn now(monotonic: u32, unix: u32) -> Now {
        Now { monotonic: monotonic * S, unix: unix * S }
    }

    #[test]
    fn follows_the_monotonic_clock_when_the_wall_clock_is_set() {
        let time = ServerTime::unsynchronised(now(10, 1000));
        assert!(!time.is_synchronised());
        assert_eq!(time.unix(now(15, 77)), 1005 * S);
        assert_eq!(time.offset_seconds(now(15, 77)), 928);
    }

    #[test]
    fn id_5_takes_the_largest_difference() {
        let mut time = ServerTime::unsynchronised(now(10, 1000));
        assert!(time.heard(400 * S, now(11, 1001)), "the first word of the server counts, also downwards");
        assert_eq!(time.unix(now(11, 0)), 400 * S);
        assert!(!time.heard(400 * S, now(13, 1003)), "a message that was two seconds on its way");
        assert_eq!(time.unix(now(13, 0)), 402 * S);
        assert!(time.heard(404 * S, now(14, 1004)));
        assert_eq!(time.unix(now(14, 0)), 404 * S);
    }

    #[test]
    fn a_saved_offset_is_a_guess() {
        let time = ServerTime::from_offset(-30, now(5, 1000));
        assert_eq!(time.unix(now(5, 1000)), 970 * S);
        assert_eq!(time.offset_seconds(now(6, 1001)), -30);
        assert!(!time.is_synchronised());
    }
}
