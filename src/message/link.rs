//! What both ends of a session have: the key, the numbering of messages, the acks they owe.

use std::sync::Arc;
use std::time::Duration;

use rand::CryptoRng;

use super::acks::PendingAcks;
use super::container::{Batch, Body, Outgoing};
use super::draft::Draft;
use super::envelope::{self, Header};
use super::event::RequestId;
use super::ids::Ids;
use super::msg_id::{Generator, Kind, MsgId};
use super::replay::Window;
use super::seqno::Counter;
use super::service::msgs_ack;
use crate::crypto::packet::{self, ToSeal, seal_many};
use crate::crypto::{AuthKey, Side};
use crate::tl::PacketBuf;

/// One end of a session.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) key: Arc<AuthKey>,
    pub(super) side: Side,
    pub(super) session_id: i64,
    pub(super) ids: Generator,
    pub(super) seqno: Counter,
    pub(super) acks: PendingAcks,
    pub(super) window: Window,
}

impl Link {
    pub(super) fn new(key: Arc<AuthKey>, side: Side, session_id: i64, ack_delay: Duration) -> Self {
        Self {
            key,
            side,
            session_id,
            ids: Generator::default(),
            seqno: Counter::default(),
            acks: PendingAcks::new(ack_delay),
            window: Window::new(),
        }
    }

    /// Lets go of memory that it has no use for now.
    pub(super) fn shrink_to_fit(&mut self) {
        self.acks.shrink_to_fit();
        self.window.shrink_to_fit();
    }

    /// A message with the next msg_id and seqno; `unix` is the server's time.
    pub(super) fn message(
        &mut self,
        unix: Duration,
        kind: Kind,
        content_related: bool,
        body: Body,
    ) -> Outgoing {
        self.message_of(unix, kind, content_related, |_| body)
    }

    /// [`message`](Self::message) with a body that depends on the msg_id.
    pub(super) fn message_of(
        &mut self,
        unix: Duration,
        kind: Kind,
        content_related: bool,
        body: impl FnOnce(MsgId) -> Body,
    ) -> Outgoing {
        let msg_id = self.ids.next(unix, kind);
        Outgoing { msg_id, seqno: self.seqno.next(content_related), body: body(msg_id) }
    }

    /// Adds the acks that wait, if there is room: always when other messages go, alone only when they are due
    /// (AK-1). Gives the id of the `msgs_ack` and what it acknowledges.
    pub(super) fn add_acks(
        &mut self,
        now: Duration,
        unix: Duration,
        batch: &mut Batch,
    ) -> Option<(MsgId, Ids)> {
        let wanted = self.acks.len() > 0 && (!batch.is_empty() || self.acks.is_due(now));
        if !wanted || !batch.has_room_for(12 + 8 * self.acks.len()) {
            return None;
        }
        let ids = self.acks.take();
        let body = Body::Plain(msgs_ack(&ids));
        let message = self.message(unix, self.notice(), false, body);
        let msg_id = message.msg_id;
        batch.push(message);
        Some((msg_id, ids))
    }

    /// The kind of a message of this side that answers nothing.
    pub(super) fn notice(&self) -> Kind {
        match self.side {
            Side::Client => Kind::FromClient,
            Side::Server => Kind::Notice,
        }
    }

    /// Puts the messages into one packet in `out`, which is to be sealed yet. Gives the id on the packet: of its one
    /// message, or of the container.
    pub(super) fn draft(
        &mut self,
        salt: i64,
        unix: Duration,
        batch: &Batch,
        rng: &mut dyn CryptoRng,
        out: &mut PacketBuf,
    ) -> MsgId {
        out.clear();
        batch.write(out);
        // A container is numbered last, so its id is above those of its messages and its seqno not below (SQ-3).
        let (msg_id, seqno) = match batch.single() {
            Some(message) => (message.msg_id, message.seqno),
            None => (self.ids.next(unix, self.notice()), self.seqno.next(false)),
        };
        let header = Header { salt, session_id: self.session_id, msg_id, seqno };
        envelope::draft(header, rng, out);
        msg_id
    }

    /// Seals one packet that was drafted; gives the token of its quick ack.
    pub(super) fn seal(&self, packet: &mut PacketBuf) -> u32 {
        packet::seal(&self.key, self.side, packet).quick_ack_token
    }

    /// Seals packets that were drafted, side by side, and gives them away in their order, with the tokens of their quick acks.
    pub(super) fn seal_all(
        &self,
        drafts: &mut Vec<Draft>,
        mut done: impl FnMut(PacketBuf, Vec<RequestId>, u32),
    ) {
        // Mostly there is one.
        if let [draft] = &mut drafts[..] {
            let token = self.seal(&mut draft.packet);
            return drafts.drain(..).for_each(|draft| done(draft.packet, draft.quick, token));
        }
        let plaintexts = drafts.iter_mut().map(|draft| draft.packet.as_mut_slice());
        let sealed = seal_many(
            plaintexts.map(|plaintext| ToSeal { key: &self.key, sender: self.side, plaintext }).collect(),
        );
        for (mut draft, sealed) in drafts.drain(..).zip(sealed) {
            draft.packet.prepend(&sealed.header);
            done(draft.packet, draft.quick, sealed.quick_ack_token);
        }
    }
}
