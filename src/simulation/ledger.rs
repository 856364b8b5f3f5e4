//! What has really happened in a run, written down beside the code under test, and compared with what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::inspector::{Inspected, Inspector};
use super::violation::{Invariant, Violation};
use crate::crypto::{AuthKey, Side};
use crate::message::{Failure, MsgId, RequestId};

/// Bytes of an auth key's id and a msg_key: by them a packet is known again.
const NAME_LEN: usize = 24;
type Name = [u8; NAME_LEN];

/// A message may be this old, and this far ahead (ID-2).
const MAX_AGE: Duration = Duration::from_secs(300);
const MAX_AHEAD: Duration = Duration::from_secs(30);
/// Clocks of a receiver are read to less than this.
const ACCURACY: Duration = Duration::from_millis(10);

/// How a call has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    Failed(Failure),
    /// Its client did not want it any more.
    Cancelled,
    /// The process of its client has ended before.
    Abandoned,
}

/// That a server has carried a call out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Execution {
    /// The restarts of the server before.
    pub(super) life: u32,
    /// The session, by its `unique_id`.
    pub(super) unique_id: i64,
    /// The session id and the id that the call came under.
    pub(super) sent_as: (i64, MsgId),
}

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) end: usize,
    pub(super) request: RequestId,
    pub(super) repeatable: bool,
    pub(super) outcome: Option<Outcome>,
    pub(super) executions: Vec<Execution>,
    /// An attacker has repeated a packet with it.
    pub(super) replayed: bool,
    /// The ids it was sent under, with the session, and when.
    pub(super) ids: BTreeMap<(i64, MsgId), Duration>,
}

/// An update.
#[derive(Debug)]
pub(super) struct Push {
    /// The session of the server it was sent in.
    pub(super) unique_id: i64,
    pub(super) arrived: u32,
}

/// A packet that was really made by the owner of the key.
struct Packet {
    hash: u64,
    sender: Side,
    session_id: i64,
    msg_id: MsgId,
    calls: Vec<u32>,
    refuses: bool,
    /// The sessions that have taken it.
    taken_by: Vec<i64>,
}

/// Who sends a packet.
pub(super) struct Sender {
    pub(super) side: Side,
    pub(super) session_id: i64,
    /// Names the session also where another of the same id was before.
    pub(super) unique_id: i64,
    /// Its idea of the server's time.
    pub(super) unix: Duration,
    /// The salt that a server has to use.
    pub(super) salt: i64,
}

/// Who receives a packet.
pub(super) struct Receiver {
    pub(super) side: Side,
    pub(super) session_id: i64,
    /// Names the session also where another of the same id was before.
    pub(super) unique_id: i64,
    /// Its idea of the server's time, if it has one.
    pub(super) unix: Option<Duration>,
    /// It has not heard from the server on this connection.
    pub(super) fresh: bool,
}

/// What is written down.
pub(super) struct Ledger {
    seed: u64,
    pub(super) now: Duration,
    violations: Vec<Violation>,
    calls: BTreeMap<u32, Call>,
    numbers: BTreeMap<(usize, i64, RequestId), u32>,
    open: usize,
    packets: BTreeMap<Name, Packet>,
    /// By key, session and its `unique_id`; that of a client is 0.
    inspectors: BTreeMap<(i64, i64, i64), Inspector>,
    salts: BTreeMap<i64, BTreeSet<i64>>,
    pushes: BTreeMap<u32, Push>,
    pub(super) state_requests: u64,
    pub(super) packets_sent: u64,
}

