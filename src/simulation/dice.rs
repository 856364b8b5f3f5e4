//! The randomness of a run: all of it comes from the seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A generator, and the draws that the simulation makes of it.
pub(super) struct Dice(StdRng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// The generator itself, for the code under test.
    pub(super) fn rng(&mut self) -> &mut StdRng {
        &mut self.0
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }

    /// Whether something happens that happens so often in 1000 times.
    pub(super) fn chance(&mut self, of_1000: u32) -> bool {
        of_1000 > 0 && self.0.next_u32() % 1000 < of_1000
    }

    /// A time shorter than `longest`.
    pub(super) fn up_to(&mut self, longest: Duration) -> Duration {
        self.moment(longest, 1000)
    }

    /// One of so many moments within `range`.
    pub(super) fn moment(&mut self, range: Duration, moments: u32) -> Duration {
        range * (self.0.next_u32() % moments) / moments
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
