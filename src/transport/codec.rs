//! One connection's transport: tag, obfuscation, framing and the place in the stream.

use bytes::BytesMut;
use rand::CryptoRng;

use super::{Error, Frame, Kind, PacketBuf};

/// The transport state of one connection, both directions, client or server side.
pub struct Codec {}

impl Codec {
    /// The client side of a new connection. Its first [`encode`](Self::encode) also writes the tag or the
    /// obfuscation header, for which `rng` gives the 64 random bytes.
    #[must_use]
    pub fn client(kind: Kind, rng: &mut dyn CryptoRng) -> Self {
        let _ = (kind, rng);
        todo!()
    }

    /// Which transport this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        todo!()
    }

    /// Turns the packet in `packet` into the bytes to send, in place. `quick_ack` (client only, see
    /// [`Kind::has_quick_acks`]) asks the server for a quick ack.
    ///
    /// # Errors
    /// The packet's length is not possible here; the connection stays usable.
    pub fn encode(
        &mut self,
        packet: &mut PacketBuf,
        quick_ack: bool,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Error> {
        let _ = (packet, quick_ack, rng);
        todo!()
    }

    /// Server: the bytes that tell the client that the packet with `token` came in, into the empty `out`.
    ///
    /// # Errors
    /// `NoQuickAck` in the full transport.
    pub fn encode_quick_ack(&mut self, token: u32, out: &mut PacketBuf) -> Result<(), Error> {
        let _ = (token, out);
        todo!()
    }

    /// Server: the frame that tells the client a transport error code (negative, e.g. -404), into the empty `out`.
    ///
    /// # Errors
    /// None in practice.
    pub fn encode_transport_error(
        &mut self,
        code: i32,
        out: &mut PacketBuf,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Error> {
        let _ = (code, out, rng);
        todo!()
    }

    /// The next frame in `input`, which the caller fills at the end with what the socket gives and from
    /// which this takes whole frames off the front. `None`: read more.
    ///
    /// # Errors
    /// The stream is broken: close the connection.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, Error> {
        let _ = input;
        todo!()
    }
}
