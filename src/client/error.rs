//! Why a client could not connect and why a call had no answer, in words that a person understands.

use std::time::{Duration, SystemTime};

use crate::message::{CallStatus, Failure, RpcError, SendError};
use crate::net::{Address, DialError, ExchangeError, Refusal};
use crate::session;

/// Why [`ClientBuilder::connect`](super::ClientBuilder::connect) gave up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The session cannot be opened: held by another process, corrupt, of a newer version…
    #[error(transparent)]
    Session(#[from] session::Error),
    /// The store has lost the session to another process already, or had to assume so.
    #[error("another process may use the session now; open it again")]
    SessionLost,
    /// There is neither a saved session with this name nor an API key to make one.
    #[error(
        "there is no session `{name}` yet, and making one needs an API key: get api_id and api_hash at https://my.telegram.org/apps"
    )]
    NoApiKey {
        /// The name of the session.
        name: String,
    },
    /// The session's keys belong to other servers than the ones asked for (production, test, or servers with keys of
    /// their own).
    #[error(
        "the session `{name}` belongs to other servers (production, test or own); use another session name"
    )]
    OtherNetwork {
        /// The name of the session.
        name: String,
    },
    /// The session holds a public key that cannot be read.
    #[error("the session's RSA key cannot be used: {0}")]
    SavedKey(crate::crypto::rsa::KeyError),
    /// The description of the device has a text that is too long.
    #[error("the description of the device cannot be sent: {0}")]
    Device(crate::tl::Error),
    /// No address is known for a DC.
    #[error("no address is known for DC {dc}")]
    UnknownDc {
        /// The DC that was asked for.
        dc: i32,
    },
    /// The TCP connection could not be opened.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The key exchange failed.
    #[error("the key exchange with DC {dc} at {address} failed: {source}")]
    Exchange {
        /// The DC.
        dc: i32,
        /// Where it was dialed.
        address: Address,
        /// What went wrong.
        source: ExchangeError,
    },
    /// Connecting took longer than it may.
    #[error("DC {dc} was not reached within {after:?}")]
    TimedOut {
        /// The DC.
        dc: i32,
        /// The deadline that passed.
        after: Duration,
    },
    /// The connection was open, but the first call had no good answer.
    #[error("connected, but the first call failed: {0}")]
    FirstCall(#[source] Box<InvokeError>),
}

impl ConnectError {
    /// Whether another try may succeed without anybody doing anything; `elsewhere` says that there is another address to
    /// try.
    pub(super) fn may_pass(&self, elsewhere: bool) -> bool {
        match self {
            Self::Dial(error) => error.may_pass(elsewhere),
            Self::Exchange { source, .. } => source.may_pass(),
            _ => false,
        }
    }

    /// Whether the server asks for patience.
    pub(super) fn is_flood(&self) -> bool {
        matches!(self, Self::Exchange { source: ExchangeError::Refused(Refusal::Flood), .. })
    }
}

/// How far a call had come, in words for its error.
fn told(status: CallStatus) -> &'static str {
    match status {
        CallStatus::Queued => "it was not sent",
        CallStatus::Sent => "it was sent, and the server did not confirm it",
        CallStatus::Received => "the server confirmed it, and did not answer",
        CallStatus::Answered => "the server answered it",
    }
}

/// Why a call has no result.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// The server refused the call.
    #[error("{method}: the server answered {error}")]
    Rpc {
        /// The TL name of the function.
        method: &'static str,
        /// The server's words.
        error: RpcError,
    },
    /// The server asks to wait longer than the client waits by itself (420).
    #[error("{method}: the server answered {error}: try again in {} s", .wait.as_secs())]
    Wait {
        /// The TL name of the function.
        method: &'static str,
        /// How long from the answer on.
        wait: Duration,
        /// The moment, by the local clock, from which the call may be repeated.
        until: SystemTime,
        /// The server's words.
        error: RpcError,
    },
    /// The key is not authorized (401): never logged in, logged out, or the session was ended elsewhere.
    #[error(
        "{method}: the server answered {error}: the session is not logged in, or was ended from another device"
    )]
    Unauthorized {
        /// The TL name of the function.
        method: &'static str,
        /// The server's words.
        error: RpcError,
    },
    /// The key was used from two places at once and is dead (406 `AUTH_KEY_DUPLICATED`).
    #[error("the session was used from two places at once, and the server ended it; log in again")]
    AuthKeyDuplicated,
    /// The server does not know the saved key of a logged-in session (transport error -404, seen twice).
    #[error("DC {dc} does not know this session's key any more; log in again")]
    AuthKeyUnknown {
        /// The DC that refused the key.
        dc: i32,
        /// How far the call had come.
        status: CallStatus,
    },
    /// No answer within the deadline.
    #[error("{method}: no answer within {after:?}: {}{}", told(*.status), .cause.as_deref().map(|c| format!(" ({c})")).unwrap_or_default())]
    Timeout {
        /// The TL name of the function.
        method: &'static str,
        /// The deadline that passed.
        after: Duration,
        /// How far the call had come.
        status: CallStatus,
        /// Why there is no connection, when there is none.
        cause: Option<String>,
    },
    /// The client was shut down before the answer came.
    #[error("{method}: the client was disconnected before the answer: {}", told(*.status))]
    Disconnected {
        /// The TL name of the function.
        method: &'static str,
        /// How far the call had come.
        status: CallStatus,
    },
    /// The call is over without an answer, for a reason of the protocol.
    #[error("{method}: {failure}")]
    Failed {
        /// The TL name of the function.
        method: &'static str,
        /// What happened, and what is known of the call's fate.
        failure: Failure,
    },
    /// The call cannot be put on the wire.
    #[error("{method}: {reason}")]
    Unsendable {
        /// The TL name of the function.
        method: &'static str,
        /// Why not.
        reason: SendError,
    },
    /// The function holds a value that has no serialized form: a string or vector beyond its limit.
    #[error("{method}: the call cannot be serialized: {source}")]
    Encode {
        /// The TL name of the function.
        method: &'static str,
        /// What is wrong.
        source: crate::tl::Error,
    },
    /// The answer is not of the function's type.
    #[error("{method}: the answer cannot be read: {source}")]
    Decode {
        /// The TL name of the function.
        method: &'static str,
        /// Where and why decoding stopped.
        source: crate::tl::Error,
    },
    /// The store has lost the session to another process, or had to assume so
    /// ([`SessionStore::when_lost`](crate::session::SessionStore::when_lost)): the connections are closed, and nothing
    /// is sent with its keys any more.
    #[error("{method}: another process may use the session now, so that this one does not any more; open it again: {}", told(*.status))]
    SessionLost {
        /// The TL name of the function.
        method: &'static str,
        /// How far the call had come.
        status: CallStatus,
    },
    /// The client was disconnected before the call was made.
    #[error("the client was disconnected")]
    Closed,
    /// The DC for the call, which may be one to which the server sent us, cannot be reached or used.
    #[error("{method}: DC {dc} cannot be used: {reason}")]
    Unreachable {
        /// The TL name of the function.
        method: &'static str,
        /// The DC.
        dc: i32,
        /// Why not.
        reason: String,
    },
}

