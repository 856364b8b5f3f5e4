//! What a framing carries, and the interface that all framings share.

use bytes::BytesMut;
use rand::CryptoRng;

use super::ErrorKind;
use crate::tl::PacketBuf;

/// The largest frame that is sent or accepted, 16 MiB (TR-5). Transport overhead inside the length field
/// (the padding, the 12 bytes of the full transport) counts.
pub const MAX_FRAME: usize = 16 << 20;

/// One thing received from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// An MTProto packet, plain or encrypted.
    Packet {
        /// The packet's bytes, owned and mutable so that they can be decrypted in place. In padded
        /// transports 0 to 15 random bytes may follow the packet's own end (TR-3).
        payload: BytesMut,
        /// The client asked for a quick ack of this packet (TR-7). Never set on the client side.
        quick_ack: bool,
    },
    /// The server has received the packet with this token (TR-7); bit 31 is always set. A hint only: it
    /// replaces no `msgs_ack`.
    QuickAck(u32),
    /// A transport error code, for instance -404 (TR-6). Codes are negative.
    TransportError(i32),
    /// The answer to a request is here, and nothing is in it (HT-1). Only over HTTP.
    Empty,
}

/// Cuts a byte stream into frames and makes frames of packets: one half of a connection's state each.
///
/// A framing knows lengths, not the stream: the tag, the obfuscation and the byte offsets of errors are
/// the business of `Codec`, which is what a connection uses.
pub(super) trait Framing {
    /// Makes a frame of the packet in `packet`, in place: the prefix goes into the headroom, a trailer
    /// behind it. `quick_ack` asks the server for a quick ack. `rng` fills random padding.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`], [`ErrorKind::TooShort`], [`ErrorKind::NotMultipleOf4`],
    /// [`ErrorKind::NoQuickAck`]. Neither `packet` nor the state of the framing has changed then.
    fn encode(
        &mut self,
        packet: &mut PacketBuf,
        quick_ack: bool,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), ErrorKind>;

    /// Writes a quick ack for the client into the empty `out` (TR-7): the 4 bytes of `token` in this
    /// framing's order.
    ///
    /// # Errors
    /// [`ErrorKind::NoQuickAck`] where the transport has none.
    fn encode_quick_ack(&mut self, token: u32, out: &mut PacketBuf) -> Result<(), ErrorKind>;

    /// Takes the next frame out of `input`; `None` when `input` does not hold a whole one yet. Bytes of
    /// an incomplete frame stay in `input`; nothing is copied or kept.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`], [`ErrorKind::TooShort`], [`ErrorKind::Sequence`], [`ErrorKind::Crc`]. The
    /// stream is unusable then.
    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, ErrorKind>;
}
