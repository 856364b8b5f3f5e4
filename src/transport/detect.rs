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
    /// The 64 header bytes as received, in obfuscated transports: for a caller that refuses replays (OB-5).
    pub header: Option<[u8; HEADER_LEN]>,
    /// The DC id field of an obfuscation header. Only a proxy's clients fill it; else it is random.
    pub dc: Option<i16>,
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
        Some(Start::Tagged(tagged)) => {
            let consumed = tagged.tag().len();
            (
                Detected { codec: Codec::server(tagged.into(), None, consumed), header: None, dc: None },
                consumed,
            )
        }
        Some(Start::Full) => {
            (Detected { codec: Codec::server(Kind::Full, None, 0), header: None, dc: None }, 0)
        }
        Some(Start::Header(header)) => {
            let (obfuscation, inner, dc) = Obfuscation::server(&header, None).map_err(at_start)?;
            let codec = Codec::server(Kind::Obfuscated(inner), Some(obfuscation), HEADER_LEN);
            (Detected { codec, header: Some(header), dc: Some(dc) }, HEADER_LEN)
        }
    };
    input.advance(consumed);
    Ok(Some(detected))
}

fn at_start(kind: ErrorKind) -> Error {
    Error { offset: 0, kind }
}

/// How a connection begins.
enum Start {
    Tagged(Tagged),
    Full,
    Header([u8; HEADER_LEN]),
}

/// The rule TR-8. Each test comes as soon as its bytes are there, so that a client whose first packet is
/// short does not wait for an answer that waits for more bytes.
fn recognise(input: &[u8]) -> Result<Option<Start>, ErrorKind> {
    if let Some(tagged) = Tagged::ALL.into_iter().find(|tagged| input.starts_with(tagged.tag())) {
        return Ok(Some(Start::Tagged(tagged)));
    }
    if input.starts_with(&TLS_RECORD) {
        return Err(ErrorKind::Tls);
    }
    if HTTP_VERBS.iter().any(|verb| input.starts_with(verb)) {
        return Err(ErrorKind::Http);
    }
    // Frame number 0 behind a length.
    if input.get(4..8) == Some(&[0; 4]) {
        return Ok(Some(Start::Full));
    }
    Ok(peek(input).map(Start::Header))
}
