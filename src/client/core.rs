//! What all connections of a client share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::introduction::Introduction;
use super::{RetryPolicy, Timing, Updates, dcs};
use crate::crypto::rsa::PublicKey;
use crate::net::{Address, Endpoint, Proxy, Route, SystemClock, off_thread};
use crate::session::{self, Change, Dc, DcAddress, Secret, SessionStore};
use crate::transport::{Kind, ProxySecret};

/// What the builder has decided.
#[derive(Debug)]
pub(super) struct Config {
    pub api_id: i32,
    pub api_hash: Secret,
    /// Production or test, for the built-in addresses; `None` with servers of one's own.
    pub built_in: Option<dcs::BuiltIn>,
    /// The RSA keys to trust.
    pub keys: Vec<PublicKey>,
    /// Addresses given by the caller, which no `help.getConfig` replaces.
    pub addresses: BTreeMap<i32, Address>,
    pub route: Route,
    pub timing: Timing,
    pub retry: RetryPolicy,
    pub introduction: Introduction,
}

/// The shared state; connections' tasks hold it, and it holds none of them.
#[derive(Debug)]
pub(super) struct Core {
    pub config: Config,
    pub store: Arc<dyn SessionStore>,
    pub clock: SystemClock,
    pub updates: Updates,
    home: AtomicI32,
    /// Whether the store has lost the session: its keys must not be used any more.
    lost: watch::Receiver<bool>,
    /// Held while a DC's record is read, changed and written, so that two connections do not undo each other's changes.
    changing: Mutex<()>,
}

impl Core {
    pub(super) fn new(config: Config, store: Arc<dyn SessionStore>, home: i32) -> Self {
        let (tell, lost) = watch::channel(false);
        store.when_lost(Box::new(move || {
            tracing::error!("the store has lost the session; its connections are closed");
            tell.send_replace(true);
        }));
        Self {
            lost,
            config,
            store,
            clock: SystemClock::new(),
            updates: Updates::new(),
            home: AtomicI32::new(home),
            changing: Mutex::new(()),
        }
    }

    pub(super) fn home(&self) -> i32 {
        self.home.load(Ordering::Acquire)
    }

    pub(super) fn set_home(&self, dc: i32) {
        self.home.store(dc, Ordering::Release);
    }

    /// Whether the session is somebody else's now.
    pub(super) fn is_lost(&self) -> bool {
        *self.lost.borrow()
    }

    /// Waits until the session is somebody else's; for ever with most stores.
    pub(super) fn lost(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut lost = self.lost.clone();
        async move {
            if lost.wait_for(|lost| *lost).await.is_err() {
                // The store has dropped its way to tell it.
                std::future::pending::<()>().await;
            }
        }
    }

    /// What the session knows of a DC.
    pub(super) fn dc(&self, dc: i32) -> Option<Dc> {
        self.store.with(|state| state.dcs.get(&dc).cloned())
    }

    pub(super) fn is_logged_in(&self) -> bool {
        self.store.with(|state| state.user.is_some())
    }

    /// The number of a DC as the key exchange carries it.
    pub(super) fn wire_dc(&self, dc: i32) -> i32 {
        if self.config.built_in == Some(dcs::BuiltIn::Test) { dc.saturating_add(10_000) } else { dc }
    }

    /// Where to dial a DC, best first.
    pub(super) fn addresses(&self, dc: i32) -> Vec<Endpoint> {
        let Route { transport, proxy } = &self.config.route;
        if let Some(Proxy::MtProxy { address, .. }) = proxy {
            // It is told the number alone.
            return vec![address.clone().into()];
        }
        if let Some(address) = self.config.addresses.get(&dc) {
            return vec![address.clone().into()];
        }
        let obfuscated = matches!(transport, Kind::Obfuscated(_));
        let usable = |known: &&DcAddress| {
            let spoken = match known.secret {
                // Obfuscates by itself what can be.
                Some(_) => transport.tagged().is_some(),
                None => obfuscated || !known.obfuscated_only,
            };
            !known.media_only && !known.cdn && spoken
        };
        let mut endpoints: Vec<Endpoint> = self.store.with(|state| {
            let known = state.dcs.get(&dc).map(|dc| dc.addresses.as_slice()).unwrap_or_default();
            known.iter().filter(usable).filter_map(endpoint).collect()
        });
        if let Some(network) = self.config.built_in {
            let built_in = network.addresses(dc).map(Endpoint::from);
            let built_in = built_in.filter(|endpoint| !endpoints.contains(endpoint));
            endpoints.extend(built_in.collect::<Vec<_>>());
        }
        endpoints
    }

    /// Writes changes to the store without holding up the I/O thread.
    pub(super) async fn save(&self, changes: Vec<Change>) -> Result<(), session::Error> {
        let store = Arc::clone(&self.store);
        off_thread(move || store.apply(&changes)).await
    }

    /// Changes a DC's record and writes it, unless the change makes no difference.
    pub(super) async fn change_dc(
        self: &Arc<Self>,
        dc: i32,
        change: impl FnOnce(&mut Dc) + Send + 'static,
    ) -> Result<(), session::Error> {
        let core = Arc::clone(self);
        off_thread(move || {
            // Nothing is left half done in there: the store itself is atomic.
            let _changing = core.changing.lock().unwrap_or_else(PoisonError::into_inner);
            let old = core.dc(dc).unwrap_or_default();
            let mut new = old.clone();
            change(&mut new);
            if new == old { Ok(()) } else { core.store.apply(&[Change::Dc(dc, Some(new))]) }
        })
        .await
    }
}

/// `None` if the address has a secret that is none.
fn endpoint(known: &DcAddress) -> Option<Endpoint> {
    let secret = known.secret.as_ref().map(|secret| ProxySecret::from_bytes(secret.expose()));
    Some(Endpoint { address: Address::new(&*known.host, known.port), secret: secret.transpose().ok()? })
}
