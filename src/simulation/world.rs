//! One run: the machines, the network between them, and what happens to them one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::client::{Client, End};
use super::dice::Dice;
use super::ledger::Ledger;
use super::network::{Direction, Network};
use super::plan::Plan;
use super::server::Dc;
use super::stage::Stage;
use super::trace::Trace;
use super::violation::Invariant;
use crate::message::MsgId;

pub(super) const MS: Duration = Duration::from_millis(1);
pub(super) const S: Duration = Duration::from_secs(1);

/// How long after the last call was made all calls must be over.
const PATIENCE: Duration = Duration::from_secs(3600);
/// How long the network is quiet at the end, so that what was lost without being missed is sent again.
const QUIET: Duration = Duration::from_secs(120);
/// More turns than this without an end show a timer that is up again and again.
const MAX_TURNS: u64 = 400_000;
/// More packets than this for each call show that the sides talk without end.
const MAX_PACKETS: u64 = 400;

/// Something that happens at a time.
#[derive(Debug)]
pub(super) enum Step {
    /// A client makes a call.
    Call {
        end: usize,
        number: u32,
    },
    /// A client does not want the answer any more.
    Cancel {
        number: u32,
    },
    /// A server has done what was called for.
    Answer {
        dc: usize,
        life: u32,
        key_id: i64,
        session_id: i64,
        msg_id: MsgId,
        number: u32,
    },
    /// A server has an update for the session of this end.
    Push {
        end: usize,
        number: u32,
    },
    /// The connection of an end breaks.
    Cut {
        end: usize,
    },
    /// The connection of an end loses bytes.
    Stall {
        end: usize,
    },
    RestartServer {
        dc: usize,
    },
    RestartClient {
        client: usize,
    },
    ChangeSalts {
        dc: usize,
    },
    SetServerClock {
        dc: usize,
    },
    SetClientClock {
        client: usize,
    },
    FallAsleep {
        client: usize,
    },
    WakeUp {
        client: usize,
    },
    /// An attacker puts a packet of his own onto some connection.
    Attack,
    /// An end opens a connection.
    Connect {
        end: usize,
    },
    /// A packet gets onto its stream at last.
    Write {
        connection: u64,
        direction: Direction,
        packet: Vec<u8>,
        quick_ack: bool,
    },
    /// Bytes come out of a stream.
    Arrive {
        connection: u64,
        direction: Direction,
    },
    /// The receiver of this direction learns that the connection is gone.
    Close {
        connection: u64,
        receiver_of: Direction,
    },
    /// A key exchange takes too long.
    GiveUp {
        connection: u64,
    },
    /// All is said: the network becomes quiet, and everybody connects anew.
    Finale,
    /// The run is over.
    End,
}

impl Step {
    /// Whether the run does not end before it was made.
    fn is_awaited(&self) -> bool {
        !matches!(
            self,
            Self::Answer { .. }
                | Self::Connect { .. }
                | Self::Write { .. }
                | Self::Arrive { .. }
                | Self::Close { .. }
                | Self::GiveUp { .. }
                | Self::Finale
                | Self::End
        )
    }
}

/// A run.
pub(super) struct World<'a> {
    pub(super) dice: Dice,
    pub(super) plan: Plan,
    /// The true time.
    pub(super) now: Duration,
    pub(super) network: Network,
    pub(super) clients: Vec<Client>,
    pub(super) ends: Vec<End>,
    pub(super) dcs: Vec<Dc>,
    pub(super) ledger: Ledger,
    pub(super) trace: Trace<'a>,
    pub(super) stage: Stage,
    /// All sessions of all servers that ever were, by their `unique_id`.
    pub(super) made: BTreeSet<i64>,
    /// Those of which a client has heard, and when.
    pub(super) heard: BTreeMap<i64, Duration>,
    steps: BTreeMap<(Duration, u64), Step>,
    counter: u64,
    awaited: usize,
    pub(super) turns: u64,
}

impl<'a> World<'a> {
    pub(super) fn new(seed: u64, mut dice: Dice, plan: Plan, trace: Trace<'a>) -> Self {
        let mut ledger = Ledger::new(seed);
        let mut dcs: Vec<_> = plan.dcs.iter().map(|_| Dc::new(&mut dice)).collect();
        let mut clients = Vec::new();
        let mut ends = Vec::new();
        for (number, client) in plan.clients.iter().enumerate() {
            let (machine, its_ends) = Client::new(number, client, &plan, &mut dcs, &mut dice, &mut ledger);
            clients.push(machine);
            ends.extend(its_ends);
        }
        Self {
            dice,
            plan,
            now: S,
            network: Network::default(),
            clients,
            ends,
            dcs,
            ledger,
            trace,
            stage: Stage::Busy,
            made: BTreeSet::new(),
            heard: BTreeMap::new(),
            steps: BTreeMap::new(),
            counter: 0,
            awaited: 0,
            turns: 0,
        }
    }

    pub(super) fn say(&mut self, text: impl FnOnce() -> String) {
        self.trace.say(self.now, text);
    }

