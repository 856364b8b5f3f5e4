//! Why a client could not connect and why a call had no answer, in words that a person understands.

use std::time::{Duration, SystemTime};

use super::RpcError;
use crate::net::{Address, DialError, ExchangeError};
use crate::session;

/// Why [`ClientBuilder::connect`](super::ClientBuilder::connect) gave up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The session cannot be opened: held by another process, corrupt, of a newer version…
    #[error(transparent)]
    Session(#[from] session::Error),
    /// There is neither a saved session with this name nor an API key to make one.
    #[error("there is no session `{name}` yet, and making one needs an API key: get api_id and api_hash at https://my.telegram.org/apps")]
    NoApiKey {
        /// The name of the session.
        name: String,
    },
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
    /// The connection was open, but the first call had no good answer.
    #[error("the first call to DC {dc} at {address} failed: {source}")]
    FirstCall {
        /// The DC.
        dc: i32,
        /// Where it was dialed.
        address: Address,
        /// What went wrong.
        source: Box<InvokeError>,
    },
}

/// How far a call had come when it was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It never left this machine: the server does not know of it.
    NotSent,
    /// It was written to a connection; whether the server has it is not known.
    Sent,
    /// The server acknowledged it, so it runs or ran.
    Acknowledged,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotSent => "it was not sent",
            Self::Sent => "it was sent, but the server did not confirm it",
            Self::Acknowledged => "the server confirmed it, but did not answer",
        })
    }
}

/// Why a call has no result.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// The server refused the call.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The server asks to wait longer than the client waits by itself (420).
    #[error("{error}: wait {} s", .wait.as_secs())]
    Wait {
        /// How long from the answer on.
        wait: Duration,
        /// The moment, by the local clock, from which the call may be repeated.
        until: SystemTime,
        /// The server's words.
        error: RpcError,
    },
    /// The key is not authorized (401): never logged in, logged out, or the session was ended elsewhere.
    #[error("{error}: the session is not logged in, or was ended from another device")]
    Unauthorized {
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
    },
    /// No answer within the deadline.
    #[error("{method}: no answer within {after:?}: {stage}{}", .cause.as_deref().map(|c| format!(" ({c})")).unwrap_or_default())]
    Timeout {
        /// The TL name of the function.
        method: &'static str,
        /// The deadline that passed.
        after: Duration,
        /// How far the call had come.
        stage: Stage,
        /// Why there is no connection, when there is none.
        cause: Option<String>,
    },
    /// The client was shut down before the answer came.
    #[error("{method}: the client was disconnected before the answer: {stage}")]
    Disconnected {
        /// The TL name of the function.
        method: &'static str,
        /// How far the call had come.
        stage: Stage,
    },
    /// The server had the call long ago and cannot say whether it ran (bad_msg_notification code 20).
    #[error("{method}: the server cannot say whether the call ran")]
    UnknownOutcome {
        /// The TL name of the function.
        method: &'static str,
    },
    /// The answer is not of the function's type.
    #[error("{method}: the answer cannot be read: {source}")]
    Decode {
        /// The TL name of the function.
        method: &'static str,
        /// Where and why decoding stopped.
        source: crate::tl::Error,
    },
    /// A 303 error led to a DC that cannot be reached.
    #[error("{method}: DC {dc}, where the server sent us, cannot be used: {reason}")]
    Migrate {
        /// The TL name of the function.
        method: &'static str,
        /// The DC.
        dc: i32,
        /// Why not.
        reason: String,
    },
}
