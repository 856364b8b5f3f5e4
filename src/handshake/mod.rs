//! Key exchange: how a client and a DC come to share an authorization key
//! (<https://core.telegram.org/mtproto/auth_key>).
//!
//! ```text
//!  client                                                                    server
//!    | req_pq_multi         nonce                                              |
//!    |------------------------------------------------------------------------>|
//!    | resPQ                nonce, server_nonce, pq, fingerprints of its keys  |
//!    |<------------------------------------------------------------------------|
//!    | req_DH_params        p, q, fingerprint, RSA(p, q, nonces, new_nonce)    |
//!    |------------------------------------------------------------------------>|
//!    | server_DH_params_ok  AES(g, dh_prime, g_a, server_time)                 |
//!    |<------------------------------------------------------------------------|
//!    | set_client_DH_params AES(g_b)                                           |
//!    |------------------------------------------------------------------------>|
//!    | dh_gen_ok            hash of new_nonce and the key g^ab                 |
//!    |<------------------------------------------------------------------------|
//! ```
//!
//! Only the owner of the RSA key learns `new_nonce`, from which the AES key of the next two messages follows; so
//! the client knows whom it shares `g^ab` with. All of it travels in [`plain`] messages.
//!
//! Both sides are chains of states: a step takes the state and the message of the peer, and gives the next state
//! and the message to send, so that no step can be left out or done twice. They do no I/O. Every check of the
//! security guidelines is a function of its own in `checks`.

pub mod binding;
mod checks;
pub mod client;
mod dh_data;
mod number;
pub mod plain;
#[cfg(feature = "server-core")]
pub mod server;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::crypto::AuthKey;

/// What a key exchange gives to both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Established {
    /// The key.
    pub auth_key: AuthKey,
    /// The first server salt (SA-1).
    pub first_salt: i64,
    /// When the server answered, in seconds since the Unix epoch by the server's clock.
    pub server_time: i32,
    /// The server's clock minus the local one in seconds, as of the moment of that answer. Zero at the server.
    pub time_offset: i64,
    /// When a temporary key ends, in seconds since the Unix epoch by the server's clock; `None` for a permanent
    /// one (PF-1).
    pub expires_at: Option<i32>,
}

/// Messages of the peer, to say in an error which one it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Message {
    ReqPq,
    ResPq,
    ReqDhParams,
    PqInnerData,
    ServerDhParams,
    ServerDhInnerData,
    SetClientDhParams,
    ClientDhInnerData,
    DhGen,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReqPq => "req_pq_multi",
            Self::ResPq => "resPQ",
            Self::ReqDhParams => "req_DH_params",
            Self::PqInnerData => "p_q_inner_data",
            Self::ServerDhParams => "server_DH_params",
            Self::ServerDhInnerData => "server_DH_inner_data",
            Self::SetClientDhParams => "set_client_DH_params",
            Self::ClientDhInnerData => "client_DH_inner_data",
            Self::DhGen => "dh_gen",
        })
    }
}

/// Both nonces, once the server has sent its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Nonces {
    client: [u8; 16],
    server: [u8; 16],
}
