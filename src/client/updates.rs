//! The stream of updates: what the server sends without being asked.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use bytes::Bytes;

use crate::message::hidden::Hidden;
use crate::tl::{self, Deserialize, enums};

/// How many updates wait for a reader before the oldest are dropped; what is dropped is reported as
/// [`Update::Missed`] and can be fetched with `updates.getDifference`.
pub const BUFFERED: usize = 1024;

/// One item of the stream. `Debug` shows the length of an update and nothing of it.
#[derive(Clone, PartialEq)]
pub enum Update {
    /// The boxed `Updates` object as it came: [`parse`](Self::parse) it.
    Received(Bytes),
    /// The server may have sent updates that did not arrive (a new session on the server's side, or a reader too slow
    /// for the buffer): state must be fetched with `updates.getDifference`.
    Missed,
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received(update) => f.debug_tuple("Received").field(&Hidden(update)).finish(),
            Self::Missed => f.write_str("Missed"),
        }
    }
}

impl Update {
    /// The typed object; `None` for [`Missed`](Self::Missed).
    ///
    /// # Errors
    /// When the update is of no known constructor (a newer layer) or malformed: treat it like
    /// [`Missed`](Self::Missed).
    pub fn parse(&self) -> Result<Option<enums::Updates>, tl::Error> {
        match self {
            Self::Received(bytes) => enums::Updates::from_bytes(bytes.clone()).map(Some),
            Self::Missed => Ok(None),
        }
    }
}

/// A reader of the client's updates. All readers of a client share one buffer: each update goes to one of them.
#[derive(Clone, Debug)]
pub struct Updates {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: VecDeque<Update>,
    readers: Vec<Waker>,
    closed: bool,
}

impl Updates {
    pub(super) fn new() -> Self {
        Self { shared: Arc::default() }
    }

    /// The next update; `None` once the client is disconnected and the buffer is empty.
    pub async fn next_update(&self) -> Option<Update> {
        poll_fn(|cx| {
            let mut shared = self.lock();
            match shared.waiting.pop_front() {
                Some(update) => Poll::Ready(Some(update)),
                None if shared.closed => Poll::Ready(None),
                None => {
                    if !shared.readers.iter().any(|waker| waker.will_wake(cx.waker())) {
                        shared.readers.push(cx.waker().clone());
                    }
                    Poll::Pending
                }
            }
        })
        .await
    }

    pub(super) fn push(&self, update: Update) {
        let mut shared = self.lock();
        if update == Update::Missed && shared.waiting.back() == Some(&Update::Missed) {
            return;
        }
        if shared.waiting.len() >= BUFFERED {
            // Everything older is stale once a difference has to be fetched anyway.
            shared.waiting.clear();
            shared.waiting.push_back(Update::Missed);
        }
        shared.waiting.push_back(update);
        shared.wake();
    }

    pub(super) fn close(&self) {
        let mut shared = self.lock();
        shared.closed = true;
        shared.wake();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        // The data is consistent after every statement above, so a panic elsewhere does not spoil it.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn wake(&mut self) {
        self.readers.drain(..).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::hidden::tests::{SECRET, shows};

    fn update(n: usize) -> Update {
        Update::Received(Bytes::from(n.to_string()))
    }

    #[tokio::test]
    async fn updates_come_in_order_and_the_stream_ends() {
        let updates = Updates::new();
        updates.push(update(1));
        updates.push(update(2));
        updates.close();
        assert_eq!(updates.next_update().await, Some(update(1)));
        assert_eq!(updates.next_update().await, Some(update(2)));
        assert_eq!(updates.next_update().await, None);
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_that_it_missed_something() {
        let updates = Updates::new();
        (0..=BUFFERED).for_each(|n| updates.push(update(n)));
        assert_eq!(updates.next_update().await, Some(Update::Missed));
        assert_eq!(updates.next_update().await, Some(update(BUFFERED)));
    }

    #[test]
    fn debug_shows_no_update() {
        let updates = Updates::new();
        updates.push(Update::Received(SECRET));
        let text = format!("{updates:?} {:?}", Update::Received(SECRET));
        assert!(text.contains("Received(20 bytes)"), "{text}");
        assert!(!shows(&text), "{text}");
    }

    #[tokio::test]
    async fn every_waiting_reader_wakes() {
        let updates = Updates::new();
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let updates = updates.clone();
                tokio::spawn(async move { updates.next_update().await })
            })
            .collect();
        tokio::task::yield_now().await;
        updates.close();
        for reader in readers {
            assert_eq!(reader.await.unwrap(), None);
        }
    }
}
