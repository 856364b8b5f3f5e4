//! A server that neither takes nor says anything while packets wait for it.

use std::time::Duration;

/// Watches a connection that takes no more packets, and so no ping that could tell whether it is alive (PG-1): it is given
/// the time in which a ping would have gone out and had to be answered.
///
/// What was written goes out in large pieces on a slow network, and a server may be slow to read: either that bytes are taken,
/// or that something comes, says that the other end is there.
#[derive(Debug)]
pub(super) struct Stall {
    limit: Duration,
    /// Since when, on the monotonic clock, so many bytes wait.
    waiting: Option<(Duration, usize)>,
}

impl Stall {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, waiting: None }
    }

    /// `unsent` bytes wait for the network. Gives when the connection is to be given up if that stays so.
    pub(super) fn blocked(&mut self, now: Duration, unsent: usize) -> Duration {
        let since = match self.waiting {
            Some((since, before)) if unsent >= before => since,
            _ => now,
        };
        self.waiting = Some((since, unsent));
        since + self.limit
    }

    /// Packets go out again, or one has come.
    pub(super) fn moved(&mut self) {
        self.waiting = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_taken_and_what_is_heard_starts_the_time_anew() {
        let mut stall = Stall::new(45 * S);
        assert_eq!(stall.blocked(100 * S, 900), 145 * S);
        assert_eq!(stall.blocked(120 * S, 900), 145 * S);
        assert_eq!(stall.blocked(130 * S, 899), 175 * S, "a byte was taken");
        assert_eq!(stall.blocked(140 * S, 899), 175 * S);
        stall.moved();
        assert_eq!(stall.blocked(150 * S, 899), 195 * S);
    }
}
