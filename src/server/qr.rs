//! Logging in by a QR code: one session shows a token, another one accepts it (AU-9).

use std::collections::{HashMap, VecDeque};

use rand::Rng;

use crate::tl::{Bytes, Constructor, Writer, enums, functions, types};

use super::{
    call::{Audience, Call, Method, Outcome, Push, answer, encode, method, written},
    devices, login,
    phone::check_api,
    rpc_error::RpcError,
};

/// Bytes of a token.
const LENGTH: usize = 32;

/// How long an accepted token waits for its session, seconds, at least.
const ACCEPTED: i64 = 60;

/// How long an old token is remembered, so that it can be called old, seconds.
const REMEMBERED: i64 = 300;

/// Tokens at one time; the oldest goes when one more is made.
const MAX_TOKENS: usize = 10_000;

/// Most users that one token may be closed to.
const MAX_EXCEPT: usize = 100;

pub(super) const METHODS: &[Method] = &[
    method!(Key, auth::ExportLoginToken => export),
    method!(Key, auth::ImportLoginToken => import),
    method!(Home, auth::AcceptLoginToken => accept),
];

type Token = [u8; LENGTH];

/// Login tokens. They live for half a minute and in memory only.
#[derive(Default)]
pub(super) struct LoginTokens {
    by_token: HashMap<Token, Shown>,
    order: VecDeque<Token>,
    /// The last accepted token of each key that waits.
    accepted: HashMap<i64, Token>,
}

/// A token that a session shows.
struct Shown {
    /// The permanent key of the session.
    key: i64,
    /// Users who may not accept it: they are logged in there already.
    except: Vec<i64>,
    expires: i64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Shown,
    Accepted(i64),
    Used,
}

impl LoginTokens {
    fn insert(&mut self, token: Token, shown: Shown, now: i64) {
        while let Some(oldest) = self.order.front()
            && (self.order.len() >= MAX_TOKENS
                || self.by_token.get(oldest).is_none_or(|s| s.expires.saturating_add(REMEMBERED) <= now))
            && let Some(oldest) = self.order.pop_front()
        {
            if let Some(gone) = self.by_token.remove(&oldest)
                && self.accepted.get(&gone.key) == Some(&oldest)
            {
                self.accepted.remove(&gone.key);
            }
        }
        self.order.push_back(token);
        self.by_token.insert(token, shown);
    }

    /// The token that was accepted for a key, and by whom.
    fn accepted_for(&self, key: i64, now: i64) -> Option<(Token, i64)> {
        let token = *self.accepted.get(&key)?;
        match self.by_token.get(&token).filter(|shown| shown.expires > now)?.state {
            State::Accepted(user) => Some((token, user)),
            State::Shown | State::Used => None,
        }
    }

    fn use_up(&mut self, token: &Token) {
        if let Some(shown) = self.by_token.get_mut(token) {
            shown.state = State::Used;
            self.accepted.remove(&shown.key);
        }
    }
}

fn export(call: &mut Call<'_>, p: functions::auth::ExportLoginToken) -> Outcome {
    check_api(p.api_id, &p.api_hash)?;
    if p.except_ids.len() > MAX_EXCEPT {
        return Err(RpcError::bad_request("LIMIT_INVALID"));
    }
    let key = call.permanent_key()?;
    if let Some((token, user)) = call.world.login_tokens.accepted_for(key, call.now) {
        return log_in(call, &token, user);
    }
    let mut token = [0; LENGTH];
    call.world.rng.fill_bytes(&mut token);
    let expires = call.now.saturating_add(call.world.scenario.qr_lifetime);
    let shown = Shown { key, except: p.except_ids, expires, state: State::Shown };
    call.world.login_tokens.insert(token, shown, call.now);
    answer(&enums::auth::LoginToken::LoginToken(types::auth::LoginToken {
        expires: i32::try_from(expires).unwrap_or(i32::MAX),
        token: Bytes::copy_from_slice(&token),
    }))
}

/// Logs the caller in with a token that `user` has accepted, if this is the user's home.
fn log_in(call: &mut Call<'_>, token: &Token, user: i64) -> Outcome {
    let account = call.world.accounts.get(user).ok_or(RpcError::bad_request("AUTH_TOKEN_INVALID"))?;
    let (home, protected) = (account.dc, account.password.is_some());
    if home != call.caller.dc {
        return answer(&enums::auth::LoginToken::MigrateTo(types::auth::LoginTokenMigrateTo {
            dc_id: home,
            token: Bytes::copy_from_slice(token),
        }));
    }
    call.world.login_tokens.use_up(token);
    if protected {
        return Err(login::ask_password(call, user));
    }
    let authorization = login::log_in(call, user)?;
    written(|w: &mut Writer| {
        w.u32(types::auth::LoginTokenSuccess::ID);
        w.raw(&authorization);
    })
}

/// The second half of a login whose user is at home at another DC than the one where the token was shown.
fn import(call: &mut Call<'_>, p: functions::auth::ImportLoginToken) -> Outcome {
    let token: Token = p.token[..].try_into().map_err(|_| RpcError::bad_request("AUTH_TOKEN_INVALIDX"))?;
    let invalid = RpcError::bad_request("AUTH_TOKEN_INVALID");
    let shown = call.world.login_tokens.by_token.get(&token).ok_or(invalid.clone())?;
    match shown.state {
        State::Used => Err(RpcError::bad_request("AUTH_TOKEN_ALREADY_ACCEPTED")),
        _ if shown.expires <= call.now => Err(RpcError::bad_request("AUTH_TOKEN_EXPIRED")),
        State::Shown => Err(invalid),
        State::Accepted(user) => log_in(call, &token, user),
    }
}

fn accept(call: &mut Call<'_>, p: functions::auth::AcceptLoginToken) -> Outcome {
    let user = call.user()?;
    if user.is_bot() {
        return Err(RpcError::bad_request("BOT_METHOD_INVALID"));
    }
    let user = user.id;
    let now = call.now;
    let invalid = RpcError::bad_request("AUTH_TOKEN_INVALIDX");
    let token: Token = p.token[..].try_into().map_err(|_| invalid.clone())?;
    let tokens = &mut call.world.login_tokens;
    let shown = tokens.by_token.get_mut(&token).ok_or(invalid.clone())?;
    if shown.state != State::Shown {
        return Err(RpcError::bad_request("AUTH_TOKEN_ALREADY_ACCEPTED"));
    }
    if shown.expires <= now {
        return Err(RpcError::bad_request("AUTH_TOKEN_EXPIRED"));
    }
    if shown.except.contains(&user) {
        return Err(RpcError::bad_request("AUTH_TOKEN_EXCEPTION"));
    }
    shown.state = State::Accepted(user);
    shown.expires = shown.expires.max(now.saturating_add(ACCEPTED));
    let key = shown.key;
    tokens.accepted.insert(key, token);
    let update = types::UpdateShort { update: enums::Update::LoginToken, date: call.date() };
    let body = encode(&enums::Updates::UpdateShort(Box::new(update)))?;
    call.pushes.push(Push { to: Audience::Key(key), except: None, body });
    // The other session may have gone in the meantime; then there is nothing to show of it.
    answer(&devices::describe(call, key).ok_or(invalid)?)
}
