//! The recovery address: confirming it, and getting rid of a forgotten password with it (SR-4).

use crate::tl::{functions, types};

use super::settings::Change;
use crate::server::{
    call::{Answer, Call, Method, Outcome, answer, method},
    email::{self, EmailCode, Refused},
    event::EmailPurpose,
    login,
    rpc_error::RpcError,
};

pub(in crate::server) const METHODS: &[Method] = &[
    method!(User, account::ConfirmPasswordEmail => confirm),
    method!(User, account::ResendPasswordEmail => resend),
    method!(User, account::CancelPasswordEmail => cancel),
    method!(Key, auth::RequestPasswordRecovery => request),
    method!(Key, auth::CheckRecoveryPassword => check),
    method!(Key, auth::RecoverPassword => recover),
];

fn expired() -> RpcError {
    RpcError::bad_request("EMAIL_HASH_EXPIRED")
}

fn confirm(call: &mut Call<'_>, p: functions::account::ConfirmPasswordEmail) -> Outcome {
    let (user, now) = (call.user_id()?, call.now);
    let mut result = Err(expired());
    call.world.change_account(user, |account| {
        let Some(mut unconfirmed) = account.security.unconfirmed.take() else { return };
        result = unconfirmed.code.check(&p.code, now).map_err(|e| e.into_error("EMAIL_HASH_EXPIRED"));
        if result.is_err() {
            account.security.unconfirmed = Some(unconfirmed);
            return;
        }
        account.security.recovery_email = Some(unconfirmed.code.email);
        unconfirmed.password.map_or(Change::Nothing, Change::Set).apply(account);
    });
    result.and_then(|()| answer(&true))
}

fn resend(call: &mut Call<'_>, _: functions::account::ResendPasswordEmail) -> Outcome {
    let user = call.user_id()?;
    let account = call.user()?;
    let phone = account.phone.clone().unwrap_or_default();
    let mut unconfirmed = account.security.unconfirmed.clone().ok_or(expired())?;
    let address = unconfirmed.code.email.clone();
    unconfirmed.code = EmailCode::send(call, &phone, &address, EmailPurpose::PasswordSetup);
    call.world.change_account(user, |account| account.security.unconfirmed = Some(unconfirmed));
    answer(&true)
}

fn cancel(call: &mut Call<'_>, _: functions::account::CancelPasswordEmail) -> Outcome {
    let user = call.user_id()?;
    if call.user()?.security.unconfirmed.is_none() {
        return Err(expired());
    }
    call.world.change_account(user, |account| account.security.unconfirmed = None);
    answer(&true)
}

fn request(call: &mut Call<'_>, _: functions::auth::RequestPasswordRecovery) -> Outcome {
    let user = call.subject()?;
    let account = call.world.accounts.get(user).filter(|account| account.password.is_some());
    let account = account.ok_or(RpcError::bad_request("PASSWORD_EMPTY"))?;
    let phone = account.phone.clone().unwrap_or_default();
    let address = account.security.recovery_email.clone();
    let address = address.ok_or(RpcError::bad_request("PASSWORD_RECOVERY_NA"))?;
    let code = EmailCode::send(call, &phone, &address, EmailPurpose::PasswordRecovery);
    call.world.change_account(user, |account| account.security.recovery = Some(code));
    answer(&types::auth::PasswordRecovery { email_pattern: email::pattern(&address).into() })
}

/// Whether the code is the one that was sent; a wrong one counts.
fn check_code(call: &mut Call<'_>, user: i64, code: &str) -> Result<(), RpcError> {
    if code.trim().is_empty() {
        return Err(RpcError::bad_request("CODE_EMPTY"));
    }
    let now = call.now;
    let mut result = Err(Refused::Expired);
    call.world.change_account(user, |account| {
        if let Some(sent) = &mut account.security.recovery {
            result = sent.check(code, now);
        }
    });
    result.map_err(|e| e.into_error("PASSWORD_RECOVERY_EXPIRED"))
}

fn check(call: &mut Call<'_>, p: functions::auth::CheckRecoveryPassword) -> Outcome {
    let user = call.subject()?;
    check_code(call, user, &p.code)?;
    answer(&true)
}

/// Without new settings two-step verification goes.
fn recover(call: &mut Call<'_>, p: functions::auth::RecoverPassword) -> Outcome {
    let user = call.subject()?;
    let change = match &p.new_settings {
        Some(settings) => match Change::read(call, user, settings)? {
            Change::Nothing => return Err(RpcError::bad_request("NEW_SETTINGS_INVALID")),
            change => change,
        },
        None => Change::Remove,
    };
    check_code(call, user, &p.code)?;
    call.world.change_account(user, |account| change.apply(account));
    login::log_in(call, user).map(Answer::Now)
}
