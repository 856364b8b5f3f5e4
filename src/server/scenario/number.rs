//! What a scenario says about one number.

use serde_json::Value;
use zeroize::Zeroizing;

use super::{Refusals, ScenarioError, WEEK, reader::Object};
use crate::server::{account_spec::normalize_phone, email, via::Via};

/// What a scenario says about one number.
#[derive(Clone)]
pub(in crate::server) struct Number {
    /// The ways of its codes, in the order that `auth.resendCode` walks; empty for the usual ones.
    pub codes: Vec<Via>,
    /// The code, in place of a random one.
    pub code: Option<Zeroizing<String>>,
    /// The code of every e-mail, in place of random ones.
    pub email_code: Option<Zeroizing<String>>,
    /// Digits of a random code.
    pub length: Option<usize>,
    /// Seconds until the next way may be asked for; earlier ones are refused.
    pub resend_after: Option<i32>,
    /// How long a code is good, seconds.
    pub code_lifetime: Option<i64>,
    /// Wrong codes that are taken.
    pub attempts: Option<u32>,
    /// The address where the account gets its login codes.
    pub login_email: Option<String>,
    /// The address where the account's password can be recovered.
    pub recovery_email: Option<String>,
    /// How long it takes to get rid of the login e-mail, seconds.
    pub email_reset_wait: i64,
    /// What is refused to this number.
    pub refuse: Refusals,
}

/// Shows everything but the code.
impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Number").field("codes", &self.codes).finish_non_exhaustive()
    }
}

impl Number {
    /// The number's digits and what is said about it.
    pub(super) fn read(phone: &str, value: &Value) -> Result<(String, Self), ScenarioError> {
        let path = format!("numbers.{phone}");
        let digits = normalize_phone(phone)
            .ok_or_else(|| ScenarioError::value(path.as_str(), "is not a phone number"))?;
        let mut object = Object::new(&path, value)?;
        let codes = ways(&mut object)?;
        let length = object.number("length", 1..=32)?.and_then(|n| usize::try_from(n).ok());
        let code = object.text("code")?;
        if let Some(code) = code {
            let key = object.at("code");
            check_code(code, length, &codes).map_err(|reason| ScenarioError::value(key, reason))?;
        }
        let email_code = object.text("email_code")?;
        if email_code.is_some_and(|code| code.is_empty() || code.len() > 32 || is_text(code)) {
            return Err(ScenarioError::value(object.at("email_code"), "is not 1 to 32 digits"));
        }
        let login_email = address(&mut object, "login_email")?;
        let recovery_email = address(&mut object, "recovery_email")?;
        if codes.first() == Some(&Via::Email) && login_email.is_none() {
            return Err(ScenarioError::value(
                object.at("codes"),
                "begins with `email`, but there is no `login_email`",
            ));
        }
        let refuse = match object.object("refuse")? {
            Some(refuse) => Refusals::read(&refuse)?,
            None => Refusals::default(),
        };
        let small = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
        let number = Self {
            codes,
            code: code.map(|code| Zeroizing::new(code.to_owned())),
            email_code: email_code.map(|code| Zeroizing::new(code.to_owned())),
            length,
            resend_after: object.seconds("resend_after")?.map(small),
            code_lifetime: object.seconds("code_lifetime")?,
            attempts: object.number("attempts", 1..=1_000)?.and_then(|n| u32::try_from(n).ok()),
            login_email,
            recovery_email,
            email_reset_wait: object.seconds("email_reset_wait")?.unwrap_or(WEEK),
            refuse,
        };
        object.end()?;
        Ok((digits, number))
    }

    /// The code that it says for this way; `None` if it is to be made.
    pub fn code_for(&self, via: Via) -> Option<Zeroizing<String>> {
        self.code.clone().filter(|code| is_text(code) == via.is_text())
    }
}

/// Digits are for all ways but the two whose codes are text.
fn is_text(code: &str) -> bool {
    !code.bytes().all(|b| b.is_ascii_digit())
}

fn ways(object: &mut Object<'_>) -> Result<Vec<Via>, ScenarioError> {
    let key = object.at("codes");
    let wrong = |reason: String| ScenarioError::value(key.as_str(), reason);
    let Some(list) = object.get("codes") else { return Ok(Vec::new()) };
    let list = list.as_array().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| wrong("is not a list with something in it".into()))?;
    let mut ways: Vec<Via> = Vec::new();
    for item in list {
        let name = item.as_str().unwrap_or_default();
        let via = Via::from_name(name)
            .ok_or_else(|| wrong(format!("has {item}, but there are only {}", Via::names())))?;
        // What auth.CodeType has no name for can be the first way, or stand behind a step without a code.
        if !via.can_follow() && ways.last().is_some_and(|before| before.carries_code()) {
            return Err(wrong(format!("has `{name}` where auth.resendCode cannot come to it")));
        }
        if ways.contains(&via) {
            return Err(wrong(format!("has `{name}` twice")));
        }
        ways.push(via);
    }
    if ways.last() == Some(&Via::EmailSetup) {
        return Err(wrong("ends before a code is sent".into()));
    }
    Ok(ways)
}

fn check_code(code: &str, length: Option<usize>, ways: &[Via]) -> Result<(), String> {
    if code.is_empty() || code.len() > 64 || code.trim() != code {
        return Err("is not 1 to 64 characters without spaces around them".into());
    }
    if let Some(length) = length.filter(|length| *length != code.len()) {
        return Err(format!("does not have the `length` of {length}"));
    }
    let text = is_text(code);
    let used = ways.iter().any(|via| via.is_text() == text) || ways.is_empty() && !text;
    if used {
        Ok(())
    } else {
        Err("fits none of the `codes`: `word` and `phrase` take text, the others digits".into())
    }
}

fn address(object: &mut Object<'_>, key: &'static str) -> Result<Option<String>, ScenarioError> {
    let at = object.at(key);
    let Some(text) = object.text(key)? else { return Ok(None) };
    email::valid(text)
        .map(|address| Some(address.to_owned()))
        .ok_or_else(|| ScenarioError::value(at, "is not an e-mail address"))
}
