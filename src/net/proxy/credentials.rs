//! Who a client is to a proxy.

use std::fmt;

use crate::session::Secret;

/// The name and the password of a user of a proxy. Neither shows in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: Secret,
    password: Secret,
}

impl Credentials {
    /// The two as the proxy wants them; there are no escapes in them.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: Secret::from(user.into()), password: Secret::from(password.into()) }
    }

    /// The name.
    #[must_use]
    pub fn expose_user(&self) -> &str {
        self.user.expose_str().unwrap_or_default()
    }

    /// The password.
    #[must_use]
    pub fn expose_password(&self) -> &str {
        self.password.expose_str().unwrap_or_default()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}
