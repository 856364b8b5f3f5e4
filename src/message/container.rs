//! Several messages in one packet: `msg_container` and `msg_copy`, both ways (CT-1, CT-2, TL-10).

use std::fmt;

use bytes::Bytes;

use super::error::Error;
use super::gzip::GZIP_PACKED;
use super::hidden::Hidden;
use super::msg_id::MsgId;
use super::rpc::RPC_RESULT;
use super::seqno::is_content_related;
use crate::tl::{PacketBuf, Reader, VECTOR};

/// Constructor id of `msg_container`: a count, then bare messages.
pub(super) const MSG_CONTAINER: u32 = 0x73f1_f8dc;
/// Constructor id of `msg_copy`: a boxed `message`.
const MSG_COPY: u32 = 0xe060_46b2;
/// Constructor id of the boxed `message`.
const MESSAGE: u32 = 0x5bb8_e511;

/// The most messages that a received container may have (CT-1).
const MAX_RECEIVED: usize = 1024;
/// The most messages that are sent in one container (CT-1).
const MAX_SENT: usize = 1020;
/// A container is full when it would pass this many bytes (CT-1).
const MAX_BYTES: usize = 1 << 15;
/// Bytes in front of each body in a container: msg_id 8, seqno 4, length 4.
const MESSAGE_HEADER: usize = 16;

/// A received message.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Incoming {
    pub(super) msg_id: MsgId,
    pub(super) seqno: i32,
    /// Empty for the husk of a `msg_copy`, which is to be acknowledged and nothing else.
    pub(super) body: Bytes,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("msg_id", &self.msg_id)
            .field("seqno", &self.seqno)
            .field("body", &Hidden(&self.body))
            .finish()
    }
}

impl Incoming {
    pub(super) fn is_content_related(&self) -> bool {
        is_content_related(self.seqno)
    }
}

/// Whether a body is a container.
pub(super) fn is_container(body: &Bytes) -> bool {
    body.first_chunk() == Some(&MSG_CONTAINER.to_le_bytes())
}

/// The messages in a packet: those of the container, or the one message that it is.
///
/// # Errors
/// [`Error::Container`] if anything is wrong anywhere in it: a container is taken as a whole or not at all.
pub(super) fn unfold(msg_id: MsgId, seqno: i32, body: Bytes) -> Result<Vec<Incoming>, Error> {
    if !is_container(&body) {
        let mut messages = Vec::with_capacity(1);
        uncover(Incoming { msg_id, seqno, body }, &mut messages)?;
        return Ok(messages);
    }
    let mut reader = Reader::new(body);
    reader.u32();
    let count = usize::try_from(reader.i32()).unwrap_or(usize::MAX);
    if count > MAX_RECEIVED {
        return Err(Error::Container("more than 1024 messages, or less than none"));
    }
    let mut messages = Vec::with_capacity(count.min(reader.remaining() / MESSAGE_HEADER));
    for _ in 0..count {
        let message = read_message(&mut reader)?;
        if message.msg_id >= msg_id {
            return Err(Error::Container("the msg_id of a message is not below that of the container"));
        }
        if is_container(&message.body) {
            return Err(Error::Container("a container in a container"));
        }
        uncover(message, &mut messages)?;
    }
    reader.finish().map_err(|_| Error::Container("its messages do not fill it"))?;
    Ok(messages)
}

/// Takes a message out of its `msg_copy`, if it is in one (CT-2).
fn uncover(message: Incoming, messages: &mut Vec<Incoming>) -> Result<(), Error> {
    if message.body.first_chunk() != Some(&MSG_COPY.to_le_bytes()) {
        messages.push(message);
        return Ok(());
    }
    let mut reader = Reader::new(message.body);
    reader.u32();
    if reader.u32() != MESSAGE {
        return Err(Error::Container("a msg_copy without a message"));
    }
    let original = read_message(&mut reader)?;
    reader.finish().map_err(|_| Error::Container("its messages do not fill it"))?;
    if [MSG_COPY, MSG_CONTAINER].iter().any(|id| original.body.first_chunk() == Some(&id.to_le_bytes())) {
        return Err(Error::Container("a container or a copy in a msg_copy"));
    }
    messages.push(Incoming { body: Bytes::new(), ..message });
    messages.push(original);
    Ok(())
}

/// Reads a bare `message`.
fn read_message(reader: &mut Reader) -> Result<Incoming, Error> {
    let msg_id = MsgId::from_wire(reader.i64());
    let seqno = reader.i32();
    let length = usize::try_from(reader.i32()).unwrap_or(usize::MAX);
    if !length.is_multiple_of(4) || length > reader.remaining() || reader.failed() {
        return Err(Error::Container("a length that does not fit"));
    }
    Ok(Incoming { msg_id, seqno, body: reader.raw(length) })
}

/// The body of a message to be sent.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// Boxed, as it stands.
    Plain(Bytes),
    /// `rpc_result` around the boxed result.
    Result {
        /// The msg_id of the call.
        call: MsgId,
        /// The result.
        result: Bytes,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(body) => f.debug_tuple("Plain").field(&Hidden(body)).finish(),
            Self::Result { call, result } => {
                f.debug_struct("Result").field("call", call).field("result", &Hidden(result)).finish()
            }
        }
    }
}

impl Body {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Plain(body) => body.len(),
            Self::Result { result, .. } => 12 + result.len(),
        }
    }

    fn write(&self, packet: &mut PacketBuf) {
        match self {
            Self::Plain(body) => packet.extend_from_slice(body),
            Self::Result { call, result } => {
                packet.extend_from_slice(&RPC_RESULT.to_le_bytes());
                packet.extend_from_slice(&call.to_wire().to_le_bytes());
                packet.extend_from_slice(result);
            }
        }
    }
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) msg_id: MsgId,
    pub(super) seqno: i32,
    pub(super) body: Body,
}

