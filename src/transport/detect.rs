//! A server's first job on a connection: find out which transport the client speaks (TR-8).

use bytes::{Buf, BytesMut};

use super::{
    Codec, Error, ErrorKind, Kind, Tagged,
    checks::peek,
    obfuscated::{HEADER_LEN, Obfuscation, TLS_RECORD},
};

/// What a client's first bytes said.
#[derive(Debug)]
pub struct Detected {
    /// The server side of the transport; [`Codec::kind`] names it.
    pub codec: Codec,
    /// The DC id field of an obfuscation header. Only a proxy's clients fill it; else it is random.
    pub dc: Option<i16>,
    /// Which of the [`Doorkeeper`](super::Doorkeeper)'s secrets the client has used, by its place.
    pub secret: Option<usize>,
}

/// The verbs that an obfuscation header never begins with, so that they can be told apart from one (OB-1).
const HTTP_VERBS: [[u8; 4]; 4] = [*b"HEAD", *b"POST", *b"GET ", *b"OPTI"];

/// Tells the transports apart by the first bytes of a connection. `input` holds all bytes received so far;
/// when the answer is known (`Some`) the tag or header is taken off, before that nothing. `None`: read
/// more; with 64 bytes there is always an answer.
///
/// # Errors
/// [`ErrorKind::Http`], [`ErrorKind::Tls`], [`ErrorKind::UnknownTag`]: close the connection.
pub fn detect(input: &mut BytesMut) -> Result<Option<Detected>, Error> {
    let (detected, consumed) = match recognise(input).map_err(at_start)? {
        None => return Ok(None),
        Some(Start::Unobfuscated(kind, consumed)) => (Detected::unobfuscated(kind, consumed), consumed),
        Some(Start::Header(header)) => {
            (Detected::obfuscated(&header, None, None).map_err(at_start)?, HEADER_LEN)
        }
        Some(Start::Tls) => return Err(at_start(ErrorKind::Tls)),
    };
    input.advance(consumed);
    Ok(Some(detected))
}

impl Detected {
    pub(super) fn unobfuscated(kind: Kind, consumed: usize) -> Self {
        Self { codec: Codec::server(kind, None, consumed), dc: None, secret: None }
    }

    /// The client that sent this header, and the place of the secret whose `key` was tried.
    pub(super) fn obfuscated(
        header: &[u8; HEADER_LEN],
        key: Option<&[u8; 16]>,
        secret: Option<usize>,
    ) -> Result<Self, ErrorKind> {
        let (obfuscation, inner, dc) = Obfuscation::server(header, key)?;
        let codec = Codec::server(Kind::Obfuscated(inner), Some(obfuscation), HEADER_LEN);
        Ok(Self { codec, dc: Some(dc), secret })
    }
}

pub(super) fn at_start(kind: ErrorKind) -> Error {
    Error { offset: 0, kind }
}

/// How a connection begins.
pub(super) enum Start {
    /// A transport that is not obfuscated, and the length of its tag.
    Unobfuscated(Kind, usize),
    Header([u8; HEADER_LEN]),
    Tls,
}

/// The rule TR-8. Each test comes as soon as its bytes are there, so that a client whose first packet is
/// short does not wait for an answer that waits for more bytes.
pub(super) fn recognise(input: &[u8]) -> Result<Option<Start>, ErrorKind> {
    if let Some(tagged) = Tagged::ALL.into_iter().find(|tagged| input.starts_with(tagged.tag())) {
        return Ok(Some(Start::Unobfuscated(tagged.into(), tagged.tag().len())));
    }
    if input.starts_with(&TLS_RECORD) {
        return Ok(Some(Start::Tls));
    }
    if HTTP_VERBS.iter().any(|verb| input.starts_with(verb)) {
        return Err(ErrorKind::Http);
    }
    // Frame number 0 behind a length.
    if input.get(4..8) == Some(&[0; 4]) {
        return Ok(Some(Start::Unobfuscated(Kind::Full, 0)));
    }
    Ok(peek(input).map(Start::Header))
}
