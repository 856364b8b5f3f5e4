//! Temporary keys: one for each DC, shared by all connections to it, in memory only (PF-1 to PF-5).
//!
//! A permanent key has one temporary key at a time, and binding the next ends the one before (PF-3). So before the next
//! is bound, all links of the DC have to come to rest: one of them, the renewer, makes the next key over another
//! connection while everything goes on, then has the links [drain](Stage::Draining), and puts the new key in the place of
//! the old when no call is under way any more. New calls wait meanwhile, for a round trip or two.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::{CryptoRng, RngExt};
use tokio::sync::watch;

use crate::clock::Now;
use crate::crypto::AuthKey;
use crate::handshake::binding::Binding;
use crate::message::ServerTime;
use crate::net::FreshKey;

/// How long the links of a DC are given to come to rest, before they go on with the old key for a while. A part of the
/// key's life, too, where that is shorter.
const DRAIN: Duration = Duration::from_secs(5);

/// How long before its end no new call is begun with a key that was not replaced yet. Less where its life is short.
const LAST_CALLS: Duration = Duration::from_secs(30);

/// How long before its end a key is replaced in any case.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// A temporary key.
#[derive(Debug)]
pub(super) struct TempKey {
    pub auth_key: Arc<AuthKey>,
    /// The key that it stands for.
    pub permanent: Arc<AuthKey>,
    /// The salt that the exchange gave.
    pub salt: i64,
    pub time: ServerTime,
    pub expires_at: i32,
    /// When it was made, how long it lives, and when to make the next one, by the monotonic clock.
    made: Duration,
    life: Duration,
    renew_at: Duration,
}

impl TempKey {
    /// A key that was made just now, to live for so many seconds.
    pub(super) fn new(
        fresh: FreshKey,
        seconds: i32,
        permanent: Arc<AuthKey>,
        now: Now,
        rng: &mut dyn CryptoRng,
    ) -> Self {
        let from_now = fresh.time.unix(now).as_secs().saturating_add(u64::from(seconds.unsigned_abs()));
        let expires_at = fresh.expires_at.unwrap_or_else(|| i32::try_from(from_now).unwrap_or(i32::MAX));
        let end = Duration::from_secs(u64::try_from(expires_at).unwrap_or(0));
        // The exchange tells the server's time in whole seconds: it may be nearly one later than we know.
        let life = end.saturating_sub(fresh.time.unix(now) + Duration::from_secs(1));
        Self {
            auth_key: Arc::new(fresh.auth_key),
            permanent,
            salt: fresh.salt,
            time: fresh.time,
            expires_at,
            made: now.monotonic,
            life,
            // Not all clients that have connected together are to come back together.
            renew_at: now.monotonic + life.mul_f64(rng.random_range(0.75..0.85)),
        }
    }

    /// What has to be told to the server to make it good for anything.
    pub(super) fn binding(&self) -> Binding {
        let (permanent, temporary) = (Arc::clone(&self.permanent), self.auth_key.id());
        Binding { permanent, temporary, expires_at: self.expires_at }
    }

    /// When to make the next one.
    pub(super) fn renew_at(&self) -> Duration {
        self.renew_at
    }

    /// The pause before another try to replace it, after one that came to nothing.
    pub(super) fn retry_after(&self) -> Duration {
        self.life / 20
    }

    /// How long the links may take to come to rest.
    pub(super) fn drain(&self) -> Duration {
        DRAIN.min(self.life / 20)
    }

    /// From when on no new call is begun with it, whether there is a next key or not: what is under way then has time to
    /// end before the key does.
    pub(super) fn closing_at(&self) -> Duration {
        self.end().saturating_sub(LAST_CALLS.min(self.life.mul_f64(0.07)))
    }

    /// From when on it is replaced although there are calls under way.
    pub(super) fn urgent_at(&self) -> Duration {
        self.end().saturating_sub(LAST_MOMENT.min(self.life.mul_f64(0.01)))
    }

    /// Its end, by the monotonic clock.
    pub(super) fn end(&self) -> Duration {
        self.made + self.life
    }
}

/// How far the temporary key of a DC has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has to be bound before anything is called with it.
    #[default]
    Unbound,
    /// A link, by its number, is about to.
    Binding(u64),
    /// It serves.
    Bound,
    /// No new call is begun with it: it is about to be replaced.
    Draining,
}

/// The temporary key of a DC and what its links have agreed upon.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub key: Option<Arc<TempKey>>,
    pub stage: Stage,
    /// The link that makes the next key.
    renewer: Option<u64>,
    /// How many calls are under way, over all links.
    running: usize,
}