impl InvokeError {
    /// The server's refusal, if that is what the error is.
    #[must_use]
    pub fn rpc(&self) -> Option<&RpcError> {
        match self {
            Self::Rpc { error, .. } | Self::Wait { error, .. } | Self::Unauthorized { error, .. } => {
                Some(error)
            }
            _ => None,
        }
    }

    /// How far the call had come: not sent, sent, confirmed by the server, or answered. What was not sent was not carried
    /// out; of what was sent or confirmed nobody knows, save that the server refused it for a reason of the protocol
    /// ([`Failure::Refused`]).
    #[must_use]
    pub fn status(&self) -> CallStatus {
        match self {
            Self::Rpc { .. } | Self::Wait { .. } | Self::Unauthorized { .. } | Self::AuthKeyDuplicated => {
                CallStatus::Answered
            }
            Self::Decode { .. } | Self::Failed { failure: Failure::MalformedAnswer, .. } => {
                CallStatus::Answered
            }
            Self::Failed { failure: Failure::AnswerLost, .. } => CallStatus::Received,
            Self::Failed { failure: Failure::UnknownOutcome | Failure::Refused { .. }, .. } => {
                CallStatus::Sent
            }
            Self::Timeout { status, .. }
            | Self::Disconnected { status, .. }
            | Self::SessionLost { status, .. }
            | Self::AuthKeyUnknown { status, .. } => *status,
            Self::Unsendable { .. } | Self::Encode { .. } | Self::Closed | Self::Unreachable { .. } => {
                CallStatus::Queued
            }
        }
    }

    /// Whether the session is not, or not any more, logged in, so that only a new login helps.
    #[must_use]
    pub fn is_login_over(&self) -> bool {
        matches!(self, Self::Unauthorized { .. } | Self::AuthKeyUnknown { .. } | Self::AuthKeyDuplicated)
    }

    /// Whether the server refused the call with this error; the number in the name is left out (`PHONE_CODE_INVALID`,
    /// `FLOOD_WAIT`).
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.rpc().is_some_and(|error| error.is(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tl::Deserialize;

    #[test]
    fn every_failed_call_says_how_far_it_had_come() {
        use CallStatus::{Answered, Queued, Received, Sent};
        let (method, error) = ("test", || RpcError::new(400, "NO"));
        let (wait, until) = (Duration::ZERO, SystemTime::UNIX_EPOCH);
        let tl = || crate::tl::types::Config::from_bytes(bytes::Bytes::new()).unwrap_err();
        let failed = |failure| InvokeError::Failed { method, failure };
        let told = [
            (InvokeError::Rpc { method, error: error() }, Answered),
            (InvokeError::Wait { method, wait, until, error: error() }, Answered),
            (InvokeError::Unauthorized { method, error: error() }, Answered),
            (InvokeError::AuthKeyDuplicated, Answered),
            (InvokeError::Decode { method, source: tl() }, Answered),
            (failed(Failure::MalformedAnswer), Answered),
            (failed(Failure::AnswerLost), Received),
            (failed(Failure::UnknownOutcome), Sent),
            (failed(Failure::Refused { code: 64 }), Sent),
            (InvokeError::Unsendable { method, reason: SendError::Full }, Queued),
            (InvokeError::Encode { method, source: tl() }, Queued),
            (InvokeError::Closed, Queued),
            (InvokeError::Unreachable { method, dc: 2, reason: String::new() }, Queued),
        ];
        for (error, status) in told {
            assert_eq!(error.status(), status, "{error}");
        }
        for status in [Queued, Sent, Received] {
            let cause = None;
            for error in [
                InvokeError::Timeout { method, after: wait, status, cause },
                InvokeError::Disconnected { method, status },
                InvokeError::SessionLost { method, status },
                InvokeError::AuthKeyUnknown { dc: 2, status },
            ] {
                assert_eq!(error.status(), status, "{error}");
            }
        }
    }
}
