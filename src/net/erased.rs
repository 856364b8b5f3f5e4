//! Futures behind a pointer.

use std::pin::Pin;

/// A future of which callers know what it gives and nothing else.
///
/// What a future holds is part of whoever waits for it, and its code is compiled anew into each of them. What happens
/// once for a connection is behind a pointer, so that it is there once, and small where it is waited for.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The future behind a pointer.
pub(crate) fn erased<'a, T>(future: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(future)
}