impl Standing {
    /// Whether this is the key in use.
    fn is_current(&self, id: i64) -> bool {
        self.key.as_ref().is_some_and(|key| key.auth_key.id() == id)
    }
}

/// The place of one DC.
#[derive(Debug)]
pub(super) struct Slot {
    standing: watch::Sender<Standing>,
    /// Held while a key is made, so that links which begin together make one.
    pub making: tokio::sync::Mutex<()>,
}

impl Slot {
    fn new() -> Self {
        Self { standing: watch::Sender::new(Standing::default()), making: tokio::sync::Mutex::default() }
    }

    /// Tells of every change that matters to a link.
    pub(super) fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// The key in use, if it is good at `now` for this permanent key.
    pub(super) fn usable(&self, permanent: i64, now: Now) -> Option<Arc<TempKey>> {
        let standing = self.standing.borrow();
        standing.key.clone().filter(|key| key.permanent.id() == permanent && now.monotonic < key.end())
    }

    /// Puts another key in the place of the one in use.
    pub(super) fn install(&self, key: Arc<TempKey>) {
        self.standing.send_modify(|standing| {
            standing.key = Some(key);
            standing.stage = Stage::Unbound;
        });
    }

    /// Forgets the key with this id: the server does not know it, or its time is over.
    pub(super) fn forget(&self, id: i64) {
        self.standing.send_if_modified(|standing| {
            let current = standing.is_current(id);
            if current {
                standing.key = None;
                standing.stage = Stage::Unbound;
            }
            current
        });
    }

    pub(super) fn stage(&self) -> Stage {
        self.standing.borrow().stage
    }

    pub(super) fn is_current(&self, id: i64) -> bool {
        self.standing.borrow().is_current(id)
    }

    /// Moves the key with this id from one stage to the next; `false` if it is not there any more.
    pub(super) fn advance(&self, id: i64, from: Stage, to: Stage) -> bool {
        self.standing.send_if_modified(|standing| {
            let there = standing.is_current(id) && standing.stage == from;
            if there {
                standing.stage = to;
            }
            there
        })
    }

    /// Whether no other link is the renewer.
    pub(super) fn may_renew(&self, link: u64) -> bool {
        self.standing.borrow().renewer.is_none_or(|renewer| renewer == link)
    }

    /// Makes a link the renewer; `false` if another one is.
    pub(super) fn begin_renewal(&self, link: u64) -> bool {
        let mut mine = false;
        self.standing.send_if_modified(|standing| {
            mine = *standing.renewer.get_or_insert(link) == link;
            false
        });
        mine
    }

    /// The renewal is over, or put off.
    pub(super) fn end_renewal(&self, link: u64) {
        self.standing.send_if_modified(|standing| {
            let mine = standing.renewer == Some(link);
            if mine {
                standing.renewer = None;
                if standing.stage == Stage::Draining {
                    standing.stage = Stage::Bound;
                }
            }
            mine
        });
    }

    /// A link ends: what it had taken upon itself is for others to do.
    pub(super) fn leave(&self, link: u64, running: usize) {
        self.end_renewal(link);
        self.report(running, 0);
        self.standing.send_if_modified(|standing| {
            let binding = standing.stage == Stage::Binding(link);
            if binding {
                standing.stage = Stage::Unbound;
            }
            binding
        });
    }

    /// A link that had `before` calls under way has `after`.
    pub(super) fn report(&self, before: usize, after: usize) {
        if before != after {
            self.standing.send_if_modified(|standing| {
                standing.running = (standing.running + after).saturating_sub(before);
                standing.running == 0 && standing.stage == Stage::Draining
            });
        }
    }

    /// A link that had `before` calls under way is about to have `after`. `false` if no new call may be begun with the
    /// key with this id: whoever has the links drain sees either the calls or a link that waits.
    pub(super) fn admit(&self, id: i64, before: usize, after: usize) -> bool {
        let mut admitted = false;
        self.standing.send_if_modified(|standing| {
            admitted = standing.is_current(id) && standing.stage == Stage::Bound;
            if admitted {
                standing.running = (standing.running + after).saturating_sub(before);
            }
            false
        });
        admitted
    }

    /// Whether no call is under way.
    pub(super) fn is_at_rest(&self) -> bool {
        self.standing.borrow().running == 0
    }
}

/// The places of all DCs.
#[derive(Debug, Default)]
pub(super) struct TempKeys {
    /// By the numbers of the DCs.
    slots: Mutex<Vec<(i32, Arc<Slot>)>>,
}

