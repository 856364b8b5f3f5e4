//! The accounts of all DCs: users and bots, and where each is at home.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use zeroize::Zeroizing;

use super::security::Security;

/// A user or a bot.
#[derive(Clone)]
pub(super) struct Account {
    /// User id, above zero.
    pub id: i64,
    /// What others must know besides the id to address the account.
    pub access_hash: i64,
    /// Digits in international form; `None` for a bot.
    pub phone: Option<String>,
    /// The part of a bot's token behind the colon; `None` for a user.
    pub bot_secret: Option<Zeroizing<String>>,
    /// First name; never empty.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// Public name without `@`.
    pub username: Option<String>,
    /// The DC where the account can log in.
    pub dc: i32,
    /// Two-step verification, if it is on.
    pub password: Option<Password>,
    /// Ids of the accounts in the contact list.
    pub contacts: BTreeSet<i64>,
    /// E-mail addresses, resets and tokens.
    pub security: Security,
}

impl Account {
    /// Whether this is a bot.
    pub fn is_bot(&self) -> bool {
        self.bot_secret.is_some()
    }
}

/// Shows who it is, and no secret: `Zeroizing` alone would print what it holds.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("dc", &self.dc)
            .field("is_bot", &self.is_bot())
            .field("has_password", &self.password.is_some())
            .finish_non_exhaustive()
    }
}

/// What the server keeps of a two-step verification password (SR-2): nothing that gives the password back.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Password {
    /// `salt1` of the algorithm.
    pub salt1: Vec<u8>,
    /// `salt2` of the algorithm.
    pub salt2: Vec<u8>,
    /// `v`, 256 bytes big-endian.
    pub verifier: Zeroizing<Vec<u8>>,
    /// Shown at the password prompt.
    pub hint: Option<String>,
}

/// Shows nothing of the verifier, with which passwords can be guessed.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// All accounts, found by id, number and username.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    by_id: HashMap<i64, Account>,
    by_phone: HashMap<String, i64>,
    by_username: HashMap<String, i64>,
    newest: i64,
}

/// The first id that is given to a user. It needs more than 32 bits, as those of today's new accounts do.
const FIRST_ID: i64 = 7_000_000_001;

impl Accounts {
    /// An id that no account has.
    pub fn free_id(&self) -> i64 {
        self.newest.max(FIRST_ID - 1) + 1
    }

    /// Adds an account, or puts a new version in the place of the old one.
    pub fn put(&mut self, account: Account) {
        if let Some(old) = self.by_id.remove(&account.id) {
            old.phone.map(|phone| self.by_phone.remove(&phone));
            old.username.map(|name| self.by_username.remove(&name.to_lowercase()));
        }
        if !account.is_bot() {
            self.newest = self.newest.max(account.id);
        }
        if let Some(phone) = &account.phone {
            self.by_phone.insert(phone.clone(), account.id);
        }
        if let Some(name) = &account.username {
            self.by_username.insert(name.to_lowercase(), account.id);
        }
        self.by_id.insert(account.id, account);
    }

    /// Deletes an account; whether there was one. Its id is not given again.
    pub fn remove(&mut self, id: i64) -> bool {
        self.newest = self.newest.max(id);
        let Some(gone) = self.by_id.remove(&id) else { return false };
        gone.phone.map(|phone| self.by_phone.remove(&phone));
        gone.username.map(|name| self.by_username.remove(&name.to_lowercase()));
        true
    }

    /// The account with this id.
    pub fn get(&self, id: i64) -> Option<&Account> {
        self.by_id.get(&id)
    }

    /// The user with this number (digits only).
    pub fn by_phone(&self, phone: &str) -> Option<&Account> {
        self.by_phone.get(phone).and_then(|id| self.by_id.get(id))
    }

    /// The account with this public name (without `@`; upper and lower case are the same).
    pub fn by_username(&self, name: &str) -> Option<&Account> {
        self.by_username.get(&name.to_lowercase()).and_then(|id| self.by_id.get(id))
    }

    /// Every account, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.by_id.values()
    }
}

/// The DC and code of a test number `99966XYYYY`: the DC is X, the code X five times (AU-10).
pub(super) fn test_number(phone: &str) -> Option<(i32, String)> {
    let rest = phone.strip_prefix("99966").filter(|rest| rest.len() == 5)?;
    let digit = rest.chars().next()?;
    let dc = i32::try_from(digit.to_digit(10)?).ok()?;
    Some((dc, digit.to_string().repeat(super::codes::LENGTH)))
}

/// Splits a bot's token `ID:SECRET`; `None` if it is not one.
pub(super) fn split_token(token: &str) -> Option<(i64, &str)> {
    let (id, secret) = token.split_once(':')?;
    let id = id.parse().ok().filter(|id| *id > 0)?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (!secret.is_empty() && secret.len() <= 64 && secret.bytes().all(fits)).then_some((id, secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_numbers_name_dc_and_code() {
        assert_eq!(test_number("9996621234"), Some((2, "22222".to_owned())));
        assert_eq!(test_number("9996601234"), Some((0, "00000".to_owned())));
        assert_eq!(test_number("999662123"), None);
        assert_eq!(test_number("99966212345"), None);
        assert_eq!(test_number("12345678901"), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let account = Account {
            id: 7,
            access_hash: 0,
            phone: None,
            bot_secret: Some(Zeroizing::new("marker".into())),
            first_name: "Bot".into(),
            last_name: String::new(),
            username: None,
            dc: 2,
            password: Some(Password {
                salt1: vec![],
                salt2: vec![],
                verifier: Zeroizing::new(vec![201, 202, 203]),
                hint: None,
            }),
            contacts: BTreeSet::new(),
            security: Security::default(),
        };
        let mut accounts = Accounts::default();
        accounts.put(account);
        let text = format!("{accounts:?} {:?}", accounts.get(7).unwrap().password);
        assert!(text.contains("id: 7"), "{text}");
        assert!(!text.contains("marker") && !text.contains("201"), "{text}");
    }

    #[test]
    fn tokens_have_an_id_and_a_secret() {
        assert_eq!(split_token("123:AAb-c_9"), Some((123, "AAb-c_9")));
        for bad in ["", ":", "123:", ":abc", "0:abc", "-1:abc", "123:a b", "+9996621234"] {
            assert_eq!(split_token(bad), None, "{bad}");
        }
    }
}
