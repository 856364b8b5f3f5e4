//! What a server says in place of a packet.

/// A transport error (TR-6): the server could not take a packet, and says so outside of the encryption, so the code is a
/// hint and no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// -404: the auth key is not known to this DC, or a step of the key exchange was wrong.
    #[error(
        "the server does not know the auth key, or refused a step of the key exchange (transport error -404)"
    )]
    UnknownKey,
    /// -429: too many connections from this address, or too many messages.
    #[error("the server asks for patience: too many connections or messages (transport error -429)")]
    Flood,
    /// -444: the DC number is not the server's: wrong number, or test and production mixed up.
    #[error(
        "the server is another DC than the one asked for, or test and production are mixed up (transport error -444)"
    )]
    WrongDc,
    /// Any other code.
    #[error("the server refused the connection with transport error {0}")]
    Other(i32),
}

impl From<i32> for Refusal {
    fn from(code: i32) -> Self {
        match code {
            -404 => Self::UnknownKey,
            -429 => Self::Flood,
            -444 => Self::WrongDc,
            other => Self::Other(other),
        }
    }
}
