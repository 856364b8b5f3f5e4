//! One connection: frames in, frames out, and between them the sessions it carries.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    net::TcpStream,
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

use super::{hub::Hub, key_exchange::KeyExchange, keys::KeyEntry, limits, sessions::Live, strangers};
use crate::{
    crypto::{Side, packet},
    handshake::server::Options,
    message::{ServerEvent, envelope},
    net::{BoxStream, Framed, Welcome, greet},
    transport::Frame,
};

/// The transport error for a key that is not known, and for packets that it does not open (interop rules 4, 12).
const UNKNOWN_KEY: i32 = -404;

/// The transport error for too many connections or sessions.
const FLOOD: i32 = -429;

/// Why a connection is closed.
enum Close {
    /// The peer has closed it, broken the framing, or been silent for too long.
    Silently,
    /// After this transport error.
    With(i32),
}

/// Serves a connection until it ends.
pub(super) async fn serve(hub: Arc<Hub>, dc: i32, options: Arc<Options>, stream: TcpStream) {
    let mut cut = hub.cut.subscribe();
    cut.mark_unchanged();
    // Answers are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let ip = stream.peer_addr().ok().map(|peer| peer.ip());
    let greeted = timeout(limits::GREETING, greet(Box::new(stream) as BoxStream, &hub.doorkeeper));
    let Welcome { framed, secret, dc: wanted } = tokio::select! {
        greeted = greeted => match greeted {
            Ok(Ok(welcome)) => welcome,
            Ok(Err(stranger)) => {
                tokio::select! {
                    () = strangers::turn_away(stranger, hub.site.as_ref()) => {}
                    _ = cut.changed() => {}
                }
                return;
            }
            Err(_) => return,
        },
        _ = cut.changed() => return,
    };
    // Who comes with a secret is at an MTProxy, which here has all DCs behind it.
    let (dc, options) = match (secret, wanted.and_then(|number| hub.dc_of(number))) {
        (None, _) => (dc, options),
        (Some(_), None) => return,
        (Some(_), Some(wanted)) => {
            let strict = options.dc.map(|_| wanted);
            (wanted, Arc::new(Options { dc: strict, ..Options::clone(&options) }))
        }
    };
    let id = hub.connection_ids.fetch_add(1, Ordering::Relaxed);
    let mut connection = Connection {
        exchange: KeyExchange::new(dc, options),
        hub,
        id,
        dc,
        ip,
        framed,
        key: None,
        sessions: Vec::new(),
        wake: Arc::new(Notify::new()),
        heard: Instant::now(),
        greeted: false,
    };
    tokio::select! {
        close = connection.run() => connection.close(close).await,
        _ = cut.changed() => connection.detach(),
    }
}

struct Connection {
    hub: Arc<Hub>,
    id: u64,
    dc: i32,
    ip: Option<IpAddr>,
    framed: Framed<BoxStream>,
    exchange: KeyExchange,
    /// The key of the last packet: nearly always that of the next one, too.
    key: Option<Arc<KeyEntry>>,
    sessions: Vec<Arc<Live>>,
    wake: Arc<Notify>,
    heard: Instant,
    /// A packet under a known key has come in.
    greeted: bool,
}

