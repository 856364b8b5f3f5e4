//! What a server is told to do to the logins it sees: which code travels how, and what is refused.

mod error;
mod number;
mod reader;
mod refusals;

pub use error::ScenarioError;
pub(super) use number::Number;
pub(super) use refusals::Refusals;

use std::collections::HashMap;

use reader::Object;

/// Seconds of a week, which is what accounts have to wait for when they reset something.
pub(super) const WEEK: i64 = 7 * 86_400;

/// A scenario, read from JSON; `docs/loopback-dc.md` describes every key.
///
/// ```
/// use mtwire::server::{Scenario, Server};
///
/// let scenario = Scenario::from_json(
///     r#"{"numbers": {"+12025550123": {"codes": ["app", "sms"], "code": "54321", "resend_after": 2}}}"#,
/// )?;
/// let _builder = Server::builder().scenario(scenario);
/// # Ok::<(), mtwire::server::ScenarioError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scenario {
    /// By the digits of the number.
    pub(super) numbers: HashMap<String, Number>,
    /// What is refused to everybody.
    pub(super) errors: Refusals,
    /// How long a login token is good, seconds.
    pub(super) qr_lifetime: i64,
    /// How long a password's reset takes, seconds.
    pub(super) password_reset_wait: i64,
    /// How old a session must be to end others, seconds.
    pub(super) fresh_session_wait: i64,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            errors: Refusals::default(),
            qr_lifetime: 30,
            password_reset_wait: WEEK,
            fresh_session_wait: 0,
        }
    }
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// If the text is not JSON, or has a key that does not exist or a value that cannot be; the error names key and
    /// number.
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        let value = serde_json::from_str(text).map_err(|e| ScenarioError::Json(e.to_string()))?;
        let mut object = Object::new("", &value)?;
        let mut scenario = Self::default();
        if let Some(numbers) = object.object("numbers")? {
            for (phone, value) in numbers.entries() {
                let (digits, number) = Number::read(phone, value)?;
                if scenario.numbers.insert(digits, number).is_some() {
                    return Err(ScenarioError::value(phone, "stands there twice"));
                }
            }
        }
        if let Some(errors) = object.object("errors")? {
            scenario.errors = Refusals::read(&errors)?;
        }
        let defaults = Self::default();
        scenario.qr_lifetime = object.seconds("qr_lifetime")?.unwrap_or(defaults.qr_lifetime);
        scenario.password_reset_wait =
            object.seconds("password_reset_wait")?.unwrap_or(defaults.password_reset_wait);
        scenario.fresh_session_wait =
            object.seconds("fresh_session_wait")?.unwrap_or(defaults.fresh_session_wait);
        object.end()?;
        Ok(scenario)
    }

    /// What is said about a number, given as digits.
    pub(super) fn number(&self, phone: &str) -> Option<&Number> {
        self.numbers.get(phone)
    }
}

#[cfg(test)]
mod tests;
