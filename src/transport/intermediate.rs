//! The intermediate framing (TR-2), a 4-byte length in front, and its padded form (TR-3).

use bytes::{Buf, BytesMut};
use rand::CryptoRng;

use super::{
    ErrorKind, Frame, QUICK_ACK,
    checks::{Role, check_body, check_packet, classify, peek, take},
    frame::Framing,
};
use crate::tl::PacketBuf;

/// The most padding behind a packet, in bytes.
const MAX_PADDING: usize = 15;

/// One side of an intermediate or padded intermediate connection, behind the 4-byte tag.
#[derive(Debug)]
pub(super) struct Intermediate {
    role: Role,
    max_padding: usize,
}

impl Intermediate {
    pub(super) const fn plain(role: Role) -> Self {
        Self { role, max_padding: 0 }
    }

    pub(super) const fn padded(role: Role) -> Self {
        Self { role, max_padding: MAX_PADDING }
    }

    /// Which bits of a random byte give the amount of padding. TR-3 allows 15 bytes both ways, but a server, like
    /// the proxies in use, keeps to 3: some clients (Telethon) cut off only what makes the length no multiple of 4.
    const fn padding_mask(&self) -> u8 {
        match self.role {
            Role::Client => 0x0f,
            Role::Server => 0x03,
        }
    }
}

impl Framing for Intermediate {
    fn encode(
        &mut self,
        packet: &mut PacketBuf,
        quick_ack: bool,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), ErrorKind> {
        if quick_ack && self.role == Role::Server {
            return Err(ErrorKind::NoQuickAck);
        }
        let mut len = check_packet(packet.len(), 4, self.max_padding)?;
        if self.max_padding > 0 {
            // One draw gives the amount and the bytes: 15 bytes of padding and a byte for their number.
            let mut random = [0; MAX_PADDING + 1];
            rng.fill_bytes(&mut random);
            let amount = random[MAX_PADDING] & self.padding_mask();
            packet.extend_from_slice(&random[..usize::from(amount)]);
            len += u32::from(amount);
        }
        let ack = if quick_ack { QUICK_ACK } else { 0 };
        packet.prepend(&(len | ack).to_le_bytes());
        Ok(())
    }

    fn encode_quick_ack(&mut self, token: u32, out: &mut PacketBuf) -> Result<(), ErrorKind> {
        out.extend_from_slice(&(token | QUICK_ACK).to_le_bytes());
        Ok(())
    }

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, ErrorKind> {
        loop {
            let Some(word) = peek(input).map(u32::from_le_bytes) else { return Ok(None) };
            let ack = word & QUICK_ACK != 0;
            if ack && self.role == Role::Client {
                input.advance(4);
                return Ok(Some(Frame::QuickAck(word)));
            }
            let len = check_body(word & !QUICK_ACK)?;
            if input.len() - 4 < len {
                return Ok(None);
            }
            input.advance(4);
            if let Some(frame) = classify(self.role, take(input, len), ack, 4 + self.max_padding) {
                return Ok(Some(frame));
            }
        }
    }
}
