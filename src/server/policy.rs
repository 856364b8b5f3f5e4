//! How logins are treated: which numbers are refused, how long a code is good.

use std::collections::{HashMap, HashSet};

/// The rules of a server.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// Numbers (digits) that get `PHONE_NUMBER_BANNED`.
    pub banned: HashSet<String>,
    /// Numbers (digits) that get `FLOOD_WAIT_n` with these seconds.
    pub flood_wait: HashMap<String, u32>,
    /// How long a code is good, seconds.
    pub code_lifetime: i64,
}
