//! A connection that speaks HTTP (HT-1): one answer for each request, in their order.
//!
//! A session's packets may come over several connections at one time, and what it has to send goes with the answer to
//! any request that is open: with the next one whose turn it is, on whichever connection.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep_until, timeout},
};

use super::{
    carrier::{Carrier, Close, UNKNOWN_KEY},
    hold::{Hold, Wait},
    limits,
    sessions::Live,
};
use crate::{
    crypto::packet,
    net::BoxStream,
    tl::PacketBuf,
    transport::http::{self, Answer, Connection, Request, Requests},
};

/// Requests that a client may have open on one connection; more are not read meanwhile.
const OPEN: usize = 64;

/// Room offered to one read.
const READ: usize = 16 * 1024;

/// A request that waits for its answer.
struct Open {
    live: Arc<Live>,
    hold: Hold,
    close: bool,
}

pub(super) struct Http {
    stream: BoxStream,
    input: BytesMut,
    requests: Requests,
    open: VecDeque<Open>,
    carrier: Carrier,
    heard: Instant,
}

/// How a connection ends.
enum End {
    /// It is closed.
    Closed,
    /// It becomes a WebSocket.
    Upgraded(http::Upgrade),
}

impl From<std::io::Error> for End {
    fn from(error: std::io::Error) -> Self {
        tracing::debug!(%error, "connection over");
        Self::Closed
    }
}

impl Http {
    /// A connection of which `input` was read already.
    pub fn new(stream: BoxStream, input: BytesMut, carrier: Carrier) -> Self {
        let (requests, open) = (Requests::new(), VecDeque::new());
        Self { stream, input, requests, open, carrier, heard: Instant::now() }
    }

    /// Serves it until it ends; gives the stream within it when it has become a WebSocket.
    pub async fn serve(mut self) -> Option<BoxStream> {
        let end = match self.run().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        self.carrier.detach();
        match end {
            End::Closed => {
                let _ = timeout(limits::WRITE, self.stream.shutdown()).await;
                None
            }
            End::Upgraded(upgrade) => {
                let accepted = crate::net::websocket::accept(self.stream, self.input, &upgrade);
                timeout(limits::WRITE, accepted).await.ok()?.ok()
            }
        }
    }

    async fn run(&mut self) -> Result<std::convert::Infallible, End> {
        loop {
            while self.open.len() < OPEN {
                match self.requests.decode(&mut self.input) {
                    Ok(Some(request)) => self.request(request).await?,
                    Ok(None) => break,
                    Err(error) => {
                        tracing::debug!(%error, "request refused");
                        self.release().await?;
                        return self.last(Answer::Status(http::refusal(&error))).await;
                    }
                }
            }
            let held_until = self.answer().await?;
            let silence = if self.carrier.greeted { self.carrier.hub.limits.idle } else { limits::GREETING };
            // Who waits for an answer is not silent.
            let deadline = held_until.unwrap_or(self.heard + silence);
            let room = self.open.len() < OPEN;
            self.input.reserve(READ);
            tokio::select! {
                read = self.stream.read_buf(&mut self.input), if room => {
                    if read? == 0 {
                        return Err(End::Closed);
                    }
                    self.heard = Instant::now();
                }
                () = self.carrier.wake.notified() => {}
                () = sleep_until(deadline) => {
                    if held_until.is_none() {
                        return Err(End::Closed);
                    }
                }
            }
        }
    }

    async fn request(&mut self, request: Request) -> Result<(), End> {
        match request {
            Request::Packet { payload, close } => match self.packet(payload, close).await? {
                Ok(()) => Ok(()),
                Err(Close::Silently) => Err(End::Closed),
                Err(Close::With(code)) => {
                    self.release().await?;
                    self.last(Answer::TransportError(code)).await.map(|never| match never {})
                }
            },
            Request::Continue => self.say(PacketBuf::new(), Answer::Continue, false).await,
            Request::Preflight { close } => self.say_next(PacketBuf::new(), Answer::Preflight, close).await,
            Request::Refused { status, close } => {
                self.say_next(PacketBuf::new(), Answer::Status(status), close).await
            }
            Request::Upgrade(upgrade) => {
                self.release().await?;
                Err(End::Upgraded(upgrade))
            }
        }
    }

