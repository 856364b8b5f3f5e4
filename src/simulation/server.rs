//! The servers: their keys, their sessions, and what an owner of sessions does with packets.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::BytesMut;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::body::{self, ANSWER, CALL, UPDATE};
use super::clock::MachineClock;
use super::dice::Dice;
use super::inspector::describe;
use super::ledger::{Execution, Receiver, Sender};
use super::network::Direction;
use super::violation::Invariant;
use super::world::{MS, S, Step, World};
use crate::clock::Now;
use crate::crypto::rsa::PrivateKey;
use crate::crypto::{AuthKey, Side, packet};
use crate::handshake::plain;
use crate::handshake::server::Options;
use crate::message::msg_id::Kind;
use crate::message::server::{self, Sizes};
use crate::message::{MsgId, SaltSchedule, ServerEvent, envelope};
use crate::tl::PacketBuf;

/// The RSA key of all servers.
pub(super) static RSA_KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(&mut StdRng::seed_from_u64(1)).expect("the generator is sound"));

/// The transport error for what no known key opens.
const UNKNOWN_KEY: i32 = -404;

/// A key and the salt that came with it.
#[derive(Clone)]
struct KeyEntry {
    key: Arc<AuthKey>,
    /// With the time of the server when it was made.
    first_salt: Option<(i64, Duration)>,
}

/// A session and the connection that it sends over.
pub(super) struct Live {
    pub(super) session: server::Session,
    connection: Option<u64>,
}

/// A server.
pub(super) struct Dc {
    pub(super) clock: MachineClock,
    /// How often it was restarted.
    pub(super) life: u32,
    secret: [u8; 32],
    keys: BTreeMap<i64, KeyEntry>,
    /// By the ids of the key and of the session.
    pub(super) sessions: BTreeMap<(i64, i64), Live>,
}

impl Dc {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            clock: MachineClock::default(),
            life: 0,
            secret: dice.bytes(),
            keys: BTreeMap::new(),
            sessions: BTreeMap::new(),
        }
    }

    /// Knows a key from before. Gives the salt that is current at `unix`.
    pub(super) fn add_key(&mut self, key: Arc<AuthKey>, period: Duration, unix: Duration) -> i64 {
        let id = key.id();
        self.keys.insert(id, KeyEntry { key, first_salt: None });
        self.salts(id, period).map_or(0, |salts| salts.current(unix))
    }

    pub(super) fn key(&self, id: i64) -> Option<&Arc<AuthKey>> {
        self.keys.get(&id).map(|entry| &entry.key)
    }

    fn salts(&self, key_id: i64, period: Duration) -> Option<SaltSchedule> {
        let entry = self.keys.get(&key_id)?;
        let salts = SaltSchedule::new(self.secret, &entry.key).with_period(period);
        Some(match entry.first_salt {
            Some((salt, created)) => salts.with_first(salt, created),
            None => salts,
        })
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.sessions.values().filter_map(|live| live.session.poll_timeout()).min()
    }

    pub(super) fn handle_timeout(&mut self, now: Duration) {
        let now = self.clock.now(now);
        for live in self.sessions.values_mut() {
            live.session.handle_timeout(now);
        }
    }

    /// A connection is gone.
    pub(super) fn detach(&mut self, connection: u64, now: Duration) {
        let now = self.clock.now(now);
        for live in self.sessions.values_mut().filter(|live| live.connection == Some(connection)) {
            live.connection = None;
            live.session.on_disconnected(now);
        }
    }
}

