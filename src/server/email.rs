//! E-mail addresses, and codes on their way to them.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    call::Call,
    event::{EmailPurpose, Event},
    phone::scenario,
    rpc_error::RpcError,
};

/// Digits of a code sent by e-mail.
pub(super) const LENGTH: usize = 6;

/// Wrong codes that are taken before the code is dropped.
const ATTEMPTS: u32 = 5;

/// The address, if it could be one (`local@host.tld`, at most 254 characters: RFC 5321).
pub(super) fn valid(address: &str) -> Option<&str> {
    let address = address.trim();
    let (local, host) = address.split_once('@')?;
    let host_fits = host.contains('.') && host.split('.').all(|label| !label.is_empty());
    let plain = address.chars().all(|c| !c.is_whitespace() && !c.is_control()) && !host.contains('@');
    (!local.is_empty() && host_fits && plain && address.len() <= 254).then_some(address)
}

/// The address as those may see it who have not proven that it is theirs: `a***e@example.org`.
pub(super) fn pattern(address: &str) -> String {
    let (local, host) = address.split_once('@').unwrap_or((address, ""));
    let mut ends = local.chars();
    let first = ends.next().unwrap_or('*');
    let last = ends.next_back().map(String::from).unwrap_or_default();
    format!("{first}***{last}@{host}")
}

/// A code that was sent by e-mail and not used yet.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct EmailCode {
    /// Where it was sent.
    pub email: String,
    /// What for.
    pub purpose: EmailPurpose,
    /// The code.
    pub code: Zeroizing<String>,
    /// When it stops being good, seconds of Unix time.
    pub expires: i64,
    /// Wrong tries that are still taken.
    pub attempts: u32,
}

/// Shows everything but the code.
impl fmt::Debug for EmailCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailCode")
            .field("email", &self.email)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// Why a code was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Too old, or spent by too many wrong tries.
    Expired,
    /// Not this code.
    Wrong,
}

impl EmailCode {
    /// "Sends" a code to an address of the account with this number: the program around the server is told.
    pub fn send(call: &mut Call<'_>, phone: &str, email: &str, purpose: EmailPurpose) -> Self {
        let said = scenario(call, phone).and_then(|number| number.email_code.clone());
        let code = said.unwrap_or_else(|| Zeroizing::new(call.world.random_digits(LENGTH)));
        let expires = call.now.saturating_add(call.world.policy.code_lifetime);
        let (email, plain) = (email.to_owned(), code.as_str().to_owned());
        call.world.emit(Event::EmailCode { email: email.clone(), code: plain, purpose });
        Self { email, purpose, code, expires, attempts: ATTEMPTS }
    }

    /// Characters of the code.
    pub fn length(&self) -> i32 {
        i32::try_from(self.code.chars().count()).unwrap_or_default()
    }

    /// Compares a code in constant time; a wrong one counts.
    pub fn check(&mut self, code: &str, now: i64) -> Result<(), Refused> {
        if self.attempts == 0 || self.expires <= now {
            return Err(Refused::Expired);
        }
        if bool::from(self.code.as_bytes().ct_eq(code.trim().as_bytes())) {
            return Ok(());
        }
        self.attempts -= 1;
        Err(Refused::Wrong)
    }
}

impl Refused {
    /// The error of a method whose name for an old code is `expired`.
    pub fn into_error(self, expired: &'static str) -> RpcError {
        RpcError::bad_request(match self {
            Self::Expired => expired,
            Self::Wrong => "CODE_INVALID",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(valid(" ada@example.org "), Some("ada@example.org"));
        for bad in
            ["", "ada", "@example.org", "ada@", "ada@host", "ada@.org", "a b@c.de", "a@b@c.de", "a@b..c"]
        {
            assert_eq!(valid(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_pattern_hides_the_middle() {
        assert_eq!(pattern("adalovelace@example.org"), "a***e@example.org");
        assert_eq!(pattern("a@example.org"), "a***@example.org");
    }

    #[test]
    fn a_code_is_spent_by_wrong_tries_and_by_time() {
        let mut code = EmailCode {
            email: "a@b.cd".into(),
            purpose: EmailPurpose::Login,
            code: Zeroizing::new("123456".into()),
            expires: 100,
            attempts: ATTEMPTS,
        };
        assert_eq!(code.check("123456", 100), Err(Refused::Expired));
        for _ in 0..ATTEMPTS {
            assert_eq!(code.check("654321", 0), Err(Refused::Wrong));
        }
        assert_eq!(code.check("123456", 0), Err(Refused::Expired));
        assert!(!format!("{code:?}").contains("123456"));
    }
}
