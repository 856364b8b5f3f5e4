//! What a client has sent lately, to know what a notification is about (BM-1).

use crate::message::event::RequestId;
use crate::message::ids::Ids;
use crate::message::msg_id::MsgId;
use crate::message::ordered::Ordered;

/// How many sent ids are remembered: four full containers.
const CAPACITY: usize = 4096;

/// What went out under a msg_id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// A container with these messages.
    Container(Ids),
    /// A call.
    Call(RequestId),
    /// `msgs_ack` for these messages.
    Acks(Ids),
    /// `msgs_state_req` about these calls, each under this id.
    Question(Vec<(RequestId, MsgId)>),
    /// `msg_resend_req` for these messages of the server, each with the call that it answers, if known.
    Resend(Vec<(MsgId, Option<RequestId>)>),
    /// `rpc_drop_answer` for the call that had this id.
    Drop(MsgId),
    /// `ping_delay_disconnect`.
    Ping,
    /// `get_future_salts`.
    FutureSalts,
    /// `msgs_state_info`.
    StateInfo,
    /// `http_wait`.
    HttpWait,
}

/// The log of what was sent.
#[derive(Debug, Default)]
pub(super) struct SentLog(Ordered<MsgId, Sent>);

impl SentLog {
    pub(super) fn insert(&mut self, id: MsgId, sent: Sent) {
        self.0.insert(id, sent);
        while self.0.len() > CAPACITY {
            self.0.pop_first();
        }
    }

    pub(super) fn get(&self, id: MsgId) -> Option<&Sent> {
        self.0.get(id)
    }

    /// Takes the entry out: what is asked in it is answered, or it was refused.
    pub(super) fn take(&mut self, id: MsgId) -> Option<Sent> {
        self.0.remove(id)
    }

    /// Lets go of memory that it has no use for now.
    pub(super) fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