impl World<'_> {
    pub(super) fn server_now(&self, dc: usize) -> Now {
        self.dcs[dc].clock.now(self.now)
    }

    fn server_options(&self) -> server::Options {
        let options = server::Options::default();
        if self.plan.small_servers {
            server::Options { max_calls: 3, max_unacked: 24, max_unacked_bytes: 200_000, ..options }
        } else {
            options
        }
    }

    pub(super) fn server_receives(&mut self, id: u64, payload: BytesMut, quick_ack: bool) {
        let refusal = match packet::key_id(&payload) {
            None => Some("a packet without a key id".to_owned()),
            Some(0) => self.server_exchanges(id, payload).err(),
            Some(key_id) => self.server_opens(id, key_id, payload, quick_ack).err(),
        };
        if let Some(text) = refusal {
            self.alarm(id, &format!("the server refuses {text}"));
            self.refuse(id);
        }
    }

    fn refuse(&mut self, id: u64) {
        let mut out = PacketBuf::new();
        let codec = self.network.get(id).and_then(|connection| connection.sender(Direction::ToClient));
        if let Some(codec) = codec
            && codec.encode_transport_error(UNKNOWN_KEY, &mut out, self.dice.rng()).is_ok()
        {
            self.write_bytes(id, Direction::ToClient, out.to_vec());
        }
        self.server_closes(id);
    }

    /// A message of a key exchange.
    fn server_exchanges(&mut self, id: u64, payload: BytesMut) -> Result<(), String> {
        let Some(connection) = self.network.get(id) else { return Ok(()) };
        let dc = connection.dc;
        let body = plain::decode(&payload.freeze()).map_err(|error| error.to_string())?.body;
        let now = self.dcs[dc].clock.now(self.now);
        let options = Options::new(vec![RSA_KEY.clone()]);
        let keys = &self.dcs[dc].keys;
        let is_taken = |id| keys.contains_key(&id);
        let answer = connection
            .exchange
            .handle(body, &options, now, self.dice.rng(), &is_taken)
            .map_err(|error| error.to_string())?;
        if let Some(made) = answer.established {
            let key = Arc::new(made.auth_key);
            self.say(|| format!("DC {dc} has a new key, {:016x}", key.id()));
            self.ledger.grant_salt(key.id(), made.first_salt);
            let entry = KeyEntry { key: key.clone(), first_salt: Some((made.first_salt, now.unix)) };
            self.dcs[dc].keys.insert(key.id(), entry);
        }
        let mut packet = answer.packet;
        plain::encode(MsgId::at(now.unix, Kind::Answer).to_wire(), &mut packet);
        self.post(id, Direction::ToClient, packet.to_vec(), false);
        Ok(())
    }

    /// An encrypted packet.
    fn server_opens(
        &mut self,
        id: u64,
        key_id: i64,
        payload: BytesMut,
        quick_ack: bool,
    ) -> Result<(), String> {
        let Some(connection) = self.network.get(id) else { return Ok(()) };
        let dc = connection.dc;
        let key = self.dcs[dc].key(key_id).cloned().ok_or_else(|| format!("the key {key_id:016x}"))?;
        let sealed = payload.to_vec();
        let opened = envelope::open(&key, Side::Client, payload).map_err(|error| error.to_string())?;
        let now = self.server_now(dc);
        let session_id = opened.header.session_id;
        let token = quick_ack.then(|| opened.quick_ack_token(&key));
        let name = (key_id, session_id);
        if !self.dcs[dc].sessions.contains_key(&name) {
            let Some(salts) = self.dcs[dc].salts(key_id, self.plan.salt_period) else { return Ok(()) };
            let config = server::Config { auth_key: key, salts, options: self.server_options() };
            let session = server::Session::new(config, session_id, self.dice.rng());
            self.made.insert(session.unique_id());
            self.dcs[dc].sessions.insert(name, Live { session, connection: Some(id) });
        }
        let Some(live) = self.dcs[dc].sessions.get_mut(&name) else { return Ok(()) };
        if live.connection != Some(id) {
            live.connection = Some(id);
            live.session.on_connected(now);
        }
        let before = live.session.sizes().received;
        let result = live.session.handle_opened(now, opened);
        let used = live.session.sizes().received > before;
        let unique_id = live.session.unique_id();
        match result {
            Ok(()) => {}
            Err(error) if error.closes_connection() => return Err(error.to_string()),
            Err(_) => return Ok(()),
        }
        let receiver =
            Receiver { side: Side::Server, session_id, unique_id, unix: Some(now.unix), fresh: false };
        self.ledger.taken(&receiver, &sealed, used);
        if let Some(token) = token {
            let mut out = PacketBuf::new();
            let codec = self.network.get(id).and_then(|connection| connection.sender(Direction::ToClient));
            if let Some(codec) = codec
                && codec.encode_quick_ack(token, &mut out).is_ok()
            {
                self.write_bytes(id, Direction::ToClient, out.to_vec());
            }
        }
        self.server_events(dc, name);
        Ok(())
    }

    fn server_events(&mut self, dc: usize, name: (i64, i64)) {
        let life = self.dcs[dc].life;
        while let Some(live) = self.dcs[dc].sessions.get_mut(&name)
            && let Some(event) = live.session.poll_event()
        {
            match event {
                ServerEvent::Call { msg_id, body } => {
                    let sent_as = (name.1, msg_id);
                    let execution = Execution { life, unique_id: live.session.unique_id(), sent_as };
                    let number = body::number(CALL, &body);
                    self.say(|| format!("DC {dc} carries out call {number:?} ({msg_id})"));
                    self.ledger.executed(number, execution);
                    let Some(number) = number else { continue };
                    let at = self.now + self.dice.up_to(self.plan.slowest_answer);
                    let (key_id, session_id) = name;
                    self.schedule(at, Step::Answer { dc, life, key_id, session_id, msg_id, number });
                }
                ServerEvent::Idle => {
                    if let Some(id) = live.connection {
                        self.say(|| format!("DC {dc} closes the silent connection {id}"));
                        self.server_closes(id);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn answer(&mut self, dc: usize, life: u32, name: (i64, i64), msg_id: MsgId, number: u32) {
        if life != self.dcs[dc].life {
            return;
        }
        let now = self.server_now(dc);
        let body = body::make(ANSWER, number, &mut self.dice);
        let Some(live) = self.dcs[dc].sessions.get_mut(&name) else { return };
        match live.session.answer(now, msg_id, body) {
            Ok(_) => self.say(|| format!("DC {dc} answers call {number}")),
            // The answers before it wait for a connection.
            Err(crate::message::SendError::Full) if self.plan.small_servers => {
                let (key_id, session_id) = name;
                self.schedule(self.now + S, Step::Answer { dc, life, key_id, session_id, msg_id, number });
            }
            Err(error) => self.ledger.violate(Invariant::AnsweredOnce, format!("call {number}: {error}")),
        }
    }

    /// An update for the session of an end, if its DC knows it.
    pub(super) fn push(&mut self, end: usize, number: u32) {
        let dc = self.ends[end].dc;
        let now = self.server_now(dc);
        let body = body::make(UPDATE, number, &mut self.dice);
        let Some(session) = &self.ends[end].session else { return };
        let name = (session.auth_key().id(), session.session_id());
        let Some(live) = self.dcs[dc].sessions.get_mut(&name) else { return };
        if live.session.push(now, body).is_ok() {
            let unique_id = live.session.unique_id();
            self.ledger.pushed(number, unique_id);
            self.say(|| format!("DC {dc} sends update {number}"));
        }
    }

    pub(super) fn flush_dc(&mut self, dc: usize) {
        let now = self.server_now(dc);
        let mut packet = PacketBuf::new();
        let names: Vec<_> = self.dcs[dc].sessions.keys().copied().collect();
        for name in names {
            self.server_events(dc, name);
            while let Some(live) = self.dcs[dc].sessions.get_mut(&name)
                && let Some(connection) = live.connection
                && live.session.poll_transmit(now, self.dice.rng(), &mut packet)
            {
                let (key, unique_id) = (live.session.auth_key().clone(), live.session.unique_id());
                let salts = self.dcs[dc].salts(name.0, self.plan.salt_period);
                let salt = salts.map_or(0, |salts| salts.current(now.unix));
                let sender =
                    Sender { side: Side::Server, session_id: name.1, unique_id, unix: now.unix, salt };
                let what = self.ledger.sent(&key, &sender, packet.as_slice());
                self.say(|| format!("DC {dc} sends on connection {connection} {}", describe(&what)));
                self.post(connection, Direction::ToClient, packet.to_vec(), false);
            }
        }
    }

    pub(super) fn change_salts(&mut self, dc: usize) {
        self.say(|| format!("the salts of DC {dc} change"));
        self.dcs[dc].secret = self.dice.bytes();
        let names: Vec<_> = self.dcs[dc].sessions.keys().copied().collect();
        for name in names {
            let salts = self.dcs[dc].salts(name.0, self.plan.salt_period);
            if let (Some(salts), Some(live)) = (salts, self.dcs[dc].sessions.get_mut(&name)) {
                live.session.set_salts(salts);
            }
        }
    }

    /// The server forgets all sessions, and its sockets are gone, with all that was in them.
    pub(super) fn restart_server(&mut self, dc: usize) {
        self.say(|| format!("DC {dc} restarts"));
        for id in self.network.ids() {
            if self.network.get(id).is_some_and(|connection| connection.dc == dc) {
                self.server_closes(id);
            }
        }
        self.dcs[dc].sessions.clear();
        self.dcs[dc].life += 1;
    }

    /// How full the tables of a server's session may be.
    pub(super) fn server_bounds(&self) -> Sizes {
        let options = self.server_options();
        Sizes {
            calls: options.max_calls,
            unacked: options.max_unacked + 1,
            unacked_bytes: options.max_unacked_bytes + 64,
            acks: 8192,
            received: 4096,
            disowned: 4096,
        }
    }

    /// How long it takes a client to be there again.
    pub(super) fn outage(&mut self) -> Duration {
        MS + self.dice.up_to(self.plan.network.outage)
    }
}
