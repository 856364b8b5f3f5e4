//! The client's and the server's end of a session, joined by a network and clocks that misbehave.
//!
//! Everything is made from a seed: delays, reordering, duplicates, lost packets, cut connections, packets
//! that arrive after their connection is gone, clocks that are off, changed salts, a server that restarts
//! and has forgotten its sessions. What must hold in every run:
//!
//! - each call ends once, with its own answer or with a reason;
//! - a call that was answered was carried out exactly once, one whose outcome is unknown at most once,
//!   unless it was marked repeatable, or the server has lost a session before the client heard of it;
//! - calls fail only when the server has lost a session, or its word that it has refused them is lost;
//! - each update of a session that lives on arrives exactly once;
//! - no packet of the one is refused by the other as hostile.
//!
//! A failure names its seed: `SIMULATION_SEED=n cargo test --test simulation -- --nocapture` runs that one and
//! prints it. `SIMULATION_SCALE=50` runs fifty times as many seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mtwire::clock::Now;
use mtwire::crypto::{AuthKey, Side};
use mtwire::message::client::{self, CallOptions};
use mtwire::message::server;
use mtwire::message::{
    ClientEvent, Failure, MsgId, RequestId, SaltSchedule, ServerEvent, ServerTime, envelope,
};
use mtwire::tl::PacketBuf;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);
/// The server's clock at the beginning, seconds since the epoch.
const EPOCH: Duration = Duration::from_secs(1_800_000_000);
/// When the last call is made at the latest.
const BUSY: Duration = Duration::from_secs(60);
/// By then all calls must be over.
const DEADLINE: Duration = Duration::from_secs(3600);

/// What can go wrong in a run.
#[derive(Debug)]
struct Faults {
    /// Delays of packets: mostly below this.
    delay: Duration,
    /// Packets overtake each other.
    reorder: bool,
    /// In 1000 packets.
    duplicates: u32,
    /// In 1000 packets, lost although the connection lives on.
    losses: u32,
    /// How often a connection is cut.
    cuts: u32,
    /// How often the server forgets all sessions.
    restarts: u32,
    /// How often all salts become invalid.
    salt_changes: u32,
    /// The client's wall clock minus the server's, in seconds.
    skew: i64,
    /// The client's monotonic clock stands still for so long in the middle of the run.
    sleep: Duration,
    /// The client begins without a salt.
    no_salt: bool,
}

impl Faults {
    /// Whether a client can be left in doubt about a call: the server has lost a session; the client takes
    /// another session id and does not wait for what is late; or the server has refused a packet, and that
    /// word is lost as well as its greeting, on a connection that lives on.
    fn leave_doubts(&self) -> bool {
        let slept = !self.sleep.is_zero();
        let late_words = self.cuts > 0 || self.losses > 0 || slept || self.delay > S;
        let refusals = self.no_salt || self.salt_changes > 0 || self.skew < -200 || slept;
        self.restarts > 0 || self.skew > 20 && late_words || refusals && self.losses > 0
    }

    fn draw(rng: &mut StdRng) -> Self {
        Self {
            delay: [20, 200, 3000][below(rng, 3)] * MS,
            reorder: chance(rng, 500),
            duplicates: [0, 0, 50, 300][below(rng, 4)],
            losses: [0, 0, 20, 200][below(rng, 4)],
            cuts: [0, 1, 3, 12][below(rng, 4)],
            restarts: [0, 0, 1, 3][below(rng, 4)],
            salt_changes: [0, 0, 1, 4][below(rng, 4)],
            skew: [0, 0, 10, -10, 100_000, -100_000, -400, 400][below(rng, 8)],
            sleep: [0, 0, 0, 900][below(rng, 4)] * S,
            no_salt: chance(rng, 500),
        }
    }
}

fn below(rng: &mut StdRng, end: usize) -> usize {
    (rng.next_u64() % end as u64) as usize
}

fn chance(rng: &mut StdRng, of_1000: u32) -> bool {
    rng.next_u32() % 1000 < of_1000
}

fn up_to(rng: &mut StdRng, longest: Duration) -> Duration {
    longest * (rng.next_u32() % 1000) / 1000
}

