//! What the tests of several files need: the published vectors, and the other end of a session by hand.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::container::{Incoming, MSG_CONTAINER, is_container, unfold};
use super::envelope::{self, Header};
use super::msg_id::{Generator, Kind, MsgId};
use crate::clock::Now;
use crate::crypto::{AuthKey, Side};
use crate::tl::{PacketBuf, Serialize, Writer};

pub(super) const S: Duration = Duration::from_secs(1);

/// A moment by which the clocks of most tests begin, seconds since the epoch.
pub(super) const START: u32 = 1_800_000_000;

/// The vector with this id of `tests/data/vectors.json`.
pub(super) fn vector(id: &str) -> serde_json::Value {
    let file = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors.json"));
    let vectors: serde_json::Value = serde_json::from_str(file).unwrap();
    vectors["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap().clone()
}

/// The bytes of a string of hexadecimal digits.
pub(super) fn hex(digits: &serde_json::Value) -> Bytes {
    let digits = digits.as_str().unwrap();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

pub(super) fn key() -> Arc<AuthKey> {
    Arc::new(AuthKey::from_bytes(std::array::from_fn(|at| at as u8)))
}

pub(super) fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// A reading of both clocks, `seconds` after the start.
pub(super) fn now(seconds: u32) -> Now {
    Now { monotonic: (100 + seconds) * S, unix: (START + seconds) * S }
}

pub(super) fn bytes(message: &impl Serialize) -> Bytes {
    message.to_bytes().unwrap()
}

/// `length` bytes that begin with an unknown constructor id.
pub(super) fn unknown(length: usize) -> Bytes {
    Bytes::from(vec![0x77; length])
}

/// The body of a `msg_container`.
pub(super) fn container(messages: &[(MsgId, i32, Bytes)]) -> Bytes {
    let mut writer = Writer::new();
    writer.u32(MSG_CONTAINER);
    writer.count(messages.len());
    for (msg_id, seqno, body) in messages {
        writer.i64(msg_id.to_wire());
        writer.i32(*seqno);
        writer.count(body.len());
        writer.raw(body);
    }
    writer.finish().unwrap().into()
}

/// The other end of a session, which sends what the test says and nothing by itself.
pub(super) struct Peer {
    pub(super) side: Side,
    pub(super) session_id: i64,
    pub(super) salt: i64,
    pub(super) ids: Generator,
    rng: StdRng,
}

/// A packet as the peer reads it.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) header: Header,
    pub(super) contained: bool,
    pub(super) messages: Vec<Incoming>,
}

impl Peer {
    pub(super) fn new(side: Side, session_id: i64) -> Self {
        Self { side, session_id, salt: 0, ids: Generator::default(), rng: rng() }
    }

    pub(super) fn id(&mut self, now: Now) -> MsgId {
        let kind = if self.side == Side::Client { Kind::FromClient } else { Kind::Notice };
        self.ids.next(now.unix, kind)
    }

    pub(super) fn seal(&mut self, msg_id: MsgId, seqno: i32, body: &[u8]) -> BytesMut {
        let header = Header { salt: self.salt, session_id: self.session_id, msg_id, seqno };
        let mut packet = PacketBuf::new();
        packet.extend_from_slice(body);
        envelope::seal(&key(), self.side, header, &mut self.rng, &mut packet);
        BytesMut::from(packet.as_slice())
    }

    pub(super) fn open(&self, packet: &PacketBuf) -> Read {
        let opened = envelope::open(&key(), self.side.peer(), BytesMut::from(packet.as_slice())).unwrap();
        let contained = is_container(&opened.body);
        let messages = unfold(opened.header.msg_id, opened.header.seqno, opened.body).unwrap();
        Read { header: opened.header, contained, messages }
    }
}
