//! What a session tells its owner.

use std::fmt;

use bytes::Bytes;

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

/// What happened in a client's session.
#[derive(Clone, Debug, PartialEq)]
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
}

/// What happened in a server's session.
#[derive(Clone, Debug, PartialEq)]
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

/// The stable handle of a message that a server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PushId(pub(super) u64);
