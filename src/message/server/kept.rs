//! Answers and pushes, kept until the client has acknowledged them.

use std::collections::BTreeMap;

use crate::message::container::Body;
use crate::message::event::PushId;
use crate::message::msg_id::{Kind, MsgId};
use crate::message::ordered::Ordered;

/// Who has a message sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The owner, who is told of its ack.
    Owner,
    /// The session itself.
    Session,
}

/// A kept message.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) origin: Origin,
    pub(super) body: Body,
    pub(super) kind: Kind,
    /// The call that it answers.
    pub(super) call: Option<MsgId>,
    /// The msg_id and seqno that it was sent under.
    pub(super) sent: Option<Sent>,
}

/// When and as what a message went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) msg_id: MsgId,
    pub(super) seqno: i32,
    /// The number of the last connection that it went out on.
    pub(super) connection: u64,
    /// When it last went out, on the monotonic clock.
    pub(super) at: std::time::Duration,
}

/// The handle of the greeting, lower than those of all other messages.
const GREETING: PushId = PushId(0);

/// All kept messages of a session.
#[derive(Debug)]
pub(super) struct Kept {
    messages: BTreeMap<PushId, Message>,
    by_id: Ordered<MsgId, PushId>,
    /// Those to be sent.
    queue: Ordered<PushId>,
    bytes: usize,
    next: u64,
    max_messages: usize,
    max_bytes: usize,
}

impl Kept {
    pub(super) fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self {
            messages: BTreeMap::new(),
            by_id: Ordered::default(),
            queue: Ordered::default(),
            bytes: 0,
            next: 1,
            max_messages,
            max_bytes,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Bytes of all bodies.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lets go of memory that it has no use for now: an emptied tree keeps its root.
    pub(super) fn shrink_to_fit(&mut self) {
        if self.messages.is_empty() {
            self.messages = BTreeMap::new();
        }
        self.by_id.shrink_to_fit();
        self.queue.shrink_to_fit();
    }

    /// A handle that no other message has.
    pub(super) fn next_id(&mut self) -> PushId {
        let id = PushId(self.next);
        self.next += 1;
        id
    }

    /// Makes room for a body of `len` bytes by forgetting the oldest messages that were sent. Gives the calls
    /// that they answer; `None` if there is no room, because too much was never sent.
    pub(super) fn make_room(&mut self, len: usize) -> Option<Vec<MsgId>> {
        let mut forgotten = Vec::new();
        while self.messages.len() >= self.max_messages || self.bytes.saturating_add(len) > self.max_bytes {
            let oldest = self.messages.keys().copied().find(|&id| !self.queue.contains(id))?;
            forgotten.extend(self.remove(oldest).and_then(|message| message.call));
        }
        Some(forgotten)
    }

    /// Takes a message, to be sent.
    pub(super) fn insert(&mut self, origin: Origin, call: Option<MsgId>, kind: Kind, body: Body) -> PushId {
        let id = self.next_id();
        self.put(id, Message { origin, body, kind, call, sent: None });
        id
    }

    /// Takes the greeting of the session, to be sent before all else that waits.
    pub(super) fn insert_greeting(&mut self, body: Body) {
        let message = Message { origin: Origin::Session, body, kind: Kind::Notice, call: None, sent: None };
        self.put(GREETING, message);
    }

    fn put(&mut self, id: PushId, message: Message) {
        self.bytes += message.body.len();
        self.messages.insert(id, message);
        self.queue.insert(id, ());
    }

    pub(super) fn get(&self, id: PushId) -> Option<&Message> {
        self.messages.get(&id)
    }

    /// The message that was sent under this msg_id.
    pub(super) fn by_id(&self, id: MsgId) -> Option<PushId> {
        self.by_id.get(id).copied()
    }

    /// The next message to be sent.
    pub(super) fn next_queued(&self) -> Option<(PushId, &Message)> {
        let &(id, ()) = self.queue.first()?;
        self.messages.get(&id).map(|message| (id, message))
    }

    /// How many wait to be sent.
    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Notes that a message went out.
    pub(super) fn sent(&mut self, id: PushId, sent: Sent) {
        self.queue.remove(id);
        if let Some(message) = self.messages.get_mut(&id) {
            message.sent = Some(sent);
            self.by_id.insert(sent.msg_id, id);
        }
    }

    /// Has a message sent again.
    pub(super) fn requeue(&mut self, id: PushId) {
        if self.messages.contains_key(&id) {
            self.queue.insert(id, ());
        }
    }

    /// Has the greeting sent again, if it is not acknowledged.
    pub(super) fn requeue_greeting(&mut self) {
        self.requeue(GREETING);
    }

    /// All messages, oldest first.
    pub(super) fn all(&self) -> Vec<PushId> {
        self.messages.keys().copied().collect()
    }

    /// Forgets a message: it was acknowledged, or is not wanted.
    pub(super) fn remove(&mut self, id: PushId) -> Option<Message> {
        let message = self.messages.remove(&id)?;
        self.queue.remove(id);
        self.bytes -= message.body.len();
        if let Some(sent) = message.sent {
            self.by_id.remove(sent.msg_id);
        }
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;

    fn body(len: usize) -> Body {
        Body::Plain(Bytes::from(vec![1; len]))
    }

    fn send_next(kept: &mut Kept, seconds: u64) -> PushId {
        let (id, message) = kept.next_queued().unwrap();
        let msg_id = MsgId::at(Duration::from_secs(seconds), message.kind);
        kept.sent(id, Sent { msg_id, seqno: 1, connection: 1, at: Duration::ZERO });
        id
    }

    #[test]
    fn what_was_sent_is_forgotten_to_make_room() {
        let mut kept = Kept::new(3, 100);
        let call = MsgId::at(Duration::from_secs(9), Kind::FromClient);
        let first = kept.insert(Origin::Owner, Some(call), Kind::Answer, body(40));
        kept.insert(Origin::Owner, None, Kind::Notice, body(40));
        assert_eq!(kept.make_room(40), None, "nothing was sent yet");
        assert_eq!(send_next(&mut kept, 10), first);
        assert_eq!(kept.make_room(40), Some(vec![call]));
        assert_eq!((kept.len(), kept.bytes()), (1, 40));
        assert!(kept.get(first).is_none());
        assert_eq!(kept.make_room(101), None, "what is larger than all the room never fits");
    }

    #[test]
    fn an_ack_removes_a_message_that_waits_to_be_sent_again() {
        let mut kept = Kept::new(3, 100);
        let id = kept.insert(Origin::Owner, None, Kind::Notice, body(40));
        send_next(&mut kept, 10);
        kept.requeue(id);
        let msg_id = kept.get(id).unwrap().sent.unwrap().msg_id;
        assert_eq!(kept.by_id(msg_id), Some(id));
        assert!(kept.remove(id).is_some());
        assert!(kept.next_queued().is_none());
        assert_eq!((kept.by_id(msg_id), kept.bytes()), (None, 0));
    }
}
