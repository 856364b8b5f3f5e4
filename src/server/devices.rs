//! The sessions of an account: the list, and ending others.

use crate::{
    crypto::hash,
    tl::{Bytes, Str, functions, types},
};

use super::{
    Event,
    call::{Audience, Call, Method, Outcome, Push, answer, method},
    keys::{Authorization, KeyEntry},
    rpc_error::RpcError,
    sessions::UPDATES_TOO_LONG,
};

/// Days that a session may be idle: bounds of `account.setAuthorizationTTL`.
const TTL_DAYS: std::ops::RangeInclusive<i32> = 1..=366;

pub(super) const METHODS: &[Method] = &[
    method!(User, account::GetAuthorizations => list),
    method!(User, account::ResetAuthorization => end_one),
    method!(User, auth::ResetAuthorizations => end_others),
    method!(User, account::SetAuthorizationTtl => set_ttl),
    method!(User, account::ChangeAuthorizationSettings => change_settings),
];

/// What names a session to the others of its user: it follows from the key, which it does not give away.
fn session_hash(entry: &KeyEntry) -> i64 {
    let digest = hash::sha256(&[b"session hash", entry.key.as_bytes()]);
    let hash = digest.first_chunk().map_or(1, |bytes| i64::from_le_bytes(*bytes));
    // Zero is the caller's own.
    if hash == 0 { 1 } else { hash }
}

/// The permanent keys of a user's logins, finished or not, without those that were only taken to another DC.
fn keys_of(call: &Call<'_>, user: i64) -> Vec<i64> {
    let belongs = |a: &Authorization| a.parent.is_none() && a.user.or(a.awaiting_password) == Some(user);
    call.world.keys.iter().filter(|(_, a)| belongs(a)).map(|(entry, _)| entry.key.id()).collect()
}

/// The key behind a hash; zero is the caller's own.
fn find(call: &Call<'_>, session: i64) -> Result<i64, RpcError> {
    let own = call.permanent_key()?;
    if session == 0 {
        return Ok(own);
    }
    let user = call.user_id()?;
    let is = |key: &i64| call.world.keys.entry(*key).is_some_and(|entry| session_hash(entry) == session);
    keys_of(call, user).into_iter().find(is).ok_or(RpcError::bad_request("HASH_INVALID"))
}

/// How a login is shown in the list.
pub(super) fn describe(call: &Call<'_>, key: i64) -> Option<types::Authorization> {
    let (entry, a) = (call.world.keys.entry(key)?, call.world.keys.authorization(key)?);
    let seen = call.world.keys.seen(key);
    let current = call.permanent_key() == Ok(key);
    let date = |seconds: i64| i32::try_from(seconds).unwrap_or(i32::MAX);
    // A login that waits for its password has not begun yet.
    let begun = if a.since == 0 { seen.at } else { a.since };
    Some(types::Authorization {
        current,
        password_pending: a.awaiting_password.is_some(),
        encrypted_requests_disabled: a.no_secret_chats,
        call_requests_disabled: a.no_calls,
        hash: if current { 0 } else { session_hash(entry) },
        device_model: a.device.model.clone().into(),
        system_version: a.device.system.clone().into(),
        api_id: a.device.api_id,
        app_name: Str::from(format!("App {}", a.device.api_id)),
        app_version: a.device.app.clone().into(),
        date_created: date(begun),
        date_active: date(seen.at.max(begun)),
        ip: seen.ip.map(|ip| ip.to_string()).unwrap_or_default().into(),
        ..Default::default()
    })
}

fn list(call: &mut Call<'_>, _: functions::account::GetAuthorizations) -> Outcome {
    let user = call.user()?;
    let ttl = user.security.ttl_days;
    let mut authorizations: Vec<_> =
        keys_of(call, user.id).into_iter().filter_map(|key| describe(call, key)).collect();
    authorizations.sort_by_key(|a| (!a.current, std::cmp::Reverse(a.date_active), a.hash));
    answer(&types::account::Authorizations { authorization_ttl_days: ttl, authorizations })
}

/// Fails as long as the caller's own session is too young to end others.
fn not_fresh(call: &Call<'_>) -> Result<(), RpcError> {
    let key = call.permanent_key()?;
    let since = call.world.keys.authorization(key).map_or(0, |a| a.since);
    if since.saturating_add(call.world.scenario.fresh_session_wait) > call.now {
        return Err(RpcError::not_acceptable("FRESH_RESET_AUTHORISATION_FORBIDDEN"));
    }
    Ok(())
}

/// Makes the sessions of a key ask for what they have missed, so that they find out that their login is over.
pub(super) fn wake(call: &mut Call<'_>, key: i64) {
    let body = Bytes::from_static(&UPDATES_TOO_LONG);
    call.pushes.push(Push { to: Audience::Key(key), except: None, body });
}

fn end(call: &mut Call<'_>, key: i64, user_id: i64) {
    for key in call.world.keys.with_children(key) {
        call.world.authorize(key, |a| (a.user, a.awaiting_password, a.revoked) = (None, None, true));
        wake(call, key);
    }
    call.world.emit(Event::AuthorizationEnded { user_id });
}

fn end_one(call: &mut Call<'_>, p: functions::account::ResetAuthorization) -> Outcome {
    let (user, own) = (call.user_id()?, call.permanent_key()?);
    let key = find(call, p.hash)?;
    if key == own {
        return Err(RpcError::bad_request("HASH_INVALID"));
    }
    not_fresh(call)?;
    end(call, key, user);
    answer(&true)
}

fn end_others(call: &mut Call<'_>, _: functions::auth::ResetAuthorizations) -> Outcome {
    let (user, own) = (call.user_id()?, call.permanent_key()?);
    not_fresh(call)?;
    for key in keys_of(call, user).into_iter().filter(|key| *key != own) {
        end(call, key, user);
    }
    answer(&true)
}

fn set_ttl(call: &mut Call<'_>, p: functions::account::SetAuthorizationTtl) -> Outcome {
    let days = p.authorization_ttl_days;
    if !TTL_DAYS.contains(&days) {
        return Err(RpcError::bad_request("TTL_DAYS_INVALID"));
    }
    not_fresh(call)?;
    let user = call.user_id()?;
    call.world.change_account(user, |account| account.security.ttl_days = days);
    answer(&true)
}

fn change_settings(call: &mut Call<'_>, p: functions::account::ChangeAuthorizationSettings) -> Outcome {
    let key = find(call, p.hash)?;
    call.world.authorize(key, |a| {
        a.no_secret_chats = p.encrypted_requests_disabled.unwrap_or(a.no_secret_chats);
        a.no_calls = p.call_requests_disabled.unwrap_or(a.no_calls);
    });
    answer(&true)
}
