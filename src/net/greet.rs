//! The server's end of a new connection.

use std::sync::{Mutex, PoisonError};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Framed, FramedError, SystemClock};
use crate::transport::{Doorkeeper, Greeting, Heard};

/// Room for the first read: a header and the first message of a key exchange, or the hello of fake TLS.
const FIRST_READ: usize = 1024;

/// A client whose transport is known.
#[derive(Debug)]
pub struct Welcome<S> {
    /// Its connection.
    pub framed: Framed<S>,
    /// Which of the doorkeeper's secrets it has used.
    pub secret: Option<usize>,
    /// The number of the DC that it wants, which is to be believed if it has used a secret: +10000 for test, negative
    /// for media (OB-2).
    pub dc: Option<i16>,
}

/// A peer that is none of the server's clients.
#[derive(Debug)]
pub struct Stranger<S> {
    /// What is the matter with it.
    pub error: FramedError,
    /// Its connection, and all that came over it, if it was not told anything: another server can have it.
    pub untouched: Option<(S, BytesMut)>,
}

/// Reads from a new connection until the client's first bytes tell its transport and its secret (TR-8, OB-5), and answers
/// the hello of fake TLS (FT-3).
///
/// # Errors
/// [`Stranger`]: the client closed the connection, speaks something else, or is a replay.
pub async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    doorkeeper: &Mutex<Doorkeeper>,
) -> Result<Welcome<S>, Stranger<S>> {
    let mut input = BytesMut::with_capacity(FIRST_READ);
    let mut greeting = Greeting::default();
    let mut answered = false;
    let error = loop {
        let before = input.len();
        match stream.read_buf(&mut input).await {
            Ok(0) if before == 0 => break FramedError::Closed,
            Ok(0) => break FramedError::Truncated,
            Ok(_) => {}
            Err(error) => break error.into(),
        }
        // Until nothing comes of what was read.
        let heard = loop {
            let heard = {
                let mut doorkeeper = doorkeeper.lock().unwrap_or_else(PoisonError::into_inner);
                let now = SystemClock::new().now().unix;
                greeting.hear(&mut input, &mut doorkeeper, now, &mut rand::rng())
            };
            match heard {
                Ok(Heard::Answer(answer)) => {
                    answered = true;
                    if let Err(error) = stream.write_all(&answer).await {
                        break Err(error.into());
                    }
                }
                Ok(Heard::Nothing) => break Ok(None),
                Ok(Heard::Client(detected)) => break Ok(Some(detected)),
                Err(error) => break Err(error.into()),
            }
        };
        match heard {
            Ok(None) => {}
            Ok(Some(detected)) => {
                let framed = Framed::with_input(stream, detected.codec, input);
                return Ok(Welcome { framed, secret: detected.secret, dc: detected.dc });
            }
            Err(error) => break error,
        }
    };
    Err(Stranger { error, untouched: (!answered).then_some((stream, input)) })
}
