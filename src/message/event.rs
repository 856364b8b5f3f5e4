//! What a session tells its owner.

use std::fmt;

use bytes::Bytes;

use super::hidden::Hidden;
use super::msg_id::MsgId;
use super::rpc::RpcError;

/// The stable handle of a call: its msg_id changes when it is sent again, this does not.
///
/// Handles are given out in ascending order and never twice by one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What happened in a client's session. `Debug` shows the lengths of answers and updates and nothing of them.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server has answered a call. Each call gets exactly one `Answer` or one [`Failed`](Self::Failed).
    Answer {
        /// The call.
        request: RequestId,
        /// The result, boxed, unpacked if it came as `gzip_packed`; or the server's refusal. The bytes are a
        /// slice of the packet they came in, unless they were packed.
        result: Result<Bytes, RpcError>,
    },
    /// A call is over without an answer.
    Failed {
        /// The call.
        request: RequestId,
        /// Why, and what is known about its fate.
        reason: Failure,
    },
    /// The server has received the call; the answer is still to come. Comes at most once for each call, and
    /// not when the answer is there first.
    Received {
        /// The call.
        request: RequestId,
    },
    /// A quick ack for the call has come (TR-7). Only a hint that the server has the packet.
    QuickAck {
        /// The call.
        request: RequestId,
    },
    /// Something that answers no call: `Updates`, boxed and unpacked, normally. Content of an unknown
    /// constructor comes here, too.
    Update(Bytes),
    /// The server has made a new session for this session id and forgotten the old one, if there was one
    /// (NS-1). Updates may be lost: ask for the difference. What becomes of the calls in flight is told by
    /// their own events.
    NewSession {
        /// The server's number of the session.
        unique_id: i64,
    },
    /// The session has given itself a new session id, because its old msg_ids were ahead of the server's
    /// clock (BM-1, code 17). `initConnection` has to be sent again (AP-1).
    SessionRenewed {
        /// The new session id.
        session_id: i64,
        /// The one before, for which `destroy_session` may be called.
        former: i64,
    },
    /// The salt to begin with next time has changed; to be saved. `0` never comes here.
    SaltChanged {
        /// The new salt.
        salt: i64,
    },
    /// The estimate of the server's clock has changed by a second or more; the owner saves
    /// [`ServerTime::offset_seconds`](super::ServerTime::offset_seconds).
    TimeChanged,
    /// The server has answered nothing for too long: close the connection, dial again.
    ConnectionDead,
}

impl fmt::Debug for ClientEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { request, result } => {
                let result = result.as_ref().map(Hidden);
                f.debug_struct("Answer").field("request", request).field("result", &result).finish()
            }
            Self::Failed { request, reason } => {
                f.debug_struct("Failed").field("request", request).field("reason", reason).finish()
            }
            Self::Received { request } => f.debug_struct("Received").field("request", request).finish(),
            Self::QuickAck { request } => f.debug_struct("QuickAck").field("request", request).finish(),
            Self::Update(update) => f.debug_tuple("Update").field(&Hidden(update)).finish(),
            Self::NewSession { unique_id } => {
                f.debug_struct("NewSession").field("unique_id", unique_id).finish()
            }
            Self::SessionRenewed { session_id, former } => f
                .debug_struct("SessionRenewed")
                .field("session_id", session_id)
                .field("former", former)
                .finish(),
            Self::SaltChanged { salt } => f.debug_struct("SaltChanged").field("salt", salt).finish(),
            Self::TimeChanged => f.write_str("TimeChanged"),
            Self::ConnectionDead => f.write_str("ConnectionDead"),
        }
    }
}

/// Why a call is over without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The call may have been carried out or not: it was sent, and the server that could tell no longer can
    /// (it has lost the session, or the message is too old). It was not sent again, because it was not
    /// marked [`repeatable`](super::client::CallOptions::repeatable).
    #[error("the call was sent, but whether the server has carried it out is unknown")]
    UnknownOutcome,
    /// The server refuses the message again and again with this code of `bad_msg_notification`.
    #[error("the server refuses the message (bad_msg_notification, code {code})")]
    Refused {
        /// The last code.
        code: i32,
    },
    /// The server has carried out the call, and its answer is lost: it does not keep it any more.
    #[error("the answer was lost on the way and the server does not have it any more")]
    AnswerLost,
    /// The answer has come, and it cannot be read: not the TL it should be, or a gzip bomb.
    #[error("the answer of the server is malformed")]
    MalformedAnswer,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// It waits in the queue; no byte of it has left.
    Queued,
    /// It was put on the wire; nothing is known of its arrival.
    Sent,
    /// The server has confirmed that it has it.
    Received,
    /// The server has answered it; a call in flight never has this status.
    Answered,
}

/// What happened in a server's session. `Debug` shows the length of a call and nothing of it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A call to be carried out, exactly once; a repeated msg_id is not reported again. It wants one
    /// [`answer`](super::server::Session::answer), at any time and in any order.
    ///
    /// `destroy_session` and `destroy_auth_key` come here, too, as only the server knows its other sessions;
    /// their results go back through [`answer_bare`](super::server::Session::answer_bare).
    Call {
        /// The msg_id that the answer names.
        msg_id: MsgId,
        /// The function, boxed and unpacked; a slice of the packet it came in, unless it was packed.
        body: Bytes,
    },
    /// The client wants no answer to the call any more (`rpc_drop_answer`, RD-1). It has been told so
    /// already; an answer to the call is dropped.
    Dropped {
        /// The call.
        msg_id: MsgId,
    },
    /// The client has confirmed that it has this answer or push.
    Acked {
        /// The id that [`answer`](super::server::Session::answer) or [`push`](super::server::Session::push)
        /// has given.
        message: PushId,
    },
    /// `http_wait` (HW-1): over HTTP the packet's connection stays open for an answer. Times in
    /// milliseconds.
    HttpWait {
        /// Wait this long for a first message.
        max_delay: i32,
        /// After a message wait this long for more.
        wait_after: i32,
        /// Answer after this long in any case.
        max_wait: i32,
    },
    /// No `ping_delay_disconnect` came in time (PG-1): close the connection.
    Idle,
}

impl fmt::Debug for ServerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { msg_id, body } => {
                f.debug_struct("Call").field("msg_id", msg_id).field("body", &Hidden(body)).finish()
            }
            Self::Dropped { msg_id } => f.debug_struct("Dropped").field("msg_id", msg_id).finish(),
            Self::Acked { message } => f.debug_struct("Acked").field("message", message).finish(),
            Self::HttpWait { max_delay, wait_after, max_wait } => f
                .debug_struct("HttpWait")
                .field("max_delay", max_delay)
                .field("wait_after", wait_after)
                .field("max_wait", max_wait)
                .finish(),
            Self::Idle => f.write_str("Idle"),
        }
    }
}

/// The stable handle of a message that a server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PushId(pub(super) u64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::hidden::tests::{SECRET, shows};
    use crate::message::msg_id::Kind;

    #[test]
    fn debug_shows_no_bodies() {
        let answer = ClientEvent::Answer { request: RequestId(1), result: Ok(SECRET) };
        let msg_id = MsgId::at(std::time::Duration::from_secs(1), Kind::FromClient);
        let call = ServerEvent::Call { msg_id, body: SECRET };
        let text = format!("{answer:?} {:?} {call:?}", ClientEvent::Update(SECRET));
        assert_eq!(text.matches("20 bytes").count(), 3, "{text}");
        assert!(!shows(&text), "{text}");
    }
}
