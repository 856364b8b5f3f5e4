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
        Self { first: first.min(max), max, next: first.min(max) }
    }

    /// The next pause: between half of the current step and the whole step.
    pub fn pause(&mut self, rng: &mut dyn CryptoRng) -> Duration {
        let step = self.next;
        self.next = step.saturating_mul(2).min(self.max);
        step.mul_f64(rng.random_range(0.5..=1.0))
    }

    /// Makes the next pause at least `pause` long, for a server that asked for patience (transport error -429).
    pub fn at_least(&mut self, pause: Duration) {
        // A pause is at least half of its step.
        self.next = self.next.max(pause.saturating_mul(2));
    }

    /// Starts over from the shortest pause, after a connection that worked.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn pauses_double_up_to_the_longest_and_start_over() {
        let mut backoff = Backoff::new(100 * MS, 350 * MS);
        let mut pause = || backoff.pause(&mut rand::rng());
        for step in [100, 200, 350, 350] {
            let drawn = pause();
            assert!((step * MS / 2..=step * MS).contains(&drawn), "{drawn:?} for a step of {step} ms");
        }
        backoff.reset();
        assert!(backoff.pause(&mut rand::rng()) <= 100 * MS);
    }

    #[test]
    fn a_server_that_asks_for_patience_gets_it_also_beyond_the_longest_pause() {
        let mut backoff = Backoff::new(10 * MS, 100 * MS);
        backoff.at_least(1000 * MS);
        assert!(backoff.pause(&mut rand::rng()) >= 1000 * MS);
    }
}
