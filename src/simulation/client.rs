//! The clients: their machines, their sessions, and what an owner of a session does with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;

use super::body::{self, ANSWER, CALL, UPDATE};
use super::clock::MachineClock;
use super::dice::Dice;
use super::exchange::Exchanging;
use super::inspector::describe;
use super::ledger::{Ledger, Outcome, Receiver, Sender};
use super::network::{Connection, Direction};
use super::plan::{ClientPlan, Plan};
use super::server::Dc;
use super::stage::Stage;
use super::violation::Invariant;
use super::world::{MS, S, Step, World};
use crate::clock::Now;
use crate::crypto::{AuthKey, Side};
use crate::message::client::{self, CallOptions, Sizes};
use crate::message::{ClientEvent, Error, SendError, ServerTime};
use crate::tl::PacketBuf;

/// A machine.
pub(super) struct Client {
    pub(super) clock: MachineClock,
    /// When it wakes up, or has done so.
    wakes_at: Duration,
}

/// A session of a client, and what its process saves.
pub(super) struct End {
    pub(super) client: usize,
    pub(super) dc: usize,
    /// None until there is a key.
    pub(super) session: Option<client::Session>,
    /// The key exchange that is being made.
    pub(super) exchanging: Option<Exchanging>,
    /// The number of the connection, while there is one.
    pub(super) connection: Option<u64>,
    /// Other session ids before this one: of other processes, or renewed.
    pub(super) former_sessions: u32,
    /// How often its process was started again.
    processes: u32,
    /// Nothing was heard on this connection yet.
    pub(super) silent: bool,
    pub(super) saved: Saved,
    /// When the last connection was lost, while nothing was heard since.
    lost_at: Option<Duration>,
    /// How long it took each time from the end of a connection to the first word on another.
    pub(super) reconnects: Vec<Duration>,
    /// The same, from the moment on that the network was there again.
    pub(super) returns: Vec<Duration>,
    dialled_at: Duration,
    pub(super) connections: u32,
}

/// What a process leaves to the next one.
#[derive(Clone, Default)]
pub(super) struct Saved {
    pub(super) key: Option<Arc<AuthKey>>,
    pub(super) salt: i64,
    pub(super) offset: Option<i64>,
}

impl Client {
    /// A machine and its ends. The sessions with one DC share a key.
    pub(super) fn new(
        number: usize,
        plan: &ClientPlan,
        whole: &Plan,
        dcs: &mut [Dc],
        dice: &mut Dice,
        ledger: &mut Ledger,
    ) -> (Self, Vec<End>) {
        let clock = MachineClock::ahead_by(plan.skew);
        let mut keys: BTreeMap<usize, Saved> = BTreeMap::new();
        let mut ends = Vec::new();
        for &dc in &plan.sessions {
            let saved = keys.entry(dc).or_insert_with(|| {
                if plan.no_key {
                    return Saved::default();
                }
                let mut bytes = [0; 256];
                for chunk in bytes.chunks_mut(32) {
                    chunk.copy_from_slice(&dice.bytes::<32>());
                }
                let key = Arc::new(AuthKey::from_bytes(bytes));
                let unix = dcs[dc].clock.now(S).unix;
                let current = dcs[dc].add_key(key.clone(), whole.salt_period, unix);
                let salt = if plan.no_salt { 0 } else { current };
                ledger.grant_salt(key.id(), salt);
                Saved { key: Some(key), salt, offset: None }
            });
            let mut end = End {
                client: number,
                dc,
                session: None,
                exchanging: None,
                connection: None,
                former_sessions: 0,
                processes: 0,
                silent: true,
                saved: saved.clone(),
                lost_at: None,
                reconnects: Vec::new(),
                returns: Vec::new(),
                dialled_at: S,
                connections: 0,
            };
            end.begin_again(clock.now(S), dice);
            ends.push(end);
        }
        (Self { clock, wakes_at: Duration::ZERO }, ends)
    }
}

impl End {
    /// A process begins with what was saved.
    pub(super) fn begin_again(&mut self, now: Now, dice: &mut Dice) {
        let time = match self.saved.offset {
            Some(seconds) => ServerTime::from_offset(seconds, now),
            None => ServerTime::unsynchronised(now),
        };
        self.begin(time, now, dice);
    }

    /// Begins a session, if there is a key.
    pub(super) fn begin(&mut self, time: ServerTime, now: Now, dice: &mut Dice) {
        let Some(auth_key) = self.saved.key.clone() else { return };
        let options = client::Options { max_calls: MAX_CALLS, ..client::Options::default() };
        let config = client::Config { auth_key, salt: self.saved.salt, time, options };
        self.session = Some(client::Session::new(config, now, dice.rng()));
    }

    fn save(&mut self, now: Now) {
        if let Some(session) = &self.session {
            self.saved.salt = session.salt(now);
            self.saved.offset = session.time().is_synchronised().then(|| session.time().offset_seconds(now));
        }
    }
}

