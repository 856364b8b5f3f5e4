//! The stream of updates: what the server sends without being asked.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::message::hidden::Hidden;
use crate::tl::{self, Deserialize, enums};

/// How many updates wait for a reader before the oldest are dropped; what is dropped is reported as
/// [`Update::Missed`] and can be fetched with `updates.getDifference`.
pub const BUFFERED: usize = 1024;

/// How many bytes the updates that wait for a reader may have together; as [`BUFFERED`].
pub const BUFFERED_BYTES: usize = 16 << 20;

/// One item of the stream. `Debug` shows the length of an update and nothing of it.
#[derive(Clone, PartialEq)]
pub enum Update {
    /// The boxed `Updates` object as it came: [`parse`](Self::parse) it.
    Received(Bytes),
    /// The server may have sent updates that did not arrive (a new session on the server's side, or a reader too slow
    /// for the buffer), or has sent some before the first call of [`Client::updates`](super::Client::updates), which are
    /// not kept: state must be fetched with `updates.getDifference`.
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
    /// While nobody has asked for the stream this holds a [`Update::Missed`] at most.
    waiting: VecDeque<Update>,
    /// Bytes of what waits.
    bytes: usize,
    /// Somebody has asked for the stream.
    wanted: bool,
    readers: Vec<Waker>,
    closed: bool,
    /// A login by QR code waits for `updateLoginToken`, which says that the code was scanned.
    scanned: Option<Scanned>,
}

#[derive(Clone, Debug)]
struct Scanned {
    came: Arc<Notify>,
    /// [`is_login_token`], by way of whoever watches: a program that logs nobody in by QR code is built without the
    /// decoder of `Updates`, which is that of most of the API's types.
    is_token: fn(&Bytes) -> bool,
}

/// Tells when `updateLoginToken` has come; ends with its drop.
pub(super) struct ScanWatch {
    scanned: Arc<Notify>,
    updates: Updates,
}

impl ScanWatch {
    /// Waits for the next one, or takes one that has come since the last.
    pub(super) async fn scanned(&self) {
        self.scanned.notified().await;
    }
}

impl Drop for ScanWatch {
    fn drop(&mut self) {
        let mut shared = self.updates.lock();
        // A later watch may have taken its place.
        if shared.scanned.as_ref().is_some_and(|watched| Arc::ptr_eq(&watched.came, &self.scanned)) {
            shared.scanned = None;
        }
    }
}

impl Updates {
    pub(super) fn new() -> Self {
        Self { shared: Arc::default() }
    }

    /// Another handle, for a reader: from now on updates are kept.
    pub(super) fn reader(&self) -> Self {
        self.lock().wanted = true;
        self.clone()
    }