#[derive(Debug)]
enum Step {
    ToServer { connection: u64, packet: Vec<u8> },
    ToClient { connection: u64, packet: Vec<u8> },
    Call { number: u32, repeatable: bool },
    Answer { life: u32, session: i64, msg_id: MsgId, number: u32 },
    Push { number: u32 },
    Cut,
    Restart,
    ChangeSalts,
    Connect,
    Sleep,
}

struct CallLog {
    repeatable: bool,
    outcome: Option<Result<(), Failure>>,
}

struct World {
    rng: StdRng,
    faults: Faults,
    now: Duration,
    slept: Duration,
    steps: BTreeMap<(Duration, u64), Step>,
    counter: u64,
    key: Arc<AuthKey>,
    salts: SaltSchedule,
    client: client::Session,
    /// The number of the connection, while there is one.
    connection: Option<u64>,
    connections: u64,
    sessions: BTreeMap<i64, (server::Session, u64)>,
    /// Counts the restarts of the server.
    life: u32,
    last_arrival: [Duration; 2],
    calls: BTreeMap<u32, CallLog>,
    numbers: BTreeMap<RequestId, u32>,
    /// The lives of the server in which a call was carried out.
    executed: BTreeMap<u32, Vec<u32>>,
    /// The life of the server that a session belongs to, by its `unique_id`.
    lives: BTreeMap<i64, u32>,
    /// The lives of which the client has heard.
    heard: BTreeSet<u32>,
    /// Updates sent in the present life of the server, and all that have arrived.
    pushed: BTreeSet<u32>,
    updates: BTreeMap<u32, u32>,
    packets: u32,
    turns: u32,
    verbose: bool,
}

/// A call or an update: some constructor, and its number.
fn body(constructor: u32, number: u32, length: usize) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.extend_from_slice(&constructor.to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.resize(8 + length / 4 * 4, 0xa5);
    bytes.freeze()
}

fn number(body: &[u8]) -> u32 {
    u32::from_le_bytes(body[4..8].try_into().unwrap())
}

const CALL: u32 = 0x1111_1111;
const ANSWER: u32 = 0x2222_2222;
const UPDATE: u32 = 0x3333_3333;