/// The messages of the next packet.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    messages: Vec<Outgoing>,
    bytes: usize,
    /// The msg_id of a message sent again is too old to stand on the packet, so a container goes around it.
    must_contain: bool,
    closed: bool,
}

impl Batch {
    /// Whether a body of `len` bytes can join (CT-1). The first always can: a big message goes alone.
    pub(super) fn has_room_for(&self, len: usize) -> bool {
        let bytes = self.bytes.saturating_add(MESSAGE_HEADER).saturating_add(len);
        !self.closed && (self.messages.is_empty() || (self.messages.len() < MAX_SENT && bytes <= MAX_BYTES))
    }

    /// Makes room for so many messages.
    pub(super) fn reserve(&mut self, messages: usize) {
        self.messages.reserve(messages);
    }

    pub(super) fn push(&mut self, message: Outgoing) {
        self.bytes += MESSAGE_HEADER + message.body.len();
        self.messages.push(message);
    }

    /// Adds a message under the msg_id that it was sent under before.
    pub(super) fn push_again(&mut self, message: Outgoing) {
        self.must_contain = true;
        self.push(message);
    }

    /// Lets nothing more join.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The one message, when it needs no container.
    pub(super) fn single(&self) -> Option<&Outgoing> {
        match self.messages.as_slice() {
            [message] if !self.must_contain => Some(message),
            _ => None,
        }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = MsgId> {
        self.messages.iter().map(|message| message.msg_id)
    }

    /// Writes the body of the packet.
    pub(super) fn write(&self, packet: &mut PacketBuf) {
        packet.reserve(self.bytes + 64);
        if let Some(message) = self.single() {
            message.body.write(packet);
            return;
        }
        packet.extend_from_slice(&MSG_CONTAINER.to_le_bytes());
        packet.extend_from_slice(&(self.messages.len() as u32).to_le_bytes());
        for message in &self.messages {
            packet.extend_from_slice(&message.msg_id.to_wire().to_le_bytes());
            packet.extend_from_slice(&message.seqno.to_le_bytes());
            packet.extend_from_slice(&(message.body.len() as u32).to_le_bytes());
            message.body.write(packet);
        }
    }
}

// A body never begins with these by accident: each is the id of one constructor only.
const _: () = assert!(MSG_CONTAINER != GZIP_PACKED && MSG_CONTAINER != VECTOR);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::tests::{hex, vector};

    fn plain(body: Bytes) -> Body {
        Body::Plain(body)
    }

    #[test]
    fn ct_1_the_published_container_reads_and_writes() {
        let vector = vector("tl.container");
        let published = hex(&vector["outputs"]["hex"]);
        let outer = MsgId::from_wire(i64::MAX);
        let messages = unfold(outer, 2, published.clone()).unwrap();
        let inputs = vector["inputs"]["messages"].as_array().unwrap();
        assert_eq!(messages.len(), inputs.len());
        let mut batch = Batch::default();
        for (message, input) in messages.into_iter().zip(inputs) {
            assert_eq!(message.msg_id.to_wire(), input["msg_id"].as_i64().unwrap());
            assert_eq!(i64::from(message.seqno), input["seqno"].as_i64().unwrap());
            batch.push(Outgoing { msg_id: message.msg_id, seqno: message.seqno, body: plain(message.body) });
        }
        let mut packet = PacketBuf::new();
        batch.write(&mut packet);
        assert_eq!(packet.as_slice(), published);
    }

    #[test]
    fn ct_1_an_empty_container_is_allowed() {
        let body = Bytes::from_static(&[0xdc, 0xf8, 0xf1, 0x73, 0, 0, 0, 0]);
        assert_eq!(unfold(MsgId::from_wire(1), 0, body), Ok(vec![]));
    }

    #[test]
    fn an_absurd_count_is_refused_before_anything_is_allocated() {
        for count in [-1, 1, 1025, i32::MAX] {
            let mut body = MSG_CONTAINER.to_le_bytes().to_vec();
            body.extend(i32::to_le_bytes(count));
            assert!(unfold(MsgId::from_wire(1), 0, body.into()).is_err(), "{count}");
        }
    }

    proptest! {
        #[test]
        fn ct_1_what_is_packed_together_comes_apart_the_same(
            bodies in proptest::collection::vec(proptest::collection::vec(1_u32..9, 0..20), 0..50),
        ) {
            let mut batch = Batch::default();
            let mut sent = Vec::new();
            for (n, words) in bodies.iter().enumerate() {
                let body: Bytes = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                let message = Incoming { msg_id: MsgId::from_wire(n as i64), seqno: n as i32, body };
                batch.push(Outgoing { msg_id: message.msg_id, seqno: message.seqno, body: plain(message.body.clone()) });
                sent.push(message);
            }
            let mut packet = PacketBuf::new();
            batch.write(&mut packet);
            let body = Bytes::copy_from_slice(packet.as_slice());
            let outer = if batch.single().is_some() { 0 } else { 1000 };
            prop_assert_eq!(unfold(MsgId::from_wire(outer), 0, body).unwrap(), sent);
        }

        #[test]
        fn unfolding_never_panics(words in proptest::collection::vec(
            prop_oneof![Just(MSG_CONTAINER), Just(MSG_COPY), Just(MESSAGE), 0_u32..9, any::<u32>()], 0..40,
        )) {
            let body: Bytes = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let _ = unfold(MsgId::from_wire(i64::MAX), 0, body);
        }
    }
}
