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
    by_number: HashMap<i64, Export>,
    order: VecDeque<i64>,
}

struct Export {
    user: i64,
    /// The permanent key on which the user was logged in.
    key: i64,
    dc: i32,
    expires: i64,
    bytes: Zeroizing<[u8; LENGTH]>,
}

fn export(call: &mut Call<'_>, p: functions::auth::ExportAuthorization) -> Outcome {
    if p.dc_id == call.caller.dc || !call.world.has_dc(p.dc_id) {
        return Err(RpcError::bad_request("DC_ID_INVALID"));
    }
    let user = call.user_id()?;
    let key = call.permanent_key()?;
    // The bytes begin with what they are found by; the rest is what they are known by.
    let number = call.world.random_id();
    let mut bytes = Zeroizing::new([0; LENGTH]);
    call.world.rng.fill_bytes(bytes.as_mut());
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    let given = Bytes::copy_from_slice(bytes.as_ref());
    let exports = &mut call.world.exports;
    while exports.order.len() >= MAX_EXPORTS
        && let Some(oldest) = exports.order.pop_front()
    {
        exports.by_number.remove(&oldest);
    }
    exports.order.push_back(number);
    let expires = call.now.saturating_add(LIFETIME);
    exports.by_number.insert(number, Export { user, key, dc: p.dc_id, expires, bytes });
    answer(&types::auth::ExportedAuthorization { id: user, bytes: given })
}

fn import(call: &mut Call<'_>, p: functions::auth::ImportAuthorization) -> Outcome {
    if call.world.accounts.get(p.id).is_none() {
        return Err(RpcError::bad_request("USER_ID_INVALID"));
    }
    let invalid = RpcError::bad_request("AUTH_BYTES_INVALID");
    let number = p.bytes.first_chunk().map(|bytes| i64::from_le_bytes(*bytes));
    let export = number.and_then(|number| call.world.exports.by_number.remove(&number));
    let export = export.ok_or(invalid.clone())?;
    let right = bool::from(export.bytes.as_slice().ct_eq(&p.bytes));
    let still_there = call.world.keys.authorization(export.key).is_some_and(|a| a.user == Some(export.user));
    let fits = export.user == p.id && export.dc == call.caller.dc && export.expires > call.now;
    if !(right && still_there && fits) {
        return Err(invalid);
    }
    let authorization = login::log_in(call, export.user)?;
    let key = call.permanent_key()?;
    call.world.authorize(key, |a| a.parent = Some(export.key));
    Ok(Answer::Now(authorization))
}
