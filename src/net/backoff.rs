//! The pace of reconnecting: exponential, with jitter, so that a server that comes back is not met by every
//! client in the same instant.

use std::time::Duration;

use rand::{CryptoRng, RngExt};

/// Exponentially growing pauses, each drawn from the upper half of its range.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    next: Duration,
}

impl Backoff {
    /// Pauses from about `first` up to `max`, doubling.
    #[must_use]
    pub fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, next: first }
    }

    /// The next pause: between half of the current step and the whole step.
    pub fn pause(&mut self, rng: &mut dyn CryptoRng) -> Duration {
        let step = self.next.min(self.max);
        self.next = step.saturating_mul(2).min(self.max);
        step.mul_f64(rng.random_range(0.5..=1.0))
    }

    /// Makes the next pause at least `pause` long, for a server that asked for patience (transport error -429).
    pub fn at_least(&mut self, pause: Duration) {
        self.next = self.next.max(pause.saturating_mul(2)).min(self.max.max(pause.saturating_mul(2)));
    }

    /// Starts over from the shortest pause, after a connection that worked.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}
