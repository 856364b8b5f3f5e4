//! A byte stream as a stream of frames, in both directions at once, without a task of its own.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::scratch;
use crate::message::ordered::let_go_if_empty;
use crate::tl::PacketBuf;
use crate::transport::{self, Codec, Frame, Kind};

/// The least room offered to one read of a frame that has begun.
const READ_MIN: usize = 4 * 1024;
/// How much room is made when there is less than that.
const READ_CHUNK: usize = 16 * 1024;
/// The most room offered to one read, however large the frame that is coming.
const READ_CHUNK_MAX: usize = 256 * 1024;
/// How many packets one vectored write takes.
const WRITE_BATCH: usize = 32;

/// The largest buffer that is kept when it was written, to be filled again: room for a call. What is larger costs more to
/// fill than to allocate, and an idle connection is not to pay for what it once sent.
const SPARE_MAX: usize = 1024;
/// How many bytes a new buffer has room for, beside the headers: a small call with its padding.
const ROOM: usize = 384;
/// How many packets may be queued without the queue being made small again afterwards.
const QUEUE_KEPT: usize = 16;

/// Why a framed stream is over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FramedError {
    /// The other side closed the connection between two frames.
    #[error("the other side closed the connection")]
    Closed,
    /// The other side closed the connection in the middle of a frame.
    #[error("the other side closed the connection in the middle of a packet")]
    Truncated,
    /// The network failed.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// The bytes are not frames of this transport.
    #[error(transparent)]
    Framing(#[from] transport::Error),
}

/// A socket with a framing: packets are queued for writing, frames are read.
///
/// While nothing comes no buffer is held: the first read after a pause goes into one of the thread (`net::scratch`), and
/// what it gives is moved to memory of just its size. The rest of a frame that is not whole by then is read to its place.
/// Frames are split off without a copy, and never more than one incomplete frame plus one read is held. Several queued
/// packets leave in one vectored write.
pub struct Framed<S> {
    stream: S,
    codec: Codec,
    input: BytesMut,
    output: VecDeque<PacketBuf>,
    /// How much of the front of `output` is written already.
    written: usize,
    /// How many bytes of `output` are not.
    queued: usize,
    needs_flush: bool,
    /// A buffer that was written and can be filled again.
    spare: Option<PacketBuf>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Framed<S> {
    /// A stream on which nothing was read or written yet.
    pub fn new(stream: S, codec: Codec) -> Self {
        Self::with_input(stream, codec, BytesMut::new())
    }

    /// The transport.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.codec.kind()
    }

    /// A stream of which `input` was read already and is yet to be decoded.
    pub fn with_input(stream: S, codec: Codec, input: BytesMut) -> Self {
        Self {
            stream,
            codec,
            input,
            output: VecDeque::new(),
            written: 0,
            queued: 0,
            needs_flush: false,
            spare: None,
        }
    }

    /// Frames a packet and queues it; it leaves during the next [`next`](Self::next) or [`flush`](Self::flush).
    /// `quick_ack` asks the server for a quick acknowledgment (TR-7).
    ///
    /// # Errors
    /// When the transport cannot carry a packet of this length; the stream stays usable.
    pub fn queue(&mut self, mut packet: PacketBuf, quick_ack: bool) -> Result<(), transport::Error> {
        self.codec.encode(&mut packet, quick_ack, &mut rand::rng())?;
        self.push(packet);
        Ok(())
    }

    /// Queues a quick acknowledgment (server to client, TR-7).
    ///
    /// # Errors
    /// In the full transport, which has none.
    pub fn queue_quick_ack(&mut self, token: u32) -> Result<(), transport::Error> {
        let mut bytes = PacketBuf::with_headroom(0);
        self.codec.encode_quick_ack(token, &mut bytes)?;
        self.push(bytes);
        Ok(())
    }

    /// Queues a transport error code such as -404 (server to client, TR-6).
    ///
    /// # Errors
    /// As [`queue`](Self::queue); none in practice.
    pub fn queue_transport_error(&mut self, code: i32) -> Result<(), transport::Error> {
        let mut bytes = PacketBuf::with_headroom(crate::tl::HEADROOM);
        self.codec.encode_transport_error(code, &mut bytes, &mut rand::rng())?;
        self.push(bytes);
        Ok(())
    }

