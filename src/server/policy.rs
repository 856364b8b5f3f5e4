//! How logins are treated: which numbers are refused, how long a code is good.

use std::collections::{HashMap, HashSet};

use super::codes;

/// The rules of a server.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// Numbers (digits) that get `PHONE_NUMBER_BANNED`.
    pub banned: HashSet<String>,
    /// Numbers (digits) that get `FLOOD_WAIT_n` with these seconds.
    pub flood_wait: HashMap<String, u32>,
    /// How long a code is good, seconds.
    pub code_lifetime: i64,
    /// Wrong codes that are taken.
    pub attempts: u32,
    /// Seconds before which another way is not given; `None` if it is given at any time.
    pub resend_after: Option<i32>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            banned: HashSet::new(),
            flood_wait: HashMap::new(),
            code_lifetime: 300,
            attempts: codes::ATTEMPTS,
            resend_after: None,
        }
    }
}
