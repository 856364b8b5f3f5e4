//! What both sides check, one function for each rule. The numbers are those of the security guidelines
//! (<https://core.telegram.org/mtproto/security_guidelines>) as the protocol notes of this project count them.

use subtle::ConstantTimeEq;

use super::{Message, Nonces};

/// A nonce in a message is not that of this exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NonceError {
    /// The client's nonce.
    #[error("{0} carries another nonce")]
    Nonce(Message),
    /// The server's nonce.
    #[error("{0} carries another server_nonce")]
    ServerNonce(Message),
}

/// Guideline 5, first message: the answer carries the client's nonce.
pub(super) fn nonce(message: Message, expected: &[u8; 16], got: &[u8; 16]) -> Result<(), NonceError> {
    if expected == got { Ok(()) } else { Err(NonceError::Nonce(message)) }
}

/// Guideline 5: every message carries both nonces of the exchange.
pub(super) fn nonces(
    message: Message,
    expected: &Nonces,
    client: &[u8; 16],
    server: &[u8; 16],
) -> Result<(), NonceError> {
    nonce(message, &expected.client, client)?;
    if expected.server == *server { Ok(()) } else { Err(NonceError::ServerNonce(message)) }
}

/// Guideline 5, last message: the hash proves that the peer knows `new_nonce` and, save in
/// `server_DH_params_fail`, the key. Compared in constant time, because it depends on both.
pub(super) fn hash(expected: &[u8; 16], got: &[u8; 16]) -> bool {
    expected.ct_eq(got).into()
}
