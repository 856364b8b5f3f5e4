//! Time as the sans-IO core sees it: a reading handed in by the caller, never taken from the system.

use std::time::Duration;

/// One reading of the caller's clocks.
///
/// The core needs two of them: a monotonic one for timers, which must never jump, and wall-clock time
/// for `msg_id`s and salts, which both sides of a connection compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Time since an arbitrary fixed moment; never goes back.
    pub monotonic: Duration,
    /// Time since the Unix epoch by the local clock, uncorrected by any server.
    pub unix: Duration,
}

impl Now {
    /// A reading `by` later on both clocks.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self { monotonic: self.monotonic + by, unix: self.unix + by }
    }
}
