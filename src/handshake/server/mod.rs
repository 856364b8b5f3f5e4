//! The server's side.
//!
//! One [`Exchange`] serves one connection: it takes the bodies of plain messages one after the other. Inside it
//! is the same kind of chain as the client's: every step consumes the state before it.

mod checks;
mod error;
mod inner;
mod steps;

pub use error::Error;

use std::fmt;

use bytes::Bytes;

use super::Established;
use crate::clock::Now;
use crate::crypto::rsa::PrivateKey;
use crate::tl::mtproto::functions;
use crate::tl::{Constructor, PacketBuf};
use steps::{AwaitReqDhParams, AwaitSetClientDhParams, Verdict};

/// How often the server asks for another `g_b` before it gives up.
pub const MAX_RETRIES: u32 = 5;

/// How a server behaves in key exchanges.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its RSA keys, which it offers in this order.
    pub keys: Vec<PrivateKey>,
    /// Its number, if a client that wants another DC is to be refused.
    pub dc: Option<i32>,
    /// Whether to take the SHA-1 padding of old clients besides RSA_PAD.
    pub accept_sha1_padding: bool,
    /// A fault to show clients.
    pub fault: Option<Fault>,
}

impl Options {
    /// A server that takes what real clients send.
    #[must_use]
    pub fn new(keys: Vec<PrivateKey>) -> Self {
        Self { keys, dc: None, accept_sha1_padding: true, fault: None }
    }
}

/// A fault in the last step, to test clients with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answer `dh_gen_retry` so many times.
    Retry(u32),
    /// Answer `dh_gen_fail`.
    Fail,
    /// Send a wrong `new_nonce_hash`.
    WrongHash,
}

/// What a message gives.
#[derive(Debug)]
pub struct Answer {
    /// The body of the plain message to send back.
    pub packet: PacketBuf,
    /// The new key, if this was the last step; to be stored before the answer is sent. A repeated message is
    /// answered again, but gives no key again.
    pub established: Option<Established>,
}

/// Key exchanges on one connection.
pub struct Exchange {
    state: State,
    // What was answered in this exchange: a client may repeat a message.
    answered: Vec<(Bytes, PacketBuf)>,
}

enum State {
    AwaitReqPq,
    AwaitReqDhParams(AwaitReqDhParams),
    AwaitSetClientDhParams(Box<AwaitSetClientDhParams>),
    Over,
}

impl Exchange {
    /// Waits for `req_pq_multi`.
    #[must_use]
    pub fn new() -> Self {
        Self { state: State::AwaitReqPq, answered: Vec::new() }
    }

    /// Takes the body of a plain message and gives the answer.
    ///
    /// A message that is byte for byte the same as an earlier one of this exchange gets the same answer. A new
    /// `req_pq` or `req_pq_multi` begins a new exchange. `is_taken` says whether there is a key with this id
    /// already: then the client is asked for another one.
    ///
    /// # Errors
    /// [`Error`] says which check the message failed. From then on every message fails (step 5).
    pub fn handle(
        &mut self,
        message: Bytes,
        options: &Options,
        now: Now,
        rng: &mut dyn rand::CryptoRng,
        is_taken: &dyn Fn(i64) -> bool,
    ) -> Result<Answer, Error> {
        if let Some((_, packet)) = self.answered.iter().find(|(earlier, _)| *earlier == message) {
            return Ok(Answer { packet: packet.clone(), established: None });
        }
        let state = std::mem::replace(&mut self.state, State::Over);
        let id = steps::constructor(&message);
        let (packet, next, established) = match state {
            State::Over => return Err(Error::Over),
            _ if id == functions::ReqPq::ID || id == functions::ReqPqMulti::ID => {
                self.answered.clear();
                let (packet, next) = steps::req_pq(message.clone(), options, rng)?;
                (packet, State::AwaitReqDhParams(next), None)
            }
            State::AwaitReqDhParams(state) if id == functions::ReqDhParams::ID => {
                let (packet, next) = state.req_dh_params(message.clone(), options, now, rng)?;
                (packet, State::AwaitSetClientDhParams(Box::new(next)), None)
            }
            State::AwaitSetClientDhParams(state) if id == functions::SetClientDhParams::ID => {
                let (packet, verdict) = state.set_client_dh_params(message.clone(), options, is_taken)?;
                match verdict {
                    Verdict::Established(key) => (packet, State::AwaitReqPq, Some(key)),
                    Verdict::Retry(next) => (packet, State::AwaitSetClientDhParams(next), None),
                    Verdict::Failed => (packet, State::AwaitReqPq, None),
                }
            }
            _ => return Err(Error::Unexpected(id)),
        };
        self.state = next;
        self.answered.push((message, packet.clone()));
        Ok(Answer { packet, established })
    }

    /// Packets come under a key, so that the client is done with the last answer: what was answered in an exchange that is
    /// over is not kept any longer. Nothing happens in the middle of one.
    pub fn forget_answers(&mut self) {
        if matches!(self.state, State::AwaitReqPq) {
            self.answered = Vec::new();
        }
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the state and no secret.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::AwaitReqPq => "Exchange(AwaitReqPq)",
            State::AwaitReqDhParams(_) => "Exchange(AwaitReqDhParams)",
            State::AwaitSetClientDhParams(_) => "Exchange(AwaitSetClientDhParams)",
            State::Over => "Exchange(Over)",
        })
    }
}
