//! What a connection does with packets, however they travel: key exchanges, and the sessions that it carries.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::BytesMut;
use tokio::{net::TcpStream, sync::Notify};

use super::{
    hold::Wait,
    hub::Hub,
    key_exchange::KeyExchange,
    keys::KeyEntry,
    limits,
    sessions::{Live, Way},
};
use crate::{
    crypto::Side,
    handshake::server::Options,
    message::{ServerEvent, envelope},
    tl::PacketBuf,
};

/// The transport error for a key that is not known, and for packets that it does not open (interop rules 4, 12).
pub(super) const UNKNOWN_KEY: i32 = -404;

/// The transport error for too many connections or sessions.
const FLOOD: i32 = -429;

/// Why a connection is closed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Close {
    /// The peer has closed it, broken the framing, or been silent for too long.
    Silently,
    /// After this transport error.
    With(i32),
}

/// The two addresses of a connection, those of IPv4 as such also on a listener for both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    peer: Option<IpAddr>,
    local: Option<IpAddr>,
}

impl Ends {
    /// Those of a socket.
    pub fn of(stream: &TcpStream) -> Self {
        let ip =
            |address: std::io::Result<SocketAddr>| address.ok().map(|address| address.ip().to_canonical());
        Self { peer: ip(stream.peer_addr()), local: ip(stream.local_addr()) }
    }
}

/// What came of an encrypted packet.
pub(super) struct Taken {
    /// Its session.
    pub live: Arc<Live>,
    /// The token of the quick ack, if one was asked for and the packet was taken.
    pub quick_ack: Option<u32>,
    /// What its `http_wait` asks for, if there is one.
    pub wait: Option<Wait>,
}

/// The part of a connection that knows nothing of its transport.
pub(super) struct Carrier {
    pub hub: Arc<Hub>,
    /// The number of the connection.
    pub id: u64,
    dc: i32,
    ends: Ends,
    way: Way,
    exchange: KeyExchange,
    /// The key of the last packet: nearly always that of the next one, too.
    key: Option<Arc<KeyEntry>>,
    /// The sessions whose packets have come in.
    pub sessions: Vec<Arc<Live>>,
    /// Told when a session may have something to send.
    pub wake: Arc<Notify>,
    /// A packet under a known key has come in.
    pub greeted: bool,
}

impl Carrier {
    /// For a new connection.
    pub fn new(hub: Arc<Hub>, dc: i32, options: Arc<Options>, ends: Ends, way: Way) -> Self {
        let id = hub.connection_ids.fetch_add(1, Ordering::Relaxed);
        Self {
            exchange: KeyExchange::new(dc, options),
            hub,
            id,
            dc,
            ends,
            way,
            key: None,
            sessions: Vec::new(),
            wake: Arc::new(Notify::new()),
            greeted: false,
        }
    }

    /// Answers a message of a key exchange.
    pub async fn plain(&mut self, packet: BytesMut) -> Result<PacketBuf, Close> {
        self.exchange.handle(&self.hub, packet).await.map_err(|error| {
            tracing::debug!(dc = self.dc, %error, "key exchange refused");
            Close::With(error.transport_code())
        })
    }

    /// Takes an encrypted packet and does what it wants done; the answers wait in its session.
    pub fn encrypted(&mut self, key_id: i64, packet: BytesMut, quick_ack: bool) -> Result<Taken, Close> {
        let now = self.hub.clock.now();
        let unix = i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX);
        let cached = self.key.take().filter(|key| key.key.id() == key_id && key.is_valid(unix));
        let key = cached.or_else(|| self.hub.world().keys.get(key_id, self.dc, unix));
        let key = key.ok_or(Close::With(UNKNOWN_KEY))?;
        let opened = envelope::open(&key.key, Side::Client, packet).map_err(|_| Close::With(UNKNOWN_KEY))?;
        let live = self.session(&key, opened.header.session_id)?;
        self.greeted = true;
        self.exchange.forget_answers();
        let token = quick_ack.then(|| opened.quick_ack_token(&key.key));
        let events: Vec<_> = {
            let mut state = live.lock();
            state.attach(now, self.id, self.way, &self.wake);
            state.caller.ip = self.ends.peer;
            state.caller.reached = self.ends.local;
            match state.session.handle_opened(now, opened) {
                Ok(()) => {}
                Err(error) if error.closes_connection() => {
                    tracing::debug!(%error, "packet refused");
                    return Err(Close::With(UNKNOWN_KEY));
                }
                Err(_) => return Ok(Taken { live: Arc::clone(&live), quick_ack: None, wait: None }),
            }
            // Under the same lock: another connection of the session must not take what this packet has caused.
            std::iter::from_fn(|| state.session.poll_event()).collect()
        };
        self.key = Some(key);
        let wait = self.events(&live, events)?;
        Ok(Taken { live, quick_ack: token, wait })
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

    /// Does what a session wants done; gives the wait that it was asked for last.
    fn events(&self, live: &Arc<Live>, events: Vec<ServerEvent>) -> Result<Option<Wait>, Close> {
        let mut wait = None;
        for event in events {
            match event {
                ServerEvent::Call { msg_id, body } => {
                    if let Some(work) = self.hub.call(live, msg_id, body, true) {
                        let (hub, live) = (Arc::clone(&self.hub), Arc::clone(live));
                        tokio::spawn(async move { hub.go_on(&live, msg_id, work).await });
                    }
                }
                ServerEvent::HttpWait { max_delay, wait_after, max_wait } => {
                    wait = Some(Wait::new(max_delay, wait_after, max_wait));
                }
                ServerEvent::Idle => return Err(Close::Silently),
                _ => {}
            }
        }
        Ok(wait)
    }

    /// When [`timers`](Self::timers) wants to be called, on the monotonic clock.
    pub fn next_timeout(&self) -> Option<Duration> {
        let due = |live: &Arc<Live>| {
            let state = live.lock();
            if state.sends_over(self.id) { state.session.poll_timeout() } else { None }
        };
        self.sessions.iter().filter_map(due).min()
    }

    /// Lets the sessions do what it is time for.
    pub fn timers(&self) -> Result<(), Close> {
        let now = self.hub.clock.now();
        for live in &self.sessions {
            let events = {
                let mut state = live.lock();
                if !state.sends_over(self.id) {
                    continue;
                }
                state.session.handle_timeout(now);
                std::iter::from_fn(|| state.session.poll_event()).collect()
            };
            self.events(live, events)?;
        }
        Ok(())
    }

    /// The connection carries nothing any more.
    pub fn detach(&mut self) {
        let now = self.hub.clock.now();
        for live in self.sessions.drain(..) {
            live.lock().detach(now, self.id);
        }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.detach();
    }
}
