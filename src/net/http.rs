//! The client's two HTTP connections to a DC, which work as one (HT-1).
//!
//! A server answers each request once, so the one that holds the long poll (HW-1) is of no use for calls: these have a
//! connection of their own. On each, one request goes after the answer to the one before, as nobody promises that a DC
//! takes pipelined ones; calls that come meanwhile stay in the session, and share a container then.
//!
//! A server may close a connection on which nothing is asked. It is opened again for the next request.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::{BoxFuture, BoxStream, DialError, Framed, FramedError};
use crate::tl::PacketBuf;
use crate::transport::{self, Codec, ErrorKind, Frame, Kind};

/// How long a server holds back the answer to a long poll at most, when it has nothing to say (HW-1: its own default).
pub const POLL: Duration = Duration::from_secs(25);

/// How much longer than [`POLL`] an answer may take before the connection counts as dead. Over HTTP this stands in for
/// the pings of the other transports.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Opens one more connection of the kind.
type Opener = Arc<dyn Fn() -> Opening + Send + Sync>;
type Opening = BoxFuture<'static, Result<BoxStream, DialError>>;

/// Two connections of a client: one for calls, one for the long poll.
#[derive(Debug)]
pub struct HttpConnection {
    calls: Lane,
    poll: Lane,
}

impl HttpConnection {
    /// With the connection `first` for the calls, to the server that is called `host`. `open` gives the other one, and
    /// one that replaces what the server has closed.
    pub fn new<F>(host: String, first: BoxStream, open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<BoxStream, DialError>> + Send + 'static,
    {
        let open: Opener = Arc::new(move || Box::pin(open()));
        let mut calls = Lane::new(host.clone(), Arc::clone(&open));
        calls.opened(first);
        Self { calls, poll: Lane::new(host, open) }
    }

    pub(super) fn queue(&mut self, packet: PacketBuf, quick_ack: bool) -> Result<(), transport::Error> {
        if quick_ack {
            return Err(transport::Error { offset: 0, kind: ErrorKind::NoQuickAck });
        }
        self.calls.queue(packet);
        Ok(())
    }

    pub(super) fn queue_poll(&mut self, packet: PacketBuf) -> Result<(), transport::Error> {
        self.poll.queue(packet);
        Ok(())
    }

    pub(super) fn wants_poll(&self) -> bool {
        !self.poll.is_busy()
    }

    pub(super) fn queued(&self) -> usize {
        if self.calls.is_busy() { usize::MAX } else { 0 }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, FramedError>> {
        for lane in [&mut self.calls, &mut self.poll] {
            if let Poll::Ready(frame) = lane.poll_next(cx) {
                return Poll::Ready(frame);
            }
        }
        Poll::Pending
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FramedError>> {
        ready!(self.calls.poll_send(cx))?;
        self.poll.poll_send(cx)
    }

    pub(super) async fn shutdown(&mut self) -> Result<(), FramedError> {
        for lane in [&mut self.calls, &mut self.poll] {
            if let State::Open(framed) = &mut lane.state {
                framed.shutdown().await?;
            }
        }
        Ok(())
    }
}

/// One of the two.
struct Lane {
    host: String,
    open: Opener,
    state: State,
    waiting: VecDeque<PacketBuf>,
    /// Until when the answer to the request that is out has to be here.
    answer_by: Option<Pin<Box<Sleep>>>,
}

enum State {
    Closed,
    Opening(Opening),
    Open(Box<Framed<BoxStream>>),
}

impl Lane {
    fn new(host: String, open: Opener) -> Self {
        Self { host, open, state: State::Closed, waiting: VecDeque::new(), answer_by: None }
    }

    fn opened(&mut self, stream: BoxStream) {
        self.state = State::Open(Box::new(Framed::new(stream, Codec::http(&self.host))));
    }

    fn queue(&mut self, packet: PacketBuf) {
        self.waiting.push_back(packet);
    }

    /// Whether a request is out or waits to go.
    fn is_busy(&self) -> bool {
        self.answer_by.is_some() || !self.waiting.is_empty()
    }

    /// Sends the request whose turn it is.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FramedError>> {
        loop {
            let ready = self.answer_by.is_none() && !self.waiting.is_empty();
            match &mut self.state {
                State::Closed if ready => self.state = State::Opening((self.open)()),
                State::Closed => return Poll::Ready(Ok(())),
                State::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                    Ok(stream) => self.opened(stream),
                    Err(error) => return Poll::Ready(Err(io::Error::other(error).into())),
                },
                State::Open(framed) if ready => {
                    if let Some(packet) = self.waiting.pop_front() {
                        framed.queue(packet, false)?;
                        let answer_by = Instant::now() + POLL + PATIENCE;
                        self.answer_by = Some(Box::pin(sleep_until(answer_by)));
                    }
                }
                State::Open(framed) => return framed.poll_flush(cx).map_err(FramedError::from),
            }
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, FramedError>> {
        loop {
            if let Poll::Ready(Err(error)) = self.poll_send(cx) {
                return Poll::Ready(Err(error));
            }
            let State::Open(framed) = &mut self.state else { return Poll::Pending };
            match framed.poll_next(cx) {
                // Without a request the server may close the connection, also with a word about it.
                Poll::Ready(_) if self.answer_by.is_none() => self.state = State::Closed,
                Poll::Ready(Ok(frame)) => {
                    self.answer_by = None;
                    return Poll::Ready(Ok(frame));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    let late = self.answer_by.as_mut().is_some_and(|by| by.as_mut().poll(cx).is_ready());
                    if !late {
                        return Poll::Pending;
                    }
                    let limit = POLL + PATIENCE;
                    let error = format!("no answer to an HTTP request within {limit:?}");
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, error).into()));
                }
            }
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Closed => "closed",
            State::Opening(_) => "opening",
            State::Open(_) => "open",
        };
        f.debug_struct("Lane")
            .field("transport", &Kind::Http)
            .field("state", &state)
            .field("asked", &self.answer_by.is_some())
            .field("waiting", &self.waiting.len())
            .finish()
    }
}
