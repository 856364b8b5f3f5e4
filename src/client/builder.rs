//! Describing a client before it connects.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::core::{Config, Core};
use super::dcs::{self, BuiltIn};
use super::introduction::Introduction;
use super::{Client, ConnectError, DeviceInfo, RetryPolicy, Timing};
#[cfg(feature = "terminal")]
use crate::auth::terminal::Presets;
use crate::crypto::rsa::PublicKey;
#[cfg(feature = "proxy")]
use crate::net::Proxy;
use crate::net::{Address, Route, erased, off_thread};
#[cfg(feature = "encrypted-session")]
use crate::session::file::Passphrase;
use crate::session::{App, Change, Dc, DcAddress, FileStore, Network, Secret, SessionStore, State};
use crate::transport::Kind;

/// What a client needs to know before it connects; made by [`Client::builder`].
///
/// A saved session knows its API key, its servers and its user, so that the second time the name is enough. What is set
/// here goes before what the session knows.
#[derive(Clone)]
pub struct ClientBuilder {
    name: String,
    api_id: Option<i32>,
    api_hash: Option<Secret>,
    directory: PathBuf,
    #[cfg(feature = "encrypted-session")]
    passphrase: Option<Passphrase>,
    store: Option<Arc<dyn SessionStore>>,
    test: bool,
    start_at: Option<i32>,
    /// By the numbers of the DCs, each once.
    addresses: Vec<(i32, Address)>,
    #[cfg(feature = "pem")]
    trusted: Vec<PublicKey>,
    route: Route,
    any_transport: bool,
    media_connections: usize,
    pfs: bool,
    device: DeviceInfo,
    timing: Timing,
    retry: RetryPolicy,
    forget_login: bool,
    #[cfg(feature = "terminal")]
    presets: Presets,
}

