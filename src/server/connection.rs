//! One connection: which transport it speaks, and, where that is a stream of frames, frames in and frames out.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{
    carrier::{Carrier, Close, Ends, UNKNOWN_KEY},
    http::Http,
    hub::Hub,
    limits,
    sessions::Way,
    strangers,
};
use crate::{
    crypto::packet,
    handshake::server::Options,
    message::Draft,
    net::{Alarm, BoxStream, Framed, FramedError, Stranger, Welcome, greet},
    transport::{ErrorKind, Frame},
};

/// Serves a connection until it ends.
pub(super) async fn serve(hub: Arc<Hub>, dc: i32, options: Arc<Options>, stream: TcpStream) {
    let mut cut = hub.cut.subscribe();
    cut.mark_unchanged();
    // Answers are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let ends = Ends::of(&stream);
    tokio::select! {
        () = speak(hub, dc, options, ends, Box::new(stream)) => {}
        _ = cut.changed() => {}
    }
}

async fn speak(hub: Arc<Hub>, dc: i32, options: Arc<Options>, ends: Ends, stream: BoxStream) {
    // What it takes to find out who has come is let go before what may last for days.
    if let Some(mut connection) = Box::pin(welcome(hub, dc, options, ends, stream)).await {
        connection.serve().await;
    }
}

/// The connection, if it is a stream of frames: all others are seen to their end.
async fn welcome(
    hub: Arc<Hub>,
    dc: i32,
    options: Arc<Options>,
    ends: Ends,
    stream: BoxStream,
) -> Option<Box<Connection>> {
    let http = |stream, input| {
        Http::new(stream, input, Carrier::new(Arc::clone(&hub), dc, Arc::clone(&options), ends, Way::Http))
    };
    let welcome = match meet(&hub, stream).await {
        Some(Ok(welcome)) => welcome,
        Some(Err(Stranger { error, untouched: Some((stream, input)) }))
            if is_http(&error) && hub.site.is_none() =>
        {
            // It is a connection like any other again when it has become a WebSocket.
            match http(stream, input).serve().await {
                Some(within) => match meet(&hub, within).await {
                    Some(Ok(welcome)) if welcome.framed.kind().is_obfuscated() => welcome,
                    _ => return None,
                },
                None => return None,
            }
        }
        Some(Err(stranger)) => {
            strangers::turn_away(stranger, hub.site.as_ref()).await;
            return None;
        }
        None => return None,
    };
    let Welcome { framed, secret, dc: wanted } = welcome;
    // Who comes with a secret is at an MTProxy, which here has all DCs behind it.
    let (dc, options) = match (secret, wanted.and_then(|number| hub.dc_of(number))) {
        (None, _) => (dc, options),
        (Some(_), None) => return None,
        (Some(_), Some(wanted)) => {
            let strict = options.dc.map(|_| wanted);
            (wanted, Arc::new(Options { dc: strict, ..Options::clone(&options) }))
        }
    };
    Some(Box::new(Connection::new(framed, Carrier::new(hub, dc, options, ends, Way::Stream))))
}

/// Finds out who has connected; `None` when that takes too long.
async fn meet(hub: &Hub, stream: BoxStream) -> Option<Result<Welcome<BoxStream>, Stranger<BoxStream>>> {
    timeout(limits::GREETING, greet(stream, &hub.doorkeeper)).await.ok()
}

fn is_http(error: &FramedError) -> bool {
    matches!(error, FramedError::Framing(error) if error.kind == ErrorKind::Http)
}

/// How many packets are sealed at a time.
const SIDE_BY_SIDE: usize = 8;

struct Connection {
    framed: Framed<BoxStream>,
    carrier: Carrier,
    heard: Instant,
    /// Packets that are about to be sealed and sent; empty in between.
    drafts: Vec<Draft>,
    /// When to let go of memory that is of no use while nothing happens.
    shrink_at: Option<Instant>,
}

impl Connection {
    fn new(framed: Framed<BoxStream>, carrier: Carrier) -> Self {
        Self { framed, carrier, heard: Instant::now(), drafts: Vec::new(), shrink_at: None }
    }

    async fn serve(&mut self) {
        let close = self.run().await;
        self.close(close).await;
    }

