//! Work that would hold up the I/O thread.

use std::any::Any;
use std::panic::resume_unwind;
#[cfg(feature = "terminal")]
use std::{io, thread};

use super::{BoxFuture, erased};

/// Runs `work` on tokio's blocking pool: number theory of the key exchange, writes to the disk.
///
/// A panic in `work` goes on in the caller.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = in_pool(Box::new(|| Box::new(work()))).await;
    *done.downcast().expect("what the work has given is of its type")
}

type Done = Box<dyn Any + Send>;

/// Behind a pointer, so that the runtime's part of it is compiled once and not for each kind of work.
fn in_pool(work: Box<dyn FnOnce() -> Done + Send>) -> BoxFuture<'static, Done> {
    erased(async move {
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime is shutting down and drops this task at its next await.
                Err(_) => std::future::pending().await,
            },
        }
    })
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
