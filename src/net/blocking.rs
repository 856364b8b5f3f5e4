//! Work that would hold up the I/O thread.

use std::panic::resume_unwind;

/// Runs `work` on tokio's blocking pool: number theory of the key exchange, writes to the disk.
///
/// A panic in `work` goes on in the caller.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is shutting down and drops this task at its next await.
            Err(_) => std::future::pending().await,
        },
    }
}
