//! Connections: two streams of bytes each, which arrive late, in pieces, damaged or not at all.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::BytesMut;

use super::dice::Dice;
use crate::handshake::server::Exchange;
use crate::transport::{Codec, Error, Frame, Kind, detect};

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    ToServer,
    ToClient,
}

impl Direction {
    pub(super) fn other(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

/// The bytes that are under way in one direction.
#[derive(Default)]
struct Pipe {
    /// Each with its time of arrival, in order.
    chunks: VecDeque<(Duration, Vec<u8>)>,
    last: Duration,
    /// Bytes were lost, and with them all that follow.
    stalled: bool,
}

/// One end of a connection.
struct Socket {
    /// At the server not before the first bytes have said which transport it is.
    codec: Option<Codec>,
    input: BytesMut,
    open: bool,
}

/// A connection of a session to its DC.
pub(super) struct Connection {
    /// The session of the client that has opened it.
    pub(super) end: usize,
    pub(super) dc: usize,
    /// Somebody has tampered with it, so either side may take the other for hostile.
    pub(super) suspect: bool,
    /// The server's part of key exchanges.
    pub(super) exchange: Exchange,
    client: Socket,
    server: Socket,
    to_server: Pipe,
    to_client: Pipe,
}

impl Connection {
    pub(super) fn open(end: usize, dc: usize, kind: Kind, dice: &mut Dice) -> Self {
        let socket = |codec| Socket { codec, input: BytesMut::new(), open: true };
        Self {
            end,
            dc,
            suspect: false,
            exchange: Exchange::new(),
            client: socket(Some(Codec::client(kind, dice.rng()))),
            server: socket(None),
            to_server: Pipe::default(),
            to_client: Pipe::default(),
        }
    }

    fn socket(&mut self, receiver_of: Direction) -> &mut Socket {
        match receiver_of {
            Direction::ToServer => &mut self.server,
            Direction::ToClient => &mut self.client,
        }
    }

    fn pipe(&mut self, direction: Direction) -> &mut Pipe {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    /// Whether the receiver of this direction still has the connection.
    pub(super) fn is_open(&self, receiver_of: Direction) -> bool {
        match receiver_of {
            Direction::ToServer => self.server.open,
            Direction::ToClient => self.client.open,
        }
    }

    /// The receiver of this direction gives the connection up.
    pub(super) fn close(&mut self, receiver_of: Direction) {
        self.socket(receiver_of).open = false;
    }

    /// The codec of the sender of this direction; a server that has not heard anything has none.
    pub(super) fn sender(&mut self, direction: Direction) -> Option<&mut Codec> {
        let socket = self.socket(direction.other());
        if socket.open { socket.codec.as_mut() } else { None }
    }

    /// From now on nothing comes through in this direction.
    pub(super) fn stall(&mut self, direction: Direction) {
        self.pipe(direction).stalled = true;
    }

    /// Puts bytes onto the stream, to arrive at `at`, or after those before them. Gives when they will.
    pub(super) fn write(&mut self, direction: Direction, bytes: Vec<u8>, at: Duration) -> Option<Duration> {
        let pipe = self.pipe(direction);
        if pipe.stalled {
            return None;
        }
        pipe.last = pipe.last.max(at);
        pipe.chunks.push_back((pipe.last, bytes));
        Some(pipe.last)
    }

    /// When the last bytes of this direction arrive.
    pub(super) fn last_arrival(&mut self, direction: Direction) -> Duration {
        self.pipe(direction).last
    }

    /// The sender is gone: what is under way may be lost from some place on, and what is not is late.
    pub(super) fn cut_off(
        &mut self,
        direction: Direction,
        dice: &mut Dice,
        longer: Duration,
    ) -> Vec<Duration> {
        let pipe = self.pipe(direction);
        let kept = dice.below(pipe.chunks.len() + 1);
        pipe.chunks.truncate(kept);
        let mut arrivals = Vec::new();
        for (at, _) in &mut pipe.chunks {
            *at += longer;
            pipe.last = pipe.last.max(*at);
            arrivals.push(*at);
        }
        pipe.stalled = true;
        arrivals
    }

    /// Moves what has arrived by `now` to its receiver.
    pub(super) fn arrive(&mut self, direction: Direction, now: Duration) {
        let mut arrived = Vec::new();
        let pipe = self.pipe(direction);
        while pipe.chunks.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, bytes)) = pipe.chunks.pop_front() {
                arrived.extend_from_slice(&bytes);
            }
        }
        let socket = self.socket(direction);
        if socket.open {
            socket.input.extend_from_slice(&arrived);
        }
    }

    /// The next frame that has arrived; a server finds out first which transport it is.
    pub(super) fn next_frame(&mut self, direction: Direction) -> Result<Option<Frame>, Error> {
        let socket = self.socket(direction);
        if !socket.open {
            return Ok(None);
        }
        if socket.codec.is_none() {
            match detect(&mut socket.input)? {
                None => return Ok(None),
                Some(detected) => socket.codec = Some(detected.codec),
            }
        }
        match &mut socket.codec {
            Some(codec) => codec.decode(&mut socket.input),
            None => Ok(None),
        }
    }

    fn is_over(&self) -> bool {
        !self.client.open && !self.server.open
    }
}

/// A packet that somebody on the way has written down.
#[derive(Clone)]
pub(super) struct Recorded {
    pub(super) packet: Vec<u8>,
    pub(super) direction: Direction,
    pub(super) end: usize,
    pub(super) at: Duration,
}

/// How many packets are written down.
const RECORDS: usize = 64;

/// All connections, and what an attacker knows of them.
#[derive(Default)]
pub(super) struct Network {
    connections: BTreeMap<u64, Connection>,
    opened: u64,
    records: Vec<Recorded>,
}

impl Network {
    pub(super) fn add(&mut self, connection: Connection) -> u64 {
        self.opened += 1;
        self.connections.insert(self.opened, connection);
        self.opened
    }

    pub(super) fn get(&mut self, id: u64) -> Option<&mut Connection> {
        self.connections.get_mut(&id)
    }

    pub(super) fn ids(&self) -> Vec<u64> {
        self.connections.keys().copied().collect()
    }

    /// Forgets the connection if both sides have given it up.
    pub(super) fn forget_if_over(&mut self, id: u64) {
        if self.connections.get(&id).is_some_and(Connection::is_over) {
            self.connections.remove(&id);
        }
    }

    /// Writes a packet down.
    pub(super) fn record(&mut self, dice: &mut Dice, record: Recorded) {
        if self.records.len() < RECORDS {
            self.records.push(record);
        } else {
            let at = dice.below(4 * RECORDS);
            if let Some(place) = self.records.get_mut(at) {
                *place = record;
            }
        }
    }

    pub(super) fn records(&self) -> &[Recorded] {
        &self.records
    }
}
