//! Server salts (SA-1, SA-2): which one a client uses, which ones a server takes.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::crypto::{AuthKey, hash};

/// A salt and the time in which it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FutureSalt {
    /// Valid from this moment on, in seconds since the Unix epoch by the server's clock.
    pub valid_since: u32,
    /// Valid before this moment, in the same unit.
    pub valid_until: u32,
    /// The salt.
    pub salt: i64,
}

/// How many salts a client keeps: the server gives at most 64 at a time (SA-2).
const MAX_SALTS: usize = 64;

/// The salts that a client knows.
#[derive(Clone, Debug)]
pub(super) struct KnownSalts {
    /// The salt that the server has named last without a time.
    current: i64,
    /// In the order of `valid_since`.
    future: Vec<FutureSalt>,
}

impl KnownSalts {
    pub(super) fn new(current: i64) -> Self {
        Self { current, future: Vec::new() }
    }

    /// The salt to use at `unix` by the server's clock: the newest that is valid, or the last one named.
    pub(super) fn at(&self, unix: Duration) -> i64 {
        let seconds = unix.as_secs();
        let valid = self.future.iter().rev().find(|salt| salt.is_valid(seconds));
        valid.map_or(self.current, |salt| salt.salt)
    }

    /// The server says that `salt` is the one to use now (`bad_server_salt`, `new_session_created`).
    ///
    /// What was known of the present contradicts it and is dropped; what begins later stays.
    pub(super) fn replace(&mut self, salt: i64, unix: Duration) {
        self.current = salt;
        let seconds = unix.as_secs();
        self.future.retain(|known| u64::from(known.valid_since) > seconds || known.salt == salt);
    }

    /// Takes the salts of a `future_salts`, of which only the first [`MAX_SALTS`] in time are kept.
    pub(super) fn learn(&mut self, salts: impl IntoIterator<Item = FutureSalt>, unix: Duration) {
        for new in salts.into_iter().take(MAX_SALTS) {
            let at = self.future.partition_point(|known| known.valid_since < new.valid_since);
            match self.future.get_mut(at) {
                Some(known) if known.valid_since == new.valid_since => *known = new,
                _ => self.future.insert(at, new),
            }
        }
        self.forget_expired(unix);
        self.future.truncate(MAX_SALTS);
    }

    /// Drops what is not valid any more, and keeps the last valid salt as the one to fall back on.
    pub(super) fn forget_expired(&mut self, unix: Duration) {
        self.current = self.at(unix);
        let seconds = unix.as_secs();
        self.future.retain(|salt| u64::from(salt.valid_until) > seconds);
    }

    /// Until when the known salts reach: seconds since the epoch; 0 if no salt with a time is known.
    pub(super) fn reach(&self) -> u64 {
        self.future.iter().map(|salt| u64::from(salt.valid_until)).max().unwrap_or(0)
    }

    pub(super) fn len(&self) -> usize {
        self.future.len() + 1
    }

    /// Lets go of memory that it has no use for now.
    pub(super) fn shrink_to_fit(&mut self) {
        self.future.shrink_to_fit();
    }
}

impl FutureSalt {
    fn is_valid(&self, seconds: u64) -> bool {
        (u64::from(self.valid_since)..u64::from(self.valid_until)).contains(&seconds)
    }
}

/// The salts that a server gives to the holder of an authorization key.
///
/// They are not stored: the salt of each period is a hash of a secret of the server, the key's id and the
/// number of the period. So all sessions of a key, and the server after a restart, agree on them. Besides,
/// the salt that the key exchange has agreed on is taken while the key is new.
#[derive(Clone)]
pub struct SaltSchedule {
    secret: Zeroizing<[u8; 32]>,
    key_id: [u8; 8],
    first: Option<FutureSalt>,
    period: u32,
}

/// How long a salt is the current one; it is accepted as long again (SA-1).
pub const SALT_PERIOD: Duration = Duration::from_secs(1800);

impl SaltSchedule {
    /// The salts of `key` with the usual period of 1800 s.
    #[must_use]
    pub fn new(secret: [u8; 32], key: &AuthKey) -> Self {
        Self {
            secret: Zeroizing::new(secret),
            key_id: key.id_bytes(),
            first: None,
            period: SALT_PERIOD.as_secs() as u32,
        }
    }

    /// Takes also the salt that the key exchange has agreed on (`new_nonce xor server_nonce`), until 3600 s
    /// after `created`, the time since the Unix epoch.
    #[must_use]
    pub fn with_first(mut self, salt: i64, created: Duration) -> Self {
        let valid_since = u32::try_from(created.as_secs()).unwrap_or(u32::MAX);
        self.first = Some(FutureSalt { valid_since, valid_until: valid_since.saturating_add(3600), salt });
        self
    }

    /// Another period, in whole seconds, at least one: short ones are for tests.
    #[must_use]
    pub fn with_period(mut self, period: Duration) -> Self {
        self.period = u32::try_from(period.as_secs()).unwrap_or(u32::MAX).max(1);
        self
    }

