//! The full framing (TR-4): length, frame number and CRC32 around each packet.

use bytes::{Buf, BytesMut};
use rand::CryptoRng;

use super::{
    ErrorKind, Frame,
    checks::{Role, check, check_packet, classify, peek, take},
    frame::Framing,
};
use crate::tl::PacketBuf;

/// Length, frame number and checksum, 4 bytes each.
const OVERHEAD: u32 = 12;

/// One side of a full connection. There is no tag: the client begins with frame number 0.
#[derive(Debug)]
pub(super) struct Full {
    role: Role,
    next_out: u32,
    next_in: u32,
}

impl Full {
    pub(super) const fn new(role: Role) -> Self {
        Self { role, next_out: 0, next_in: 0 }
    }
}

/// A code that stands in the place of a length (TR-6). It is recognised only in the range in which codes
/// lie: a stream that went wrong should not look like a message from the server.
fn bare_code(len: u32) -> Option<i32> {
    let code = len as i32;
    (-999..0).contains(&code).then_some(code)
}

impl Framing for Full {
    fn encode(
        &mut self,
        packet: &mut PacketBuf,
        quick_ack: bool,
        _rng: &mut dyn CryptoRng,
    ) -> Result<(), ErrorKind> {
        if quick_ack {
            return Err(ErrorKind::NoQuickAck);
        }
        let len = check_packet(packet.len(), 1, OVERHEAD as usize)? + OVERHEAD;
        packet.prepend(&self.next_out.to_le_bytes());
        packet.prepend(&len.to_le_bytes());
        let crc = crc32fast::hash(packet.as_slice());
        packet.extend_from_slice(&crc.to_le_bytes());
        self.next_out = self.next_out.wrapping_add(1);
        Ok(())
    }

    fn encode_quick_ack(&mut self, _token: u32, _out: &mut PacketBuf) -> Result<(), ErrorKind> {
        Err(ErrorKind::NoQuickAck)
    }

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, ErrorKind> {
        loop {
            let Some(len) = peek(input).map(u32::from_le_bytes) else { return Ok(None) };
            if self.role == Role::Client
                && let Some(code) = bare_code(len)
            {
                input.advance(4);
                return Ok(Some(Frame::TransportError(code)));
            }
            let len = check(len, OVERHEAD + 1)?;
            // A wrong number is as final as a wrong length: no reason to wait for the frame's end.
            if let Some(number) = input.get(4..).and_then(peek).map(u32::from_le_bytes)
                && number != self.next_in
            {
                return Err(ErrorKind::Sequence { expected: self.next_in, got: number });
            }
            let Some((covered, stored)) = input.get(..len).and_then(<[u8]>::split_last_chunk) else {
                return Ok(None);
            };
            let (computed, stored) = (crc32fast::hash(covered), u32::from_le_bytes(*stored));
            if computed != stored {
                return Err(ErrorKind::Crc { computed, stored });
            }
            self.next_in = self.next_in.wrapping_add(1);
            let mut frame = take(input, len);
            frame.truncate(len - 4);
            frame.advance(8);
            if let Some(frame) = classify(self.role, frame, false, 4) {
                return Ok(Some(frame));
            }
        }
    }
}
