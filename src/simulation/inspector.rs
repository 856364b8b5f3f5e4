//! Opens every packet that a side sends, with the key, and checks it against the rules of the protocol.
//!
//! It shares nothing with the code that has made the packet but the cipher and the numbers of constructors: it
//! counts and parses by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;

use super::body::{self, CALL, UPDATE};
use super::violation::Invariant;
use crate::crypto::{AuthKey, Side, packet};
use crate::message::MsgId;
use crate::message::gzip::GZIP_PACKED;
use crate::tl::mtproto::{functions, types};
use crate::tl::{Constructor, Deserialize};

const MSG_CONTAINER: u32 = 0x73f1_f8dc;
const RPC_RESULT: u32 = 0xf35c_6d01;

/// The most messages in a container, and the most bytes of several (CT-1).
const MAX_MESSAGES: usize = 1020;
const MAX_CONTAINER: usize = 1 << 15;
/// The most ids in a service message (CT-1).
const MAX_IDS: usize = 8192;

/// How far an id may be from its sender's clock: it has less than a nanosecond's accuracy in each direction.
const ACCURACY: Duration = Duration::from_micros(1);

/// What a packet is, as the log of sent packets needs it.
#[derive(Clone, Debug)]
pub(super) struct Inspected {
    pub(super) session_id: i64,
    pub(super) salt: i64,
    pub(super) msg_id: MsgId,
    /// The calls in it, each with the msg_id it is sent under.
    pub(super) calls: Vec<(u32, MsgId)>,
    /// Salts that it tells the receiver.
    pub(super) salts: Vec<i64>,
    /// It says that a message was refused.
    pub(super) refuses: bool,
    /// It asks for the state of messages.
    pub(super) asks_for_state: bool,
    /// The constructor and the id of each message.
    pub(super) contents: Vec<(u32, MsgId)>,
}

/// The messages of a packet in words, for the trace.
pub(super) fn describe(contents: &[(u32, MsgId)]) -> String {
    let name = |id| match id {
        CALL => "call",
        UPDATE => "update",
        RPC_RESULT => "answer",
        GZIP_PACKED => "gzip_packed",
        types::MsgsAck::ID => types::MsgsAck::NAME,
        types::BadMsgNotification::ID => types::BadMsgNotification::NAME,
        types::BadServerSalt::ID => types::BadServerSalt::NAME,
        types::MsgsStateReq::ID => types::MsgsStateReq::NAME,
        types::MsgsStateInfo::ID => types::MsgsStateInfo::NAME,
        types::MsgResendReq::ID => types::MsgResendReq::NAME,
        types::NewSessionCreated::ID => types::NewSessionCreated::NAME,
        types::FutureSalts::ID => types::FutureSalts::NAME,
        types::Pong::ID => types::Pong::NAME,
        functions::PingDelayDisconnect::ID => functions::PingDelayDisconnect::NAME,
        functions::GetFutureSalts::ID => functions::GetFutureSalts::NAME,
        functions::RpcDropAnswer::ID => functions::RpcDropAnswer::NAME,
        _ => "something",
    };
    let names: Vec<_> = contents.iter().map(|&(id, msg_id)| format!("{} ({msg_id})", name(id))).collect();
    names.join(", ")
}

/// A broken rule, and how.
pub(super) type Finding = (Invariant, String);

/// What one side has sent in one session.
#[derive(Default)]
pub(super) struct Inspector {
    /// Messages with content so far.
    content: u32,
    last: MsgId,
    /// The seqno and a hash of each message of a server: it sends them again under the same id.
    sent: BTreeMap<MsgId, (i32, u64)>,
    paddings: BTreeSet<[u8; 12]>,
}

struct Message {
    msg_id: MsgId,
    seqno: i32,
    body: Bytes,
}

