//! A server's first job on a connection: find out which transport the client speaks (TR-8).

use bytes::BytesMut;

use super::{Codec, Error};

/// What a client's first bytes said.
pub struct Detected {
    /// The server side of the transport. `codec.kind()` names it.
    pub codec: Codec,
    /// The 64 header bytes as received, in obfuscated transports: for a caller that refuses replays (OB-5).
    pub header: Option<[u8; 64]>,
    /// The DC id field of an obfuscation header. Only a proxy's clients fill it; else random.
    pub dc: Option<i16>,
}

/// Tells the transports apart by the first bytes of a connection. `input` holds all bytes received so
/// far; the tag or header is taken off when the answer is known (`Some`), nothing before. `None`: read more
/// (64 bytes are always enough).
///
/// # Errors
/// `Http`, `Tls`, `UnknownTag`: close the connection.
pub fn detect(input: &mut BytesMut) -> Result<Option<Detected>, Error> {
    let _ = input;
    todo!()
}
