//! Login codes that were sent and not used yet (AU-1 to AU-4).

use std::collections::{HashMap, VecDeque};
use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{email::EmailCode, via::Via};

/// Digits of a login code.
pub(super) const LENGTH: usize = 5;

/// Wrong codes that are taken before the code is dropped.
pub(super) const ATTEMPTS: u32 = 5;

/// Most codes that are pending at one time; the oldest goes when one more is sent.
const MAX_PENDING: usize = 65_536;

/// One code.
pub(super) struct Pending {
    /// Digits of the number it was sent to.
    pub phone: String,
    /// How it was sent.
    pub via: Via,
    /// The ways that are left for `auth.resendCode`.
    pub rest: Vec<Via>,
    /// The right code was given; only the sign-up is missing.
    pub verified: bool,
    /// The code itself.
    pub code: Zeroizing<String>,
    /// When the next way may be asked for, seconds of Unix time; `None` for at any time.
    pub resend_at: Option<i64>,
    /// When it stops being good, seconds of Unix time.
    pub expires: i64,
    /// Wrong tries that are still taken, from 1.
    pub attempts: u32,
    /// An address that was verified in this login and becomes the account's with it.
    pub email: Option<String>,
    /// The verification of an address that is under way.
    pub setup: Option<EmailCode>,
}

impl Pending {
    /// A code that was just sent to `phone`. `expires` is in seconds of Unix time.
    pub fn new(phone: String, via: Via, code: String, expires: i64) -> Self {
        Self {
            phone,
            via,
            rest: Vec::new(),
            verified: false,
            code: Zeroizing::new(code),
            resend_at: None,
            expires,
            attempts: ATTEMPTS,
            email: None,
            setup: None,
        }
    }

    /// Whether this is the code, whatever is left open by its way: the spaces and capitals of a text, the plus sign
    /// of a calling number.
    fn is(&self, code: &str) -> bool {
        let plain = |code: &str| {
            Zeroizing::new(match self.via {
                Via::Word | Via::Phrase => {
                    code.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
                }
                Via::FlashCall => code.chars().filter(char::is_ascii_digit).collect(),
                _ => code.to_owned(),
            })
        };
        bool::from(plain(&self.code).as_bytes().ct_eq(plain(code).as_bytes()))
    }
}

/// Shows everything but the code: `Zeroizing` alone would print it.
impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("phone", &self.phone)
            .field("via", &self.via)
            .field("verified", &self.verified)
            .field("expires", &self.expires)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// Why a code was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// No such code, too old, or spent by too many wrong tries.
    Expired,
    /// Not this code.
    Wrong,
}

/// The codes by their `phone_code_hash`.
#[derive(Default)]
pub(super) struct Codes {
    by_hash: HashMap<String, Pending>,
    /// Hashes in the order of sending; some of them are spent.
    order: VecDeque<String>,
}

/// Shows the codes without their hashes, which open the login as much as the codes do.
impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.by_hash.values()).finish()
    }
}

impl Codes {
    /// Notes that a code was sent, or puts a changed one in its place.
    pub fn put(&mut self, hash: String, pending: Pending) {
        if let Some(known) = self.by_hash.get_mut(&hash) {
            *known = pending;
            return;
        }
        while self.order.len() >= MAX_PENDING
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_hash.remove(&oldest);
        }
        self.order.push_back(hash.clone());
        self.by_hash.insert(hash, pending);
    }

    /// Forgets the codes that are too old, and what is left of those that are spent.
    pub fn forget_expired(&mut self, now: i64) {
        while let Some(oldest) = self.order.front()
            && self.by_hash.get(oldest).is_none_or(|pending| pending.expires <= now)
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_hash.remove(&oldest);
        }
    }

    /// The codes with their hashes, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Pending)> {
        self.order.iter().filter_map(|hash| Some((hash.as_str(), self.by_hash.get(hash)?)))
    }

    /// The code sent under this hash to this number, if it is still good at `now`.
    pub fn get(&mut self, hash: &str, phone: &str, now: i64) -> Option<&mut Pending> {
        if self.by_hash.get(hash).is_some_and(|p| p.expires <= now) {
            self.remove(hash);
        }
        self.by_hash.get_mut(hash).filter(|p| p.phone == phone)
    }

    /// Compares a code; after too many wrong ones the right one is refused, too.
    pub fn check(&mut self, hash: &str, phone: &str, code: &str, now: i64) -> Result<(), Refused> {
        let pending = self.get(hash, phone, now).ok_or(Refused::Expired)?;
        if pending.is(code) {
            pending.verified = true;
            return Ok(());
        }
        pending.attempts -= 1;
        if pending.attempts == 0 {
            self.remove(hash);
        }
        Err(Refused::Wrong)
    }

    /// Forgets a code; whether there was one.
    pub fn remove(&mut self, hash: &str) -> bool {
        self.by_hash.remove(hash).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes() -> Codes {
        let mut codes = Codes::default();
        codes.put("h".into(), Pending::new("111".into(), Via::Sms, "12345".into(), 100));
        codes
    }

    #[test]
    fn right_code_wrong_code_wrong_number() {
        let mut codes = codes();
        assert_eq!(codes.check("h", "111", "54321", 0), Err(Refused::Wrong));
        assert_eq!(codes.check("h", "222", "12345", 0), Err(Refused::Expired));
        assert_eq!(codes.check("x", "111", "12345", 0), Err(Refused::Expired));
        assert_eq!(codes.check("h", "111", "12345", 99), Ok(()));
        assert_eq!(codes.check("h", "111", "12345", 100), Err(Refused::Expired));
    }

    #[test]
    fn texts_and_calling_numbers_are_compared_loosely() {
        let pending = |via, code: &str| Pending::new("111".into(), via, code.into(), 100);
        assert!(pending(Via::Phrase, "green Apples fall").is("  Green apples\nFALL "));
        assert!(!pending(Via::Phrase, "green apples fall").is("greenapplesfall"));
        assert!(pending(Via::FlashCall, "15551234567").is("+1 555 123 45 67"));
        assert!(!pending(Via::Sms, "12345").is("123 45"));
    }

    #[test]
    fn debug_shows_no_code() {
        let mut codes = Codes::default();
        codes.put("hash marker".into(), Pending::new("111".into(), Via::Sms, "98765".into(), 100));
        let text = format!("{codes:?}");
        assert!(text.contains("111"), "{text}");
        assert!(!text.contains("98765") && !text.contains("marker"), "{text}");
    }

    #[test]
    fn old_codes_make_room() {
        let mut codes = codes();
        codes.forget_expired(99);
        assert_eq!(codes.iter().count(), 1);
        codes.forget_expired(100);
        assert_eq!((codes.iter().count(), codes.order.len()), (0, 0));
    }

    #[test]
    fn too_many_tries_spend_the_code() {
        let mut codes = codes();
        for _ in 0..ATTEMPTS {
            assert_eq!(codes.check("h", "111", "0", 0), Err(Refused::Wrong));
        }
        assert_eq!(codes.check("h", "111", "12345", 0), Err(Refused::Expired));
    }
}
