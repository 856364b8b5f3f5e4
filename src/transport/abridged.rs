//! The abridged framing (TR-1): the length in units of 4 bytes, in one byte if it is below 127.

use bytes::{Buf, BytesMut};
use rand::CryptoRng;

use super::{
    ErrorKind, Frame, QUICK_ACK,
    checks::{Role, check_body, check_packet, classify, peek, take},
    frame::Framing,
};
use crate::tl::PacketBuf;

/// Marks a 3-byte length, and is the first length that needs one.
const LONG: u8 = 0x7f;
/// In the first byte: the client asks for a quick ack, or the server sends a token (TR-7).
const ACK_BIT: u8 = 0x80;

/// One side of an abridged connection, behind the tag byte `ef`.
#[derive(Debug)]
pub(super) struct Abridged {
    role: Role,
}

impl Abridged {
    pub(super) const fn new(role: Role) -> Self {
        Self { role }
    }
}

impl Framing for Abridged {
    fn encode(
        &mut self,
        packet: &mut PacketBuf,
        quick_ack: bool,
        _rng: &mut dyn CryptoRng,
    ) -> Result<(), ErrorKind> {
        if quick_ack && self.role == Role::Server {
            return Err(ErrorKind::NoQuickAck);
        }
        let len = check_packet(packet.len(), 4, 0)?;
        if !len.is_multiple_of(4) {
            return Err(ErrorKind::NotMultipleOf4 { len });
        }
        let ack = if quick_ack { ACK_BIT } else { 0 };
        match u8::try_from(len / 4) {
            Ok(units) if units < LONG => packet.prepend(&[units | ack]),
            _ => {
                let [a, b, c, _] = (len / 4).to_le_bytes();
                packet.prepend(&[LONG | ack, a, b, c]);
            }
        }
        Ok(())
    }

    fn encode_quick_ack(&mut self, token: u32, out: &mut PacketBuf) -> Result<(), ErrorKind> {
        // Most significant byte first, so that its set bit 31 is where a client looks for ACK_BIT.
        out.extend_from_slice(&(token | QUICK_ACK).to_be_bytes());
        Ok(())
    }

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, ErrorKind> {
        loop {
            let Some([first]) = peek(input) else { return Ok(None) };
            let ack = first & ACK_BIT != 0;
            if ack && self.role == Role::Client {
                let Some(token) = peek(input) else { return Ok(None) };
                input.advance(4);
                return Ok(Some(Frame::QuickAck(u32::from_be_bytes(token))));
            }
            let (prefix, units) = if first & LONG == LONG {
                let Some([_, a, b, c]) = peek(input) else { return Ok(None) };
                (4, u32::from_le_bytes([a, b, c, 0]))
            } else {
                (1, u32::from(first & LONG))
            };
            let len = check_body(units * 4)?;
            if input.len() - prefix < len {
                return Ok(None);
            }
            input.advance(prefix);
            if let Some(frame) = classify(self.role, take(input, len), ack, 4) {
                return Ok(Some(frame));
            }
        }
    }
}
