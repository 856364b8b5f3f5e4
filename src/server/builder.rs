//! The options of a server.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};

use super::{AccountSpec, Error, Server};

/// Options of a [`Server`]; made by [`Server::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    pub(super) listen: IpAddr,
    pub(super) port: u16,
    pub(super) dcs: u16,
    pub(super) key_pem: Option<String>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) accounts: Vec<AccountSpec>,
    pub(super) bots: Vec<String>,
    pub(super) banned: Vec<String>,
    pub(super) old_rsa_padding: bool,
    pub(super) max_connections: usize,
    pub(super) idle_timeout: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            dcs: 3,
            key_pem: None,
            state_dir: None,
            accounts: Vec::new(),
            bots: Vec::new(),
            banned: Vec::new(),
            old_rsa_padding: true,
            max_connections: 16_384,
            idle_timeout: Duration::from_secs(600),
        }
    }
}

impl Builder {
    /// Address to listen on, and the one that clients are told (default 127.0.0.1).
    #[must_use]
    pub fn listen(mut self, address: IpAddr) -> Self {
        self.listen = address;
        self
    }

    /// Port of DC 1; DC n listens on `port + n - 1`. 0, the default, lets the system choose one for each.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Number of DCs, 1 to 100 (default 3).
    #[must_use]
    pub fn dcs(mut self, dcs: u16) -> Self {
        self.dcs = dcs;
        self
    }

    /// The server's RSA private key as PEM text, PKCS#1 or PKCS#8. Without it one is made at the first start and, with
    /// a state directory, kept there.
    #[must_use]
    pub fn key_pem(mut self, pem: impl Into<String>) -> Self {
        self.key_pem = Some(pem.into());
        self
    }

    /// Directory for the state, made if it does not exist (mode 0700). Without it everything is forgotten at the end.
    #[must_use]
    pub fn state_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(dir.into());
        self
    }

    /// Registers an account. One that the state directory already has is updated, not made again.
    #[must_use]
    pub fn account(mut self, account: AccountSpec) -> Self {
        self.accounts.push(account);
        self
    }

    /// Registers a bot by its token, `ID:SECRET`. Bots live on DC 2 unless a `,dc=N` follows the token.
    #[must_use]
    pub fn bot(mut self, token: impl Into<String>) -> Self {
        self.bots.push(token.into());
        self
    }

    /// Makes a number answer `PHONE_NUMBER_BANNED`.
    #[must_use]
    pub fn ban(mut self, phone: impl Into<String>) -> Self {
        self.banned.push(phone.into());
        self
    }

    /// Whether key exchanges with the obsolete SHA-1 padding of the inner data are served (default yes; Telethon and
    /// Pyrogram still send it).
    #[must_use]
    pub fn old_rsa_padding(mut self, allow: bool) -> Self {
        self.old_rsa_padding = allow;
        self
    }

    /// Most connections at one time over all DCs (default 16384); more are closed at once.
    #[must_use]
    pub fn max_connections(mut self, n: usize) -> Self {
        self.max_connections = n;
        self
    }

    /// Closes a connection that has been silent for so long (default 10 minutes).
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Starts listening.
    ///
    /// # Errors
    /// If a port is taken, the key or the state directory is unusable, or an account contradicts another one.
    pub async fn start(self) -> Result<Server, Error> {
        todo!()
    }
}