    fn push(&mut self, bytes: PacketBuf) {
        self.queued += bytes.len();
        self.output.push_back(bytes);
    }

    /// An empty buffer with room for the framing in front, one that was written before if there is one.
    pub fn buffer(&mut self) -> PacketBuf {
        self.spare.take().unwrap_or_else(|| PacketBuf::with_capacity(crate::tl::HEADROOM, ROOM))
    }

    /// Takes a buffer back that is not queued, or was written.
    pub fn give_back(&mut self, mut buffer: PacketBuf) {
        if buffer.capacity() <= SPARE_MAX {
            buffer.clear();
            self.spare = Some(buffer);
        }
    }

    /// Lets go of memory that is of no use while nothing is sent or received.
    pub fn shrink_to_fit(&mut self) {
        self.spare = None;
        let_go_if_empty(&mut self.output);
        if self.input.is_empty() {
            self.input = BytesMut::new();
        }
    }

    /// The next frame of what was read already, without touching the socket.
    pub fn buffered(&mut self) -> Option<Result<Frame, FramedError>> {
        self.codec.decode(&mut self.input).map_err(FramedError::from).transpose()
    }

    /// How many bytes are queued and not yet taken by the operating system: what backpressure goes by.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// The next frame; writes what is queued while it waits. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`FramedError`], after which the stream is of no more use.
    pub async fn next(&mut self) -> Result<Frame, FramedError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// [`next`](Self::next) for a caller that polls several things.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, FramedError>> {
        if let Poll::Ready(Err(error)) = self.poll_write(cx) {
            return Poll::Ready(Err(error.into()));
        }
        loop {
            if let Some(frame) = self.codec.decode(&mut self.input)? {
                return Poll::Ready(Ok(frame));
            }
            match ready!(self.poll_read(cx))? {
                0 if self.input.is_empty() && self.codec.is_at_rest() => {
                    return Poll::Ready(Err(FramedError::Closed));
                }
                0 => return Poll::Ready(Err(FramedError::Truncated)),
                _ => {}
            }
        }
    }

    /// Reads once, behind what is there; gives how much came.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.input.is_empty() {
            self.input = BytesMut::new();
            return scratch::with(|scratch| {
                let mut room = ReadBuf::new(scratch);
                ready!(Pin::new(&mut self.stream).poll_read(cx, &mut room))?;
                self.input = BytesMut::from(room.filled());
                Poll::Ready(Ok(self.input.len()))
            });
        }
        if self.input.capacity() - self.input.len() < READ_MIN {
            // Room grows with what has come, so that a length field alone cannot make us allocate.
            self.input.reserve(self.input.len().clamp(READ_CHUNK, READ_CHUNK_MAX));
        }
        pin!(self.stream.read_buf(&mut self.input)).poll(cx)
    }

    /// Writes everything that is queued.
    ///
    /// # Errors
    /// When the network fails.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_write(cx)).await
    }

    /// Writes everything that is queued and closes the writing half.
    ///
    /// # Errors
    /// When the network fails.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await
    }

    /// [`flush`](Self::flush) for a caller that polls several things.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write(cx)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.output.is_empty() {
            let mut slices = [IoSlice::new(&[]); WRITE_BATCH];
            let mut skip = self.written;
            for (slice, packet) in slices.iter_mut().zip(&self.output) {
                *slice = IoSlice::new(packet.as_slice().get(skip..).unwrap_or_default());
                skip = 0;
            }
            let stream = Pin::new(&mut self.stream);
            let written = ready!(match &slices[..self.output.len().min(WRITE_BATCH)] {
                [packet] => stream.poll_write(cx, packet),
                packets => stream.poll_write_vectored(cx, packets),
            })?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.needs_flush = true;
            self.advance(written);
        }
        if self.needs_flush {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        self.queued -= written;
        while let Some(front) = self.output.front() {
            let left = front.as_slice().len() - self.written;
            if written < left {
                self.written += written;
                return;
            }
            written -= left;
            self.written = 0;
            if let Some(done) = self.output.pop_front() {
                self.give_back(done);
            }
        }
        if self.output.capacity() > QUEUE_KEPT {
            self.output = VecDeque::new();
        }
    }
}

