//! The server's first job on a connection: find out what the client speaks (TR-8).

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::{Framed, FramedError};
use crate::transport::{self, ErrorKind};

/// Room for the first read.
const READ: usize = 16 * 1024;

/// What a new connection speaks.
#[derive(Debug)]
pub enum Accepted<S> {
    /// A stream of frames.
    Framed {
        /// The server's end of it.
        framed: Framed<S>,
        /// The 64 bytes of the obfuscation header, if there is one, for a caller that refuses replays (OB-5).
        header: Option<[u8; 64]>,
    },
    /// HTTP (HT-1, WS-1), for [`Requests`](transport::http::Requests).
    Http {
        /// The connection.
        stream: S,
        /// What was read of it.
        input: BytesMut,
    },
}

/// Reads until the client's first bytes tell what it speaks.
///
/// # Errors
/// [`FramedError`]: the client closed the connection, or speaks something else.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> Result<Accepted<S>, FramedError> {
    let mut input = BytesMut::with_capacity(READ);
    loop {
        if stream.read_buf(&mut input).await? == 0 {
            return Err(if input.is_empty() { FramedError::Closed } else { FramedError::Truncated });
        }
        match transport::detect(&mut input) {
            Ok(None) => {}
            Ok(Some(detected)) => {
                let framed = Framed::with_input(stream, detected.codec, input);
                return Ok(Accepted::Framed { framed, header: detected.header });
            }
            Err(error) if error.kind == ErrorKind::Http => return Ok(Accepted::Http { stream, input }),
            Err(error) => return Err(error.into()),
        }
    }
}