impl Inspector {
    /// Checks a packet that `sender` has made when its idea of the server's time was `unix`.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub(super) fn inspect(
        &mut self,
        key: &AuthKey,
        sender: Side,
        unix: Duration,
        sealed: &[u8],
    ) -> Result<Inspected, Finding> {
        let envelope = |text: &str| (Invariant::LegalEnvelope, text.to_owned());
        if sealed.len() % 16 != 8 {
            return Err(envelope("its length is not that of whole blocks"));
        }
        let mut sealed = sealed.to_vec();
        let plain = packet::open(key, sender, &mut sealed)
            .map_err(|_| envelope("it does not open with the key of its session"))?;
        let plain = Bytes::copy_from_slice(plain);
        let long = |at: usize| i64::from_le_bytes(plain[at..at + 8].try_into().unwrap_or_default());
        let int = |at: usize| i32::from_le_bytes(plain[at..at + 4].try_into().unwrap_or_default());
        let outer = MsgId::from_wire(long(16));
        let (seqno, length) = (int(24), usize::try_from(int(28)).unwrap_or(usize::MAX));
        let padding = plain.len().checked_sub(32).and_then(|rest| rest.checked_sub(length));
        let Some(padding @ 12..=1024) = padding else {
            return Err(envelope("its padding is not of 12 to 1024 bytes"));
        };
        if !length.is_multiple_of(4) {
            return Err(envelope("its body is no multiple of four bytes"));
        }
        let start: [u8; 12] = plain[32 + length..][..12].try_into().unwrap_or_default();
        if !self.paddings.insert(start) {
            return Err((Invariant::ResentAnew, format!("{padding} bytes of padding that were used before")));
        }
        let body = plain.slice(32..32 + length);
        let mut inspected = Inspected {
            session_id: long(8),
            salt: long(0),
            msg_id: outer,
            calls: Vec::new(),
            salts: Vec::new(),
            refuses: false,
            asks_for_state: false,
            contents: Vec::new(),
        };
        if word(&body) == Some(MSG_CONTAINER) {
            for message in unfold(outer, seqno, &body)? {
                self.message(sender, unix, true, &message, &mut inspected)?;
            }
            self.number(sender, unix, outer, seqno)?;
            if seqno & 1 == 1 {
                return Err((Invariant::LegalSeqno, "a container that is content-related".into()));
            }
        } else {
            self.message(sender, unix, false, &Message { msg_id: outer, seqno, body }, &mut inspected)?;
        }
        Ok(inspected)
    }

    fn message(
        &mut self,
        sender: Side,
        unix: Duration,
        contained: bool,
        message: &Message,
        inspected: &mut Inspected,
    ) -> Result<(), Finding> {
        let Message { msg_id, seqno, body } = message;
        inspected.contents.push((word(body).unwrap_or(0), *msg_id));
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let hash = hasher.finish();
        if *msg_id <= self.last && sender == Side::Server && contained {
            // It was sent before, and is sent again as it was.
            return match self.sent.get(msg_id) {
                Some(before) if *before == (*seqno, hash) => Ok(()),
                Some(_) => Err((Invariant::LegalMsgId, format!("another message under the id {msg_id}"))),
                None => Err((Invariant::LegalMsgId, format!("{msg_id} comes after {}", self.last))),
            };
        }
        self.number(sender, unix, *msg_id, *seqno)?;
        if sender == Side::Server {
            self.sent.insert(*msg_id, (*seqno, hash));
        }
        content(sender, message, inspected)
    }

    /// ID-1 and SQ-1 for a message that is sent for the first time.
    fn number(&mut self, sender: Side, unix: Duration, msg_id: MsgId, seqno: i32) -> Result<(), Finding> {
        let id = |text: String| Err((Invariant::LegalMsgId, text));
        if msg_id <= self.last {
            return id(format!("{msg_id} comes after {}", self.last));
        }
        let parity = msg_id.to_wire() & 3;
        let right = match sender {
            Side::Client => parity == 0,
            Side::Server => parity == 1 || parity == 3,
        };
        if !right {
            return id(format!("{msg_id} has the low bits {parity}"));
        }
        let at = msg_id.unix();
        if at + ACCURACY < unix || at > unix.max(self.last.unix()) + ACCURACY {
            return id(format!("{msg_id} is not of its time, {unix:?}"));
        }
        self.last = msg_id;
        let content_related = seqno & 1 == 1;
        let expected = 2 * self.content + u32::from(content_related);
        if seqno.cast_unsigned() != expected {
            return Err((Invariant::LegalSeqno, format!("seqno {seqno} where {expected} is next")));
        }
        self.content += u32::from(content_related);
        Ok(())
    }
}

