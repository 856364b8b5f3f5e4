//! A byte stream of any making: a socket, or what a proxy or WebSocket makes of one.

use tokio::io::{AsyncRead, AsyncWrite};

/// What a connection reads from and writes to.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A stream whose making is not known any more.
pub type BoxStream = Box<dyn Stream>;
