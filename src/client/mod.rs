//! The client: connect, call any function of the API, stay connected.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use mtwire::client::Client;
//! use mtwire::tl::functions;
//!
//! let client = Client::builder("my_account").api_id(12345).api_hash("0123456789abcdef").connect().await?;
//! let config = client.invoke(&functions::help::GetConfig {}).await?;
//! println!("connected to DC {}", config.this_dc);
//! client.disconnect().await;
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | `builder`, `config`, `dcs` | what a client is told, and the built-in addresses |
//! | `core` | what its connections share: settings, the session's store, the updates |
//! | `addresses`, `refresh` | where a DC is dialed, and keeping that up to date |
//! | `establish` | one try to connect: dial, and make a key if there is none |
//! | `links`, `on_dc`, `authorization` | the home, other DCs, connections for files |
//! | `in_order` | calls that the server carries out one after the other |
//! | `link`, `queue`, `link_task`, `calls` | the task of one DC, and the way to it: session, calls, reconnecting |
//! | `temp_key` | forward secrecy: the temporary keys, and who replaces them when |
//! | `login` | logging in and out, by the state machine of [`auth`](crate::auth) |
//! | `me` | asking who is logged in |
//! | `account` | the account's other sessions and its 2FA password |
//! | `run` | log in at the terminal and serve until Ctrl-C (feature `terminal`) |
//! | `introduction` | `invokeWithLayer(initConnection(…))` |
//! | `retry`, `repeatable` | what is done about errors before the caller sees them |
//! | `updates` | what the server sends without being asked |

mod account;
mod addresses;
mod authorization;
mod builder;
mod calls;
mod config;
mod core;
mod dcs;
mod error;
mod establish;
mod in_order;
mod introduction;
mod invoke;
mod link;
mod link_task;
mod links;
mod login;
mod me;
mod on_dc;
mod queue;
mod refresh;
mod repeatable;
mod retry;
#[cfg(feature = "terminal")]
mod run;
mod temp_key;
mod updates;

pub use account::{AccountError, NewSettings, PasswordReset};
pub use builder::ClientBuilder;
pub use config::{DeviceInfo, RetryPolicy, Timing};
pub use dcs::{DcAddress, PORT, PRODUCTION, TEST};
pub use error::{ConnectError, InvokeError};
pub use in_order::InOrder;
pub use introduction::LAYER;
pub use login::{QrLogin, QrStep, SignInError, SignInStep};
pub use on_dc::OnDc;
#[cfg(feature = "terminal")]
pub use run::RunError;
pub use updates::{Update, Updates};

pub use crate::message::{CallStatus, RpcError};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::core::Core;
use self::links::Links;
use crate::session::{self, Change, SessionStore, User};

/// A handle to a connected client: cheap to clone, every clone shares the connections and the session.
///
/// When the last handle is dropped the connections close and the session's lock goes;
/// [`disconnect`](Self::disconnect) does the first in order and waits for it.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    core: Arc<Core>,
    links: Mutex<Links>,
    /// Held while a link is opened or the home moves, so that many calls that need it cause it once.
    opening: tokio::sync::Mutex<()>,
    /// The same for links for files.
    opening_media: tokio::sync::Mutex<()>,
    /// Held while a login is taken along to another DC.
    carrying: tokio::sync::Mutex<()>,
}

impl Shared {
    fn new(core: Arc<Core>) -> Self {
        Self {
            core,
            links: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            opening_media: tokio::sync::Mutex::default(),
            carrying: tokio::sync::Mutex::default(),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.core.refresh.stop();
        self.core.updates.close();
    }
}

impl Client {
    /// Describes a client with an API key (<https://my.telegram.org/apps>), whose session has this name:
    /// `Client::new("my_account", api_id, api_hash).run().await` logs in at the terminal and serves until Ctrl-C. With a
    /// session that exists the name is enough, see [`builder`](Self::builder) and [`open`](Self::open).
    #[must_use]
    #[expect(clippy::new_ret_no_self, reason = "what it makes connects first")]
    pub fn new(name: &str, api_id: i32, api_hash: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(name).api_id(api_id).api_hash(api_hash)
    }

    /// Starts describing a client whose session has this name.
    #[must_use]
    pub fn builder(name: &str) -> ClientBuilder {
        ClientBuilder::new(name)
    }

    /// Connects with the session of this name in the current directory, made by an earlier login.
    ///
    /// # Errors
    /// [`ConnectError`]; `NoApiKey` when there is no such session.
    pub async fn open(name: &str) -> Result<Self, ConnectError> {
        Self::builder(name).connect().await
    }

    /// The API key of this client, `api_id` and `api_hash`, for which the methods of the login ask.
    #[must_use]
    pub fn api_key(&self) -> (i32, &str) {
        let config = &self.shared.core.config;
        (config.api_id, config.api_hash.expose_str().unwrap_or_default())
    }

    /// The DC that is home now.
    #[must_use]
    pub fn home_dc(&self) -> i32 {
        self.shared.core.home()
    }

    /// Who is logged in, as far as the session knows.
    #[must_use]
    pub fn user(&self) -> Option<User> {
        self.shared.core.store.with(|state| state.user.clone())
    }

    /// The session's store, for what else is kept there (an unfinished login, peers, update state).
    #[must_use]
    pub fn store(&self) -> &Arc<dyn SessionStore> {
        &self.shared.core.store
    }

    /// Writes changes to the session, on a thread of its own, as a file takes its time.
    ///
    /// # Errors
    /// When the store cannot make them durable; the session is then as before.
    pub async fn save(&self, changes: Vec<Change>) -> Result<(), session::Error> {
        self.shared.core.save(changes).await
    }

    /// The stream of updates of the home DC. All handles of the client share one buffer, of 1,024 updates and 16 MiB at
    /// most.
    ///
    /// Updates are kept from the first call of this on. If any came before, the stream begins with [`Update::Missed`].
    #[must_use]
    pub fn updates(&self) -> Updates {
        self.shared.core.updates.reader()
    }

    /// Watches for the scan of a QR code.
    fn watch_scan(&self) -> updates::ScanWatch {
        self.shared.core.updates.watch_scan()
    }

    /// Closes the connections in order: what is still to be acknowledged goes out, calls without an answer fail with
    /// [`InvokeError::Disconnected`], salts and clock are saved. The session's lock goes with the last handle.
    pub async fn disconnect(self) {
        self.links().closed = true;
        if let Some(task) = self.shared.core.refresh.stop() {
            // It has a hold on the store, which is to be free when this is over. That it was aborted is no error.
            let _ = task.await;
        }
        self.close_links().await;
        self.shared.core.updates.close();
    }

    /// Closes all connections; the next call opens what it needs, with a new key if the session has forgotten the old one.
    pub(super) async fn close_links(&self) {
        let links = self.links().drain();
        for link in links {
            link.close().await;
        }
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        // No statement in a critical section leaves the map half changed.
        self.shared.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