impl Ledger {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            now: Duration::ZERO,
            violations: Vec::new(),
            calls: BTreeMap::new(),
            numbers: BTreeMap::new(),
            open: 0,
            packets: BTreeMap::new(),
            inspectors: BTreeMap::new(),
            salts: BTreeMap::new(),
            pushes: BTreeMap::new(),
            state_requests: 0,
            packets_sent: 0,
        }
    }

    pub(super) fn violate(&mut self, invariant: Invariant, text: impl Into<String>) {
        self.violations.push(Violation { seed: self.seed, at: self.now, invariant, text: text.into() });
    }

    pub(super) fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    /// A salt that the owner of the key was given outside of the session.
    pub(super) fn grant_salt(&mut self, key_id: i64, salt: i64) {
        self.salts.entry(key_id).or_default().insert(salt);
    }

    /// A side has made a packet. Gives what is in it.
    pub(super) fn sent(&mut self, key: &AuthKey, by: &Sender, sealed: &[u8]) -> Vec<(u32, MsgId)> {
        self.packets_sent += 1;
        let Some((name, hash)) = name(sealed) else {
            self.violate(Invariant::LegalEnvelope, "a packet that is too short");
            return Vec::new();
        };
        let &Sender { side: sender, unix, .. } = by;
        let inspector = self.inspectors.entry((key.id(), by.session_id, by.unique_id)).or_default();
        let inspected = match inspector.inspect(key, sender, unix, sealed) {
            Ok(inspected) => inspected,
            Err((invariant, text)) => {
                self.violate(invariant, format!("{sender:?} sends {text}"));
                return Vec::new();
            }
        };
        if inspected.session_id != by.session_id {
            self.violate(Invariant::LegalEnvelope, format!("{sender:?} sends for another session"));
        }
        let Inspected { session_id, salt, msg_id, calls, salts, refuses, asks_for_state, contents } =
            inspected;
        match sender {
            Side::Server => {
                if salt != by.salt {
                    self.violate(Invariant::LegalSalt, format!("the server uses the salt {salt:016x}"));
                }
                self.salts.entry(key.id()).or_default().extend(salts);
            }
            Side::Client => {
                self.state_requests += u64::from(asks_for_state);
                if !self.salts.get(&key.id()).is_some_and(|known| known.contains(&salt)) {
                    let text = format!("the client uses the salt {salt:016x}, which it was never given");
                    self.violate(Invariant::LegalSalt, text);
                }
            }
        }
        for &(number, id) in &calls {
            let now = self.now;
            let before = self.calls.get_mut(&number).map(|call| call.ids.insert((session_id, id), now));
            match before {
                Some(None) => {}
                Some(Some(_)) => {
                    let text = format!("call {number} is sent a second time under its old id {id}");
                    self.violate(Invariant::ResentAnew, text);
                }
                None => self.violate(Invariant::OwnAnswer, format!("a call {number} that nobody has made")),
            }
        }
        let calls = calls.into_iter().map(|(number, _)| number).collect();
        let packet = Packet { hash, sender, session_id, msg_id, calls, refuses, taken_by: Vec::new() };
        if self.packets.insert(name, packet).is_some() {
            self.violate(Invariant::ResentAnew, "two packets with one msg_key");
        }
        contents
    }

    /// A side has found nothing wrong with a packet. `used`: it has taken something out of it.
    pub(super) fn taken(&mut self, receiver: &Receiver, payload: &[u8], used: bool) {
        let whole_blocks = NAME_LEN + payload.len().saturating_sub(NAME_LEN) / 16 * 16;
        let known = name(payload.get(..whole_blocks).unwrap_or(payload))
            .and_then(|(name, hash)| self.packets.get_mut(&name).filter(|packet| packet.hash == hash));
        let side = receiver.side;
        let Some(packet) = known else {
            return self
                .violate(Invariant::NoForgery, format!("{side:?} takes a packet that nobody has made"));
        };
        if !used {
            return;
        }
        let at = packet.msg_id.unix();
        let broken = if packet.sender == side {
            Some((Invariant::NoForgery, "its own packet".to_owned()))
        } else if packet.session_id != receiver.session_id {
            Some((Invariant::NoForgery, "a packet of another session".to_owned()))
        } else if packet.taken_by.contains(&receiver.unique_id) {
            Some((Invariant::NoReplay, format!("packet {} a second time", packet.msg_id)))
        } else {
            // A word of refusal is what a wrong clock is set right by, and so is the first word of a connection.
            let unix = receiver.unix.filter(|_| !packet.refuses);
            let outside = unix.filter(|&unix| {
                let old = at + MAX_AGE + ACCURACY < unix;
                old || at > unix + MAX_AHEAD + ACCURACY && !receiver.fresh
            });
            outside.map(|unix| (Invariant::TimeWindow, format!("packet {} at {unix:?}", packet.msg_id)))
        };
        packet.taken_by.push(receiver.unique_id);
        if let Some((invariant, text)) = broken {
            self.violate(invariant, format!("{side:?} takes {text}"));
        }
    }

    /// The session that a packet belongs to, if it was really made.
    pub(super) fn session_of(&self, sealed: &[u8]) -> Option<i64> {
        name(sealed).and_then(|(name, _)| self.packets.get(&name)).map(|packet| packet.session_id)
    }

    /// An attacker repeats a packet.
    pub(super) fn replayed(&mut self, sealed: &[u8]) {
        let Some(packet) = name(sealed).and_then(|(name, _)| self.packets.get(&name)) else { return };
        for number in &packet.calls {
            if let Some(call) = self.calls.get_mut(number) {
                call.replayed = true;
            }
        }
    }

    pub(super) fn call(
        &mut self,
        number: u32,
        end: usize,
        session: i64,
        request: RequestId,
        repeatable: bool,
    ) {
        self.open += 1;
        self.numbers.insert((end, session, request), number);
        let call = Call {
            end,
            request,
            repeatable,
            outcome: None,
            executions: Vec::new(),
            replayed: false,
            ids: BTreeMap::new(),
        };
        self.calls.insert(number, call);
    }

    /// The number of a call by its handle, of a session that `session` names.
    pub(super) fn number(&self, end: usize, session: i64, request: RequestId) -> Option<u32> {
        self.numbers.get(&(end, session, request)).copied()
    }

    /// A call is over. `answer` is the number in the answer, if there is one.
    pub(super) fn ended(&mut self, number: Option<u32>, outcome: Outcome, answer: Option<u32>) {
        let Some((number, call)) = number.and_then(|number| Some((number, self.calls.get_mut(&number)?)))
        else {
            return self.violate(Invariant::OwnAnswer, "word of a call that nobody has made");
        };
        if outcome == Outcome::Answered && answer != Some(number) {
            return self.violate(Invariant::OwnAnswer, format!("call {number} has the answer of {answer:?}"));
        }
        match call.outcome.replace(outcome) {
            None => self.open -= 1,
            Some(before) => {
                let text = format!("call {number} has ended twice: {before:?}, then {outcome:?}");
                self.violate(Invariant::AnsweredOnce, text);
            }
        }
    }

    pub(super) fn executed(&mut self, number: Option<u32>, execution: Execution) {
        let Some(call) = number.and_then(|number| self.calls.get_mut(&number)) else {
            return self.violate(Invariant::NoForgery, "a server carries out what nobody has called");
        };
        call.executions.push(execution);
    }

    /// Calls that are not over.
    pub(super) fn open_calls(&self) -> usize {
        self.open
    }

    pub(super) fn calls(&self) -> &BTreeMap<u32, Call> {
        &self.calls
    }

    pub(super) fn pushed(&mut self, number: u32, unique_id: i64) {
        self.pushes.insert(number, Push { unique_id, arrived: 0 });
    }

    pub(super) fn update(&mut self, number: Option<u32>) {
        let Some((number, push)) = number.and_then(|number| Some((number, self.pushes.get_mut(&number)?)))
        else {
            return self.violate(Invariant::NoForgery, "an update that no server has sent");
        };
        push.arrived += 1;
        if push.arrived > 1 {
            self.violate(Invariant::UpdatesOnce, format!("update {number} has come twice"));
        }
    }

    pub(super) fn pushes(&self) -> &BTreeMap<u32, Push> {
        &self.pushes
    }
}

fn name(sealed: &[u8]) -> Option<(Name, u64)> {
    let name = sealed.first_chunk()?;
    let mut hasher = DefaultHasher::new();
    sealed.hash(&mut hasher);
    Some((*name, hasher.finish()))
}
