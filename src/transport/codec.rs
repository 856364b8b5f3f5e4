//! One connection's transport: tag, obfuscation, framing, and the place in the stream.

use std::fmt;

use bytes::BytesMut;
use rand::CryptoRng;

use super::{
    Error, ErrorKind, Frame, Kind, NotThroughProxy, ProxySecret, Tagged, abridged::Abridged, checks::Role,
    fake_tls::Records, frame::Framing, full::Full, http::Http, intermediate::Intermediate,
    obfuscated::Obfuscation,
};
use crate::tl::PacketBuf;

/// The framings behind one type: a closed set, so that a codec needs no allocation.
enum AnyFraming {
    Abridged(Abridged),
    Intermediate(Intermediate),
    Full(Full),
    Http(Http),
}

impl AnyFraming {
    fn new(kind: Kind, role: Role) -> Self {
        match kind.within() {
            Kind::Abridged
            | Kind::Obfuscated(Tagged::Abridged)
            // These are named by what is within them.
            | Kind::WebSocket
            | Kind::WebSocketTls => Self::Abridged(Abridged::new(role)),
            Kind::Intermediate | Kind::Obfuscated(Tagged::Intermediate) => {
                Self::Intermediate(Intermediate::plain(role))
            }
            Kind::Padded | Kind::Obfuscated(Tagged::Padded) => Self::Intermediate(Intermediate::padded(role)),
            Kind::Full => Self::Full(Full::new(role)),
            Kind::Http => Self::Http(Http::new("")),
        }
    }

    fn get(&mut self) -> &mut dyn Framing {
        match self {
            Self::Abridged(framing) => framing,
            Self::Intermediate(framing) => framing,
            Self::Full(framing) => framing,
            Self::Http(framing) => framing,
        }
    }
}

/// The transport state of one connection, both directions, client or server side.
///
/// A client's codec writes the tag or the obfuscation header in front of its first packet; a server's is
/// made by [`detect`](super::detect), which has taken it off.
pub struct Codec {
    kind: Kind,
    framing: AnyFraming,
    /// Apart, as it is large and most connections have none.
    obfuscation: Option<Box<Obfuscation>>,
    /// Fake TLS around all of it; apart as well.
    records: Option<Box<Records>>,
    /// What a client still has to send in front of its first packet.
    opening: Option<Opening>,
    sent: u64,
    received: u64,
    broken: Option<Error>,
}

/// The first bytes of a connection.
enum Opening {
    Tag(&'static [u8]),
    Header(Box<[u8; 64]>),
}

impl Opening {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Tag(tag) => tag,
            Self::Header(header) => &header[..],
        }
    }
}

impl Codec {
    /// The client side of a new connection. Its first [`encode`](Self::encode) also writes the tag or the
    /// obfuscation header, for which `rng` gives the 64 random bytes.
    #[must_use]
    pub fn client(kind: Kind, rng: &mut dyn CryptoRng) -> Self {
        let mut obfuscation = None;
        let opening = match kind.within() {
            Kind::Abridged => Some(Opening::Tag(Tagged::Abridged.tag())),
            Kind::Intermediate => Some(Opening::Tag(Tagged::Intermediate.tag())),
            Kind::Padded => Some(Opening::Tag(Tagged::Padded.tag())),
            Kind::Full | Kind::Http | Kind::WebSocket | Kind::WebSocketTls => None,
            Kind::Obfuscated(tagged) => {
                let (streams, header) = Obfuscation::client(tagged, None, rng);
                obfuscation = Some(streams);
                Some(Opening::Header(Box::new(header)))
            }
        };
        Self { opening, ..Self::new(kind, Role::Client, obfuscation, 0) }
    }

    /// The client side of one HTTP connection (HT-1), whose requests name `host` as theirs. The server side is
    /// [`http::Requests`](super::http::Requests).
    #[must_use]
    pub fn http(host: &str) -> Self {
        let framing = AnyFraming::Http(Http::new(host));
        Self { framing, ..Self::new(Kind::Http, Role::Client, None, 0) }
    }