    /// The salt that is current at `unix` (time since the epoch).
    #[must_use]
    pub fn current(&self, unix: Duration) -> i64 {
        self.salt(unix.as_secs() / u64::from(self.period)).salt
    }

    /// Whether a packet with `salt` is taken at `unix`: with the current salt, the one before, the next (the
    /// client's clock may be ahead) or the first.
    #[must_use]
    pub fn accepts(&self, salt: i64, unix: Duration) -> bool {
        let number = unix.as_secs() / u64::from(self.period);
        let near = [number, number.saturating_sub(1), number + 1];
        near.into_iter().any(|number| self.salt(number).salt == salt)
            || self.first.is_some_and(|first| first.salt == salt && first.is_valid(unix.as_secs()))
    }

    /// The `count` salts from `unix` on, the current one first; each is valid for two periods (SA-2).
    #[must_use]
    pub fn future(&self, unix: Duration, count: usize) -> Vec<FutureSalt> {
        let number = unix.as_secs() / u64::from(self.period);
        (number..).take(count.min(MAX_SALTS)).map(|number| self.salt(number)).collect()
    }

    fn salt(&self, number: u64) -> FutureSalt {
        let digest = hash::sha256(&[self.secret.as_ref(), &self.key_id, &number.to_le_bytes()]);
        let mut salt = [0; 8];
        salt.copy_from_slice(&digest[..8]);
        let since = u32::try_from(number.saturating_mul(u64::from(self.period))).unwrap_or(u32::MAX);
        FutureSalt {
            valid_since: since,
            valid_until: since.saturating_add(self.period).saturating_add(self.period),
            salt: i64::from_le_bytes(salt),
        }
    }
}

impl std::fmt::Debug for SaltSchedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SaltSchedule").field("period", &self.period).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn salt(valid_since: u32, valid_until: u32, salt: i64) -> FutureSalt {
        FutureSalt { valid_since, valid_until, salt }
    }

    #[test]
    fn sa_2_the_newest_valid_salt_is_used() {
        let mut salts = KnownSalts::new(7);
        salts.learn([salt(100, 300, 1), salt(200, 400, 2)], at(50));
        assert_eq!(salts.at(at(50)), 7, "none of them is valid yet");
        assert_eq!(salts.at(at(100)), 1);
        assert_eq!(salts.at(at(199)), 1);
        assert_eq!(salts.at(at(200)), 2);
        assert_eq!(salts.at(at(400)), 7, "the end is not valid any more");
        assert_eq!(salts.reach(), 400);
    }

    #[test]
    fn sa_2_an_expired_salt_is_kept_to_fall_back_on() {
        let mut salts = KnownSalts::new(7);
        salts.learn([salt(100, 300, 1)], at(150));
        salts.forget_expired(at(301));
        assert_eq!((salts.at(at(301)), salts.len()), (1, 1));
    }

    #[test]
    fn sa_1_the_servers_word_wins_over_the_schedule() {
        let mut salts = KnownSalts::new(7);
        salts.learn([salt(100, 300, 1), salt(200, 400, 2)], at(150));
        salts.replace(9, at(150));
        assert_eq!(salts.at(at(150)), 9);
        assert_eq!(salts.at(at(200)), 2, "what begins later was not contradicted");
    }

    #[test]
    fn sa_2_the_number_of_salts_is_bounded() {
        let mut salts = KnownSalts::new(7);
        for start in 0..10 {
            salts.learn((0..100).map(|n| salt(1000 * start + n, 1_000_000, 1)), at(0));
        }
        assert_eq!(salts.len(), MAX_SALTS + 1);
    }

    #[test]
    fn sa_1_a_server_takes_the_salt_of_the_period_before() {
        let key = AuthKey::from_bytes([3; 256]);
        let salts = SaltSchedule::new([1; 32], &key).with_first(42, at(18_000));
        let old = salts.current(at(18_000));
        assert!(salts.accepts(old, at(18_000 + 3599)));
        assert!(!salts.accepts(old, at(18_000 + 3600)));
        assert!(salts.accepts(42, at(18_000 + 3599)));
        assert!(!salts.accepts(42, at(18_000 + 3600)));
        assert!(!salts.accepts(0, at(18_000)));
        let other = SaltSchedule::new([2; 32], &key);
        assert_ne!(other.current(at(18_000)), old, "another secret, other salts");
    }

    #[test]
    fn sa_2_what_a_server_announces_it_takes() {
        let key = AuthKey::from_bytes([3; 256]);
        let salts = SaltSchedule::new([1; 32], &key).with_period(at(60));
        let announced = salts.future(at(6_030), 200);
        assert_eq!(announced.len(), 64);
        assert_eq!(announced[0].salt, salts.current(at(6_030)));
        for salt in announced {
            for moment in [salt.valid_since, salt.valid_until - 1] {
                assert!(salts.accepts(salt.salt, at(moment.into())));
            }
        }
    }
}
