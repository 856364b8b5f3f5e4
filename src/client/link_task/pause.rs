//! A pause that others go first in, so that what they have for a task is there when it goes on.

use std::future::poll_fn;
use std::task::Poll;

/// Goes to the end of the queue of tasks that are ready, behind all that are in it.
///
/// `tokio::task::yield_now` comes back with the runtime's next look at the sockets, which is a system call, and which is after 61
/// tasks at the latest: in the middle of a crowd, if a worker has one in its queue. What is not in the queue (a future that the
/// runtime blocks on, tasks of other workers, and what of a crowd of more than 256 did not fit) does not go first.
pub(super) async fn behind_all() {
    let mut is_there = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut is_there, true) {
            return Poll::Ready(());
        }
        // A task that is woken while it runs is queued again when it comes back.
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// How many of a hundred tasks that were ready before it have had their turn when a task goes on after its pause.
    async fn gone_first() -> usize {
        let pausing = tokio::spawn(async move {
            let gone = Arc::new(AtomicUsize::new(0));
            for _ in 0..100 {
                let gone = Arc::clone(&gone);
                tokio::spawn(async move { gone.fetch_add(1, Ordering::Relaxed) });
            }
            behind_all().await;
            gone.load(Ordering::Relaxed)
        });
        pausing.await.unwrap()
    }

    #[tokio::test]
    async fn all_that_are_ready_go_first() {
        assert_eq!(gone_first().await, 100);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn all_that_are_ready_go_first_on_a_worker_too() {
        assert_eq!(gone_first().await, 100);
    }
}
