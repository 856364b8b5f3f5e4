//! A client's connection to a DC, whichever the transport.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::http::HttpConnection;
use super::{BoxStream, Framed, FramedError};
use crate::tl::PacketBuf;
use crate::transport::{self, Frame};

/// What [`connect`](super::connect) has opened: one framed stream, or two HTTP connections that work as one.
///
/// Packets are queued for writing, frames are read. Over a framed stream everything is [`Framed`]'s.
#[derive(Debug)]
pub struct Connection(Inner);

#[derive(Debug)]
enum Inner {
    Framed(Box<Framed<BoxStream>>),
    Http(Box<HttpConnection>),
}

impl From<Framed<BoxStream>> for Connection {
    fn from(framed: Framed<BoxStream>) -> Self {
        Self(Inner::Framed(Box::new(framed)))
    }
}

impl From<HttpConnection> for Connection {
    fn from(http: HttpConnection) -> Self {
        Self(Inner::Http(Box::new(http)))
    }
}

impl Connection {
    /// Queues a packet; it leaves during the next [`next`](Self::next) or [`flush`](Self::flush). `quick_ack` asks the
    /// server for a quick acknowledgment (TR-7).
    ///
    /// # Errors
    /// When the transport cannot carry such a packet; the connection stays usable.
    pub fn queue(&mut self, packet: PacketBuf, quick_ack: bool) -> Result<(), transport::Error> {
        match &mut self.0 {
            Inner::Framed(framed) => framed.queue(packet, quick_ack),
            Inner::Http(http) => http.queue(packet, quick_ack),
        }
    }

    /// Whether a packet with an `http_wait` may go now: over HTTP, while no other one waits for its answer (HW-1).
    #[must_use]
    pub fn wants_poll(&self) -> bool {
        match &self.0 {
            Inner::Framed(_) => false,
            Inner::Http(http) => http.wants_poll(),
        }
    }

    /// Queues a packet whose answer the server is to hold back until it has something to say. Elsewhere than over HTTP
    /// it is a packet like any other.
    ///
    /// # Errors
    /// As [`queue`](Self::queue).
    pub fn queue_poll(&mut self, packet: PacketBuf) -> Result<(), transport::Error> {
        match &mut self.0 {
            Inner::Framed(framed) => framed.queue(packet, false),
            Inner::Http(http) => http.queue_poll(packet),
        }
    }

    /// An empty buffer with room for the framing in front, one that was written before if there is one.
    pub fn buffer(&mut self) -> PacketBuf {
        match &mut self.0 {
            Inner::Framed(framed) => framed.buffer(),
            Inner::Http(_) => PacketBuf::new(),
        }
    }

    /// Takes a buffer back that is not queued.
    pub fn give_back(&mut self, buffer: PacketBuf) {
        if let Inner::Framed(framed) = &mut self.0 {
            framed.give_back(buffer);
        }
    }

    /// How many packets may be made at a time: over HTTP a request carries one, and the next waits for its answer.
    #[must_use]
    pub fn side_by_side(&self) -> usize {
        match &self.0 {
            Inner::Framed(_) => 8,
            Inner::Http(_) => 1,
        }
    }

    /// Lets go of memory that is of no use while nothing is sent or received.
    pub fn shrink_to_fit(&mut self) {
        if let Inner::Framed(framed) = &mut self.0 {
            framed.shrink_to_fit();
        }
    }

    /// How many bytes are queued and not yet taken by the operating system: what backpressure goes by. Over HTTP it is
    /// without bounds while a request waits for its answer, for the next one goes only then.
    #[must_use]
    pub fn queued(&self) -> usize {
        match &self.0 {
            Inner::Framed(framed) => framed.queued(),
            Inner::Http(http) => http.queued(),
        }
    }

    /// How many bytes wait for the operating system to take them. Over HTTP none do for long: a request that is not answered has
    /// a deadline of its own.
    #[must_use]
    pub fn unsent(&self) -> usize {
        match &self.0 {
            Inner::Framed(framed) => framed.queued(),
            Inner::Http(_) => 0,
        }
    }

    /// The next frame of what was read already, without touching the socket.
    pub fn buffered(&mut self) -> Option<Result<Frame, FramedError>> {
        match &mut self.0 {
            Inner::Framed(framed) => framed.buffered(),
            // Each answer makes room for a request, which is to be sent first.
            Inner::Http(_) => None,
        }
    }

    /// The next frame; writes what is queued while it waits. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`FramedError`], after which the connection is of no more use.
    pub async fn next(&mut self) -> Result<Frame, FramedError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// [`next`](Self::next) for a caller that polls several things.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, FramedError>> {
        match &mut self.0 {
            Inner::Framed(framed) => framed.poll_next(cx),
            Inner::Http(http) => http.poll_next(cx),
        }
    }

    /// Writes everything that is queued.
    ///
    /// # Errors
    /// When the network fails.
    pub async fn flush(&mut self) -> Result<(), FramedError> {
        match &mut self.0 {
            Inner::Framed(framed) => Ok(framed.flush().await?),
            Inner::Http(http) => poll_fn(|cx| http.poll_flush(cx)).await,
        }
    }

    /// Writes everything that is queued and closes the writing half.
    ///
    /// # Errors
    /// When the network fails.
    pub async fn shutdown(&mut self) -> Result<(), FramedError> {
        match &mut self.0 {
            Inner::Framed(framed) => Ok(framed.shutdown().await?),
            Inner::Http(http) => {
                poll_fn(|cx| http.poll_flush(cx)).await?;
                http.shutdown().await
            }
        }
    }
}
