//! The system's clocks, read into the core's [`Now`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::clock::Now;

/// Reads the monotonic and the wall clock together.
///
/// The monotonic part counts from the moment the clock was made, on tokio's timer, so that deadlines the core
/// asks for and the timer that fires for them agree (also under a paused test clock).
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// A clock whose monotonic part starts at zero now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }

    /// One reading of both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        // A wall clock set before 1970 reads as 1970: the first exchange corrects it like any other wrong clock.
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Now { monotonic: self.origin.elapsed(), unix }
    }

    /// The timer instant at which [`Now::monotonic`] will read `monotonic`.
    #[must_use]
    pub fn instant(&self, monotonic: Duration) -> Instant {
        // An unreachably late deadline (overflow) is the same as none; thirty years is tokio's own "far future".
        self.origin
            .checked_add(monotonic)
            .unwrap_or_else(|| self.origin + Duration::from_secs(86_400 * 365 * 30))
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}
