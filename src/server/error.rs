//! Why a server does not start.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A DC's port cannot be listened on.
    #[error("cannot listen on {address} for DC {dc}: {source}")]
    Listen {
        /// The DC.
        dc: i32,
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Port plus number of DCs goes over 65535, or the number of DCs is not within 1 to 100.
    #[error("{dcs} DCs do not fit: the number must be within 1..=100 and port {port} plus it below 65536")]
    Ports {
        /// Number of DCs asked for.
        dcs: u16,
        /// First port asked for.
        port: u16,
    },
    /// The RSA key is unusable.
    #[error("the server's RSA key cannot be used: {0}")]
    Key(String),
    /// A file of the state directory cannot be read or written.
    #[error("{path}: {source}")]
    State {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another running server uses the state directory.
    #[error("{dir} is in use by another server")]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// A file of the state directory holds something that this version did not write. It is left as it was.
    #[error("{path}, line {line}: {reason}")]
    StateFormat {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// An account contradicts another one, or names a DC that the server does not have.
    #[error("account {account}: {reason}")]
    Account {
        /// The account's number, or the id part of its token.
        account: String,
        /// What is wrong.
        reason: &'static str,
    },
}