/// How many calls a session takes at a time.
const MAX_CALLS: usize = 24;

impl World<'_> {
    pub(super) fn client_now(&self, end: usize) -> Now {
        self.clients[self.ends[end].client].clock.now(self.now)
    }

    /// When an end wants to be called, as a true time.
    pub(super) fn timeout_of_end(&self, end: &End) -> Option<Duration> {
        let clock = &self.clients[end.client].clock;
        if clock.sleeps() {
            return None;
        }
        let due = end.session.as_ref()?.poll_timeout()?;
        Some(self.now + due.saturating_sub(clock.now(self.now).monotonic))
    }

    /// Names the process of an end, in the books.
    fn process(&self, end: usize) -> i64 {
        i64::from(self.ends[end].processes)
    }

    pub(super) fn make_call(&mut self, end: usize, number: u32) {
        let now = self.client_now(end);
        let asleep = self.clients[self.ends[end].client].clock.sleeps();
        let process = self.process(end);
        let quick_ack = self.plan.clients[self.ends[end].client].transport.has_quick_acks();
        let Some(session) = self.ends[end].session.as_mut().filter(|_| !asleep) else {
            let at = self.clients[self.ends[end].client].wakes_at.max(self.now + S);
            return self.schedule(at, Step::Call { end, number });
        };
        let repeatable = self.dice.chance(300);
        let quick_ack = quick_ack && self.dice.chance(200);
        let body = body::make(CALL, number, &mut self.dice);
        match session.call(now, body, CallOptions { repeatable, quick_ack }) {
            Ok(request) => {
                self.say(|| format!("end {end}: call {number}, repeatable: {repeatable}"));
                self.ledger.call(number, end, process, request, repeatable);
            }
            Err(SendError::Full) => {
                let at = self.now + S;
                self.schedule(at, Step::Call { end, number });
            }
            Err(error) => self.ledger.violate(Invariant::EveryCallEnds, format!("call {number}: {error}")),
        }
    }

    pub(super) fn cancel(&mut self, number: u32) {
        let Some(call) = self.ledger.calls().get(&number) else { return };
        let (end, request, over) = (call.end, call.request, call.outcome.is_some());
        let now = self.client_now(end);
        if over || self.clients[self.ends[end].client].clock.sleeps() {
            return;
        }
        if let Some(session) = &mut self.ends[end].session
            && session.cancel(now, request).is_some()
        {
            self.say(|| format!("end {end}: call {number} is cancelled"));
            self.ledger.ended(Some(number), Outcome::Cancelled, None);
        }
    }

    pub(super) fn connect(&mut self, end: usize) {
        let client = self.ends[end].client;
        if self.clients[client].clock.sleeps() {
            let at = self.clients[client].wakes_at + S;
            return self.schedule(at, Step::Connect { end });
        }
        if self.ends[end].connection.is_some() {
            return;
        }
        let dc = self.ends[end].dc;
        let kind = self.plan.clients[client].transport;
        let connection = Connection::open(end, dc, kind, &mut self.dice);
        let id = self.network.add(connection);
        self.say(|| format!("end {end}: connection {id} to DC {dc}"));
        let now = self.client_now(end);
        let entry = &mut self.ends[end];
        entry.connection = Some(id);
        entry.connections += 1;
        entry.silent = true;
        entry.dialled_at = self.now;
        match &mut entry.session {
            Some(session) => session.on_connected(now),
            None => self.begin_exchange(end, id),
        }
    }

    /// The connection of an end is gone; it dials again.
    pub(super) fn lose_connection(&mut self, end: usize, id: u64) {
        if self.ends[end].connection != Some(id) {
            return;
        }
        let now = self.client_now(end);
        let entry = &mut self.ends[end];
        entry.connection = None;
        entry.exchanging = None;
        entry.lost_at.get_or_insert(self.now);
        if let Some(session) = &mut entry.session {
            session.on_disconnected(now);
        }
        let at = self.now + if self.stage == Stage::Quiet { S } else { self.outage() };
        self.schedule(at, Step::Connect { end });
    }

    pub(super) fn client_receives(&mut self, id: u64, payload: BytesMut) {
        let Some(end) = self.network.get(id).map(|connection| connection.end) else { return };
        let now = self.client_now(end);
        let entry = &mut self.ends[end];
        let Some(session) = &mut entry.session else { return self.client_exchanges(end, id, payload) };
        let sealed = payload.to_vec();
        let before = session.sizes().received;
        let time = session.time();
        let session_id = session.session_id();
        let result = session.handle_packet(now, payload);
        let used = session.sizes().received > before;
        match result {
            Ok(()) => {
                let unix = time.is_synchronised().then(|| time.unix(now));
                let fresh = std::mem::take(&mut entry.silent);
                if let Some(lost) = entry.lost_at.take() {
                    entry.reconnects.push(self.now - lost);
                    entry.returns.push(self.now - entry.dialled_at);
                }
                let receiver =
                    Receiver { side: Side::Client, session_id, unique_id: session_id, unix, fresh };
                self.ledger.taken(&receiver, &sealed, used);
            }
            Err(error) if error.closes_connection() => {
                // What a server says after its clock was set forward may be too far ahead for who knows only old words.
                let set = self.plan.dcs[self.ends[end].dc].clock_step > 0;
                if set && matches!(error, Error::TimeWindow { .. }) {
                    return self.client_closes(id);
                }
                self.alarm(id, &format!("the client refuses: {error}"));
                self.client_closes(id);
            }
            Err(_) => {}
        }
    }

    pub(super) fn flush_end(&mut self, end: usize) {
        if self.clients[self.ends[end].client].clock.sleeps() {
            return;
        }
        let now = self.client_now(end);
        let mut packet = PacketBuf::new();
        while let Some(session) = &mut self.ends[end].session
            && let Some(transmit) = session.poll_transmit(now, self.dice.rng(), &mut packet)
        {
            let (key, unix) = (session.auth_key().clone(), session.time().unix(now));
            let session_id = session.session_id();
            let sender = Sender { side: Side::Client, session_id, unique_id: 0, unix, salt: 0 };
            let what = self.ledger.sent(&key, &sender, packet.as_slice());
            self.say(|| format!("end {end} sends {}", describe(&what)));
            match self.ends[end].connection {
                Some(id) => self.post(id, Direction::ToServer, packet.to_vec(), transmit.quick_ack),
                None => self.ledger.violate(Invariant::Progress, "a packet without a connection"),
            }
        }
        while let Some(session) = &mut self.ends[end].session
            && let Some(event) = session.poll_event()
        {
            self.say(|| format!("end {end}: {event:?}"));
            self.client_event(end, now, event);
        }
    }

    fn client_event(&mut self, end: usize, now: Now, event: ClientEvent) {
        let process = self.process(end);
        match event {
            ClientEvent::Answer { request, result } => {
                let number = self.ledger.number(end, process, request);
                let answer = result.ok().and_then(|body| body::number(ANSWER, &body));
                self.ledger.ended(number, Outcome::Answered, answer);
            }
            ClientEvent::Failed { request, reason } => {
                let number = self.ledger.number(end, process, request);
                self.ledger.ended(number, Outcome::Failed(reason), None);
            }
            ClientEvent::Update(body) => self.ledger.update(body::number(UPDATE, &body)),
            ClientEvent::NewSession { unique_id } if !self.made.contains(&unique_id) => {
                self.ledger.violate(Invariant::NoForgery, "a session that no server has made");
            }
            ClientEvent::NewSession { unique_id } => {
                self.heard.entry(unique_id).or_insert(self.now);
            }
            ClientEvent::SessionRenewed { .. } => self.ends[end].former_sessions += 1,
            ClientEvent::SaltChanged { .. } | ClientEvent::TimeChanged => self.ends[end].save(now),
            ClientEvent::ConnectionDead => self.cut(end),
            _ => {}
        }
    }

    /// The process ends, without a word to anybody, and another one begins.
    pub(super) fn restart_client(&mut self, client: usize) {
        if self.clients[client].clock.sleeps() {
            return;
        }
        self.say(|| format!("client {client} restarts"));
        for end in 0..self.ends.len() {
            if self.ends[end].client != client || self.ends[end].session.is_none() {
                continue;
            }
            self.cut(end);
            let abandoned = self.ledger.calls().iter();
            let abandoned = abandoned.filter(|(_, call)| call.end == end && call.outcome.is_none());
            let abandoned: Vec<_> = abandoned.map(|(&number, _)| number).collect();
            for number in abandoned {
                self.ledger.ended(Some(number), Outcome::Abandoned, None);
            }
            let now = self.client_now(end);
            let entry = &mut self.ends[end];
            entry.processes += 1;
            entry.former_sessions += 1;
            entry.begin_again(now, &mut self.dice);
        }
    }

    /// The machine sleeps: its clock stands still, and its connections are gone when it wakes up.
    pub(super) fn fall_asleep(&mut self, client: usize) {
        let how_long = self.plan.clients[client].sleep;
        self.say(|| format!("client {client} sleeps for {how_long:?}"));
        for end in 0..self.ends.len() {
            if self.ends[end].client == client {
                self.cut(end);
            }
        }
        self.clients[client].clock.fall_asleep(self.now);
        let at = self.now + how_long;
        self.clients[client].wakes_at = at;
        self.schedule(at, Step::WakeUp { client });
    }

    /// How full the tables of a client's session may be.
    pub(super) fn client_bounds() -> Sizes {
        Sizes {
            calls: MAX_CALLS,
            call_bytes: MAX_CALLS * 41_000,
            acks: 8192,
            received: 4096,
            sent: 4096,
            salts: 65,
        }
    }

    /// How long a key exchange may take.
    pub(super) fn exchange_limit() -> Duration {
        30 * S + MS
    }
}
