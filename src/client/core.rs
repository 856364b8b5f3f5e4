//! What all connections of a client share.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::introduction::Introduction;
use super::refresh::Refresh;
use super::temp_key::TempKeys;
use super::{RetryPolicy, Timing, Updates, dcs};
use crate::crypto::keys;
use crate::crypto::rsa::PublicKey;
use crate::net::{Address, BoxFuture, Route, SystemClock, erased, off_thread};
use crate::session::{self, Change, Dc, Secret, SessionStore};

/// How long after its making a permanent key may not be known everywhere (PF-4).
const YOUNG: Duration = Duration::from_secs(60);

/// What the builder has decided.
#[derive(Debug)]
pub(super) struct Config {
    pub api_id: i32,
    pub api_hash: Secret,
    /// Production or test, for the built-in addresses; `None` with servers of one's own.
    pub built_in: Option<dcs::BuiltIn>,
    /// The RSA keys of servers of one's own, as PEM text: for ever those that the client was made with, whatever the
    /// store says later.
    pub own_keys: Box<[Arc<str>]>,
    /// Addresses of DCs given by the caller, which no `help.getConfig` replaces.
    pub addresses: Box<[(i32, Address)]>,
    pub route: Route,
    /// No transport was asked for: another may be tried.
    pub any_transport: bool,
    /// The most connections for files to one DC.
    pub media_connections: usize,
    /// Calls go under temporary keys.
    pub pfs: bool,
    pub timing: Timing,
    pub retry: RetryPolicy,
    pub introduction: Introduction,
}

/// Whether the store has lost the session.
#[derive(Debug, Default)]
struct Loss {
    happened: AtomicBool,
    told: Notify,
}

impl Loss {
    fn tell(&self) {
        self.happened.store(true, Ordering::Release);
        self.told.notify_waiters();
    }

    async fn wait(&self) {
        // Begun before the look, so that what happens in between is not missed.
        let told = self.told.notified();
        if !self.happened.load(Ordering::Acquire) {
            told.await;
        }
    }
}

impl Config {
    /// Where the caller says that a DC is.
    pub(super) fn address(&self, dc: i32) -> Option<&Address> {
        self.addresses.iter().find(|(id, _)| *id == dc).map(|(_, address)| address)
    }
}

/// The shared state; connections' tasks hold it, and it holds none of them.
#[derive(Debug)]
pub(super) struct Core {
    pub config: Config,
    pub store: Arc<dyn SessionStore>,
    pub clock: SystemClock,
    pub updates: Updates,
    pub temp_keys: TempKeys,
    pub refresh: Refresh,
    /// The permanent keys that this process has made, and when, by the monotonic clock.
    made: Mutex<Vec<(i64, Duration)>>,
    /// Numbers for the links.
    links: AtomicU64,
    home: AtomicI32,
    /// Whether the store has lost the session: its keys must not be used any more. `None` if it cannot.
    lost: Option<Arc<Loss>>,
    /// Held while a DC's record is read, changed and written, so that two connections do not undo each other's changes.
    changing: Mutex<()>,
}

impl Core {
    pub(super) fn new(config: Config, store: Arc<dyn SessionStore>, home: i32) -> Self {
        let mut loss = Arc::new(Loss::default());
        let told = Arc::clone(&loss);
        store.when_lost(Box::new(move || {
            tracing::error!("the store has lost the session; its connections are closed");
            told.tell();
        }));
        // A store that cannot lose its session has dropped what it was given, and one that has lost it may have, too.
        let cannot_happen = Arc::get_mut(&mut loss).is_some_and(|loss| !*loss.happened.get_mut());
        let lost = (!cannot_happen).then_some(loss);
        Self {
            lost,
            config,
            store,
            clock: SystemClock::new(),
            updates: Updates::new(),
            temp_keys: TempKeys::default(),
            refresh: Refresh::new(),
            made: Mutex::default(),
            links: AtomicU64::new(1),
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
        self.lost.as_ref().is_some_and(|lost| lost.happened.load(Ordering::Acquire))
    }

    /// Waits until the session is somebody else's; `None` if it cannot become that, as with most stores.
    pub(super) fn lost(&self) -> Option<BoxFuture<'static, ()>> {
        let lost = Arc::clone(self.lost.as_ref()?);
        Some(erased(async move { lost.wait().await }))
    }

