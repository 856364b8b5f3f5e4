//! A store that lives as long as the process.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::{Change, Error, SessionStore, State};

/// Keeps the state in memory only: for tests and for sessions that are not to leave a trace. `Debug` shows nothing of it.
#[derive(Default)]
pub struct MemoryStore(Mutex<State>);

impl MemoryStore {
    /// A store that begins with `state`.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    /// [`SessionStore::read`] that hands back what `look` returns.
    pub fn with<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        super::with(self, look)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl SessionStore for MemoryStore {
    fn read(&self, look: &mut dyn FnMut(&State)) {
        look(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn apply(&self, changes: &[Change]) -> Result<(), Error> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        changes.iter().for_each(|change| state.apply(change));
        Ok(())
    }

    fn blocks(&self) -> bool {
        false
    }
}
