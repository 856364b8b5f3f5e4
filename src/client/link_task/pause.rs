//! Pauses of a task that others go first in, so that what they have for it is there when it goes on.

use std::future::poll_fn;
use std::task::Poll;

use tokio::task::yield_now;

/// Lets the tasks go first that are ready. `crowd` says that they are many.
///
/// tokio looks at the sockets before it goes on with a task that yields, wherever the others have come to: of few tasks, that
/// is when all have had their turn, and a packet that has come meanwhile is seen at once. Of many, they are in the middle, and
/// the look is a system call for nothing: then the task goes to the end of the queue instead, behind all that are in it.
pub(super) async fn pause(crowd: bool) {
    if crowd { to_the_end_of_the_queue().await } else { yield_now().await }
}

async fn to_the_end_of_the_queue() {
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
    async fn gone_first(crowd: bool) -> usize {
        let pausing = tokio::spawn(async move {
            let gone = Arc::new(AtomicUsize::new(0));
            for _ in 0..100 {
                let gone = Arc::clone(&gone);
                tokio::spawn(async move { gone.fetch_add(1, Ordering::Relaxed) });
            }
            pause(crowd).await;
            gone.load(Ordering::Relaxed)
        });
        pausing.await.unwrap()
    }

    #[tokio::test]
    async fn others_go_first_and_all_of_a_crowd() {
        assert_eq!(gone_first(true).await, 100);
        assert!(gone_first(false).await > 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_first_on_a_worker_too() {
        assert_eq!(gone_first(true).await, 100);
        assert!(gone_first(false).await > 0);
    }
}
