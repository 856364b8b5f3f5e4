//! Why a packet is refused.

use thiserror::Error;

use super::msg_id::MsgId;
use crate::tl;

/// Why a received packet is refused. Nothing of the packet is used then.
///
/// Source: EN-6 and <https://core.telegram.org/mtproto/security_guidelines>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// Not encrypted with this session's key: another key id, a wrong msg_key, too short.
    #[error(transparent)]
    Sealed(#[from] crate::crypto::OpenError),
    /// The length of the body does not fit the packet: negative, no multiple of four, or the padding is not
    /// within 12 to 1024 bytes.
    #[error("a body of {length} bytes in a plaintext of {plaintext} bytes")]
    Length {
        /// The length of the body as the packet gives it, in bytes.
        length: i32,
        /// The length of the plaintext, header and padding included, in bytes.
        plaintext: usize,
    },
    /// The packet belongs to another session.
    #[error("the packet is of another session")]
    SessionId,
    /// No message of the other side can have this msg_id: its low bits are wrong (ID-1).
    #[error("msg_id {msg_id} has the wrong low bits for its sender")]
    Parity {
        /// The offending id.
        msg_id: MsgId,
    },
    /// The msg_id is more than 300 s in the past or more than 30 s in the future (ID-2).
    #[error("msg_id {msg_id} is outside of the time window")]
    TimeWindow {
        /// The offending id.
        msg_id: MsgId,
    },
    /// The msg_id is lower than all that are remembered, so whether it is a repetition cannot be told (ID-3).
    #[error("msg_id {msg_id} is older than all that are remembered")]
    Forgotten {
        /// The offending id.
        msg_id: MsgId,
    },
    /// A container breaks a rule: nested, too many messages, an inner id that is not below its own, a length
    /// that does not fit (CT-1, SQ-3).
    #[error("a broken container: {0}")]
    Container(&'static str),
    /// A service message cannot be read.
    #[error("a service message cannot be read: {0}")]
    Tl(#[from] tl::Error),
    /// A service message names more than 8192 messages (CT-1).
    #[error("a service message with {count} msg_ids")]
    TooManyIds {
        /// How many.
        count: usize,
    },
    /// `gzip_packed` cannot be unpacked: broken, larger than allowed, or packed twice.
    #[error(transparent)]
    Gzip(#[from] super::gzip::Error),
}

impl Error {
    /// Whether the connection that the packet came on should be closed.
    ///
    /// Packets that a network may well produce without anybody's fault (an old packet delivered late) are
    /// dropped and the connection goes on; all else shows an attack or a broken peer.
    #[must_use]
    pub fn closes_connection(&self) -> bool {
        !matches!(self, Self::Forgotten { .. })
    }
}

/// A message is refused by [`call`](super::client::Session::call), [`answer`](super::server::Session::answer)
/// or [`push`](super::server::Session::push) and is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// As many messages, or as many bytes, as the options allow are waiting for an answer or an ack.
    #[error("too many unfinished messages in the session")]
    Full,
    /// The body is longer than a packet can hold, is no multiple of four bytes, or is empty.
    #[error("a body of {length} bytes cannot be sent")]
    Length {
        /// The length of the body in bytes.
        length: usize,
    },
    /// No call with this msg_id waits for an answer: it was answered or dropped before, or never came.
    #[error("no call with msg_id {msg_id} waits for an answer")]
    NoSuchCall {
        /// The id.
        msg_id: MsgId,
    },
}