impl ClientBuilder {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            api_id: None,
            api_hash: None,
            directory: PathBuf::from("."),
            #[cfg(feature = "encrypted-session")]
            passphrase: None,
            store: None,
            test: false,
            start_at: None,
            addresses: Vec::new(),
            #[cfg(feature = "pem")]
            trusted: Vec::new(),
            route: Route::direct(Kind::Abridged),
            any_transport: true,
            media_connections: 4,
            pfs: false,
            device: DeviceInfo::default(),
            timing: Timing::default(),
            retry: RetryPolicy::default(),
            forget_login: false,
            #[cfg(feature = "terminal")]
            presets: Presets::default(),
        }
    }

    /// The number of the API key, from <https://my.telegram.org/apps>. Needed only for a new session.
    #[must_use]
    pub fn api_id(mut self, api_id: i32) -> Self {
        self.api_id = Some(api_id);
        self
    }

    /// The hash of the API key. Needed only for a new session.
    #[must_use]
    pub fn api_hash(mut self, api_hash: impl Into<String>) -> Self {
        self.api_hash = Some(Secret::from(api_hash.into()));
        self
    }

    /// The directory of `NAME.session`; the current directory by default.
    #[must_use]
    pub fn session_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// The passphrase of `NAME.session`; a new one is encrypted with it. It makes no difference with a
    /// [`store`](Self::store) of the caller's own. Needs the feature `encrypted-session`.
    #[cfg(feature = "encrypted-session")]
    #[must_use]
    pub fn passphrase(mut self, passphrase: impl Into<Secret>) -> Self {
        self.passphrase = Some(Passphrase::new(passphrase));
        self
    }

    /// A store of the caller's own in place of the file.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn SessionStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Use the test DCs.
    #[must_use]
    pub fn test(mut self) -> Self {
        self.test = true;
        self
    }

    /// The address of one DC, in place of the built-in ones and of those that the server tells. A new session starts at
    /// the DC with the lowest number given so, unless [`start_at`](Self::start_at) says otherwise.
    #[must_use]
    pub fn dc(mut self, id: i32, address: Address) -> Self {
        self.addresses.retain(|(dc, _)| *dc != id);
        self.addresses.push((id, address));
        self
    }

    /// The DC where a new session starts; 2 by default.
    #[must_use]
    pub fn start_at(mut self, dc: i32) -> Self {
        self.start_at = Some(dc);
        self
    }

    /// An RSA key to trust in the key exchange. The built-in keys and addresses are not used then: servers with keys of
    /// their own are another network. Needs the feature `pem`.
    #[cfg(feature = "pem")]
    #[must_use]
    pub fn trust(mut self, key: PublicKey) -> Self {
        self.trusted.push(key);
        self
    }

    /// The transport, and no other. By default abridged; where two tries in a row come to nothing with it, an obfuscated
    /// one takes turns with it.
    #[must_use]
    pub fn transport(mut self, kind: Kind) -> Self {
        self.route.transport = kind;
        self.any_transport = false;
        self
    }

    /// The proxy between this client and all DCs; none by default. Needs the feature `proxy`.
    #[cfg(feature = "proxy")]
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.route.proxy = Some(proxy);
        self
    }

    /// The most connections for files to one DC ([`Client::media`]), 4 by default.
    #[must_use]
    pub fn media_connections(mut self, most: usize) -> Self {
        self.media_connections = most.max(1);
        self
    }

    /// Perfect forward secrecy: calls go under a temporary key, which lives in memory only and is replaced before its
    /// end; the permanent key of the session vouches for it and encrypts nothing else (PF-1). Who records the traffic
    /// and steals the session later cannot read it. Off by default: every start of a program takes one more key
    /// exchange (`docs/decisions/0008-forward-secrecy.md`).
    #[must_use]
    pub fn pfs(mut self, on: bool) -> Self {
        self.pfs = on;
        self
    }

    /// What to tell the server about this program.
    #[must_use]
    pub fn device(mut self, device: DeviceInfo) -> Self {
        self.device = device;
        self
    }

    /// What to repeat, and how long to wait, before a call fails.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The longest flood wait that is slept through, in place of one minute.
    #[must_use]
    pub fn flood_sleep_threshold(mut self, longest: Duration) -> Self {
        self.retry.flood_sleep_threshold = longest;
        self
    }

    /// All deadlines and intervals.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// How long one call may take, in place of 60 s.
    #[must_use]
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.timing.call = limit;
        self
    }

    /// Forgets the session's user and keys before connecting, so that a new login can begin: the way on after
    /// [`InvokeError::AuthKeyUnknown`](super::InvokeError::AuthKeyUnknown), `AuthKeyDuplicated` and `Unauthorized`.
    #[must_use]
    pub fn forget_login(mut self) -> Self {
        self.forget_login = true;
        self
    }

    /// The number that [`log_in`](Self::log_in) and [`run`](Self::run) log in, in place of a question.
    #[cfg(feature = "terminal")]
    #[must_use]
    pub fn phone(mut self, phone: impl Into<String>) -> Self {
        self.presets.phone = Some(phone.into());
        self
    }

    /// The bot that [`log_in`](Self::log_in) and [`run`](Self::run) log in, by its token.
    #[cfg(feature = "terminal")]
    #[must_use]
    pub fn bot_token(mut self, token: impl Into<String>) -> Self {
        self.presets.bot_token = Some(Secret::from(token.into()));
        self
    }

    /// The 2FA password that [`log_in`](Self::log_in) and [`run`](Self::run) give, in place of a question.
    #[cfg(feature = "terminal")]
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.presets.password = Some(Secret::from(password.into()));
        self
    }

    /// [`log_in`](Self::log_in) and [`run`](Self::run) show a QR code first, in place of the question for a number.
    #[cfg(feature = "terminal")]
    #[must_use]
    pub fn qr(mut self) -> Self {
        self.presets.qr = true;
        self
    }

    #[cfg(feature = "terminal")]
    pub(super) fn presets(&self) -> &Presets {
        &self.presets
    }

    /// Opens the session, connects (with a key exchange if there is no key yet) and makes the first call,
    /// `help.getConfig`.
    ///
    /// # Errors
    /// [`ConnectError`]; what was achieved until then (a new key) is kept in the session.
    pub fn connect(self) -> impl Future<Output = Result<Client, ConnectError>> + Send + use<> {
        // No `async fn`, which would be compiled into the program that waits for it.
        erased(async move {
            let limit = self.timing.connect;
            let prepared = self.prepare().await?;
            let home = prepared.home();
            match timeout(limit, Client::start(Arc::new(prepared))).await {
                Ok(done) => done,
                Err(_) => Err(ConnectError::TimedOut { dc: home, after: limit }),
            }
        })
    }

    async fn prepare(mut self) -> Result<Core, ConnectError> {
        let store = match self.store.take() {
            Some(store) => store,
            None => {
                let path = self.directory.join(format!("{}.session", self.name));
                #[cfg(feature = "encrypted-session")]
                let passphrase = self.passphrase.take();
                #[cfg(not(feature = "encrypted-session"))]
                let passphrase = None;
                let store = off_thread(move || FileStore::open_with(path, passphrase.as_ref())).await?;
                if let (Some(torn), Some(path)) = (store.torn_tail(), store.path()) {
                    let (path, bytes) = (path.display(), torn.len);
                    tracing::warn!(%path, bytes, "cut off a change that a crash had left half written");
                }
                Arc::new(store)
            }
        };
        let state = store.with(State::clone);
        let mut network = self.network(&state)?;
        if network == state.network {
            // Its keys are there once then, here and in the store.
            network.clone_from(&state.network);
        }
        let app = match (self.api_id, &self.api_hash, &state.app) {
            (Some(id), Some(hash), _) => App { id, hash: hash.clone() },
            (None, None, Some(app)) => app.clone(),
            _ => return Err(ConnectError::NoApiKey { name: self.name }),
        };
        let home = match state.home_dc {
            0 => self
                .start_at
                .or_else(|| self.addresses.iter().map(|(dc, _)| *dc).min())
                .unwrap_or(dcs::FIRST_DC),
            saved => saved,
        };
        let (built_in, own_keys) = match &network {
            Network::Production => (Some(BuiltIn::Production), Box::default()),
            Network::Test => (Some(BuiltIn::Test), Box::default()),
            Network::Custom { public_keys } => (None, public_keys.as_slice().into()),
        };
        let introduction = Introduction::new(app.id, &self.device).map_err(ConnectError::Device)?;
        let changes = self.changes(&state, home, network, &app);
        let config = Config {
            api_id: app.id,
            api_hash: app.hash,
            built_in,
            own_keys,
            addresses: self.addresses.into(),
            route: self.route,
            any_transport: self.any_transport,
            media_connections: self.media_connections,
            pfs: self.pfs,
            timing: self.timing,
            retry: self.retry,
            introduction,
        };
        let core = Core::new(config, store, home);
        if !changes.is_empty() {
            core.save(changes).await?;
        }
        Ok(core)
    }

    /// Which servers; their keys can be read.
    fn network(&self, state: &State) -> Result<Network, ConnectError> {
        let fresh = state.dcs.values().all(|dc| dc.auth_key.is_none());
        let asked = if let Some(network) = self.own_servers() {
            network
        } else if self.test {
            Network::Test
        } else if fresh && state.app.is_none() {
            Network::Production
        } else {
            state.network.clone()
        };
        // Keys of one network mean nothing to another: going on would lose the login without a word.
        let same_kind = std::mem::discriminant(&asked) == std::mem::discriminant(&state.network);
        if !fresh && !same_kind && !self.forget_login {
            return Err(ConnectError::OtherNetwork { name: self.name.clone() });
        }
        if let Network::Custom { public_keys } = &asked {
            for pem in public_keys {
                PublicKey::from_pem(pem).map_err(ConnectError::SavedKey)?;
            }
        }
        Ok(asked)
    }

    /// Servers whose keys the caller has given.
    #[cfg(feature = "pem")]
    fn own_servers(&self) -> Option<Network> {
        let public_keys: Vec<_> = self.trusted.iter().map(|key| key.to_pkcs1_pem().into()).collect();
        (!public_keys.is_empty()).then_some(Network::Custom { public_keys })
    }

    #[cfg(not(feature = "pem"))]
    fn own_servers(&self) -> Option<Network> {
        None
    }

    /// What a later run must find in the session.
    fn changes(&self, state: &State, home: i32, network: Network, app: &App) -> Vec<Change> {
        let mut changes = if self.forget_login { state.log_out(None) } else { Vec::new() };
        if state.app.as_ref() != Some(app) {
            changes.push(Change::App(Some(app.clone())));
        }
        if state.network != network {
            changes.push(Change::Network(network));
        }
        if state.home_dc != home {
            changes.push(Change::HomeDc(home));
        }
        for &(id, ref address) in &self.addresses {
            let mut old = state.dc(id);
            for change in &changes {
                if let Change::Dc(dc, record) = change
                    && *dc == id
                {
                    old = record.as_ref();
                }
            }
            let old = old.cloned().unwrap_or_default();
            let addresses = vec![DcAddress::new(address.host(), address.port())];
            if old.addresses != addresses {
                changes.push(Change::Dc(id, Some(Dc { addresses, ..old })));
            }
        }
        changes
    }
}