    pub(super) fn schedule(&mut self, at: Duration, step: Step) {
        self.counter += 1;
        self.awaited += usize::from(step.is_awaited());
        self.steps.insert((at.max(self.now), self.counter), step);
    }

    /// Plays the run. `tell` hears of the time, so that a panic can be given one.
    pub(super) fn play(&mut self, tell: impl Fn(Duration)) {
        if self.trace.0.is_some() {
            let plan = format!("{:#?}", self.plan);
            for line in plan.lines() {
                self.say(|| line.to_owned());
            }
        }
        self.write_script();
        let deadline = self.plan.busy * 2 + PATIENCE;
        while self.ledger.is_clean() && self.stage != Stage::Over {
            self.flush();
            let Some(next) = self.next_moment() else { break };
            if next > deadline && self.stage == Stage::Busy {
                break;
            }
            self.now = self.now.max(next);
            self.ledger.now = self.now;
            tell(self.now);
            self.handle_timeouts();
            if self.steps.first_key_value().is_some_and(|(&(at, _), _)| at <= self.now)
                && let Some((_, step)) = self.steps.pop_first()
            {
                self.awaited -= usize::from(step.is_awaited());
                self.make(step);
            }
            self.turns += 1;
            self.watch();
        }
        if self.ledger.is_clean() {
            self.check_end();
        }
    }

    /// When something happens next.
    fn next_moment(&self) -> Option<Duration> {
        let step = self.steps.first_key_value().map(|(&(at, _), _)| at);
        let client = self.ends.iter().filter_map(|end| self.timeout_of_end(end)).min();
        let server = self.dcs.iter().filter_map(Dc::poll_timeout).min();
        [step, client, server].into_iter().flatten().min()
    }

    /// What must hold all the time.
    fn watch(&mut self) {
        self.check_bounds();
        let talk = self.ledger.packets_sent;
        let calls = u64::from(self.plan.calls) * self.ends.len() as u64 + 10;
        if self.turns > MAX_TURNS.max(calls * 4000) {
            self.ledger.violate(Invariant::Progress, "a timer is up again and again");
        } else if talk > calls * MAX_PACKETS {
            self.ledger
                .violate(Invariant::Progress, format!("the two sides talk without end: {talk} packets"));
        }
        if self.stage == Stage::Busy && self.awaited == 0 && self.ledger.open_calls() == 0 {
            self.stage = Stage::Done;
            self.schedule(self.now + 5 * S, Step::Finale);
        }
    }

    fn make(&mut self, step: Step) {
        match step {
            Step::Call { end, number } => self.make_call(end, number),
            Step::Cancel { number } => self.cancel(number),
            Step::Answer { dc, life, key_id, session_id, msg_id, number } => {
                self.answer(dc, life, (key_id, session_id), msg_id, number);
            }
            Step::Push { end, number } => self.push(end, number),
            Step::Cut { end } => self.cut(end),
            Step::Stall { end } => self.stall(end),
            Step::RestartServer { dc } => self.restart_server(dc),
            Step::RestartClient { client } => self.restart_client(client),
            Step::ChangeSalts { dc } => self.change_salts(dc),
            Step::SetServerClock { dc } => {
                let by = self.plan.dcs[dc].clock_step;
                self.say(|| format!("the clock of DC {dc} is set by {by} ms"));
                self.dcs[dc].clock.step(by);
            }
            Step::SetClientClock { client } => {
                let by = self.plan.clients[client].clock_step;
                self.say(|| format!("the clock of client {client} is set by {by} ms"));
                self.clients[client].clock.step(by);
            }
            Step::FallAsleep { client } => self.fall_asleep(client),
            Step::WakeUp { client } => {
                self.say(|| format!("client {client} wakes up"));
                self.clients[client].clock.wake_up(self.now);
            }
            Step::Attack => self.attack(),
            Step::Connect { end } => self.connect(end),
            Step::Write { connection, direction, packet, quick_ack } => {
                self.write(connection, direction, &packet, quick_ack);
            }
            Step::Arrive { connection, direction } => self.arrive(connection, direction),
            Step::Close { connection, receiver_of: Direction::ToServer } => self.server_closes(connection),
            Step::Close { connection, receiver_of: Direction::ToClient } => self.client_closes(connection),
            Step::GiveUp { connection } => self.give_up(connection),
            Step::Finale => {
                self.say(|| "all is said: everybody connects anew".into());
                self.stage = Stage::Quiet;
                for end in 0..self.ends.len() {
                    self.cut(end);
                }
                self.schedule(self.now + QUIET, Step::End);
            }
            Step::End => self.stage = Stage::Over,
        }
    }

    /// Moves what all sides have to send onto the network, and does what they want done.
    fn flush(&mut self) {
        for end in 0..self.ends.len() {
            self.flush_end(end);
        }
        for dc in 0..self.dcs.len() {
            self.flush_dc(dc);
        }
    }

    fn handle_timeouts(&mut self) {
        for end in &mut self.ends {
            let clock = &self.clients[end.client].clock;
            if !clock.sleeps()
                && let Some(session) = &mut end.session
            {
                session.handle_timeout(clock.now(self.now));
            }
        }
        for dc in &mut self.dcs {
            dc.handle_timeout(self.now);
        }
    }
}
