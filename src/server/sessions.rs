//! The sessions of all keys. They outlive connections: a client that comes back finds its answers (interop rule 4).

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::{call::Caller, keys::KeyEntry};
use crate::{clock::Now, message::server::Session, tl::Bytes};

/// Most sessions of one key. Real clients have a handful.
const MAX_PER_KEY: usize = 64;

/// Most sessions altogether.
const MAX_SESSIONS: usize = 100_000;

/// How long a session without a connection is kept.
const KEPT: Duration = Duration::from_secs(15 * 60);

/// Finished calls that a session remembers for `invokeAfterMsg`.
const HISTORY: usize = 256;

/// `updatesTooLong`: updates were lost, ask for the difference.
pub(super) const UPDATES_TOO_LONG: [u8; 4] = 0xe317_af7e_u32.to_le_bytes();

/// One session.
#[derive(Debug)]
pub(super) struct Live {
    /// The key that encrypts it.
    pub key: Arc<KeyEntry>,
    /// The session id.
    pub session_id: i64,
    /// Told when one of its calls is finished.
    pub finished: Notify,
    state: Mutex<State>,
}

/// What changes in a session.
pub(super) struct State {
    /// The protocol's part.
    pub session: Session,
    /// What the session's calls have told about the client.
    pub caller: Caller,
    /// More than one only over HTTP.
    outlets: Vec<Outlet>,
    /// An update came while there was no connection.
    missed: bool,
    seen: Duration,
    history: VecDeque<(i64, bool)>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// How packets travel on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As frames of a stream, both ways at any time.
    Stream,
    /// As requests and their answers, for which a client has several connections at one time (HT-1).
    Http,
}

/// A connection that a session sends over.
struct Outlet {
    connection: u64,
    way: Way,
    wake: Arc<Notify>,
}

/// Most HTTP connections that a session sends over at one time; the oldest makes room.
const MAX_OUTLETS: usize = 8;

impl Live {
    /// The session's state. A panic elsewhere does not make it unusable: every change is complete in itself.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A packet came in on this connection: from now on the session sends over it; over HTTP over the others, too.
    pub fn attach(&mut self, now: Now, connection: u64, way: Way, wake: &Arc<Notify>) {
        self.seen = now.monotonic;
        if self.sends_over(connection) {
            return;
        }
        let outlet = Outlet { connection, way, wake: Arc::clone(wake) };
        let joins = way == Way::Http && self.outlets.first().is_some_and(|first| first.way == Way::Http);
        if joins {
            if self.outlets.len() >= MAX_OUTLETS {
                self.outlets.remove(0).wake.notify_one();
            }
            self.outlets.push(outlet);
            return;
        }
        // A request that another connection holds is let go.
        self.wake();
        self.outlets = vec![outlet];
        self.session.on_connected(now);
        if std::mem::take(&mut self.missed) {
            self.push(now, Bytes::from_static(&UPDATES_TOO_LONG));
        }
    }

    /// The connection is closed; nothing happens if the session has moved to another one.
    pub fn detach(&mut self, now: Now, connection: u64) {
        let Some(at) = self.outlets.iter().position(|outlet| outlet.connection == connection) else { return };
        self.outlets.remove(at);
        self.seen = now.monotonic;
        if self.outlets.is_empty() {
            self.session.on_disconnected(now);
        } else {
            // An answer may have got lost with it.
            self.session.on_connected(now);
            self.wake();
        }
    }

    /// Whether the session sends over this connection.
    pub fn sends_over(&self, connection: u64) -> bool {
        self.outlets.iter().any(|outlet| outlet.connection == connection)
    }

    /// Makes its connections look for something to send.
    pub fn wake(&self) {
        for outlet in &self.outlets {
            outlet.wake.notify_one();
        }
    }

    /// Sends an update, if the client wants any. Without a connection it is only noted that there was one.
    pub fn push(&mut self, now: Now, body: Bytes) {
        if !self.caller.wants_updates {
            return;
        }
        if self.outlets.is_empty() || self.session.push(now, body).is_err() {
            self.missed = true;
        }
        self.wake();
    }

