//! What was seen before, within bounds.

use std::collections::{HashSet, VecDeque};

/// How many are remembered.
const MOST: usize = 65_536;

/// The last 65,536 things of `N` bytes that were seen; older ones are forgotten.
#[derive(Debug)]
pub struct Replays<const N: usize> {
    seen: HashSet<[u8; N]>,
    order: VecDeque<[u8; N]>,
}

impl<const N: usize> Replays<N> {
    pub fn new() -> Self {
        Self { seen: HashSet::new(), order: VecDeque::new() }
    }

    /// Remembers a thing; `false` if it was there.
    pub fn is_new(&mut self, thing: [u8; N]) -> bool {
        if !self.seen.insert(thing) {
            return false;
        }
        if self.order.len() == MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.order.push_back(thing);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut replays = Replays::new();
        for n in 0..MOST as u64 + 1 {
            assert!(replays.is_new(n.to_le_bytes()));
        }
        assert!(!replays.is_new((MOST as u64).to_le_bytes()) && !replays.is_new(1_u64.to_le_bytes()));
        assert_eq!((replays.seen.len(), replays.order.len()), (MOST, MOST));
        assert!(replays.is_new(0_u64.to_le_bytes()), "the oldest was kept");
    }
}
