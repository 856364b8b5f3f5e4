//! Why a scenario was refused.

/// Why a scenario was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The text is not JSON.
    #[error("the scenario is not JSON: {0}")]
    Json(String),
    /// A key that does not exist.
    #[error("the scenario's `{0}` is not a key that exists")]
    UnknownKey(
        /// Where it stands, as in `numbers.+9996621234.colour`.
        String,
    ),
    /// A value that cannot be.
    #[error("the scenario's `{key}` {reason}")]
    Value {
        /// Where it stands.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl ScenarioError {
    /// A value that cannot be.
    pub(super) fn value(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Value { key: key.into(), reason: reason.into() }
    }
}
