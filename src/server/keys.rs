//! The auth keys of all DCs, and who is logged in on each.
//!
//! A key belongs to the DC where it was made and to no connection (interop rule 4). Temporary keys act for the
//! permanent key that they are bound to (PF-1 to PF-3) and live in memory only.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::crypto::AuthKey;

/// Most keys that are kept. When it is reached, the oldest keys without a login go first.
const MAX_KEYS: usize = 200_000;

/// A key as connections see it.
#[derive(Debug)]
pub(super) struct KeyEntry {
    /// The key.
    pub key: Arc<AuthKey>,
    /// The DC where it was made.
    pub dc: i32,
    /// When it was made, Unix time in seconds.
    pub created: i64,
    /// When a temporary key ends, Unix time in seconds; `None` for a permanent key.
    pub expires: Option<i64>,
    /// The salt that the key exchange agreed on (SA-1).
    pub first_salt: i64,
    revoked: AtomicBool,
}

impl KeyEntry {
    /// A new key.
    pub fn new(key: AuthKey, dc: i32, created: i64, expires: Option<i64>, first_salt: i64) -> Self {
        Self { key: Arc::new(key), dc, created, expires, first_salt, revoked: AtomicBool::new(false) }
    }

    /// Whether packets under this key are still taken.
    pub fn is_valid(&self, now: i64) -> bool {
        !self.revoked.load(Ordering::Relaxed) && self.expires.is_none_or(|end| now < end)
    }
}

/// What is known about the program behind a permanent key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Authorization {
    /// The user who is logged in.
    pub user: Option<i64>,
    /// The user who has given the right code but not the password yet (AU-4).
    pub awaiting_password: Option<i64>,
    /// When the login happened, Unix time in seconds.
    pub since: i64,
    /// The layer of the last `initConnection`; `None` if there was none.
    pub layer: Option<i32>,
    /// What `initConnection` said.
    pub device: Device,
    /// The key of the home DC from which this login was taken along (AU-7); it ends with that one.
    pub parent: Option<i64>,
    /// The login was ended from another session, and none has followed.
    pub revoked: bool,
    /// The session takes no secret chats.
    pub no_secret_chats: bool,
    /// The session takes no calls.
    pub no_calls: bool,
}

/// The program as it described itself in `initConnection`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Device {
    /// The program's API id.
    pub api_id: i32,
    /// The device.
    pub model: String,
    /// Its operating system.
    pub system: String,
    /// The program's version.
    pub app: String,
}

#[derive(Debug)]
struct Slot {
    entry: Arc<KeyEntry>,
    authorization: Authorization,
    bound_to: Option<i64>,
    bound_by: Option<i64>,
    seen: Seen,
}

/// When and from where a key was used last; not in the journal, for it changes with every call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// Unix time in seconds.
    pub at: i64,
    /// The peer's address.
    pub ip: Option<IpAddr>,
}

/// All keys by their id.
#[derive(Debug, Default)]
pub(super) struct Keys {
    slots: HashMap<i64, Slot>,
    order: VecDeque<i64>,
    by_user: HashMap<i64, BTreeSet<i64>>,
}

impl Keys {
    /// Whether a key with this id exists, at any DC: a new one with the same id is refused (`dh_gen_retry`).
    pub fn contains(&self, id: i64) -> bool {
        self.slots.contains_key(&id)
    }

    /// Adds a key.
    pub fn insert(&mut self, entry: Arc<KeyEntry>, authorization: Authorization) {
        let id = entry.key.id();
        self.index(id, None, authorization.user);
        if self
            .slots
            .insert(id, Slot { entry, authorization, bound_to: None, bound_by: None, seen: Seen::default() })
            .is_none()
        {
            self.order.push_back(id);
        }
        // One round over all keys at most: if everybody is logged in, nobody is thrown out.
        for _ in 0..self.order.len() {
            if self.slots.len() <= MAX_KEYS {
                break;
            }
            let Some(oldest) = self.order.pop_front() else { break };
            match self.slots.get(&oldest) {
                Some(slot) if slot.authorization.user.is_some() => self.order.push_back(oldest),
                _ => drop(self.remove(oldest)),
            }
        }
    }

