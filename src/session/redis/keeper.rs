//! The threads that renew the lease and see it run out, and what is known of how long it lasts.

use std::{
    fmt,
    sync::{Condvar, Mutex},
    time::{Duration, Instant},
};

use super::{Shared, lock};

/// What everybody has to know of the lease.
pub(super) struct Watch {
    length: Duration,
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    /// When others may take the session; by then it must not be used any more.
    until: Instant,
    lost: bool,
    stopped: bool,
    tell: Vec<Box<dyn FnOnce() + Send>>,
}

impl Watch {
    pub(super) fn new(length: Duration, until: Instant) -> Self {
        let inner = Inner { until, lost: false, stopped: false, tell: Vec::new() };
        Self { length, inner: Mutex::new(inner), changed: Condvar::new() }
    }

    /// Until when the session is ours.
    pub(super) fn until(&self) -> Instant {
        lock(&self.inner).until
    }

    /// The lease was renewed.
    pub(super) fn extend(&self, until: Instant) {
        let mut inner = lock(&self.inner);
        inner.until = inner.until.max(until);
    }

    /// Whether the lease is gone, or has run out without anybody having said so.
    pub(super) fn is_lost(&self) -> bool {
        let inner = lock(&self.inner);
        inner.lost || Instant::now() >= inner.until
    }

    /// The lease is gone, for good: what others have written since is not known here.
    pub(super) fn lose(&self) {
        let tell = {
            let mut inner = lock(&self.inner);
            inner.lost = true;
            std::mem::take(&mut inner.tell)
        };
        self.changed.notify_all();
        tell.into_iter().for_each(|tell| tell());
    }

    pub(super) fn when_lost(&self, tell: Box<dyn FnOnce() + Send>) {
        let mut inner = lock(&self.inner);
        if inner.lost {
            drop(inner);
            tell();
        } else {
            inner.tell.push(tell);
        }
    }

    /// Ends the threads.
    pub(super) fn stop(&self) {
        lock(&self.inner).stopped = true;
        self.changed.notify_all();
    }

    /// Waits for this time, or less if there is nothing to do any more; `false` then, or when the lease has run out.
    fn pause(&self, pause: Duration) -> bool {
        let end = Instant::now() + pause;
        let mut inner = lock(&self.inner);
        loop {
            let now = Instant::now();
            if inner.stopped || inner.lost || now >= inner.until {
                return false;
            }
            let left = end.min(inner.until).saturating_duration_since(now);
            if now >= end {
                return true;
            }
            inner = match self.changed.wait_timeout(inner, left) {
                Ok((inner, _)) => inner,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("lost", &self.is_lost()).finish_non_exhaustive()
    }
}

/// Renews the lease until the store is dropped or the lease is lost.
pub(super) fn renew(shared: &Shared) {
    let (regular, soon) = (shared.watch.length / 3, shared.watch.length / 20);
    let mut pause = regular;
    while shared.watch.pause(pause) {
        pause = if shared.renew() { regular } else { soon };
    }
}

/// Says so when the lease runs out.
pub(super) fn watch(shared: &Shared) {
    let watch = &shared.watch;
    while watch.pause(Duration::from_secs(3600)) {}
    let over = lock(&watch.inner);
    if !over.stopped && !over.lost {
        drop(over);
        watch.lose();
    }
}
