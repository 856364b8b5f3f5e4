//! Taking a login to another DC: `auth.exportAuthorization`, `auth.importAuthorization` (AU-7).

use std::collections::{HashMap, VecDeque};

use rand::Rng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::tl::{Bytes, functions, types};

use super::{
    call::{Answer, Call, Method, Outcome, answer, method},
    login,
    rpc_error::RpcError,
};

/// How long exported bytes are good, seconds.
const LIFETIME: i64 = 60;

/// Exports that are pending at one time; the oldest is dropped when one more is made.
const MAX_EXPORTS: usize = 10_000;

/// Bytes of an export.
const LENGTH: usize = 128;

pub(super) const METHODS: &[Method] =
    &[method!(Home, auth::ExportAuthorization => export), method!(Key, auth::ImportAuthorization => import)];

/// Authorizations that were exported and not imported yet; each is good once, at one DC, for one minute.
#[derive(Default)]
pub(super) struct Exports {
    by_bytes: HashMap<i64, Export>,
    order: VecDeque<i64>,
}

struct Export {
    user: i64,
    dc: i32,
    expires: i64,
    bytes: Zeroizing<[u8; LENGTH]>,
}

fn export(call: &mut Call<'_>, p: functions::auth::ExportAuthorization) -> Outcome {
    if p.dc_id == call.caller.dc || !call.world.has_dc(p.dc_id) {
        return Err(RpcError::bad_request("DC_ID_INVALID"));
    }
    let user = call.user_id()?;
    let id = call.world.random_id();
    let mut bytes = Zeroizing::new([0; LENGTH]);
    call.world.rng.fill_bytes(bytes.as_mut());
    let given = Bytes::copy_from_slice(bytes.as_ref());
    let exports = &mut call.world.exports;
    while exports.order.len() >= MAX_EXPORTS
        && let Some(oldest) = exports.order.pop_front()
    {
        exports.by_bytes.remove(&oldest);
    }
    exports.order.push_back(id);
    let expires = call.now.saturating_add(LIFETIME);
    exports.by_bytes.insert(id, Export { user, dc: p.dc_id, expires, bytes });
    answer(&types::auth::ExportedAuthorization { id, bytes: given })
}

fn import(call: &mut Call<'_>, p: functions::auth::ImportAuthorization) -> Outcome {
    let invalid = RpcError::bad_request("AUTH_BYTES_INVALID");
    let export = call.world.exports.by_bytes.remove(&p.id).ok_or(invalid.clone())?;
    let right = bool::from(export.bytes.as_slice().ct_eq(&p.bytes));
    if !right || export.dc != call.caller.dc || export.expires <= call.now {
        return Err(invalid);
    }
    login::log_in(call, export.user).map(Answer::Now)
}