impl TempKeys {
    pub(super) fn slot(&self, dc: i32) -> Arc<Slot> {
        // The list is whole after every statement.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        match slots.iter().find(|(of, _)| *of == dc) {
            Some((_, slot)) => Arc::clone(slot),
            None => {
                let slot = Arc::new(Slot::new());
                slots.push((dc, Arc::clone(&slot)));
                slot
            }
        }
    }

    /// Lets the place of a DC go: without temporary keys only the making of a permanent key needs one.
    pub(super) fn forget(&self, dc: i32) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _)| *of != dc);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    /// A key that was made ten seconds after the monotonic clock's beginning, and lives for so many.
    pub(in crate::client) fn key(number: u8, life: i32) -> Arc<TempKey> {
        let now = Now { monotonic: 10 * S, unix: 1000 * S };
        let fresh = FreshKey {
            auth_key: AuthKey::from_bytes([number; 256]),
            salt: 0,
            time: ServerTime::synchronised(1000 * S, now),
            expires_at: Some(1000 + life),
        };
        let permanent = Arc::new(AuthKey::from_bytes([1; 256]));
        Arc::new(TempKey::new(fresh, life, permanent, now, &mut rand::rng()))
    }

    #[test]
    fn pf_5_the_next_key_is_made_well_before_the_end_of_this_one() {
        let key = key(2, 1000);
        assert!((759 * S..=860 * S).contains(&key.renew_at()), "{:?}", key.renew_at());
        assert!(key.renew_at() + key.drain() < key.closing_at() && key.closing_at() < key.urgent_at());
        assert_eq!(key.end(), 1009 * S, "the server's clock may be a second ahead");
    }

    #[test]
    fn a_key_serves_one_permanent_key_until_it_ends() {
        let slot = Slot::new();
        let key = key(2, 100);
        let (permanent, at) = (key.permanent.id(), |seconds| Now { monotonic: seconds * S, unix: S });
        slot.install(Arc::clone(&key));
        assert!(slot.usable(permanent, at(108)).is_some());
        assert!(slot.usable(permanent, at(109)).is_none());
        assert!(slot.usable(permanent + 1, at(50)).is_none());
        slot.forget(key.auth_key.id() + 1);
        assert!(slot.usable(permanent, at(50)).is_some());
        slot.forget(key.auth_key.id());
        assert!(slot.usable(permanent, at(50)).is_none());
    }

    #[test]
    fn one_link_renews_when_all_are_at_rest() {
        let slot = Slot::new();
        let (old, new) = (key(2, 100), key(3, 100));
        let (old_id, new_id) = (old.auth_key.id(), new.auth_key.id());
        slot.install(old);
        assert!(slot.advance(old_id, Stage::Unbound, Stage::Binding(1)));
        assert!(!slot.advance(old_id, Stage::Unbound, Stage::Binding(2)), "one binds");
        assert!(slot.advance(old_id, Stage::Binding(1), Stage::Bound));
        assert!(slot.admit(old_id, 0, 3) && slot.admit(old_id, 0, 2));
        assert!(slot.begin_renewal(1) && slot.begin_renewal(1) && !slot.begin_renewal(2));
        assert!(slot.advance(old_id, Stage::Bound, Stage::Draining));
        assert!(!slot.admit(old_id, 3, 4), "nothing new is begun");
        slot.report(3, 0);
        assert!(!slot.is_at_rest());
        let mut watch = slot.watch();
        watch.mark_unchanged();
        slot.report(2, 0);
        assert!(slot.is_at_rest() && watch.has_changed().unwrap());
        slot.install(new);
        slot.end_renewal(1);
        assert_eq!((slot.stage(), slot.is_current(new_id)), (Stage::Unbound, true));
    }

    #[test]
    fn what_a_link_leaves_undone_is_done_by_others() {
        let slot = Slot::new();
        let key = key(2, 100);
        let id = key.auth_key.id();
        slot.install(key);
        slot.advance(id, Stage::Unbound, Stage::Binding(1));
        slot.report(0, 4);
        assert!(slot.begin_renewal(1));
        slot.leave(1, 4);
        assert!(slot.is_at_rest() && slot.begin_renewal(2));
        assert_eq!(slot.stage(), Stage::Unbound);
        slot.advance(id, Stage::Unbound, Stage::Binding(2));
        slot.advance(id, Stage::Binding(2), Stage::Bound);
        slot.advance(id, Stage::Bound, Stage::Draining);
        slot.leave(2, 0);
        assert_eq!(slot.stage(), Stage::Bound);
    }
}
