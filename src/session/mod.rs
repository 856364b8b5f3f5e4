//! What survives a restart: keys, addresses, the user, an unfinished login, the update state and the peers.
//!
//! A [`SessionStore`] holds one [`State`] and takes [`Change`]s in batches; a batch that was acknowledged is there
//! after a crash, and a batch is there whole or not at all. [`MemoryStore`] forgets, [`FileStore`] keeps one file per
//! account in the format of `docs/session-format.md`, and `RedisStore` (feature `redis-store`) is for many machines.
//! `docs/stores.md` says how to write another.
//!
//! ```
//! use mtwire::session::{Change, MemoryStore, SessionStore, UpdateState};
//!
//! let store = MemoryStore::default();
//! store.apply(&[Change::Updates(Some(UpdateState { pts: 7, qts: 0, date: 1_700_000_000, seq: 1 }))])?;
//! assert_eq!(store.with(|state| state.updates.map(|updates| updates.pts)), Some(7));
//! # Ok::<(), mtwire::session::Error>(())
//! ```

mod change;
#[cfg(feature = "convert")]
pub mod convert;
mod error;
pub mod file;
mod memory;
mod model;
#[cfg(feature = "redis-store")]
pub mod redis;
mod secret;
mod state;

pub use change::Change;
pub use error::{Error, ErrorKind};
pub use file::FileStore;
pub use memory::MemoryStore;
pub use model::{
    App, CodeVia, Dc, DcAddress, Network, Peer, PeerKey, PeerKind, PendingLogin, Salt, Stage, Terms,
    UpdateState, User,
};
#[cfg(feature = "redis-store")]
pub use redis::{RedisOptions, RedisStore};
pub use secret::Secret;
pub use state::State;

use std::{fmt, path::Path};

/// A place that keeps one account's [`State`].
///
/// Object safe, so that a client can be given any store as `Arc<dyn SessionStore>`. Calls may block on a disk:
/// [`FileStore`] returns from [`apply`](Self::apply) when the change is on it.
pub trait SessionStore: fmt::Debug + Send + Sync {
    /// Shows the state to `look`, exactly once. Other calls of the store wait meanwhile, so `look` must not call it.
    fn read(&self, look: &mut dyn FnMut(&State));

    /// Applies all the changes, in order, or none of them.
    ///
    /// # Errors
    /// When the batch could not be made durable. The state that [`read`](Self::read) shows is then the old one.
    fn apply(&self, changes: &[Change]) -> Result<(), Error>;

    /// Calls `tell` when the store has lost the session to another holder, or had to assume so: nothing can be written
    /// any more, and the auth keys must not be used any more. At once, if that has happened already.
    ///
    /// A store whose session cannot be lost drops it, which says so; that is what is done here. Any other keeps it.
    fn when_lost(&self, tell: Box<dyn FnOnce() + Send>) {
        drop(tell);
    }

    /// Whether [`apply`](Self::apply) may wait, for a disk or a network: then a client calls it on a thread that is there for
    /// that. Only a store that keeps all of it in memory should say no: it is called where packets are handled, so that a
    /// lock which it takes must be held by others for a moment only.
    fn blocks(&self) -> bool {
        true
    }

    /// The file that holds the session, for messages to the user; `None` when there is none.
    fn path(&self) -> Option<&Path> {
        None
    }
}

impl dyn SessionStore + '_ {
    /// [`SessionStore::read`] that hands back what `look` returns.
    pub fn with<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        with(self, look)
    }
}

fn with<S: SessionStore + ?Sized, R>(store: &S, look: impl FnOnce(&State) -> R) -> R {
    let mut look = Some(look);
    let mut found = None;
    store.read(&mut |state| {
        if let Some(look) = look.take() {
            found = Some(look(state));
        }
    });
    found.expect("SessionStore::read calls its argument once")
}
