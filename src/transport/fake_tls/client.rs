//! The client's half of the handshake.

use bytes::{Buf, BytesMut};
use hmac::Mac;
use rand::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    APPLICATION_DATA, CHANGE_CIPHER_SPEC, Error, HANDSHAKE, RANDOM_AT, RANDOM_LEN, RECORD_HEADER, Shape,
    client_hello, digest,
    records::{self, Header},
};
use crate::transport::ProxySecret;

/// How many handshake records an answer may begin with: one, and what proxies put behind it to look like their site.
const MAX_HANDSHAKE_RECORDS: usize = 1 + 16;
/// The longest answer, in bytes: certificates are shorter.
const MAX_ANSWER: usize = 128 * 1024;

/// A hello that was or is to be sent, and what its answer is checked against.
///
/// Send [`hello`](Self::hello), give what comes to [`take_answer`](Self::take_answer), and begin the codec
/// ([`Codec::client_via`](crate::transport::Codec::client_via)) when that says so.
pub struct Handshake {
    pub(super) key: Zeroizing<[u8; 16]>,
    pub(super) hello: Vec<u8>,
    pub(super) session_id: [u8; 32],
}

impl Handshake {
    /// A hello at the Unix time `now`, in seconds; `None` if the secret asks for no fake TLS.
    #[must_use]
    pub fn new(secret: &ProxySecret, shape: Shape, now: u64, rng: &mut dyn CryptoRng) -> Option<Self> {
        let mut session_id = [0; 32];
        rng.fill_bytes(&mut session_id);
        let mut hello = client_hello::build(secret.domain()?, &session_id, shape, rng);
        let mut random: [u8; RANDOM_LEN] = digest(secret.key(), &[], &hello).finalize().into_bytes().into();
        // The lower half of the time: what a hello can carry, and enough for the next hundred years.
        for (byte, time) in random[RANDOM_LEN - 4..].iter_mut().zip((now as u32).to_le_bytes()) {
            *byte ^= time;
        }
        hello[RANDOM_AT..RANDOM_AT + RANDOM_LEN].copy_from_slice(&random);
        Some(Self { key: Zeroizing::new(*secret.key()), hello, session_id })
    }

    /// The bytes to send first.
    #[must_use]
    pub fn hello(&self) -> &[u8] {
        &self.hello
    }

    /// Looks at the server's answer. `true`: it is good and was taken off the front of `input`. `false`: not all of it is
    /// there yet; nothing was taken.
    ///
    /// # Errors
    /// [`Error`]: the server does not have the secret (FT-3), or speaks something else. Close the connection.
    pub fn take_answer(&self, input: &mut BytesMut) -> Result<bool, Error> {
        let Some(len) = answer_len(input)? else {
            return if input.len() > MAX_ANSWER { Err(Error::Endless) } else { Ok(false) };
        };
        let answer = input.get(..len).ok_or(Error::Malformed)?;
        let random = answer.get(RANDOM_AT..RANDOM_AT + RANDOM_LEN).ok_or(Error::Malformed)?;
        let client_random = &self.hello[RANDOM_AT..RANDOM_AT + RANDOM_LEN];
        let computed = digest(&self.key, client_random, answer).finalize().into_bytes();
        if !bool::from(computed.as_slice().ct_eq(random)) {
            return Err(Error::NotTheProxy);
        }
        // Behind the random: the session id that the client sent, with its length.
        let echoed = answer.get(RANDOM_AT + RANDOM_LEN..).and_then(<[u8]>::split_first);
        if !echoed.is_some_and(|(len, rest)| *len == 32 && rest.starts_with(&self.session_id)) {
            return Err(Error::Malformed);
        }
        input.advance(len);
        Ok(true)
    }
}

/// How long the answer at the front of `input` is: handshake records, a change of ciphers, and one record of data that
/// stands for the certificate. `None` if it is not all there.
fn answer_len(input: &[u8]) -> Result<Option<usize>, Error> {
    let mut at = 0;
    let mut handshakes = 0;
    let mut changed = false;
    while let Some(header) = records::header(input.get(at..).unwrap_or_default())? {
        let expected = match header.content {
            HANDSHAKE if !changed && handshakes < MAX_HANDSHAKE_RECORDS => HANDSHAKE,
            HANDSHAKE if !changed => return Err(Error::Endless),
            _ if handshakes == 0 => HANDSHAKE,
            _ if !changed => CHANGE_CIPHER_SPEC,
            _ => APPLICATION_DATA,
        };
        let Header { content: found, len } = header;
        if found != expected {
            return Err(Error::RecordType { expected, found });
        }
        handshakes += usize::from(found == HANDSHAKE);
        changed |= found == CHANGE_CIPHER_SPEC;
        at += RECORD_HEADER + len;
        if at > input.len() {
            return Ok(None);
        }
        if found == APPLICATION_DATA {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

impl std::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handshake").field("hello", &self.hello.len()).finish_non_exhaustive()
    }
}
