//! The signals that end a program in order.

use std::time::Duration;

/// How long after a failure a signal still counts as its cause.
const SAME_MOMENT: Duration = Duration::from_millis(20);

/// SIGINT and SIGTERM; elsewhere than on Unix, Ctrl-C.
#[derive(Debug)]
pub struct Stop {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    /// Begins to watch for them; from now on they do not end the process by themselves.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn new() -> std::io::Result<Self> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Does the work; `None` if a signal ended it.
    pub async fn unless_stopped<T, E>(
        &mut self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Option<Result<T, E>> {
        let done = tokio::select! {
            biased;
            () = self.wait() => return None,
            done = work => done,
        };
        // A hidden question fails at Ctrl-C, and the signal comes with it: that is what has happened.
        if done.is_err() && tokio::time::timeout(SAME_MOMENT, self.wait()).await.is_ok() {
            return None;
        }
        Some(done)
    }

    /// Waits for one of them.
    pub async fn wait(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
