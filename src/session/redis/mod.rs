//! Sessions in Redis, for fleets of bots that outgrow one machine; each held by one process at a time.
//!
//! A session is one hash with a field for each thing that a [`Change`] sets, so that a peer that was seen writes one
//! field. Its holder has a *lease*: keys with a time to live, one for the name and one for each auth key, which a thread
//! renews. Every write checks in the same script that the leases are still the holder's, so that one who lost them, by
//! standing still for too long or by losing the connection, changes nothing any more; the client closes its connections
//! then. `docs/stores.md` says what that promises and what it does not.
//!
//! | module | what it does |
//! |---|---|
//! | `fields` | a state as fields of a hash |
//! | `lease` | who holds what, and until when |
//! | `scripts` | what Redis does in one step |
//! | `writer` | the connection and what is sent over it |
//! | `keeper` | the threads that renew the lease and see it run out |
//!
//! ```no_run
//! use std::sync::Arc;
//! use mtwire::{client::Client, session::RedisStore};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let open = || RedisStore::open("redis://127.0.0.1/", "bot_1");
//! let store = tokio::task::spawn_blocking(open).await??;
//! let client = Client::builder("bot_1").store(Arc::new(store)).connect().await?;
//! # Ok(())
//! # }
//! ```

mod fields;
mod keeper;
mod lease;
mod scripts;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

/// The crate that speaks to Redis, for making a [`Client`](redis::Client) with options of its own, such as TLS (its
/// feature `tls-rustls` or `tls-native-tls`, and a `rediss://` address).
pub use ::redis;

use super::{Change, Dc, Error, ErrorKind, SessionStore, State, change::Slot};
use keeper::Watch;
use lease::Holder;
use writer::{Outcome, Writer};

/// How a [`RedisStore`] names its keys, and its patience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisOptions {
    /// In front of the names of all keys; `mtwire` by default. One with a hash tag, as `{bots}`, keeps a session on one
    /// node of a cluster.
    pub prefix: String,
    /// How long a holder that is not heard of keeps the session from others. 30 s by default, 300 ms at least. It is
    /// renewed three times in this time, and given up a tenth of it early, since clocks do not run alike.
    pub lease: Duration,
    /// How long a write is tried again when Redis cannot be reached; also the limit for connecting and for each answer.
    /// 3 s by default, a third of the lease at most.
    pub patience: Duration,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self { prefix: "mtwire".to_owned(), lease: Duration::from_secs(30), patience: Duration::from_secs(3) }
    }
}

/// A session in Redis, leased until the store is dropped. See the [module](self).
#[derive(Debug)]
pub struct RedisStore {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// For messages.
    shown: PathBuf,
    /// Held for a moment only: readers do not wait for the network.
    state: Mutex<State>,
    /// Held while a change is under way.
    writer: Mutex<Writer>,
    watch: Watch,
}

impl RedisStore {
    /// Opens the session `name` at a Redis server, `redis://[user:password@]host[:port][/database]` or
    /// `redis+unix:///path`, or begins it. Blocks while it connects and reads.
    ///
    /// # Errors
    /// [`ErrorKind::Leased`] when another holds it, or one of its auth keys under another name;
    /// [`ErrorKind::Redis`] when the server refuses or is not reached;
    /// [`ErrorKind::BadField`] when what is there cannot be read.
    pub fn open(url: &str, name: &str) -> Result<Self, Error> {
        let client = redis::Client::open(url)
            .map_err(|error| Error::new(shown(name), ErrorKind::redis("use the address of", &error)))?;
        Self::open_with(client, name, RedisOptions::default())
    }

    /// [`open`](Self::open) with options of the caller's own.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(client: redis::Client, name: &str, mut options: RedisOptions) -> Result<Self, Error> {
        options.lease = options.lease.max(Duration::from_millis(300));
        options.patience = options.patience.min(options.lease / 3);
        let shown = shown(name);
        let fail = |kind| Error::new(&shown, kind);
        let holder = Holder::here(name, &mut rand::rng());
        let mut writer = Writer::new(client, name, holder, &options);
        let (state, until) = writer.take_over().map_err(fail)?;
        let shared = Arc::new(Shared {
            shown,
            state: Mutex::new(state),
            writer: Mutex::new(writer),
            watch: Watch::new(options.lease, until),
        });
        let mut store = Self { shared, threads: Vec::new() };
        // One may wait for an answer while the other sees the lease run out.
        for work in [keeper::renew, keeper::watch] {
            let shared = Arc::clone(&store.shared);
            let thread = std::thread::Builder::new().name("session lease".to_owned());
            let started = thread.spawn(move || work(&shared)).map_err(|error| {
                Error::new(&store.shared.shown, ErrorKind::Io { action: "start a thread for", error })
            });
            store.threads.push(started?);
        }
        Ok(store)
    }

    /// Whether the lease was lost: nothing can be written any more. See [`SessionStore::when_lost`].
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.shared.watch.is_lost()
    }

    /// [`SessionStore::read`] that hands back what `look` returns.
    pub fn with<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        super::with(self, look)
    }
}

