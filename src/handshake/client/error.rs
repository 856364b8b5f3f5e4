//! Why a client gives up a key exchange.

use thiserror::Error;

use crate::crypto::dh::{GroupError, PublicValueError};
use crate::handshake::{Message, checks::NonceError, dh_data::DataError};
use crate::tl;

/// Why a client gives up a key exchange: which check the server's answer failed.
///
/// After any of these the exchange is over. It may be tried again from the beginning, on a new connection and a
/// bounded number of times; a server that fails the same check again is broken or not the one it should be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The answer, or what was encrypted in it, is not the expected TL object.
    #[error("{message} cannot be read: {error}")]
    Malformed {
        /// Which answer.
        message: Message,
        /// What is wrong, and where.
        error: tl::Error,
    },
    /// A nonce is not that of this exchange (security guidelines 5).
    #[error(transparent)]
    Nonce(#[from] NonceError),
    /// The server has none of the keys that the client trusts (security guidelines 14).
    #[error("the server has none of the trusted RSA keys, only {}", fingerprints(.0))]
    UnknownKeys(Vec<i64>),
    /// `pq` has more than 8 bytes.
    #[error("pq has {0} bytes instead of at most 8")]
    PqLength(usize),
    /// `pq` is not a product of two different primes.
    #[error("pq = {0} is not a product of two different primes")]
    PqNotTwoPrimes(u64),
    /// The server refused the request with `server_DH_params_fail`.
    #[error("the server refused the request (server_DH_params_fail)")]
    Refused,
    /// `server_DH_params_fail` with a hash that its sender could not know, or `dh_gen_*` with a wrong
    /// `new_nonce_hash` (security guidelines 5).
    #[error("{0} carries a wrong hash of new_nonce")]
    NewNonceHash(Message),
    /// `encrypted_answer` cannot be decrypted (security guidelines 4).
    #[error("encrypted_answer: {0}")]
    Answer(#[from] DataError),
    /// The prime or the generator is not fit for use (security guidelines 1 and 2).
    #[error(transparent)]
    Group(#[from] GroupError),
    /// `g_a` is out of range (security guidelines 3).
    #[error("g_a: {0}")]
    PublicValue(#[from] PublicValueError),
    /// `dh_gen_fail`: the server wants the exchange to begin again.
    #[error("the server gave up (dh_gen_fail)")]
    DhGenFail,
    /// `dh_gen_retry` again and again.
    #[error("the server asked for another g_b {0} times")]
    TooManyRetries(u32),
}

fn fingerprints(keys: &[i64]) -> String {
    if keys.is_empty() {
        return "none at all".to_owned();
    }
    keys.iter().map(|key| format!("{key:016x}")).collect::<Vec<_>>().join(", ")
}
