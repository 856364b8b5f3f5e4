//! The refusals that clients get.

use std::borrow::Cow;

use crate::tl;

/// The `rpc_error` that answers a call (RE-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RpcError {
    /// Like an HTTP status: 303, 400, 401, 403, 406, 420, 500.
    pub code: i32,
    /// The name, in capitals with underscores.
    pub name: Cow<'static, str>,
}

impl RpcError {
    /// 400: the call cannot be carried out as it is.
    pub const fn bad_request(name: &'static str) -> Self {
        Self { code: 400, name: Cow::Borrowed(name) }
    }

    /// 401: the call needs a login, or a further step of one.
    pub const fn unauthorized(name: &'static str) -> Self {
        Self { code: 401, name: Cow::Borrowed(name) }
    }

    /// 406: an error that the client does not show.
    pub const fn not_acceptable(name: &'static str) -> Self {
        Self { code: 406, name: Cow::Borrowed(name) }
    }

    /// 500: try again.
    pub const fn internal(name: &'static str) -> Self {
        Self { code: 500, name: Cow::Borrowed(name) }
    }

    /// 303: the call belongs to another DC (AU-8). `what` is `PHONE`, `USER` or `NETWORK`.
    pub fn migrate(what: &str, dc: i32) -> Self {
        Self { code: 303, name: Cow::Owned(format!("{what}_MIGRATE_{dc}")) }
    }

    /// 420: come back after so many seconds.
    pub fn flood_wait(seconds: u32) -> Self {
        Self { code: 420, name: Cow::Owned(format!("FLOOD_WAIT_{seconds}")) }
    }
}

/// Parameters that are not what the method takes.
impl From<tl::Error> for RpcError {
    fn from(_: tl::Error) -> Self {
        Self::bad_request("INPUT_FETCH_ERROR")
    }
}