    /// The key for a packet that came in at this DC.
    pub fn get(&self, id: i64, dc: i32, now: i64) -> Option<Arc<KeyEntry>> {
        self.slots.get(&id).map(|s| &s.entry).filter(|e| e.dc == dc && e.is_valid(now)).cloned()
    }

    /// Forgets a key and the temporary key bound to it; whether there was one.
    pub fn remove(&mut self, id: i64) -> Option<Authorization> {
        let slot = self.slots.remove(&id)?;
        slot.entry.revoked.store(true, Ordering::Relaxed);
        self.index(id, slot.authorization.user, None);
        if let Some(temporary) = slot.bound_by {
            self.remove(temporary);
        }
        Some(slot.authorization)
    }

    /// Forgets temporary keys whose time is over.
    pub fn expire(&mut self, now: i64) {
        let over: Vec<_> =
            self.slots.iter().filter(|(_, s)| !s.entry.is_valid(now)).map(|(id, _)| *id).collect();
        for id in over {
            self.remove(id);
        }
        if self.order.len() > 2 * self.slots.len() + 1024 {
            self.order.retain(|id| self.slots.contains_key(id));
        }
    }

    /// The permanent key that stands behind this one: itself, or what it is bound to; `None` for a temporary key
    /// that is not bound yet.
    pub fn permanent(&self, id: i64) -> Option<i64> {
        let slot = self.slots.get(&id)?;
        if slot.entry.expires.is_none() { Some(id) } else { slot.bound_to }
    }

    /// The entry of a key.
    pub fn entry(&self, id: i64) -> Option<&KeyEntry> {
        self.slots.get(&id).map(|slot| &*slot.entry)
    }

    /// The entry of a permanent key of this DC.
    pub fn permanent_entry(&self, id: i64, dc: i32) -> Option<Arc<KeyEntry>> {
        self.slots.get(&id).map(|s| &s.entry).filter(|e| e.dc == dc && e.expires.is_none()).cloned()
    }

    /// When a temporary key ends; `None` for a permanent or unknown one.
    pub fn expires(&self, id: i64) -> Option<i64> {
        self.slots.get(&id)?.entry.expires
    }

    /// Binds a temporary key to a permanent one; an earlier temporary key of it is forgotten (PF-3).
    pub fn bind(&mut self, temporary: i64, permanent: i64) {
        let earlier = self.slots.get_mut(&permanent).and_then(|slot| slot.bound_by.replace(temporary));
        if let Some(earlier) = earlier.filter(|id| *id != temporary) {
            self.remove(earlier);
        }
        if let Some(slot) = self.slots.get_mut(&temporary) {
            slot.bound_to = Some(permanent);
        }
    }

    /// The authorization of a permanent key.
    pub fn authorization(&self, permanent: i64) -> Option<&Authorization> {
        self.slots.get(&permanent).map(|slot| &slot.authorization)
    }

    /// Changes the authorization of a permanent key and gives the key and the new authorization.
    pub fn change(
        &mut self,
        permanent: i64,
        change: impl FnOnce(&mut Authorization),
    ) -> Option<(&Arc<KeyEntry>, &Authorization)> {
        let slot = self.slots.get_mut(&permanent)?;
        let before = slot.authorization.user;
        change(&mut slot.authorization);
        let after = slot.authorization.user;
        self.index(permanent, before, after);
        self.slots.get(&permanent).map(|slot| (&slot.entry, &slot.authorization))
    }

    fn index(&mut self, key: i64, before: Option<i64>, after: Option<i64>) {
        if let Some(user) = before.filter(|_| before != after)
            && let Some(keys) = self.by_user.get_mut(&user)
        {
            keys.remove(&key);
            if keys.is_empty() {
                self.by_user.remove(&user);
            }
        }
        if let Some(user) = after {
            self.by_user.entry(user).or_default().insert(key);
        }
    }

    /// Whether this user is logged in anywhere.
    pub fn is_logged_in(&self, user: i64) -> bool {
        self.by_user.contains_key(&user)
    }

    /// The keys under which sessions of this user may run: the permanent keys on which the user is logged in, and
    /// the temporary keys bound to them.
    pub fn of_user(&self, user: i64) -> Vec<i64> {
        let permanent = self.by_user.get(&user).into_iter().flatten().copied();
        permanent.flat_map(|id| [Some(id), self.slots.get(&id).and_then(|s| s.bound_by)]).flatten().collect()
    }

