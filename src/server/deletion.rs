//! Deleting an account, also by somebody who has the number but not the password.

use crate::tl::{Bytes, functions};

use super::{
    call::{Answer, Call, Method, Outcome, encode, method},
    devices, password,
    rpc_error::RpcError,
};

pub(super) const METHODS: &[Method] = &[method!(Key, account::DeleteAccount => delete_account)];

/// In reality an account with a password that is not given goes after a week (`2FA_CONFIRM_WAIT_n`); here it does
/// so at once unless the scenario refuses it.
fn delete_account(call: &mut Call<'_>, p: functions::account::DeleteAccount) -> Outcome {
    let user = call.subject()?;
    match p.password {
        Some(proof) => password::proven(call, user, proof, move |call| delete(call, user)),
        None => delete(call, user).map(Answer::Now),
    }
}

fn delete(call: &mut Call<'_>, user: i64) -> Result<Bytes, RpcError> {
    let key = call.permanent_key()?;
    let others = call.world.keys.of_user(user);
    call.world.authorize(key, |a| (a.user, a.awaiting_password) = (None, None));
    call.world.delete_account(user);
    for other in others.into_iter().filter(|other| *other != key) {
        devices::wake(call, other);
    }
    encode(&true)
}
