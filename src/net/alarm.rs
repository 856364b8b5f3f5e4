//! A timer whose time moves with every packet.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is set again and again, mostly to later.
///
/// Setting tokio's timer takes a lock that all tasks share, and may wake the thread that waits for the network. So what is
/// set to later is left as it is: it rings early once, and then at its time.
#[derive(Debug)]
pub struct Alarm {
    sleep: Pin<Box<Sleep>>,
    /// When it is wanted to ring.
    at: Option<Instant>,
    armed: bool,
}

impl Alarm {
    /// One that does not ring until it is set.
    #[must_use]
    pub fn new() -> Self {
        Self { sleep: Box::pin(sleep_until(Instant::now())), at: None, armed: false }
    }

    /// Makes it ring at this time instead; `None` not at all.
    pub fn set(&mut self, at: Option<Instant>) {
        self.at = at;
        if let Some(at) = at
            && (!self.armed || at < self.sleep.deadline())
        {
            self.sleep.as_mut().reset(at);
            self.armed = true;
        }
    }

    /// Ready when it rings, each time that it is polled until it is set again.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        while self.sleep.as_mut().poll(cx).is_ready() {
            if self.sleep.deadline() >= at {
                // To be set before it is waited for again.
                self.armed = false;
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(at);
        }
        Poll::Pending
    }
}

impl Default for Alarm {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_the_time_that_was_set_last() {
        let begun = Instant::now();
        let mut alarm = Alarm::new();
        for (set, rings) in [([5, 9], 9_u32), ([30, 12], 12), ([13, 40], 40), ([2, 50], 50)] {
            set.into_iter().for_each(|at| alarm.set(Some(begun + at * S)));
            poll_fn(|cx| alarm.poll(cx)).await;
            assert_eq!(begun.elapsed().as_secs(), u64::from(rings), "{set:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_silent_when_it_is_not_set() {
        let mut alarm = Alarm::new();
        alarm.set(Some(Instant::now() + S));
        alarm.set(None);
        let rang = tokio::time::timeout(10 * S, poll_fn(|cx| alarm.poll(cx))).await;
        assert!(rang.is_err());
    }
}