/// CT-1 and SQ-3: the messages of a container.
fn unfold(outer: MsgId, seqno: i32, body: &Bytes) -> Result<Vec<Message>, Finding> {
    let broken = |text: &str| (Invariant::LegalContainer, text.to_owned());
    let count = body.get(4..8).map_or(0, |bytes| u32::from_le_bytes(bytes.try_into().unwrap_or_default()));
    if count as usize > MAX_MESSAGES {
        return Err(broken("more messages than a container may have"));
    }
    if count > 1 && body.len() > MAX_CONTAINER + 8 {
        return Err(broken("several messages that are too long together"));
    }
    let mut messages = Vec::new();
    let mut rest = body.slice(8.min(body.len())..);
    for _ in 0..count {
        let Some(header) = rest.first_chunk::<16>() else { return Err(broken("it ends too early")) };
        let [a, b, c, d, e, f, g, h, seq @ .., l0, l1, l2, l3] = *header;
        let msg_id = MsgId::from_wire(i64::from_le_bytes([a, b, c, d, e, f, g, h]));
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if !length.is_multiple_of(4) || 16 + length > rest.len() {
            return Err(broken("a message with a length that cannot be"));
        }
        let message = Message { msg_id, seqno: i32::from_le_bytes(seq), body: rest.slice(16..16 + length) };
        rest = rest.slice(16 + length..);
        if word(&message.body) == Some(MSG_CONTAINER) {
            return Err(broken("a container in a container"));
        }
        if message.msg_id >= outer || message.seqno > seqno {
            return Err(broken("a message that is numbered above its container"));
        }
        messages.push(message);
    }
    if rest.is_empty() { Ok(messages) } else { Err(broken("bytes behind its messages")) }
}

/// SQ-2 and what is in a message.
fn content(sender: Side, message: &Message, inspected: &mut Inspected) -> Result<(), Finding> {
    let Message { msg_id, seqno, body } = message;
    let id = word(body).unwrap_or(0);
    let wants_ack = matches!(
        id,
        CALL | UPDATE
            | GZIP_PACKED
            | RPC_RESULT
            | types::NewSessionCreated::ID
            | functions::RpcDropAnswer::ID
    );
    if wants_ack != (seqno & 1 == 1) {
        return Err((Invariant::LegalSeqno, format!("a message {id:08x} with the seqno {seqno}")));
    }
    let unread = |_| (Invariant::LegalContainer, format!("a message {id:08x} that cannot be read"));
    let ids = match id {
        types::MsgsAck::ID => types::MsgsAck::from_bytes(body.clone()).map_err(unread)?.msg_ids.len(),
        types::MsgsStateReq::ID => {
            inspected.asks_for_state = true;
            types::MsgsStateReq::from_bytes(body.clone()).map_err(unread)?.msg_ids.len()
        }
        types::MsgResendReq::ID => {
            types::MsgResendReq::from_bytes(body.clone()).map_err(unread)?.msg_ids.len()
        }
        types::NewSessionCreated::ID => {
            let created = types::NewSessionCreated::from_bytes(body.clone()).map_err(unread)?;
            inspected.salts.push(created.server_salt);
            0
        }
        types::FutureSalts::ID => {
            let salts = types::FutureSalts::from_bytes(body.clone()).map_err(unread)?.salts;
            inspected.salts.extend(salts.iter().map(|salt| salt.salt));
            0
        }
        types::BadServerSalt::ID => {
            let bad = types::BadServerSalt::from_bytes(body.clone()).map_err(unread)?;
            inspected.salts.push(bad.new_server_salt);
            inspected.refuses = true;
            0
        }
        types::BadMsgNotification::ID => {
            let bad = types::BadMsgNotification::from_bytes(body.clone()).map_err(unread)?;
            inspected.refuses = true;
            // The clock may be off, and an old message may come late. All else is a fault of the sender.
            if !matches!(bad.error_code, 16 | 17 | 20) {
                let text = format!("{:016x} is refused with code {}", bad.bad_msg_id, bad.error_code);
                return Err((Invariant::NoRefusal, text));
            }
            0
        }
        _ => 0,
    };
    if ids > MAX_IDS {
        return Err((Invariant::LegalContainer, format!("{ids} ids in one message")));
    }
    if sender == Side::Client
        && let Some(call) = body::number(CALL, body)
    {
        inspected.calls.push((call, *msg_id));
    }
    Ok(())
}

fn word(body: &Bytes) -> Option<u32> {
    body.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}