impl Connection {
    async fn run(&mut self) -> Close {
        loop {
            if let Err(close) = self.transmit() {
                return close;
            }
            if self.framed.queued() > limits::OUTPUT {
                // A peer that does not read its answers gets no more of them made.
                match timeout(limits::WRITE, self.framed.flush()).await {
                    Ok(Ok(())) => continue,
                    _ => return Close::Silently,
                }
            }
            let silence = if self.greeted { self.hub.limits.idle } else { limits::GREETING };
            let deadline = self.heard + silence;
            let timer = self.next_timeout().map_or(deadline, |due| self.hub.clock.instant(due).min(deadline));
            tokio::select! {
                frame = self.framed.next() => {
                    let handled = match frame {
                        Ok(Frame::Packet { payload, quick_ack }) => self.packet(payload, quick_ack).await,
                        // Only servers send these.
                        Ok(Frame::QuickAck(_) | Frame::TransportError(_)) => Err(Close::Silently),
                        Err(error) => {
                            tracing::debug!(%error, "connection over");
                            Err(Close::Silently)
                        }
                    };
                    // What this side took to answer, with many at its door, is no silence of the peer's.
                    self.heard = Instant::now();
                    if let Err(close) = handled {
                        return close;
                    }
                }
                () = self.wake.notified() => {}
                () = sleep_until(timer) => {
                    if Instant::now() >= deadline {
                        return Close::Silently;
                    }
                    if let Err(close) = self.timers() {
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
                let answer = self.exchange.handle(&self.hub, packet).await;
                let answer = answer.map_err(|error| {
                    tracing::debug!(dc = self.dc, %error, "key exchange refused");
                    Close::With(error.transport_code())
                })?;
                self.framed.queue(answer, false).map_err(|_| Close::Silently)
            }
            Some(key_id) => self.encrypted(key_id, packet, quick_ack).await,
        }
    }

    async fn encrypted(&mut self, key_id: i64, packet: BytesMut, quick_ack: bool) -> Result<(), Close> {
        let now = self.hub.clock.now();
        let unix = i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX);
        let cached = self.key.take().filter(|key| key.key.id() == key_id && key.is_valid(unix));
        let key = cached.or_else(|| self.hub.world().keys.get(key_id, self.dc, unix));
        let key = key.ok_or(Close::With(UNKNOWN_KEY))?;
        let opened = envelope::open(&key.key, Side::Client, packet).map_err(|_| Close::With(UNKNOWN_KEY))?;
        let live = self.session(&key, opened.header.session_id)?;
        self.greeted = true;
        let token = quick_ack.then(|| opened.quick_ack_token(&key.key));
        {
            let mut state = live.lock();
            state.attach(now, self.id, &self.wake);
            state.caller.ip = self.ip;
            match state.session.handle_opened(now, opened) {
                Ok(()) => {}
                Err(error) if error.closes_connection() => {
                    tracing::debug!(%error, "packet refused");
                    return Err(Close::With(UNKNOWN_KEY));
                }
                Err(_) => return Ok(()),
            }
        }
        self.key = Some(key);
        if let Some(token) = token {
            self.framed.queue_quick_ack(token).map_err(|_| Close::Silently)?;
        }
        self.events(&live)
    }

    /// The session of a packet, noted as one that this connection carries.
    fn session(&mut self, key: &Arc<KeyEntry>, session_id: i64) -> Result<Arc<Live>, Close> {
        if let Some(live) =
            self.sessions.iter().find(|l| l.session_id == session_id && Arc::ptr_eq(&l.key, key))
        {
            return Ok(Arc::clone(live));
        }
        if self.sessions.len() >= limits::SESSIONS_PER_CONNECTION {
            return Err(Close::With(FLOOD));
        }
        let live = self.hub.session(self.hub.clock.now(), key, session_id).ok_or(Close::With(FLOOD))?;
        self.sessions.push(Arc::clone(&live));
        Ok(live)
    }

    /// Does what a session wants done.
    fn events(&self, live: &Arc<Live>) -> Result<(), Close> {
        loop {
            let event = live.lock().session.poll_event();
            match event {
                None => return Ok(()),
                Some(ServerEvent::Call { msg_id, body }) => {
                    if let Some(work) = self.hub.call(live, msg_id, body, true) {
                        let (hub, live) = (Arc::clone(&self.hub), Arc::clone(live));
                        tokio::spawn(async move { hub.go_on(&live, msg_id, work).await });
                    }
                }
                Some(ServerEvent::Idle) => return Err(Close::Silently),
                Some(_) => {}
            }
        }
    }

    fn next_timeout(&self) -> Option<Duration> {
        let due = |live: &Arc<Live>| {
            let state = live.lock();
            if state.sends_over(self.id) { state.session.poll_timeout() } else { None }
        };
        self.sessions.iter().filter_map(due).min()
    }

    fn timers(&self) -> Result<(), Close> {
        let now = self.hub.clock.now();
        for live in &self.sessions {
            {
                let mut state = live.lock();
                if !state.sends_over(self.id) {
                    continue;
                }
                state.session.handle_timeout(now);
            }
            self.events(live)?;
        }
        Ok(())
    }

    /// Takes from the sessions what they have to send, as much as the peer can be expected to take.
    fn transmit(&mut self) -> Result<(), Close> {
        let now = self.hub.clock.now();
        let mut rng = rand::rng();
        for live in &self.sessions {
            while self.framed.queued() <= limits::OUTPUT {
                let mut packet = self.framed.buffer();
                let mut state = live.lock();
                if !state.sends_over(self.id) || !state.session.poll_transmit(now, &mut rng, &mut packet) {
                    break;
                }
                drop(state);
                self.framed.queue(packet, false).map_err(|_| Close::Silently)?;
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
        self.detach();
        let _ = timeout(limits::WRITE, self.framed.shutdown()).await;
    }

    fn detach(&mut self) {
        let now = self.hub.clock.now();
        for live in self.sessions.drain(..) {
            live.lock().detach(now, self.id);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.detach();
    }
}