impl<S> std::fmt::Debug for Framed<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Framed")
            .field("input", &self.input.len())
            .field("packets_queued", &self.output.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::io::{DuplexStream, duplex};

    use super::*;
    use crate::net::greet;
    use crate::transport::Doorkeeper;

    fn packet(fill: u8, length: usize) -> PacketBuf {
        let mut packet = PacketBuf::with_headroom(crate::tl::HEADROOM);
        packet.extend_from_slice(&vec![fill; length]);
        packet
    }

    fn payload(frame: Frame) -> BytesMut {
        match frame {
            Frame::Packet { payload, .. } => payload,
            other => panic!("{other:?} is no packet"),
        }
    }

    async fn accepted(stream: DuplexStream) -> Framed<DuplexStream> {
        greet(stream, &Mutex::new(Doorkeeper::new(Vec::new()))).await.unwrap().framed
    }

    #[tokio::test]
    async fn packets_pass_in_both_directions_over_every_transport() {
        for kind in Kind::FRAMED {
            // A pipe far smaller than the packets makes every read and write a partial one.
            let (near, far) = duplex(61);
            let mut client = Framed::new(near, Codec::client(kind, &mut rand::rng()));
            let echo = tokio::spawn(async move {
                let mut server = accepted(far).await;
                for _ in 0..100 {
                    let got = payload(server.next().await.unwrap());
                    let mut packet = server.buffer();
                    packet.extend_from_slice(&got);
                    server.queue(packet, false).unwrap();
                }
                server.flush().await.unwrap();
            });
            for n in 0..100 {
                client.queue(packet(n, 40 + 4 * usize::from(n)), false).unwrap();
            }
            for n in 0..100 {
                let got = payload(client.next().await.unwrap());
                let length = 40 + 4 * usize::from(n);
                assert!(
                    got.len() >= length && got[..length].iter().all(|byte| *byte == n),
                    "{kind}: packet {n}"
                );
            }
            echo.await.unwrap();
            assert_eq!(client.queued(), 0);
        }
    }

    #[tokio::test]
    async fn a_dropped_wait_loses_nothing() {
        let (near, far) = duplex(7);
        let mut client = Framed::new(near, Codec::client(Kind::Intermediate, &mut rand::rng()));
        let server = tokio::spawn(async move {
            let mut server = accepted(far).await;
            for n in 0..5 {
                server.queue(packet(n, 64), false).unwrap();
            }
            server.flush().await.unwrap();
            server.next().await
        });
        client.queue(packet(9, 32), false).unwrap();
        let mut got = Vec::new();
        while got.len() < 5 {
            // Each wait is given up at its first pause.
            let mut next = Box::pin(client.next());
            let polled = poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await;
            drop(next);
            match polled {
                Poll::Ready(frame) => got.push(payload(frame.unwrap())),
                Poll::Pending => tokio::task::yield_now().await,
            }
        }
        client.flush().await.unwrap();
        assert!(got.iter().zip(0..).all(|(packet, n)| packet[..] == [n; 64]));
        assert_eq!(payload(server.await.unwrap().unwrap())[..], [9; 32]);
    }

    #[tokio::test]
    async fn the_end_of_the_stream_is_told_apart() {
        for (bytes, whole) in [(&b""[..], true), (&[64, 0, 0, 0, 1][..], false)] {
            let (near, mut far) = duplex(64);
            let mut client = Framed::new(near, Codec::client(Kind::Intermediate, &mut rand::rng()));
            far.write_all(bytes).await.unwrap();
            far.shutdown().await.unwrap();
            match client.next().await {
                Err(FramedError::Closed) => assert!(whole),
                Err(FramedError::Truncated) => assert!(!whole),
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_transport_error_reaches_the_client() {
        let (near, far) = duplex(64);
        let mut client = Framed::new(near, Codec::client(Kind::Abridged, &mut rand::rng()));
        client.queue(packet(1, 40), false).unwrap();
        client.flush().await.unwrap();
        let mut server = accepted(far).await;
        server.queue_transport_error(-404).unwrap();
        server.flush().await.unwrap();
        assert_eq!(client.next().await.unwrap(), Frame::TransportError(-404));
    }
}