    /// The RSA keys to trust. Made anew each time: they are large, and wanted only for key exchanges.
    pub(super) fn trusted_keys(&self) -> Vec<PublicKey> {
        match self.config.built_in {
            Some(dcs::BuiltIn::Production) => keys::production().to_vec(),
            Some(dcs::BuiltIn::Test) => keys::test().to_vec(),
            // The builder has read each of them once.
            None => self.config.own_keys.iter().filter_map(|pem| PublicKey::from_pem(pem).ok()).collect(),
        }
    }

    /// A number for a link, which no other has.
    pub(super) fn next_link(&self) -> u64 {
        self.links.fetch_add(1, Ordering::Relaxed)
    }

    /// A permanent key was made just now.
    pub(super) fn note_new_key(&self, id: i64) {
        let now = self.clock.now().monotonic;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|(_, at)| *at + YOUNG > now);
        made.push((id, now));
    }

    /// Whether a permanent key is so new that not every part of the server may know it (PF-4).
    pub(super) fn is_young(&self, id: i64) -> bool {
        let now = self.clock.now().monotonic;
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().any(|(made, at)| *made == id && *at + YOUNG > now)
    }

    /// What the session knows of a DC.
    pub(super) fn dc(&self, dc: i32) -> Option<Dc> {
        self.store.with(|state| state.dc(dc).cloned())
    }

    pub(super) fn is_logged_in(&self) -> bool {
        self.store.with(|state| state.user.is_some())
    }

    /// The number of a DC as the key exchange and proxies carry it, at an address that is for files only or not.
    pub(super) fn wire_dc(&self, dc: i32, media_only: bool) -> i32 {
        let test = self.config.built_in == Some(dcs::BuiltIn::Test);
        let dc = if test { dc.saturating_add(10_000) } else { dc };
        if media_only { dc.saturating_neg() } else { dc }
    }

    /// Does something with the store without holding up the I/O thread.
    fn with_store<'a>(
        &'a self,
        work: Box<dyn FnOnce() -> Result<(), session::Error> + Send>,
    ) -> BoxFuture<'a, Result<(), session::Error>> {
        erased(async move { if self.store.blocks() { off_thread(work).await } else { work() } })
    }

    /// Writes changes to the store without holding up the I/O thread.
    pub(super) fn save(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<(), session::Error>> {
        let store = Arc::clone(&self.store);
        self.with_store(Box::new(move || store.apply(&changes)))
    }

    /// Changes a DC's record and writes it, unless the change makes no difference.
    pub(super) fn change_dc<'a>(
        self: &'a Arc<Self>,
        dc: i32,
        change: impl FnOnce(&mut Dc) + Send + 'static,
    ) -> BoxFuture<'a, Result<(), session::Error>> {
        self.change_dc_by(dc, Box::new(change))
    }

    /// With the change behind a pointer, so that it is compiled once and not for each change.
    fn change_dc_by<'a>(
        self: &'a Arc<Self>,
        dc: i32,
        change: Box<dyn FnOnce(&mut Dc) + Send>,
    ) -> BoxFuture<'a, Result<(), session::Error>> {
        let core = Arc::clone(self);
        self.with_store(Box::new(move || {
            // Nothing is left half done in there: the store itself is atomic.
            let _changing = core.changing.lock().unwrap_or_else(PoisonError::into_inner);
            let old = core.dc(dc).unwrap_or_default();
            let mut new = old.clone();
            change(&mut new);
            if new == old { Ok(()) } else { core.store.apply(&[Change::Dc(dc, Some(new))]) }
        }))
    }
}
