//! The way from the handles of a link to its task: a queue that takes little memory while nothing waits in it.
//!
//! tokio's channel makes room for 32 items at a time and keeps its ends on cache lines of their own: a kilobyte for each
//! link, and most links have nothing to do most of the time.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop::poll_proceed;

use crate::message::ordered::let_go_if_empty;

/// Makes a queue. It is not bounded: those who put items in have to be.
pub(super) fn queue<T>() -> (Sender<T>, Receiver<T>) {
    let waiting = Mutex::new(Waiting { items: VecDeque::new(), receiver: None, ended: false });
    let queue = Arc::new(Queue { waiting, closed: AtomicBool::new(false) });
    (Sender(Arc::clone(&queue)), Receiver { queue, taken: VecDeque::new() })
}

struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    /// Nobody receives any more. Changed while `waiting` is locked.
    closed: AtomicBool,
}

struct Waiting<T> {
    items: VecDeque<T>,
    /// Woken by the next item, or by the end of the sender.
    receiver: Option<Waker>,
    /// There is no sender any more.
    ended: bool,
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        // No statement in a critical section leaves it half changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// What was sent, back again: nobody receives any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed<T>(pub T);

/// Puts items into the queue. There is one, which its owners share.
pub(super) struct Sender<T>(Arc<Queue<T>>);

impl<T> Sender<T> {
    /// Puts an item into the queue.
    pub(super) fn send(&self, item: T) -> Result<(), Closed<T>> {
        let mut waiting = self.0.lock();
        if self.0.is_closed() {
            return Err(Closed(item));
        }
        waiting.items.push_back(item);
        let receiver = waiting.receiver.take();
        drop(waiting);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        Ok(())
    }

    /// Whether nobody receives any more.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.ended = true;
        let receiver = waiting.receiver.take();
        drop(waiting);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }
}

/// Takes items out of the queue, in the order in which they were put in.
pub(super) struct Receiver<T> {
    queue: Arc<Queue<T>>,
    /// Out of the queue, all that waited at once, and not yet handed on.
    taken: VecDeque<T>,
}