    async fn packet(&mut self, packet: BytesMut, close: bool) -> Result<Result<(), Close>, End> {
        match packet::key_id(&packet) {
            None => Ok(Err(Close::With(UNKNOWN_KEY))),
            Some(0) => match self.carrier.plain(packet).await {
                Ok(answer) => self.say_next(answer, Answer::Packet, close).await.map(Ok),
                Err(close) => Ok(Err(close)),
            },
            Some(key_id) => {
                let taken = match self.carrier.encrypted(key_id, packet, false) {
                    Ok(taken) => taken,
                    Err(close) => return Ok(Err(close)),
                };
                // Only what the same session sends can wait behind what this one waits for.
                if self.open.back().is_some_and(|last| !Arc::ptr_eq(&last.live, &taken.live)) {
                    self.release().await?;
                }
                let now = self.carrier.hub.clock.now().monotonic;
                let hold = Hold::new(now, taken.wait.unwrap_or(Wait::DEFAULT));
                self.open.push_back(Open { live: taken.live, hold, close });
                Ok(Ok(()))
            }
        }
    }

    /// Answers the requests whose time has come; gives when to look again, if any is left.
    async fn answer(&mut self) -> Result<Option<Instant>, End> {
        while let Some(front) = self.open.front_mut() {
            let now = self.carrier.hub.clock.now();
            let mut packet = PacketBuf::new();
            let until = {
                let mut state = front.live.lock();
                if state.sends_over(self.carrier.id) {
                    let until = front.hold.until(now.monotonic, state.session.waiting());
                    if until <= now.monotonic {
                        state.session.poll_transmit(now, &mut rand::rng(), &mut packet);
                    }
                    until
                } else {
                    // The session goes on elsewhere.
                    Duration::ZERO
                }
            };
            if until > now.monotonic {
                return Ok(Some(self.carrier.hub.clock.instant(until)));
            }
            let close = front.close;
            self.open.pop_front();
            self.say(packet, Answer::Packet, close).await?;
        }
        Ok(None)
    }

    /// Answers all open requests now, with what there is.
    async fn release(&mut self) -> Result<(), End> {
        let now = self.carrier.hub.clock.now();
        while let Some(Open { live, close, .. }) = self.open.pop_front() {
            let mut packet = PacketBuf::new();
            {
                let mut state = live.lock();
                if state.sends_over(self.carrier.id) {
                    state.session.poll_transmit(now, &mut rand::rng(), &mut packet);
                }
            }
            self.say(packet, Answer::Packet, close).await?;
        }
        Ok(())
    }

    /// Gives an answer that cannot wait, behind those to the requests before.
    async fn say_next(&mut self, out: PacketBuf, answer: Answer, close: bool) -> Result<(), End> {
        self.release().await?;
        self.say(out, answer, close).await
    }

    /// The last answer of the connection.
    async fn last(&mut self, answer: Answer) -> Result<std::convert::Infallible, End> {
        self.say(PacketBuf::new(), answer, true).await?;
        Err(End::Closed)
    }

    async fn say(&mut self, mut out: PacketBuf, answer: Answer, close: bool) -> Result<(), End> {
        let connection = if close { Connection::Close } else { Connection::KeepAlive };
        http::answer(&mut out, answer, connection);
        let write = async {
            self.stream.write_all(out.as_slice()).await?;
            self.stream.flush().await
        };
        match timeout(limits::WRITE, write).await {
            Ok(written) => written?,
            Err(_) => return Err(End::Closed),
        }
        self.heard = Instant::now();
        if close {
            // What a client has sent behind its last request is not read; the rest of a refused one is, up to a bound,
            // or the system would reset the connection before the answer is read.
            self.input.clear();
            let _ = self.stream.shutdown().await;
            let _ = timeout(limits::LINGER, self.drain()).await;
            return Err(End::Closed);
        }
        Ok(())
    }

    async fn drain(&mut self) -> std::io::Result<()> {
        let mut left = limits::OUTPUT;
        while left > 0 {
            self.input.reserve(READ);
            let read = self.stream.read_buf(&mut self.input).await?;
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read);
            self.input.advance(read);
        }
        Ok(())
    }
}