    /// Notes that a permanent key was used.
    pub fn saw(&mut self, permanent: i64, seen: Seen) {
        if let Some(slot) = self.slots.get_mut(&permanent) {
            slot.seen = seen;
        }
    }

    /// When and from where a permanent key was used last.
    pub fn seen(&self, permanent: i64) -> Seen {
        self.slots.get(&permanent).map(|slot| slot.seen).unwrap_or_default()
    }

    /// A permanent key and those to which its login was taken along (AU-7).
    pub fn with_children(&self, permanent: i64) -> Vec<i64> {
        let user = self.authorization(permanent).and_then(|a| a.user);
        let others = user.and_then(|user| self.by_user.get(&user)).into_iter().flatten().copied();
        let children =
            others.filter(|id| self.authorization(*id).is_some_and(|a| a.parent == Some(permanent)));
        std::iter::once(permanent).chain(children).collect()
    }

    /// A permanent key and the temporary key bound to it.
    pub fn with_temporary(&self, permanent: i64) -> Vec<i64> {
        [Some(permanent), self.slots.get(&permanent).and_then(|s| s.bound_by)].into_iter().flatten().collect()
    }

    /// Every permanent key with its authorization, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<KeyEntry>, &Authorization)> {
        self.slots.values().filter(|s| s.entry.expires.is_none()).map(|s| (&s.entry, &s.authorization))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8, dc: i32, expires: Option<i64>) -> (i64, Arc<KeyEntry>) {
        let entry = KeyEntry::new(AuthKey::from_bytes([byte; 256]), dc, 0, expires, 0);
        (entry.key.id(), Arc::new(entry))
    }

    #[test]
    fn a_key_is_known_at_its_own_dc_only() {
        let mut keys = Keys::default();
        let (id, entry) = key(1, 2, None);
        keys.insert(entry, Authorization::default());
        assert!(keys.get(id, 2, 0).is_some());
        assert!(keys.get(id, 1, 0).is_none());
        assert!(keys.get(id + 1, 2, 0).is_none());
    }

    #[test]
    fn a_temporary_key_ends_and_acts_for_its_permanent_key() {
        let mut keys = Keys::default();
        let (perm, entry) = key(1, 2, None);
        keys.insert(entry, Authorization { user: Some(7), ..Authorization::default() });
        let (temp, entry) = key(2, 2, Some(100));
        keys.insert(entry.clone(), Authorization::default());
        assert_eq!(keys.permanent(temp), None);
        keys.bind(temp, perm);
        assert_eq!(keys.permanent(temp), Some(perm));
        assert!(keys.get(temp, 2, 99).is_some());
        assert!(keys.get(temp, 2, 100).is_none());
        let (newer, other) = key(3, 2, Some(200));
        keys.insert(other, Authorization::default());
        keys.bind(newer, perm);
        assert!(!entry.is_valid(0), "the earlier temporary key is gone");
        keys.expire(200);
        assert!(!keys.contains(newer));
        assert!(keys.contains(perm));
    }

    #[test]
    fn removing_a_permanent_key_takes_its_temporary_key_along() {
        let mut keys = Keys::default();
        let (perm, entry) = key(1, 2, None);
        keys.insert(entry, Authorization::default());
        let (temp, entry) = key(2, 2, Some(100));
        keys.insert(entry, Authorization::default());
        keys.bind(temp, perm);
        assert!(keys.remove(perm).is_some());
        assert!(!keys.contains(temp));
    }

    #[test]
    fn the_keys_of_a_user_are_found() {
        let mut keys = Keys::default();
        let (perm, entry) = key(1, 2, None);
        keys.insert(entry, Authorization::default());
        assert!(!keys.is_logged_in(7));
        keys.change(perm, |a| a.user = Some(7));
        let (temp, entry) = key(2, 2, Some(100));
        keys.insert(entry, Authorization::default());
        keys.bind(temp, perm);
        assert_eq!(keys.of_user(7), [perm, temp]);
        keys.change(perm, |a| a.user = None);
        assert!(!keys.is_logged_in(7));
    }
}
