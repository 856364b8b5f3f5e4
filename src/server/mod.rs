//! The loopback DC: several Telegram-like data centres in one process, real enough for other people's clients.
//!
//! Every DC listens on a port of its own and tells the transports apart by their first bytes (TR-8, OB-5). Auth
//! keys, sessions and accounts live in stores shared by all DCs, never in a connection, so a client may open,
//! close and reopen connections as it likes. Accounts have a home DC; a login at another one is answered with
//! `PHONE_MIGRATE_X` or `USER_MIGRATE_X` (AU-8).
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use mtwire::server::{Event, Server};
//!
//! let mut server = Server::builder().account("+9996621234".parse()?).start().await?;
//! println!("{}", server.public_key_pem());
//! let mut events = server.events();
//! while let Some(Event::Code { phone, code }) = events.recv().await {
//!     println!("{phone}: {code}");
//! }
//! server.shutdown().await;
//! # Ok(()) }
//! ```

mod account_spec;
mod accounts;
mod builder;
mod call;
mod carrier;
mod codes;
mod config;
mod connection;
mod contacts;
mod deletion;
mod devices;
mod dispatch;
mod email;
mod error;
mod event;
mod history;
mod hold;
mod http;
mod hub;
mod journal;
mod key_exchange;
mod keys;
mod layers;
mod limits;
mod listener;
mod login;
mod login_email;
mod logout;
mod mailbox;
mod messages;
mod password;
mod phone;
mod policy;
mod qr;
mod records;
mod rpc_error;
mod scenario;
mod security;
mod send_code;
mod sent_code;
mod sessions;
mod strangers;
mod temp_keys;
mod transfer;
mod updates;
mod users;
mod via;
mod world;
mod wrappers;

pub use account_spec::{AccountSpec, AccountSpecError};
pub use builder::Builder;
pub use error::Error;
pub use event::{EmailPurpose, Event};
pub use scenario::{Scenario, ScenarioError};

use std::{net::SocketAddr, sync::Arc};

use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use hub::Hub;

/// Where one DC of a running server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DcAddress {
    /// DC number, from 1.
    pub id: i32,
    /// IP address that clients are told in `help.getConfig`.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl DcAddress {
    /// The address as a socket address; `None` if `host` is not an IP address.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.host.parse().ok()?, self.port))
    }
}

/// A running loopback server. Dropping it stops it without waiting; [`shutdown`](Self::shutdown) waits.
pub struct Server {
    dcs: Vec<DcAddress>,
    public_key_pem: String,
    fingerprint: i64,
    events: Option<mpsc::Receiver<Event>>,
    hub: Arc<Hub>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("dcs", &self.dcs).finish_non_exhaustive()
    }
}

impl Server {
    /// Options for a new server.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The addresses of all DCs, in the order of their numbers.
    #[must_use]
    pub fn dcs(&self) -> &[DcAddress] {
        &self.dcs
    }

    /// The server's RSA public key as PKCS#1 PEM (`BEGIN RSA PUBLIC KEY`), the form in which clients take keys.
    #[must_use]
    pub fn public_key_pem(&self) -> &str {
        &self.public_key_pem
    }

    /// The 64-bit fingerprint of the RSA key as it stands in `resPQ` (spec section 6, step 2).
    #[must_use]
    pub fn fingerprint(&self) -> i64 {
        self.fingerprint
    }

    /// The channel of what happens in the server. The first call gets everything since the start; later calls get
    /// a channel that is already closed.
    pub fn events(&mut self) -> mpsc::Receiver<Event> {
        self.events.take().unwrap_or_else(|| mpsc::channel(1).1)
    }

    /// What `mtwire serve --json` prints first:
    /// `{"ready":true,"dcs":[{"id":1,"host":"127.0.0.1","port":N}, …],"public_key":"<PEM>","fingerprint":"<16 hex digits>"}`.
    #[must_use]
    pub fn ready_json(&self) -> Value {
        let dcs: Vec<Value> =
            self.dcs.iter().map(|dc| json!({"id": dc.id, "host": dc.host, "port": dc.port})).collect();
        json!({
            "ready": true,
            "dcs": dcs,
            "public_key": self.public_key_pem,
            "fingerprint": format!("{:016x}", self.fingerprint),
        })
    }

    /// Cuts every connection that is open now, as a network does; sessions stay.
    pub fn cut_connections(&self) {
        self.hub.cut_connections();
    }

    /// How often calls of this method (`messages.sendMessage`) were carried out since the start, by all clients and
    /// whatever came of them: what shows that a call was made once.
    #[must_use]
    pub fn carried_out(&self, method: &str) -> u64 {
        self.hub.world().carried_out.get(method).copied().unwrap_or(0)
    }

    /// Makes all server salts invalid at once, as if their time were over: clients get `bad_server_salt` (SA-1).
    pub fn renew_salts(&self) {
        self.hub.renew_salts();
    }

    /// Stops accepting, closes every connection, writes the state to its directory and waits for all of it.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await
            && error.is_panic()
        {
            tracing::error!("the server's task ended in a panic");
        }
    }
}

#[cfg(test)]
mod tests;