fn shown(name: &str) -> PathBuf {
    PathBuf::from(format!("{name} in Redis"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is changed in single steps: a panic elsewhere leaves it whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ids of all auth keys of a session.
fn keys(dcs: &BTreeMap<i32, Box<Dc>>) -> BTreeSet<i64> {
    dcs.values().filter_map(|dc| dc.auth_key.as_ref()).map(crate::crypto::AuthKey::id).collect()
}

impl SessionStore for RedisStore {
    fn read(&self, look: &mut dyn FnMut(&State)) {
        look(&lock(&self.shared.state));
    }

    fn apply(&self, changes: &[Change]) -> Result<(), Error> {
        self.shared.apply(changes).map_err(|kind| Error::new(&self.shared.shown, kind))
    }

    fn when_lost(&self, tell: Box<dyn FnOnce() + Send>) {
        self.shared.watch.when_lost(tell);
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.shared.watch.stop();
        for thread in self.threads.drain(..) {
            // It has nothing to say, and a panic of it was shown already.
            let _ = thread.join();
        }
        lock(&self.shared.writer).release();
    }
}

impl Shared {
    fn apply(&self, changes: &[Change]) -> Result<(), ErrorKind> {
        match self.try_apply(changes) {
            // The lease can have run out during the write, while this process or Redis stood still: what went wrong
            // with the write is the lesser news then.
            Err(error) if matches!(error, ErrorKind::LeaseLost) || self.watch.is_lost() => {
                self.watch.lose();
                Err(ErrorKind::LeaseLost)
            }
            done => done,
        }
    }

    fn try_apply(&self, changes: &[Change]) -> Result<(), ErrorKind> {
        let mut writer = lock(&self.writer);
        if self.watch.is_lost() {
            return Err(ErrorKind::LeaseLost);
        }
        let (batch, next) = self.prepare(&writer, changes);
        if batch.is_empty() {
            return Ok(());
        }
        match writer.write(&batch, next, self.watch.until())? {
            Outcome::Done { until } => {
                let mut state = lock(&self.state);
                batch.iter().for_each(|change| state.apply(change));
                self.watch.extend(until);
                Ok(())
            }
            Outcome::Taken(holder) => Err(holder.into()),
            Outcome::Lost => Err(ErrorKind::LeaseLost),
        }
    }

    /// What is to be written for `changes`, and the auth keys that the session has then.
    fn prepare(&self, writer: &Writer, changes: &[Change]) -> (Vec<Change>, BTreeSet<i64>) {
        let state = lock(&self.state);
        let touched: BTreeSet<Slot> = changes.iter().map(Change::slot).collect();
        // What a write without an answer has left behind is not known, so that those things are written whatever they
        // are, and before all else.
        let unsure = writer.unsure();
        let mut batch: Vec<Change> = unsure.difference(&touched).map(|&slot| state.change_of(slot)).collect();
        if unsure.is_disjoint(&touched) {
            batch.extend(state.news(changes).into_iter().cloned());
        } else {
            batch.extend_from_slice(changes);
        }
        let mut dcs = state.dcs.clone();
        for change in &batch {
            match change {
                Change::Dc(id, Some(dc)) => _ = dcs.insert(*id, Box::new(dc.clone())),
                Change::Dc(id, None) => _ = dcs.remove(id),
                _ => {}
            }
        }
        (batch, keys(&dcs))
    }

    /// Says that the holder lives; `false` when that could not be said for now.
    fn renew(&self) -> bool {
        // A write that is under way says the same, if it succeeds.
        let Ok(mut writer) = self.writer.try_lock() else { return false };
        let keys = keys(&lock(&self.state).dcs);
        match writer.write(&[], keys, self.watch.until()) {
            Ok(Outcome::Done { until }) => self.watch.extend(until),
            Ok(Outcome::Taken(_) | Outcome::Lost) => {
                drop(writer);
                self.watch.lose();
            }
            Err(_) => return false,
        }
        true
    }
}
