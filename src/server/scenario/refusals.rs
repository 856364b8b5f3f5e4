//! Errors that a scenario puts in the place of a method's answer.

use std::collections::HashMap;

use serde_json::Value;

use super::{ScenarioError, reader::Object};
use crate::{schema::rpc_errors, server::rpc_error::RpcError};

/// What a method is refused with.
#[derive(Clone, Debug)]
struct Refusal {
    error: RpcError,
    /// How often it still happens; `None` for ever.
    left: Option<u32>,
}

/// Refusals by the name of the method.
#[derive(Clone, Debug, Default)]
pub(in crate::server) struct Refusals {
    by_method: HashMap<String, Refusal>,
}

impl Refusals {
    /// Reads `{"auth.sendCode": "PHONE_NUMBER_FLOOD", "auth.signIn": {"error": E, "code": N, "times": N}}`.
    pub(super) fn read(object: &Object<'_>) -> Result<Self, ScenarioError> {
        let mut refusals = Self::default();
        for (method, value) in object.entries() {
            let key = object.at(method);
            let known = crate::server::dispatch::is_served(method);
            if !known {
                return Err(ScenarioError::value(key, "is not a method that this server has"));
            }
            refusals.by_method.insert(method.to_owned(), Refusal::read(&key, value)?);
        }
        Ok(refusals)
    }

    /// The error that this call of a method gets; it counts as one time.
    pub fn take(&mut self, method: &str) -> Option<RpcError> {
        let refusal = self.by_method.get_mut(method)?;
        match &mut refusal.left {
            None => {}
            Some(0) => return None,
            Some(left) => *left -= 1,
        }
        Some(refusal.error.clone())
    }
}

impl Refusal {
    fn read(key: &str, value: &Value) -> Result<Self, ScenarioError> {
        let (name, code, left) = match value {
            Value::String(name) => (name.as_str(), None, None),
            value => {
                let mut object = Object::new(key, value)?;
                let name =
                    object.text("error")?.ok_or_else(|| ScenarioError::value(key, "has no `error`"))?;
                let code = object.number("code", -999..=999)?;
                let times = object.number("times", 1..=1_000_000)?;
                object.end()?;
                (name, code, times.and_then(|n| u32::try_from(n).ok()))
            }
        };
        let documented = rpc_errors::split(name).documented.map(|line| line.code);
        let code = code.and_then(|n| i32::try_from(n).ok()).or(documented).ok_or_else(|| {
            ScenarioError::value(key, format!("needs a `code`: `{name}` is not a documented error"))
        })?;
        let well_formed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        if name.is_empty() || !name.bytes().all(well_formed) {
            return Err(ScenarioError::value(key, format!("has `{name}`, which is no name of an error")));
        }
        Ok(Self { error: RpcError { code, name: name.to_owned().into() }, left })
    }
}
