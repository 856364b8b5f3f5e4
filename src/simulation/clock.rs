//! The clocks of a machine: off, set by hand, standing still while the machine sleeps.

use std::time::Duration;

use crate::clock::Now;

/// What all clocks would show at the beginning of a run if they were right, as time since the Unix epoch.
pub(super) const EPOCH: Duration = Duration::from_secs(1_800_000_000);

/// The clocks of one machine, as a function of the true time.
#[derive(Clone, Debug, Default)]
pub(super) struct MachineClock {
    /// Wall clock minus true time, in milliseconds.
    skew: i64,
    /// For how long the monotonic clock has stood still.
    slept: Duration,
    /// What the monotonic clock shows while the machine sleeps.
    frozen: Option<Duration>,
}

impl MachineClock {
    /// A wall clock that is ahead by so many milliseconds.
    pub(super) fn ahead_by(skew: i64) -> Self {
        Self { skew, ..Self::default() }
    }

    /// The reading at the true time `now`.
    pub(super) fn now(&self, now: Duration) -> Now {
        let millis = (EPOCH + now).as_millis() as i64;
        let below = Duration::from_nanos(u64::from(now.subsec_nanos() % 1_000_000));
        let unix = Duration::from_millis(u64::try_from(millis + self.skew).unwrap_or(0)) + below;
        Now { monotonic: self.frozen.unwrap_or_else(|| now - self.slept), unix }
    }

    /// Somebody, or a time service, sets the wall clock.
    pub(super) fn step(&mut self, millis: i64) {
        self.skew += millis;
    }

    pub(super) fn fall_asleep(&mut self, now: Duration) {
        self.frozen.get_or_insert(now - self.slept);
    }

    pub(super) fn wake_up(&mut self, now: Duration) {
        if let Some(frozen) = self.frozen.take() {
            self.slept = now - frozen;
        }
    }

    pub(super) fn sleeps(&self) -> bool {
        self.frozen.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn the_monotonic_clock_stands_still_in_sleep_and_does_not_go_back() {
        let mut clock = MachineClock::ahead_by(-1500);
        assert_eq!(clock.now(5 * S), Now { monotonic: 5 * S, unix: EPOCH + 3500 * S / 1000 });
        clock.fall_asleep(10 * S);
        assert_eq!(clock.now(60 * S).monotonic, 10 * S);
        clock.wake_up(100 * S);
        clock.step(2500);
        assert_eq!(clock.now(101 * S), Now { monotonic: 11 * S, unix: EPOCH + 102 * S });
    }
}