impl<T> Receiver<T> {
    /// The next item; `None` when there is none and none can come any more.
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // Without it a task that is never out of items would never let others go first.
        let budget = ready!(poll_proceed(cx));
        let item = self.poll_item(cx);
        if item.is_ready() {
            budget.made_progress();
        }
        item
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if let Some(item) = self.taken.pop_front() {
            return Poll::Ready(Some(item));
        }
        let mut waiting = self.queue.lock();
        // The two take turns in holding what comes, so that neither has to grow again.
        std::mem::swap(&mut waiting.items, &mut self.taken);
        if let Some(item) = self.taken.pop_front() {
            return Poll::Ready(Some(item));
        }
        if waiting.ended || self.queue.is_closed() {
            return Poll::Ready(None);
        }
        if !waiting.receiver.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            waiting.receiver = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Waits for the next item; `None` when none can come any more.
    pub(super) async fn recv(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The next item, if it is there.
    pub(super) fn try_recv(&mut self) -> Option<T> {
        if self.taken.is_empty() {
            // As in `poll_item`.
            std::mem::swap(&mut self.queue.lock().items, &mut self.taken);
        }
        self.taken.pop_front()
    }

    /// How many items wait.
    pub(super) fn len(&self) -> usize {
        self.taken.len() + self.queue.lock().items.len()
    }

    /// Lets nothing more in. What is in the queue stays.
    pub(super) fn close(&mut self) {
        let _waiting = self.queue.lock();
        self.queue.closed.store(true, Ordering::Release);
    }

    /// Lets go of its memory if nothing waits.
    pub(super) fn shrink_to_fit(&mut self) {
        let_go_if_empty(&mut self.taken);
        let_go_if_empty(&mut self.queue.lock().items);
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.close();
        // Those who wait for an answer must learn that there will be none, even while there is a sender.
        let left = std::mem::take(&mut self.queue.lock().items);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls, and gives how often the waker was woken since the last time.
    struct Poller(Arc<Woken>);

    impl Poller {
        fn new() -> Self {
            Self(Arc::default())
        }

        fn poll<T>(&self, receiver: &mut Receiver<T>) -> Poll<Option<T>> {
            let waker = Waker::from(Arc::clone(&self.0));
            receiver.poll_recv(&mut Context::from_waker(&waker))
        }

        fn woken(&self) -> usize {
            self.0.0.swap(0, Ordering::Relaxed)
        }
    }

    #[test]
    fn items_come_in_their_order_and_wake_once() {
        let ((sender, mut receiver), poller) = (queue(), Poller::new());
        assert_eq!(poller.poll(&mut receiver), Poll::Pending);
        (0..5).for_each(|n| sender.send(n).unwrap());
        assert_eq!(poller.woken(), 1, "it has not looked since");
        assert_eq!((receiver.len(), receiver.try_recv()), (5, Some(0)));
        sender.send(5).unwrap();
        assert_eq!(receiver.len(), 5, "what was taken out of the queue, and what has come since");
        for n in 1..=5 {
            assert_eq!(poller.poll(&mut receiver), Poll::Ready(Some(n)));
        }
        assert_eq!((receiver.try_recv(), poller.woken()), (None, 0));
        assert_eq!(poller.poll(&mut receiver), Poll::Pending);
        sender.send(6).unwrap();
        assert_eq!(poller.woken(), 1);
    }

    #[test]
    fn it_ends_with_the_sender_after_what_that_has_sent() {
        let ((sender, mut receiver), poller) = (queue(), Poller::new());
        sender.send(1).unwrap();
        assert_eq!(poller.poll(&mut receiver), Poll::Ready(Some(1)));
        assert_eq!((poller.poll(&mut receiver), poller.woken()), (Poll::Pending, 0));
        sender.send(2).unwrap();
        drop(sender);
        assert_eq!(poller.poll(&mut receiver), Poll::Ready(Some(2)));
        assert_eq!(poller.poll(&mut receiver), Poll::Ready(None));

        let (sender, mut receiver) = queue::<()>();
        assert_eq!(poller.poll(&mut receiver), Poll::Pending);
        poller.woken();
        drop(sender);
        assert_eq!((poller.woken(), poller.poll(&mut receiver)), (1, Poll::Ready(None)));
    }

    #[test]
    fn a_closed_one_hands_out_what_is_in_it_and_takes_nothing() {
        let ((sender, mut receiver), poller) = (queue(), Poller::new());
        sender.send(1).unwrap();
        receiver.close();
        assert_eq!(sender.send(2), Err(Closed(2)));
        assert!(sender.is_closed());
        assert_eq!(poller.poll(&mut receiver), Poll::Ready(Some(1)));
        assert_eq!(poller.poll(&mut receiver), Poll::Ready(None));
    }

    #[test]
    fn what_waits_is_dropped_with_the_receiver() {
        let (sender, mut receiver) = queue();
        let item = Arc::new(());
        (0..3).for_each(|_| sender.send(Arc::clone(&item)).unwrap());
        drop(receiver.try_recv());
        sender.send(Arc::clone(&item)).unwrap();
        drop(receiver);
        assert_eq!(Arc::strong_count(&item), 1);
        assert!(sender.send(item).is_err());
    }

    #[test]
    fn an_empty_one_holds_nothing() {
        let (sender, mut receiver) = queue();
        for round in 0..3 {
            (0..100).for_each(|n| sender.send(n + round).unwrap());
            while receiver.try_recv().is_some() {}
        }
        receiver.shrink_to_fit();
        assert_eq!((receiver.taken.capacity(), receiver.queue.lock().items.capacity()), (0, 0));
    }

    #[tokio::test]
    async fn a_task_that_is_never_out_of_items_lets_others_go_first() {
        let (sender, mut receiver) = queue();
        let fed = tokio::spawn(async move {
            for _ in 0..10_000 {
                sender.send(()).unwrap();
                receiver.recv().await;
            }
        });
        tokio::task::yield_now().await;
        // This thread's other task is here again, though the first one always has an item.
        fed.abort();
        assert!(fed.await.is_err_and(|error| error.is_cancelled()));
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        let (sender, mut receiver) = queue();
        let sender = Arc::new(sender);
        let senders: Vec<_> = (0..4)
            .map(|thread| {
                let sender = Arc::clone(&sender);
                std::thread::spawn(move || (0..1000).for_each(|n| sender.send((thread, n)).unwrap()))
            })
            .collect();
        drop(sender);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut next = [0; 4];
        while let Some((thread, n)) = runtime.block_on(receiver.recv()) {
            assert_eq!(n, next[thread]);
            next[thread] += 1;
        }
        assert_eq!(next, [1000; 4]);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }
}