impl World {
    fn new(seed: u64, verbose: bool) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let faults = Faults::draw(&mut rng);
        let key = Arc::new(AuthKey::from_bytes(std::array::from_fn(|at| at as u8)));
        let salts = SaltSchedule::new([0; 32], &key);
        let skew = faults.skew;
        let start = Now {
            monotonic: S,
            unix: Duration::from_secs(EPOCH.as_secs().checked_add_signed(skew).unwrap()),
        };
        let config = client::Config {
            auth_key: key.clone(),
            salt: if faults.no_salt { 0 } else { salts.current(EPOCH) },
            time: ServerTime::unsynchronised(start),
            options: client::Options::default(),
        };
        let client = client::Session::new(config, start, &mut rng);
        Self {
            rng,
            faults,
            now: S,
            slept: Duration::ZERO,
            steps: BTreeMap::new(),
            counter: 0,
            key,
            salts,
            client,
            connection: None,
            connections: 0,
            sessions: BTreeMap::new(),
            life: 0,
            last_arrival: [Duration::ZERO; 2],
            calls: BTreeMap::new(),
            numbers: BTreeMap::new(),
            executed: BTreeMap::new(),
            lives: BTreeMap::new(),
            heard: BTreeSet::new(),
            pushed: BTreeSet::new(),
            updates: BTreeMap::new(),
            packets: 0,
            turns: 0,
            verbose,
        }
    }

    fn client_now(&self) -> Now {
        let server = EPOCH + self.now;
        Now {
            monotonic: self.now - self.slept,
            unix: Duration::from_secs(server.as_secs().checked_add_signed(self.faults.skew).unwrap()),
        }
    }

    fn server_now(&self) -> Now {
        Now { monotonic: self.now, unix: EPOCH + self.now }
    }

    fn log(&self, text: impl FnOnce() -> String) {
        if self.verbose {
            let text: String = text().chars().take(120).collect();
            println!("{:>10.3} {text}", self.now.as_secs_f64());
        }
    }

    fn schedule(&mut self, at: Duration, step: Step) {
        self.counter += 1;
        self.steps.insert((at, self.counter), step);
    }

    /// Draws the script of the run and plays it.
    fn run(mut self) {
        self.log(|| format!("{:?}", self.faults));
        let calls = 10 + below(&mut self.rng, 40) as u32;
        for number in 0..calls {
            let at = up_to(&mut self.rng, BUSY);
            let repeatable = chance(&mut self.rng, 300);
            self.schedule(at, Step::Call { number, repeatable });
        }
        for number in 0..calls / 2 {
            let at = up_to(&mut self.rng, BUSY);
            self.schedule(at, Step::Push { number });
        }
        for _ in 0..self.faults.cuts {
            let at = up_to(&mut self.rng, BUSY * 2);
            self.schedule(at, Step::Cut);
        }
        for _ in 0..self.faults.restarts {
            let at = up_to(&mut self.rng, BUSY);
            self.schedule(at, Step::Restart);
        }
        for _ in 0..self.faults.salt_changes {
            let at = up_to(&mut self.rng, BUSY);
            self.schedule(at, Step::ChangeSalts);
        }
        if !self.faults.sleep.is_zero() {
            let at = up_to(&mut self.rng, BUSY);
            self.schedule(at, Step::Sleep);
        }
        self.schedule(S, Step::Connect);
        // A last connection for what was lost without being missed.
        self.schedule(DEADLINE - 300 * S, Step::Cut);

        while self.now < DEADLINE {
            self.flush();
            let timers = [
                self.steps.first_key_value().map(|(&(at, _), _)| at),
                self.client.poll_timeout().map(|at| at + self.slept),
                self.sessions.values().filter_map(|(session, _)| session.poll_timeout()).min(),
            ];
            let Some(next) = timers.into_iter().flatten().min() else { break };
            self.now = self.now.max(next);
            let now = self.client_now();
            self.client.handle_timeout(now);
            let now = self.server_now();
            for (session, _) in self.sessions.values_mut() {
                session.handle_timeout(now);
            }
            if self.steps.first_key_value().is_some_and(|(&(at, _), _)| at <= self.now) {
                let (_, step) = self.steps.pop_first().unwrap();
                self.step(step);
            }
            self.check_progress();
        }
        self.check();
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Call { number, repeatable } => {
                self.log(|| format!("call {number}, repeatable: {repeatable}"));
                let options = CallOptions { repeatable, quick_ack: false };
                let length = [0, 0, 0, 2000, 40_000][below(&mut self.rng, 5)];
                let now = self.client_now();
                let request = self.client.call(now, body(CALL, number, length), options).unwrap();
                self.numbers.insert(request, number);
                self.calls.insert(number, CallLog { repeatable, outcome: None });
            }
            Step::ToServer { connection, packet } => self.deliver_to_server(connection, &packet),
            Step::ToClient { connection, packet } => {
                if self.connection == Some(connection) {
                    let now = self.client_now();
                    let result = self.client.handle_packet(now, BytesMut::from(&packet[..]));
                    assert!(result.is_ok() || !result.unwrap_err().closes_connection(), "{result:?}");
                }
            }
            Step::Answer { life, session, msg_id, number } => {
                if life == self.life {
                    self.log(|| format!("server answers {number}"));
                    let length = [0, 0, 0, 2000, 40_000][below(&mut self.rng, 5)];
                    let now = self.server_now();
                    let (session, _) = self.sessions.get_mut(&session).unwrap();
                    session.answer(now, msg_id, body(ANSWER, number, length)).unwrap();
                }
            }
            Step::Push { number } => {
                let now = self.server_now();
                let id = self.client.session_id();
                if let Some((session, _)) = self.sessions.get_mut(&id) {
                    session.push(now, body(UPDATE, number, 0)).unwrap();
                    self.pushed.insert(number);
                }
            }
            Step::Cut => self.cut(),
            Step::Restart => {
                self.log(|| "server restarts".into());
                self.cut();
                // Its sockets are gone, with all that was in them.
                self.steps.retain(|_, step| !matches!(step, Step::ToServer { .. }));
                self.sessions.clear();
                self.pushed.clear();
                self.life += 1;
            }
            Step::ChangeSalts => {
                self.log(|| "salts change".into());
                let secret = [self.rng.next_u32() as u8; 32];
                self.salts = SaltSchedule::new(secret, &self.key);
                for (session, _) in self.sessions.values_mut() {
                    session.set_salts(self.salts.clone());
                }
            }
            Step::Connect => {
                if self.connection.is_none() {
                    self.connections += 1;
                    self.connection = Some(self.connections);
                    self.log(|| format!("connection {}", self.connections));
                    let now = self.client_now();
                    self.client.on_connected(now);
                }
            }
            Step::Sleep => {
                self.log(|| "the client sleeps".into());
                self.slept += self.faults.sleep;
                self.now += self.faults.sleep;
                self.cut();
            }
        }
    }

    /// Ends the connection. What is on its way to the client is lost; what is on its way to the server may
    /// still arrive, later than anything of the next connection.
    fn cut(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        self.log(|| format!("connection {connection} is cut"));
        let now = self.client_now();
        self.client.on_disconnected(now);
        for (session, last) in self.sessions.values_mut() {
            if *last == connection {
                session.on_disconnected(Now { monotonic: self.now, unix: EPOCH + self.now });
            }
        }
        let late: Vec<_> = self
            .steps
            .iter()
            .filter(|(_, step)| matches!(step, Step::ToServer { .. }))
            .map(|(&key, _)| key)
            .collect();
        for key in late {
            let step = self.steps.remove(&key).unwrap();
            if chance(&mut self.rng, 500) {
                let at = self.now + up_to(&mut self.rng, 8 * S);
                self.schedule(at, step);
            }
        }
        let at = self.now + up_to(&mut self.rng, 5 * S);
        self.schedule(at, Step::Connect);
    }

    fn deliver_to_server(&mut self, connection: u64, packet: &[u8]) {
        let now = self.server_now();
        let opened = envelope::open(&self.key, Side::Client, BytesMut::from(packet)).unwrap();
        let id = opened.header.session_id;
        let (session, last) = self.sessions.entry(id).or_insert_with(|| {
            let config = server::Config {
                auth_key: self.key.clone(),
                salts: self.salts.clone(),
                options: server::Options::default(),
            };
            let session = server::Session::new(config, id, &mut self.rng);
            self.lives.insert(session.unique_id(), self.life);
            (session, connection)
        });
        if connection > *last {
            *last = connection;
            session.on_connected(now);
        }
        let result = session.handle_opened(now, opened);
        assert!(result.is_ok() || !result.unwrap_err().closes_connection(), "{result:?}");
        if self.connection != Some(*last) {
            session.on_disconnected(now);
        }
        while let Some(event) = self.sessions.get_mut(&id).and_then(|(session, _)| session.poll_event()) {
            if let ServerEvent::Call { msg_id, body } = event {
                let number = number(&body);
                self.log(|| format!("server carries out {number} ({msg_id})"));
                self.executed.entry(number).or_default().push(self.life);
                let longest = [50 * MS, 2 * S, 40 * S][below(&mut self.rng, 3)];
                let at = self.now + up_to(&mut self.rng, longest);
                self.schedule(at, Step::Answer { life: self.life, session: id, msg_id, number });
            }
        }
    }

    /// Moves what both sides have to send onto the network, and what they have to tell into the logs.
    fn flush(&mut self) {
        let mut packet = PacketBuf::new();
        let now = self.client_now();
        while self.client.poll_transmit(now, &mut self.rng, &mut packet).is_some() {
            let connection = self.connection.unwrap();
            self.transmit(0, Step::ToServer { connection, packet: packet.to_vec() });
        }
        let now = self.server_now();
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            loop {
                let (session, connection) = self.sessions.get_mut(&id).unwrap();
                let connection = *connection;
                if !session.poll_transmit(now, &mut self.rng, &mut packet) {
                    break;
                }
                self.transmit(1, Step::ToClient { connection, packet: packet.to_vec() });
            }
        }
        while let Some(event) = self.client.poll_event() {
            self.log(|| format!("{event:?}"));
            match event {
                ClientEvent::Answer { request, result } => {
                    let call = self.numbers[&request];
                    assert_eq!(number(&result.unwrap()), call);
                    self.end(call, Ok(()));
                }
                ClientEvent::Failed { request, reason } => {
                    let call = self.numbers[&request];
                    self.end(call, Err(reason));
                }
                ClientEvent::Update(body) => *self.updates.entry(number(&body)).or_default() += 1,
                ClientEvent::NewSession { unique_id } => {
                    self.heard.insert(self.lives[&unique_id]);
                }
                ClientEvent::ConnectionDead => self.cut(),
                // What was pushed into the session that goes by the old name is lost.
                ClientEvent::SessionRenewed { .. } => self.pushed.clear(),
                _ => {}
            }
        }
    }

    fn end(&mut self, call: u32, outcome: Result<(), Failure>) {
        let before = self.calls.get_mut(&call).unwrap().outcome.replace(outcome);
        assert_eq!(before, None, "call {call} has ended twice");
    }

    fn transmit(&mut self, direction: usize, step: Step) {
        self.packets += 1;
        if chance(&mut self.rng, self.faults.losses) {
            return;
        }
        let copies = if chance(&mut self.rng, self.faults.duplicates) { 2 } else { 1 };
        for _ in 0..copies {
            let slow = if chance(&mut self.rng, 50) { 5 } else { 1 };
            let mut at = self.now + MS + up_to(&mut self.rng, self.faults.delay * slow);
            if !self.faults.reorder {
                at = at.max(self.last_arrival[direction]);
                self.last_arrival[direction] = at;
            }
            let step = match &step {
                Step::ToServer { connection, packet } => {
                    Step::ToServer { connection: *connection, packet: packet.clone() }
                }
                Step::ToClient { connection, packet } => {
                    Step::ToClient { connection: *connection, packet: packet.clone() }
                }
                other => unreachable!("{other:?} is no packet"),
            };
            self.schedule(at, step);
        }
    }

    fn check_progress(&mut self) {
        self.turns += 1;
        assert!(self.turns < 100_000, "a timer is up again and again");
        assert!(self.packets < 20_000, "the two sides talk without end");
    }

    fn check(&self) {
        for (number, call) in &self.calls {
            let lives = self.executed.get(number).map_or(&[][..], |lives| lives);
            let counts = |life: &&u32| self.faults.restarts == 0 || self.heard.contains(life);
            let executed = lives.iter().filter(counts).count();
            let once = executed <= 1 || self.faults.restarts > 0 && call.repeatable;
            assert!(once, "call {number} was carried out in the lives {lives:?}");
            match call.outcome {
                None => panic!("call {number} has not ended"),
                Some(Ok(())) => assert!(!lives.is_empty(), "call {number} was never carried out"),
                Some(Err(Failure::UnknownOutcome)) if self.faults.leave_doubts() && !call.repeatable => {}
                Some(Err(reason)) => panic!("call {number} has failed: {reason}"),
            }
        }
        for number in &self.pushed {
            let arrived = self.updates.get(number).copied().unwrap_or(0);
            assert_eq!(arrived, 1, "update {number}");
        }
        let sizes = self.client.sizes();
        assert_eq!((sizes.calls, sizes.call_bytes), (0, 0));
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// Runs the seeds that leave `remainder` when divided by four.
fn simulate(remainder: u64) {
    let mine = move |seed: &u64| seed % 4 == remainder;
    if let Some(seed) = variable("SIMULATION_SEED") {
        if mine(&seed) {
            World::new(seed, true).run();
        }
        return;
    }
    for seed in (0..400 * variable("SIMULATION_SCALE").unwrap_or(1)).filter(mine) {
        let run = std::panic::catch_unwind(|| World::new(seed, false).run());
        if let Err(cause) = run {
            eprintln!(
                "seed {seed} failed: SIMULATION_SEED={seed} cargo test --test simulation -- --nocapture"
            );
            std::panic::resume_unwind(cause);
        }
    }
}

// Four tests, so that they run side by side.

#[test]
fn every_call_ends_once_0() {
    simulate(0);
}

#[test]
fn every_call_ends_once_1() {
    simulate(1);
}

#[test]
fn every_call_ends_once_2() {
    simulate(2);
}

#[test]
fn every_call_ends_once_3() {
    simulate(3);
}
