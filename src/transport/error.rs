//! What can be wrong with a byte stream or with a packet that is to go on it.

use super::{MAX_FRAME, fake_tls, http};

/// A framing error and the place in the byte stream where it happened.
///
/// Framing has no way to find the next frame after a broken one, so a [`Codec`](super::Codec) that has
/// returned a decoding error returns the same error for ever: close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (frame at byte {offset} of the stream)")]
pub struct Error {
    /// Bytes of this direction of the connection before the frame in question, counting the tag or the
    /// obfuscation header.
    pub offset: u64,
    /// What is wrong.
    pub kind: ErrorKind,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The frame is longer than [`MAX_FRAME`] (TR-5). Found from the length alone, before the frame's
    /// bytes are waited for.
    #[error("frame of {len} bytes, more than the {MAX_FRAME} that are allowed")]
    TooLarge {
        /// The frame's length in bytes.
        len: u64,
    },
    /// The length cannot hold what every frame of this kind holds.
    #[error("frame length {len}, less than the {min} bytes that every such frame has")]
    TooShort {
        /// The length that was read or asked for, in bytes.
        len: u32,
        /// The least possible length, in bytes.
        min: u32,
    },
    /// The abridged transport counts in units of 4 bytes and cannot carry this packet (TR-1).
    #[error("packet of {len} bytes in the abridged transport, which carries multiples of 4")]
    NotMultipleOf4 {
        /// The packet's length in bytes.
        len: u32,
    },
    /// The full transport's frame counter is not the next one (TR-4): a frame was lost, repeated or made up.
    #[error("frame number {got} where {expected} is next")]
    Sequence {
        /// The number that is next.
        expected: u32,
        /// The number in the frame.
        got: u32,
    },
    /// The full transport's checksum does not fit the frame (TR-4).
    #[error("CRC32 {stored:08x} in the frame, {computed:08x} of its bytes")]
    Crc {
        /// The checksum over the received bytes.
        computed: u32,
        /// The checksum that the frame carries.
        stored: u32,
    },
    /// Quick acks were asked for where they do not exist: in the full transport, over HTTP, or a server asking a
    /// client (TR-7).
    #[error("quick acks do not exist here")]
    NoQuickAck,
    /// The input buffer holds fewer bytes than the codec left in it: the caller gave another buffer or cut it.
    #[error("the input buffer lost bytes between two calls")]
    InputShrank,
    /// The connection begins with an HTTP request: it carries the HTTP transport, or becomes a WebSocket, or the peer
    /// is none of ours. What was read is to be given to [`http::Requests`].
    #[error("the peer speaks HTTP, which is not served here")]
    Http,
    /// What the peer speaks is no HTTP, or none that is understood here (HT-1).
    #[error(transparent)]
    BadHttp(#[from] http::Fault),
    /// The connection begins with a TLS record; this listener does not speak (fake) TLS.
    #[error("the peer speaks TLS, which is not served here")]
    Tls,
    /// An obfuscation header decrypts to a tag that names no framing: not MTProto, or made with a secret
    /// that this side does not have (OB-5).
    #[error("tag {tag:08x} in the obfuscation header names no framing")]
    UnknownTag {
        /// The four tag bytes, first byte most significant.
        tag: u32,
    },
    /// A connection begins with bytes that another one has begun with (OB-5): somebody tries out what answers here.
    #[error("the connection begins like an earlier one, as only a replay does")]
    Replayed,
    /// The fake TLS around the stream is broken, or its beginning proves no secret.
    #[error(transparent)]
    FakeTls(#[from] fake_tls::Error),
}