    async fn run(&mut self) -> Close {
        let mut alarm = Alarm::new();
        loop {
            if let Err(close) = self.transmit() {
                return close;
            }
            if self.shrink_at.is_some_and(|at| at <= Instant::now()) {
                self.shrink();
            }
            if self.framed.queued() > limits::OUTPUT {
                // A peer that does not read its answers gets no more of them made.
                match timeout(limits::WRITE, self.framed.flush()).await {
                    Ok(Ok(())) => continue,
                    _ => return Close::Silently,
                }
            }
            let hub = &self.carrier.hub;
            let silence = if self.carrier.greeted { hub.limits.idle } else { limits::GREETING };
            let deadline = self.heard + silence;
            let due = self.carrier.next_timeout();
            let timer = due.map_or(deadline, |due| hub.clock.instant(due).min(deadline));
            alarm.set(Some(self.shrink_at.map_or(timer, |at| timer.min(at))));
            tokio::select! {
                frame = self.framed.next() => {
                    let handled = match frame {
                        Ok(Frame::Packet { payload, quick_ack }) => self.packet(payload, quick_ack).await,
                        // Only servers send these.
                        Ok(Frame::QuickAck(_) | Frame::TransportError(_) | Frame::Empty) => Err(Close::Silently),
                        Err(error) => {
                            tracing::debug!(%error, "connection over");
                            Err(Close::Silently)
                        }
                    };
                    // What this side took to answer, with many at its door, is no silence of the peer's.
                    self.heard = Instant::now();
                    self.shrink_at = Some(self.heard + limits::QUIET);
                    if let Err(close) = handled {
                        return close;
                    }
                }
                () = self.carrier.wake.notified() => self.shrink_at = Some(Instant::now() + limits::QUIET),
                () = poll_fn(|cx| alarm.poll(cx)) => {
                    if Instant::now() >= deadline {
                        return Close::Silently;
                    }
                    if let Err(close) = self.carrier.timers() {
                        return close;
                    }
                }
            }
        }
    }

    async fn packet(&mut self, packet: BytesMut, quick_ack: bool) -> Result<(), Close> {
        match packet::key_id(&packet) {
            None => Err(Close::With(UNKNOWN_KEY)),
            Some(0) => {
                let answer = Box::pin(self.carrier.plain(packet)).await?;
                self.framed.queue(answer, false).map_err(|_| Close::Silently)
            }
            Some(key_id) => {
                let taken = self.carrier.encrypted(key_id, packet, quick_ack)?;
                let Some(token) = taken.quick_ack else { return Ok(()) };
                self.framed.queue_quick_ack(token).map_err(|_| Close::Silently)
            }
        }
    }

    /// Lets go of memory that is of no use while nothing happens.
    fn shrink(&mut self) {
        self.shrink_at = None;
        self.framed.shrink_to_fit();
        self.drafts = Vec::new();
        for live in &self.carrier.sessions {
            live.lock().session.shrink_to_fit();
        }
    }

    /// Takes from the sessions what they have to send, as much as the peer can be expected to take.
    fn transmit(&mut self) -> Result<(), Close> {
        let now = self.carrier.hub.clock.now();
        let mut rng = rand::rng();
        for live in &self.carrier.sessions {
            while self.framed.queued() <= limits::OUTPUT {
                let mut bytes = self.framed.queued();
                let mut state = live.lock();
                let sends = state.sends_over(self.carrier.id);
                while sends && bytes <= limits::OUTPUT && self.drafts.len() < SIDE_BY_SIDE {
                    match state.session.draft(now, &mut rng, self.framed.buffer()) {
                        Ok(draft) => {
                            bytes += draft.len();
                            self.drafts.push(draft);
                        }
                        Err(buffer) => {
                            self.framed.give_back(buffer);
                            break;
                        }
                    }
                }
                if self.drafts.is_empty() {
                    break;
                }
                let mut queued = Ok(());
                state.session.seal(&mut self.drafts, |packet| {
                    if queued.is_ok() {
                        queued = self.framed.queue(packet, false);
                    }
                });
                drop(state);
                queued.map_err(|_| Close::Silently)?;
            }
        }
        Ok(())
    }

    async fn close(&mut self, close: Close) {
        if let Close::With(code) = close {
            // Answers to earlier packets of a peer that then goes wrong are still its own.
            let _ = self.transmit();
            let _ = self.framed.queue_transport_error(code);
        }
        self.carrier.detach();
        let _ = timeout(limits::WRITE, self.framed.shutdown()).await;
    }
}
