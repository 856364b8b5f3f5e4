//! How packets and bytes get from one side to the other, or do not.

use super::network::{Direction, Recorded};
use super::stage::Stage;
use super::violation::Invariant;
use super::world::{MS, S, Step, World};
use crate::tl::PacketBuf;
use crate::transport::{Frame, MAX_FRAME};

/// How much longer what is under way on a connection may take when its sender is gone: longer than it takes to open
/// another connection.
const LATE: std::time::Duration = std::time::Duration::from_secs(8);

impl World<'_> {
    /// Whether anything goes wrong on the network.
    fn is_quiet(&self) -> bool {
        matches!(self.stage, Stage::Quiet | Stage::Over)
    }

    /// A side sends a packet. Something on the way takes the streams apart into packets, and loses, repeats and
    /// shuffles them.
    pub(super) fn post(&mut self, connection: u64, direction: Direction, packet: Vec<u8>, quick_ack: bool) {
        if self.plan.attacks > 0
            && let Some(end) = self.network.get(connection).map(|connection| connection.end)
        {
            let record = Recorded { packet: packet.clone(), direction, end, at: self.now };
            self.network.record(&mut self.dice, record);
        }
        if self.is_quiet() {
            return self.write(connection, direction, &packet, quick_ack);
        }
        if self.dice.chance(self.plan.network.losses) {
            return self.say(|| format!("a packet {direction:?} is lost on connection {connection}"));
        }
        // A key exchange goes step by step, and nobody makes another one for a message out of order.
        let plain = packet.starts_with(&[0; 8]);
        let copies = if !plain && self.dice.chance(self.plan.network.duplicates) { 2 } else { 1 };
        for _ in 0..copies {
            if self.plan.network.reorder && !plain || copies > 1 {
                let at = self.now + self.dice.up_to(self.plan.network.delay);
                let packet = packet.clone();
                self.schedule(at, Step::Write { connection, direction, packet, quick_ack });
            } else {
                self.write(connection, direction, &packet, quick_ack);
            }
        }
    }

    /// Puts a packet onto the stream of a connection.
    pub(super) fn write(&mut self, id: u64, direction: Direction, packet: &[u8], quick_ack: bool) {
        let Some(codec) = self.network.get(id).and_then(|connection| connection.sender(direction)) else {
            return;
        };
        let mut out = PacketBuf::new();
        out.extend_from_slice(packet);
        // What an attacker has made may have a length that no transport carries.
        if packet.len() < MAX_FRAME && codec.encode(&mut out, quick_ack, self.dice.rng()).is_ok() {
            self.write_bytes(id, direction, out.to_vec());
        }
    }

    /// Puts bytes onto the stream of a connection.
    pub(super) fn write_bytes(&mut self, id: u64, direction: Direction, mut bytes: Vec<u8>) {
        let quiet = self.is_quiet();
        let plan = self.plan.network.clone();
        let dice = &mut self.dice;
        let Some(connection) = self.network.get(id) else { return };
        if !quiet && dice.chance(plan.flips) {
            let at = dice.below(bytes.len());
            bytes[at] ^= 1 << dice.below(8);
            connection.suspect = true;
            let now = self.now;
            self.trace.say(now, || format!("a bit of byte {at} {direction:?} turns over on connection {id}"));
        }
        let slow = if dice.chance(50) { 5 } else { 1 };
        let delay = if quiet { MS } else { MS + dice.up_to(plan.delay * slow) };
        let joined = dice.chance(plan.joins) && connection.last_arrival(direction) > self.now;
        let mut at = if joined { self.now } else { self.now + delay };
        let mut arrivals = Vec::new();
        while !bytes.is_empty() {
            let all = !dice.chance(plan.splits);
            let rest = if all { Vec::new() } else { bytes.split_off(1 + dice.below(bytes.len())) };
            arrivals.extend(connection.write(direction, std::mem::replace(&mut bytes, rest), at));
            at += dice.up_to(plan.delay);
        }
        for at in arrivals {
            self.schedule(at, Step::Arrive { connection: id, direction });
        }
    }

    /// Bytes have arrived at the receiver of this direction.
    pub(super) fn arrive(&mut self, id: u64, direction: Direction) {
        let Some(connection) = self.network.get(id) else { return };
        connection.arrive(direction, self.now);
        loop {
            let Some(connection) = self.network.get(id) else { return };
            match connection.next_frame(direction) {
                Ok(None) => return,
                Ok(Some(frame)) => self.receive(id, direction, frame),
                Err(error) => {
                    self.alarm(id, &format!("{direction:?}: {error}"));
                    match direction {
                        Direction::ToServer => self.server_closes(id),
                        Direction::ToClient => self.client_closes(id),
                    }
                    return;
                }
            }
        }
    }

    fn receive(&mut self, id: u64, direction: Direction, frame: Frame) {
        match (direction, frame) {
            (Direction::ToServer, Frame::Packet { payload, quick_ack }) => {
                self.server_receives(id, payload, quick_ack);
            }
            (Direction::ToServer, _) => self.alarm(id, "a frame that only servers send"),
            (Direction::ToClient, Frame::Empty) => self.alarm(id, "an answer of HTTP"),
            (Direction::ToClient, Frame::Packet { payload, .. }) => self.client_receives(id, payload),
            (Direction::ToClient, Frame::QuickAck(token)) => {
                let Some(end) = self.network.get(id).map(|connection| connection.end) else { return };
                if let Some(session) = &mut self.ends[end].session {
                    session.handle_quick_ack(token);
                }
            }
            (Direction::ToClient, Frame::TransportError(code)) => {
                self.alarm(id, &format!("the server says {code}"));
                self.client_closes(id);
            }
        }
    }

    /// A side takes its peer for broken or hostile. Without a fault that explains it, that is wrong.
    pub(super) fn alarm(&mut self, id: u64, text: &str) {
        self.say(|| format!("alarm on connection {id}: {text}"));
        if !self.network.get(id).is_some_and(|connection| connection.suspect) {
            self.ledger.violate(Invariant::NoFalseAlarm, format!("connection {id}: {text}"));
        }
    }

    /// The connection of an end breaks: its client learns it at once, the server when all has arrived that will.
    pub(super) fn cut(&mut self, end: usize) {
        if let Some(id) = self.ends[end].connection {
            self.say(|| format!("connection {id} is cut"));
            self.client_closes(id);
        }
    }

    /// A connection loses bytes in one direction or both. Sometimes it breaks later; else it has to be noticed.
    pub(super) fn stall(&mut self, end: usize) {
        let Some(id) = self.ends[end].connection else { return };
        self.say(|| format!("connection {id} loses bytes"));
        let Some(connection) = self.network.get(id) else { return };
        let which = self.dice.below(3);
        if which != 1 {
            connection.stall(Direction::ToServer);
        }
        if which != 0 {
            connection.stall(Direction::ToClient);
        }
        if self.dice.chance(500) {
            let at = self.now + self.dice.up_to(100 * S);
            self.schedule(at, Step::Close { connection: id, receiver_of: Direction::ToClient });
        }
    }

    /// The client gives a connection up. What is on its way to the server may still arrive, later than anything of
    /// the next connection.
    pub(super) fn client_closes(&mut self, id: u64) {
        let Some(connection) = self.network.get(id) else { return };
        if !connection.is_open(Direction::ToClient) {
            return;
        }
        connection.close(Direction::ToClient);
        let end = connection.end;
        let longer = if self.stage == Stage::Quiet { MS } else { self.dice.up_to(LATE) };
        let Some(connection) = self.network.get(id) else { return };
        let arrivals = connection.cut_off(Direction::ToServer, &mut self.dice, longer);
        let last = connection.last_arrival(Direction::ToServer).max(self.now);
        for at in arrivals {
            self.schedule(at, Step::Arrive { connection: id, direction: Direction::ToServer });
        }
        let gone = last + MS + self.dice.up_to(longer);
        self.schedule(gone, Step::Close { connection: id, receiver_of: Direction::ToServer });
        self.network.forget_if_over(id);
        self.lose_connection(end, id);
    }

    /// The server gives a connection up; the client learns it when that word arrives.
    pub(super) fn server_closes(&mut self, id: u64) {
        let Some(connection) = self.network.get(id) else { return };
        if !connection.is_open(Direction::ToServer) {
            return;
        }
        connection.close(Direction::ToServer);
        let dc = connection.dc;
        let last = connection.last_arrival(Direction::ToClient).max(self.now);
        let at = last + MS + self.dice.up_to(self.plan.network.delay);
        self.schedule(at, Step::Close { connection: id, receiver_of: Direction::ToClient });
        self.network.forget_if_over(id);
        self.dcs[dc].detach(id, self.now);
    }
}
