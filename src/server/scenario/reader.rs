//! Reading JSON strictly: each key is asked for by name, and one that nobody asked for is an error.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::ScenarioError;

/// An object and where it stands.
pub(super) struct Object<'a> {
    path: String,
    map: &'a Map<String, Value>,
    read: BTreeSet<&'static str>,
}

impl<'a> Object<'a> {
    /// The object that `value` must be.
    pub fn new(path: &str, value: &'a Value) -> Result<Self, ScenarioError> {
        let map = value.as_object().ok_or_else(|| {
            ScenarioError::value(if path.is_empty() { "top" } else { path }, "is not an object")
        })?;
        Ok(Self { path: path.to_owned(), map, read: BTreeSet::new() })
    }

    /// Where a key stands.
    pub fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Every entry, with the place where it stands: for objects whose keys are names.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.map.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The value of a key.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.read.insert(key);
        self.map.get(key)
    }

    /// An object in this one.
    pub fn object(&mut self, key: &'static str) -> Result<Option<Self>, ScenarioError> {
        let path = self.at(key);
        self.get(key).map(|value| Object::new(&path, value)).transpose()
    }

    /// Text.
    pub fn text(&mut self, key: &'static str) -> Result<Option<&'a str>, ScenarioError> {
        let wrong = ScenarioError::value(self.at(key), "is not text");
        self.get(key).map(|value| value.as_str().ok_or(wrong)).transpose()
    }

    /// A whole number within these bounds.
    pub fn number(
        &mut self,
        key: &'static str,
        bounds: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, ScenarioError> {
        let (low, high) = (*bounds.start(), *bounds.end());
        let wrong = ScenarioError::value(self.at(key), format!("is not a number from {low} to {high}"));
        let fits = |value: &Value| value.as_i64().filter(|n| bounds.contains(n)).ok_or(wrong);
        self.get(key).map(fits).transpose()
    }

    /// Seconds, up to what a date of the API can hold on top of today's.
    pub fn seconds(&mut self, key: &'static str) -> Result<Option<i64>, ScenarioError> {
        self.number(key, 0..=86_400 * 366)
    }

    /// Refuses the object if it has a key that was not asked for.
    pub fn end(self) -> Result<(), ScenarioError> {
        match self.map.keys().find(|key| !self.read.contains(key.as_str())) {
            Some(key) => Err(ScenarioError::UnknownKey(self.at(key))),
            None => Ok(()),
        }
    }
}
