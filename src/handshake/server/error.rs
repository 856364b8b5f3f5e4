//! Why a server refuses a key exchange.

use thiserror::Error;

use crate::crypto::dh::PublicValueError;
use crate::handshake::{Message, checks::NonceError, dh_data::DataError};
use crate::tl;

/// Why a server refuses a key exchange. The client is told [`Error::transport_code`] and nothing else; the
/// connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The message, or what was encrypted in it, is not the expected TL object.
    #[error("{message} cannot be read: {error}")]
    Malformed {
        /// Which message.
        message: Message,
        /// What is wrong, and where.
        error: tl::Error,
    },
    /// An object that is no part of a key exchange, or out of order.
    #[error("an object with the id {0:08x} has no place here")]
    Unexpected(u32),
    /// The exchange failed before: it stays failed.
    #[error("this key exchange has failed before")]
    Over,
    /// A nonce is not that of this exchange (security guidelines 5).
    #[error(transparent)]
    Nonce(#[from] NonceError),
    /// `p` and `q` are not the factors of `pq`, the smaller one first.
    #[error("{0} carries wrong factors of pq")]
    Factors(Message),
    /// The client encrypted for a key that this server does not have.
    #[error("there is no RSA key with the fingerprint {0:016x}")]
    UnknownKey(i64),
    /// The RSA block was not encrypted with our public key, or under no padding that is accepted.
    #[error("encrypted_data of req_DH_params cannot be decrypted")]
    Rsa,
    /// The client wants another DC.
    #[error("the client wants DC {got}, this is DC {own}")]
    WrongDc {
        /// What the client wants.
        got: i32,
        /// Number of this DC.
        own: i32,
    },
    /// A temporary key that would never be valid.
    #[error("a temporary key cannot end after {0} seconds")]
    ExpiresIn(i32),
    /// `encrypted_data` of `set_client_DH_params` cannot be decrypted.
    #[error("encrypted_data of set_client_DH_params: {0}")]
    Data(#[from] DataError),
    /// `retry_id` is neither 0 at first nor the `auth_key_aux_hash` of the key that was refused.
    #[error("retry_id {0:016x} does not fit")]
    RetryId(i64),
    /// `g_b` is out of range (security guidelines 3).
    #[error("g_b: {0}")]
    PublicValue(#[from] PublicValueError),
}

impl Error {
    /// The transport error that the client gets: -444 for a wrong DC, -404 for everything else.
    #[must_use]
    pub fn transport_code(&self) -> i32 {
        match self {
            Self::WrongDc { .. } => -444,
            _ => -404,
        }
    }
}