    /// Notes whether a call succeeded.
    pub fn finished(&mut self, msg_id: i64, success: bool) {
        self.history.push_back((msg_id, success));
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
    }

    /// Whether an earlier call succeeded; `None` if it has not been finished here lately.
    pub fn succeeded(&self, msg_id: i64) -> Option<bool> {
        self.history.iter().rev().find(|(id, _)| *id == msg_id).map(|(_, success)| *success)
    }
}

/// All sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    table: Mutex<Table>,
}

/// The sessions by key and id.
#[derive(Debug, Default)]
struct Table {
    by_key: HashMap<i64, HashMap<i64, Arc<Live>>>,
    /// How many there are: to count them for each new one would take longer with every one.
    count: usize,
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session with this key and id.
    pub fn get(&self, key_id: i64, session_id: i64) -> Option<Arc<Live>> {
        self.lock().by_key.get(&key_id)?.get(&session_id).cloned()
    }

    /// The session with this key and id, made if there is none; `None` if there is no room for one more.
    pub fn open(
        &self,
        now: Now,
        key: &Arc<KeyEntry>,
        session_id: i64,
        make: impl FnOnce() -> (Session, Caller),
    ) -> Option<Arc<Live>> {
        let mut table = self.lock();
        let Table { by_key, count } = &mut *table;
        let sessions = by_key.entry(key.key.id()).or_default();
        if let Some(live) = sessions.get(&session_id) {
            return Some(Arc::clone(live));
        }
        if sessions.len() >= MAX_PER_KEY {
            // The oldest one without a connection makes room.
            let idle = sessions.iter().filter_map(|(id, live)| {
                let state = live.lock();
                state.outlets.is_empty().then_some((state.seen, *id))
            });
            let (_, oldest) = idle.min()?;
            sessions.remove(&oldest);
            *count -= 1;
        }
        if *count >= MAX_SESSIONS {
            return None;
        }
        let (session, caller) = make();
        let state = State {
            session,
            caller,
            outlets: Vec::new(),
            missed: false,
            seen: now.monotonic,
            history: VecDeque::new(),
        };
        let live = Arc::new(Live {
            key: Arc::clone(key),
            session_id,
            finished: Notify::new(),
            state: Mutex::new(state),
        });
        sessions.insert(session_id, Arc::clone(&live));
        *count += 1;
        Some(live)
    }

    /// The sessions of these keys.
    pub fn of_keys(&self, keys: &[i64]) -> Vec<Arc<Live>> {
        let table = self.lock();
        keys.iter().filter_map(|id| table.by_key.get(id)).flat_map(HashMap::values).cloned().collect()
    }

    /// Every session.
    pub fn all(&self) -> Vec<Arc<Live>> {
        self.lock().by_key.values().flat_map(HashMap::values).cloned().collect()
    }

    /// Ends a session; whether there was one.
    pub fn remove(&self, key_id: i64, session_id: i64) -> bool {
        let mut table = self.lock();
        let sessions = table.by_key.get_mut(&key_id);
        let known = sessions.is_some_and(|sessions| sessions.remove(&session_id).is_some());
        table.count -= usize::from(known);
        known
    }

    /// Ends all sessions of a key.
    pub fn remove_key(&self, key_id: i64) {
        let mut table = self.lock();
        let removed = table.by_key.remove(&key_id);
        table.count -= removed.map_or(0, |sessions| sessions.len());
    }

    /// Ends the sessions that have been without a connection for long, and those of keys that are not valid any more.
    pub fn sweep(&self, now: Now) {
        let unix = i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX);
        let mut table = self.lock();
        table.by_key.retain(|_, sessions| {
            sessions.retain(|_, live| {
                let state = live.lock();
                live.key.is_valid(unix) && (!state.outlets.is_empty() || now.monotonic < state.seen + KEPT)
            });
            !sessions.is_empty()
        });
        table.count = table.by_key.values().map(HashMap::len).sum();
    }
}
