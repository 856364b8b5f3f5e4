//! Accounts that are registered from the start, as given on a command line.

use std::{fmt, str::FromStr};

use zeroize::Zeroizing;

/// An account to register when the server starts: `+9996621234[,password=P][,dc=N][,name=First Last][,username=U]`.
///
/// Test numbers `99966XYYYY` live on DC X and take the code XXXXX (AU-10); other numbers live on DC 2 unless told
/// otherwise and get a random code, which is told in [`Event::Code`](super::Event::Code). Values end at the next comma:
/// a password that has one is set with [`password`](Self::password).
#[derive(Clone, PartialEq, Eq)]
pub struct AccountSpec {
    pub(super) phone: String,
    pub(super) password: Option<Zeroizing<String>>,
    pub(super) dc: Option<i32>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) username: Option<String>,
}

impl AccountSpec {
    /// An account with this number (5 to 15 digits; `+`, spaces, dashes and brackets are ignored).
    ///
    /// # Errors
    /// [`AccountSpecError::Phone`] if it is not a number.
    pub fn new(phone: &str) -> Result<Self, AccountSpecError> {
        let phone = normalize_phone(phone).ok_or_else(|| AccountSpecError::Phone(phone.to_owned()))?;
        Ok(Self { phone, password: None, dc: None, first_name: None, last_name: None, username: None })
    }

    /// Protects the account with a two-step verification password.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(Zeroizing::new(password.into()));
        self
    }

    /// Homes the account on this DC. A test number's DC is part of the number; another one is refused at start.
    #[must_use]
    pub fn dc(mut self, dc: i32) -> Self {
        self.dc = Some(dc);
        self
    }

    /// Sets the names that other users see.
    #[must_use]
    pub fn name(mut self, first: impl Into<String>, last: impl Into<String>) -> Self {
        self.first_name = Some(first.into());
        self.last_name = Some(last.into()).filter(|l: &String| !l.is_empty());
        self
    }

    /// Sets the public username, without `@`.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }
}

impl fmt::Debug for AccountSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountSpec")
            .field("phone", &self.phone)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("dc", &self.dc)
            .field("first_name", &self.first_name)
            .field("last_name", &self.last_name)
            .field("username", &self.username)
            .finish()
    }
}

/// Why an account description was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountSpecError {
    /// Not 5 to 15 digits.
    #[error("`{0}` is not a phone number: 5 to 15 digits are needed, as in +9996621234")]
    Phone(String),
    /// An option that does not exist, or has no value.
    #[error("`{0}` is not an account option: there are password=…, dc=N, name=First Last and username=…")]
    Option(String),
    /// `dc=` with something else than a number from 1.
    #[error("`{0}` is not a DC number")]
    Dc(String),
}

impl FromStr for AccountSpec {
    type Err = AccountSpecError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let mut parts = s.split(',');
        let mut spec = Self::new(parts.next().unwrap_or_default())?;
        for part in parts {
            match part.trim().split_once('=') {
                Some(("password", value)) => spec = spec.password(value),
                Some(("dc", value)) => {
                    let dc = value.parse().ok().filter(|n| *n >= 1);
                    spec = spec.dc(dc.ok_or_else(|| AccountSpecError::Dc(value.to_owned()))?);
                }
                Some(("name", value)) => {
                    let (first, last) = value.split_once(' ').unwrap_or((value, ""));
                    spec = spec.name(first, last);
                }
                Some(("username", value)) => spec = spec.username(value.trim_start_matches('@')),
                _ => return Err(AccountSpecError::Option(part.to_owned())),
            }
        }
        Ok(spec)
    }
}

/// The digits of a number in international form, or `None` if it is not one (E.164: at most 15 digits).
pub(super) fn normalize_phone(phone: &str) -> Option<String> {
    let mut digits = String::new();
    for (i, c) in phone.trim().char_indices() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if i == 0 => {}
            ' ' | '-' | '(' | ')' | '.' | '\u{a0}' => {}
            _ => return None,
        }
        if digits.len() > 15 {
            return None;
        }
    }
    (digits.len() >= 5).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_all_options() {
        let spec: AccountSpec =
            "+999 662-1234,password=a=b,dc=2,name=Ada Lovelace,username=@ada".parse().unwrap();
        let want = AccountSpec::new("9996621234").unwrap().password("a=b").dc(2).name("Ada", "Lovelace");
        assert_eq!(spec, want.username("ada"));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(matches!("abc".parse::<AccountSpec>(), Err(AccountSpecError::Phone(_))));
        assert!(matches!("12345,dc=x".parse::<AccountSpec>(), Err(AccountSpecError::Dc(_))));
        assert!(matches!("12345,dc=0".parse::<AccountSpec>(), Err(AccountSpecError::Dc(_))));
        assert!(matches!("12345,colour=red".parse::<AccountSpec>(), Err(AccountSpecError::Option(_))));
        assert!(matches!("1234567890123456".parse::<AccountSpec>(), Err(AccountSpecError::Phone(_))));
    }

    #[test]
    fn never_shows_the_password() {
        let spec: AccountSpec = "+9996621234,password=hunter2".parse().unwrap();
        assert!(!format!("{spec:?}").contains("hunter2"));
    }
}
