//! Checks that all framings share: which lengths can be, and what a tiny frame means.

use bytes::BytesMut;

use super::{ErrorKind, Frame, MAX_FRAME};

/// Which end of the connection a framing serves. Only a client asks for quick acks, only a server sends
/// tokens and error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

/// The shortest packet body that a frame may hold: a transport error code.
const MIN_BODY: u32 = 4;

/// A frame length as a `usize` if it lies in `min..=MAX_FRAME`.
pub(super) fn check(len: u32, min: u32) -> Result<usize, ErrorKind> {
    if len < min {
        return Err(ErrorKind::TooShort { len, min });
    }
    match usize::try_from(len) {
        Ok(len) if len <= MAX_FRAME => Ok(len),
        _ => Err(ErrorKind::TooLarge { len: u64::from(len) }),
    }
}

/// As [`check`] for a frame that holds `len` bytes and nothing else.
pub(super) fn check_body(len: u32) -> Result<usize, ErrorKind> {
    check(len, MIN_BODY)
}

/// As [`check`] for a packet that is to be sent with up to `overhead` bytes around it.
pub(super) fn check_packet(len: usize, min: u32, overhead: usize) -> Result<u32, ErrorKind> {
    let whole = len.saturating_add(overhead);
    match u32::try_from(len) {
        Ok(len) if len < min => Err(ErrorKind::TooShort { len, min }),
        Ok(len) if whole <= MAX_FRAME => Ok(len),
        _ => Err(ErrorKind::TooLarge { len: whole as u64 }),
    }
}

/// What a frame's body is: a packet, a transport error code (TR-6), or nothing (`None`).
///
/// `longest_code` is the greatest length of a body that is a code: 4, or 19 where padding may follow. A real
/// packet has 24 bytes at least, so in a client nothing is lost by taking short bodies so.
pub(super) fn classify(role: Role, body: BytesMut, quick_ack: bool, longest_code: usize) -> Option<Frame> {
    if role == Role::Server || body.len() > longest_code {
        return Some(Frame::Packet { payload: body, quick_ack });
    }
    let word = |at: usize| body.get(at..at + 4)?.try_into().ok().map(i32::from_le_bytes);
    match (word(0), word(4)) {
        (Some(0), _) => None,
        (Some(-1), Some(token)) => Some(Frame::QuickAck(token as u32 | super::QUICK_ACK)),
        (Some(code), _) if code < 0 => Some(Frame::TransportError(code)),
        _ => Some(Frame::Packet { payload: body, quick_ack }),
    }
}

/// The first `len` bytes of `input`, which has them. If that is all, the buffer goes along: nothing has to be shared.
pub(super) fn take(input: &mut BytesMut, len: usize) -> BytesMut {
    if input.len() == len { std::mem::take(input) } else { input.split_to(len) }
}

/// The first `N` bytes of `input`, if it has them.
pub(super) fn peek<const N: usize>(input: &[u8]) -> Option<[u8; N]> {
    input.first_chunk().copied()
}