    /// The client side of a new connection through an MTProxy, or to an address that has a secret (TC-1), to the DC with
    /// the number `dc` (OB-2): +10000 for test, negative for media. With a fake-TLS secret the
    /// [handshake](super::fake_tls::Handshake) must be over.
    ///
    /// # Errors
    /// [`NotThroughProxy`]: `kind` is not one of the [tagged](Kind::tagged) framings.
    pub fn client_via(
        secret: &ProxySecret,
        dc: i16,
        kind: Kind,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, NotThroughProxy> {
        let tagged = secret.framing(kind)?;
        let (obfuscation, header) = Obfuscation::client(tagged, Some((dc, secret.key())), rng);
        let opening = Some(Opening::Header(Box::new(header)));
        let records = secret.domain().map(|_| Box::new(Records::new(Role::Client)));
        let codec = Self::new(Kind::Obfuscated(tagged), Role::Client, Some(obfuscation), 0);
        Ok(Self { opening, records, ..codec })
    }

    /// The server side, when the first `consumed` bytes, the tag or header, have been read.
    pub(super) fn server(kind: Kind, obfuscation: Option<Obfuscation>, consumed: usize) -> Self {
        Self::new(kind, Role::Server, obfuscation, consumed as u64)
    }

    /// Puts fake TLS around a server side that has not sent or decoded anything.
    pub(super) fn inside(self, records: Records) -> Self {
        Self { records: Some(Box::new(records)), ..self }
    }

    fn new(kind: Kind, role: Role, obfuscation: Option<Obfuscation>, received: u64) -> Self {
        let framing = AnyFraming::new(kind, role);
        let obfuscation = obfuscation.map(Box::new);
        Self { kind, framing, obfuscation, records: None, opening: None, sent: 0, received, broken: None }
    }

    /// Which transport this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Turns the packet in `packet` into the bytes to send, in place. Send them in the order of the calls.
    /// `quick_ack` (client only, see [`Kind::has_quick_acks`]) asks the server for a quick ack.
    ///
    /// # Errors
    /// The packet's length is not possible in this transport, or it has no quick acks. `packet` and the
    /// connection are as before; other packets can still be sent.
    pub fn encode(
        &mut self,
        packet: &mut PacketBuf,
        quick_ack: bool,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Error> {
        let result = self.framing.get().encode(packet, quick_ack, rng);
        self.finish(result, packet)
    }

    /// Server: writes into the empty `out` the 4 bytes that tell the client that the packet with the quick
    /// ack token `token` has come in (TR-7).
    ///
    /// # Errors
    /// [`ErrorKind::NoQuickAck`] in the full transport.
    pub fn encode_quick_ack(&mut self, token: u32, out: &mut PacketBuf) -> Result<(), Error> {
        let result = self.framing.get().encode_quick_ack(token, out);
        self.finish(result, out)
    }

    /// Server: writes into the empty `out` the frame that tells the client a transport error `code`, for
    /// instance -404 (TR-6).
    ///
    /// # Errors
    /// None for the kinds that exist.
    pub fn encode_transport_error(
        &mut self,
        code: i32,
        out: &mut PacketBuf,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Error> {
        out.extend_from_slice(&code.to_le_bytes());
        self.encode(out, false, rng)
    }

    fn finish(&mut self, result: Result<(), ErrorKind>, out: &mut PacketBuf) -> Result<(), Error> {
        result.map_err(|kind| Error { offset: self.sent, kind })?;
        if let Some(obfuscation) = &mut self.obfuscation {
            obfuscation.encrypt(out.as_mut_slice());
        }
        // Behind the encryption: the tags are for unobfuscated streams, and the header is encrypted already.
        if let Some(opening) = self.opening.take() {
            out.prepend(opening.bytes());
        }
        self.sent += out.len() as u64;
        if let Some(records) = &mut self.records {
            records.wrap(out);
        }
        Ok(())
    }

    /// Takes the next frame off the front of `input`, to whose end the caller adds what the socket gives.
    /// `None`: no whole frame yet, read more. It has to be the same buffer on every call, and nobody else
    /// takes bytes out of it. Nothing is kept beside it (but with fake TLS, where the data of the records moves from it
    /// into the codec), and it need never hold more than [`MAX_FRAME`](super::MAX_FRAME)` + 4` bytes for a frame to come
    /// out.
    ///
    /// # Errors
    /// The stream is broken, and every later call says the same: close the connection.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, Error> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let result = self.decode_inner(input).map_err(|kind| Error { offset: self.received, kind });
        self.broken = result.as_ref().err().copied();
        result
    }

    fn decode_inner(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, ErrorKind> {
        let Some(mut records) = self.records.take() else { return self.decode_stream(input) };
        // What came before a broken record is as good as ever.
        let unwrapped = records.unwrap(input);
        let result = self.decode_stream(&mut records.plain);
        self.records = Some(records);
        match (result, unwrapped) {
            (Ok(None), Err(error)) => Err(error.into()),
            (result, _) => result,
        }
    }

    /// Whether the bytes that were decoded end between two frames: nothing of another one is kept here. What the caller
    /// has in its input does not count.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.records.as_ref().is_none_or(|records| records.is_at_rest())
    }

    fn decode_stream(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, ErrorKind> {
        if let Some(obfuscation) = &mut self.obfuscation {
            obfuscation.decrypt_new(input)?;
        }
        let before = input.len();
        let result = self.framing.get().decode(input);
        self.received += (before - input.len()) as u64;
        if let Some(obfuscation) = &mut self.obfuscation {
            obfuscation.left(input.len());
        }
        result
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec")
            .field("kind", &self.kind)
            .field("fake_tls", &self.records.is_some())
            .field("sent", &self.sent)
            .field("received", &self.received)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}
