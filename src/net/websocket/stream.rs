//! The bytes within the frames.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// The most bytes that go into one frame: so many are copied at a time.
const FRAME: usize = 256 * 1024;

/// What binary frames carry, read and written as a byte stream. It ends with the close frame of the other side, and
/// [`shutdown`](tokio::io::AsyncWriteExt::shutdown) sends one, with code 1000 (WS-1).
pub struct WsStream<S> {
    socket: WebSocketStream<S>,
    /// What was received and not read yet.
    input: Bytes,
    /// Our close frame is on its way.
    closing: bool,
}

impl<S> WsStream<S> {
    /// Around a WebSocket that is open.
    #[must_use]
    pub fn new(socket: WebSocketStream<S>) -> Self {
        Self { socket, input: Bytes::new(), closing: false }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.input.is_empty() {
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => self.input = bytes,
                // Pings were answered, and pongs and the like need no answer.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Text(_))) => {
                    return Poll::Ready(Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "a text frame in a WebSocket of binary ones",
                    )));
                }
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
            }
        }
        let count = self.input.len().min(into.remaining());
        into.put_slice(&self.input[..count]);
        self.input.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WsStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(io_error)?;
        let frame = bytes.get(..FRAME).unwrap_or(bytes);
        let message = Message::Binary(Bytes::copy_from_slice(frame));
        Pin::new(&mut self.socket).start_send(message).map_err(io_error)?;
        Poll::Ready(Ok(frame.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(io_error)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.closing {
            ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(io_error)?;
            let close = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
            match Pin::new(&mut self.socket).start_send(Message::Close(Some(close))) {
                // The other side was first.
                Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => {}
                Err(Error::Protocol(_)) => {}
                Err(error) => return Poll::Ready(Err(io_error(error))),
            }
            self.closing = true;
        }
        match ready!(Pin::new(&mut self.socket).poll_flush(cx)) {
            Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(io_error(error))),
        }
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::ConnectionClosed | Error::AlreadyClosed => io::ErrorKind::BrokenPipe.into(),
        error => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

impl<S> fmt::Debug for WsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsStream").field("input", &self.input.len()).finish_non_exhaustive()
    }
}
