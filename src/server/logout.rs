//! Logging out, and the token that makes the next login on the same device short (AU-6).

use rand::Rng;
use subtle::ConstantTimeEq;

use crate::{
    crypto::hash,
    tl::{Bytes, Constructor, Writer, functions, types},
};

use super::{
    Event,
    call::{Call, Method, Outcome, answer, method, write_bytes},
    login,
    rpc_error::RpcError,
};

/// Tokens that are kept for each account; the oldest goes when one more is given.
const TOKENS: usize = 20;

/// Bytes of a token.
const LENGTH: usize = 32;

pub(super) const METHODS: &[Method] = &[method!(Login, auth::LogOut => log_out)];

fn log_out(call: &mut Call<'_>, _: functions::auth::LogOut) -> Outcome {
    let user_id = call.user_id()?;
    let key = call.permanent_key()?;
    let is_user = !call.user()?.is_bot();
    for key in call.world.keys.with_children(key) {
        call.world.authorize(key, |a| (a.user, a.awaiting_password) = (None, None));
    }
    call.world.emit(Event::LoggedOut { user_id });
    let token = is_user.then(|| give_token(call, user_id));
    answer(&types::auth::LoggedOut { future_auth_token: token })
}

fn give_token(call: &mut Call<'_>, user: i64) -> Bytes {
    let mut token = [0; LENGTH];
    call.world.rng.fill_bytes(&mut token);
    call.world.change_account(user, |account| {
        let tokens = &mut account.security.logout_tokens;
        tokens.push_back(hash::sha256(&[&token]));
        while tokens.len() > TOKENS {
            tokens.pop_front();
        }
    });
    Bytes::copy_from_slice(&token)
}

/// Logs in without a code if one of these tokens belongs to the number's account; the token is used up. Gives the
/// boxed `auth.sentCodeSuccess`.
pub(super) fn log_in_again(
    call: &mut Call<'_>,
    phone: &str,
    tokens: &[Bytes],
) -> Result<Option<Bytes>, RpcError> {
    let Some(account) = call.world.accounts.by_phone(phone) else { return Ok(None) };
    let given: Vec<_> = tokens.iter().take(TOKENS).map(|token| hash::sha256(&[token])).collect();
    let known = |own: &[u8; 32]| given.iter().any(|token| bool::from(token.ct_eq(own)));
    let Some(used) = account.security.logout_tokens.iter().copied().find(known) else { return Ok(None) };
    let (user, protected) = (account.id, account.password.is_some());
    call.world.change_account(user, |account| account.security.logout_tokens.retain(|own| *own != used));
    if protected {
        return Err(login::ask_password(call, user));
    }
    let authorization = login::log_in(call, user)?;
    let success = write_bytes(|w: &mut Writer| {
        w.u32(types::auth::SentCodeSuccess::ID);
        w.raw(&authorization);
    });
    success.map(Some)
}
