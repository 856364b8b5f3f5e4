//! Getting rid of a forgotten password without its recovery address, after some days (SR-4).

use crate::tl::{enums, functions, types};

use super::settings::Change;
use crate::server::{
    call::{Call, Method, Outcome, answer, method},
    rpc_error::RpcError,
};

pub(in crate::server) const METHODS: &[Method] = &[
    method!(User, account::ResetPassword => reset),
    method!(User, account::DeclinePasswordReset => decline),
];

fn reset(call: &mut Call<'_>, _: functions::account::ResetPassword) -> Outcome {
    let (user, now) = (call.user_id()?, call.now);
    let account = call.user()?;
    if account.password.is_none() {
        return Err(RpcError::bad_request("PASSWORD_EMPTY"));
    }
    let date = |seconds: i64| i32::try_from(seconds).unwrap_or(i32::MAX);
    let (asked, retry) = (account.security.password_reset, account.security.password_reset_retry);
    if asked.is_none()
        && let Some(retry) = retry.filter(|retry| *retry > now)
    {
        let retry_date = date(retry);
        return answer(&enums::account::ResetPasswordResult::ResetPasswordFailedWait(
            types::account::ResetPasswordFailedWait { retry_date },
        ));
    }
    let due = asked.unwrap_or_else(|| now.saturating_add(call.world.scenario.password_reset_wait));
    if due > now {
        call.world.change_account(user, |account| account.security.password_reset = Some(due));
        let until_date = date(due);
        return answer(&enums::account::ResetPasswordResult::ResetPasswordRequestedWait(
            types::account::ResetPasswordRequestedWait { until_date },
        ));
    }
    call.world.change_account(user, |account| Change::Remove.apply(account));
    answer(&enums::account::ResetPasswordResult::ResetPasswordOk)
}

fn decline(call: &mut Call<'_>, _: functions::account::DeclinePasswordReset) -> Outcome {
    let user = call.user_id()?;
    if call.user()?.security.password_reset.is_none() {
        return Err(RpcError::bad_request("RESET_REQUEST_MISSING"));
    }
    let retry = call.now.saturating_add(call.world.scenario.password_reset_wait);
    call.world.change_account(user, |account| {
        let security = &mut account.security;
        (security.password_reset, security.password_reset_retry) = (None, Some(retry));
    });
    answer(&true)
}
