//! Work that would hold up the I/O thread.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
#[cfg(feature = "terminal")]
use std::{io, thread};

/// Runs `work` on tokio's blocking pool: number theory of the key exchange, writes to the disk.
///
/// A panic in `work` goes on in the caller.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let result = Arc::new(Mutex::new(None));
    let filled = Arc::clone(&result);
    in_pool(Box::new(move || {
        let done = work();
        *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
    }))
    .await;
    let done = result.lock().unwrap_or_else(PoisonError::into_inner).take();
    done.expect("work that has ended has left its result")
}

/// Behind a pointer, so that the runtime's part of it is compiled once and not for each kind of work.
async fn in_pool(work: Box<dyn FnOnce() + Send>) {
    match tokio::task::spawn_blocking(work).await {
        Ok(()) => {}
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is shutting down and drops this task at its next await.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Runs `work` on a thread of its own, for work that may wait for ever, as for a line of input: the end of the runtime
/// waits for the threads of its pool, and not for this one.
///
/// # Errors
/// When there is no thread, or `work` has panicked.
#[cfg(feature = "terminal")]
pub async fn on_own_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, done) = tokio::sync::oneshot::channel();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        // This fails when nobody waits for it any more.
        let _ = sender.send(work());
    })?;
    done.await.map_err(|_| io::Error::other("the thread has panicked"))
}