    /// The next update; `None` once the client is disconnected and the buffer is empty.
    pub async fn next_update(&self) -> Option<Update> {
        poll_fn(|cx| {
            let mut shared = self.lock();
            match shared.pop() {
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

    /// Watches for a scan without taking updates from the readers.
    pub(super) fn watch_scan(&self) -> ScanWatch {
        let scanned = Arc::new(Notify::new());
        self.lock().scanned = Some(Scanned { came: Arc::clone(&scanned), is_token: is_login_token });
        ScanWatch { scanned, updates: self.clone() }
    }

    pub(super) fn push(&self, update: Update) {
        let mut shared = self.lock();
        if let (Some(scanned), Update::Received(bytes)) = (&shared.scanned, &update)
            && (scanned.is_token)(bytes)
        {
            scanned.came.notify_one();
        }
        match update {
            Update::Received(update) if shared.wanted => shared.keep(&update),
            _ => shared.miss(),
        }
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

fn is_login_token(update: &Bytes) -> bool {
    let is = |update: &enums::Update| matches!(update, enums::Update::LoginToken);
    match enums::Updates::from_bytes(update.clone()) {
        Ok(enums::Updates::UpdateShort(short)) => is(&short.update),
        Ok(enums::Updates::Updates(updates)) => updates.updates.iter().any(is),
        _ => false,
    }
}

impl Shared {
    fn pop(&mut self) -> Option<Update> {
        let update = self.waiting.pop_front()?;
        if let Update::Received(update) = &update {
            self.bytes -= update.len();
        }
        Some(update)
    }

    fn keep(&mut self, update: &Bytes) {
        if self.waiting.len() >= BUFFERED || self.bytes.saturating_add(update.len()) > BUFFERED_BYTES {
            // Everything older is stale once a difference has to be fetched anyway.
            self.waiting.clear();
            self.bytes = 0;
            self.miss();
        }
        if update.len() <= BUFFERED_BYTES {
            self.bytes += update.len();
            // A slice would hold on to the whole buffer that it was received in, which no count here knows.
            self.waiting.push_back(Update::Received(Bytes::copy_from_slice(update)));
        }
    }

    fn miss(&mut self) {
        if self.waiting.back() != Some(&Update::Missed) {
            if self.waiting.capacity() == 0 {
                // While nobody reads it stays the only one.
                self.waiting.reserve_exact(1);
            }
            self.waiting.push_back(Update::Missed);
        }
    }

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

    /// How many items wait, and their bytes.
    fn held(updates: &Updates) -> (usize, usize) {
        let shared = updates.lock();
        (shared.waiting.len(), shared.bytes)
    }

    #[tokio::test]
    async fn updates_come_in_order_and_the_stream_ends() {
        let updates = Updates::new().reader();
        updates.push(update(1));
        updates.push(update(2));
        updates.close();
        assert_eq!(updates.next_update().await, Some(update(1)));
        assert_eq!(updates.next_update().await, Some(update(2)));
        assert_eq!(updates.next_update().await, None);
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_that_it_missed_something() {
        let updates = Updates::new().reader();
        (0..=BUFFERED).for_each(|n| updates.push(update(n)));
        assert_eq!(updates.next_update().await, Some(Update::Missed));
        assert_eq!(updates.next_update().await, Some(update(BUFFERED)));
    }

    #[tokio::test]
    async fn the_buffer_is_bounded_by_bytes() {
        let updates = Updates::new().reader();
        let large = |byte: u8| Update::Received(Bytes::from(vec![byte; BUFFERED_BYTES / 2]));
        for byte in 1..=2 {
            updates.push(large(byte));
        }
        assert_eq!(updates.next_update().await, Some(large(1)), "what was read makes room");
        updates.push(large(3));
        assert_eq!(held(&updates), (2, BUFFERED_BYTES));
        updates.push(update(4));
        assert_eq!(held(&updates), (2, 1));
        assert_eq!(updates.next_update().await, Some(Update::Missed));
        assert_eq!(updates.next_update().await, Some(update(4)));
        updates.push(Update::Received(Bytes::from(vec![5; BUFFERED_BYTES + 1])));
        assert_eq!(updates.next_update().await, Some(Update::Missed), "what never fits is missed");
        assert_eq!(held(&updates), (0, 0));
    }

    #[tokio::test]
    async fn a_kept_update_does_not_hold_the_buffer_it_came_in() {
        let updates = Updates::new().reader();
        let received = Bytes::from(vec![7; 64]);
        updates.push(Update::Received(received.slice(..4)));
        assert!(received.is_unique());
    }

    #[tokio::test]
    async fn nothing_is_kept_before_somebody_asks() {
        let updates = Updates::new();
        (0..10).for_each(|n| updates.push(update(n)));
        assert_eq!(held(&updates), (1, 0));
        let reader = updates.reader();
        updates.push(update(10));
        assert_eq!(reader.next_update().await, Some(Update::Missed));
        assert_eq!(reader.next_update().await, Some(update(10)));
    }

    #[test]
    fn debug_shows_no_update() {
        let updates = Updates::new().reader();
        updates.push(Update::Received(SECRET));
        let text = format!("{updates:?} {:?}", Update::Received(SECRET));
        assert!(text.contains("Received(20 bytes)"), "{text}");
        assert!(!shows(&text), "{text}");
    }

    #[tokio::test]
    async fn every_waiting_reader_wakes() {
        let updates = Updates::new().reader();
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
