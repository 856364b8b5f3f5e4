//! What memory connections take, by an allocator that counts.

mod counting;
mod idle;
mod loopback;
mod round_trip;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The counters are the process's, so one test counts at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
