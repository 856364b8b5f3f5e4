//! Asking for a code, for another way to get it, and calling it off (AU-1 to AU-3).

use crate::tl::{Constructor, Reader, functions};

use super::{
    call::{Answer, Call, Method, Needs, Outcome, answer, method},
    logout,
    phone::{check_api, pending, valid_phone},
    rpc_error::RpcError,
    sent_code,
    via::Via,
};

/// `auth.resendCode`; before layer 174 it had no `reason`, and so no flags.
const RESEND_CODE: &[u32] = &[functions::auth::ResendCode::ID, 0x3ef1_a9bf];

/// `auth.requestFirebaseSms`; the form of older layers has no `play_integrity_token`.
const REQUEST_FIREBASE_SMS: &[u32] = &[functions::auth::RequestFirebaseSms::ID, 0x8946_4b50];

pub(super) const METHODS: &[Method] = &[
    method!(Key, auth::SendCode => send_code),
    Method { ids: RESEND_CODE, name: "auth.resendCode", needs: Needs::Key, run: resend_code },
    method!(Key, auth::CancelCode => cancel_code),
    method!(Key, auth::ReportMissingCode => report_missing_code),
    Method {
        ids: REQUEST_FIREBASE_SMS,
        name: "auth.requestFirebaseSms",
        needs: Needs::Key,
        run: request_firebase_sms,
    },
    method!(Key, auth::CheckPaidAuth => check_paid_auth),
];

fn send_code(call: &mut Call<'_>, p: functions::auth::SendCode) -> Outcome {
    check_api(p.api_id, &p.api_hash)?;
    let phone = valid_phone(call, &p.phone_number)?;
    if call.world.policy.banned.contains(&phone) {
        return Err(RpcError::bad_request("PHONE_NUMBER_BANNED"));
    }
    if let Some(seconds) = call.world.policy.flood_wait.get(&phone) {
        return Err(RpcError::flood_wait(*seconds));
    }
    let tokens = p.settings.logout_tokens.unwrap_or_default();
    if let Some(authorization) = logout::log_in_again(call, &phone, &tokens)? {
        return Ok(Answer::Now(authorization));
    }
    forget_email_that_is_due(call, &phone);
    let ways = sent_code::ways(call, &phone);
    sent_code::send(call, phone, ways, None).map(Answer::Now)
}

/// Takes the login e-mail from an account whose reset of it has had its time.
fn forget_email_that_is_due(call: &mut Call<'_>, phone: &str) {
    let Some(account) = call.world.accounts.by_phone(phone) else { return };
    if account.security.login_email_reset.is_some_and(|due| due <= call.now) {
        let id = account.id;
        call.world.change_account(id, |account| {
            (account.security.login_email, account.security.login_email_reset) = (None, None);
        });
    }
}

fn resend_code(call: &mut Call<'_>, reader: &mut Reader) -> Outcome {
    let flags = if reader.u32() == functions::auth::ResendCode::ID { reader.u32() } else { 0 };
    let [phone, hash] = std::array::from_fn(|_| reader.string());
    let _reason = (flags & 1 != 0).then(|| reader.string());
    reader.check()?;
    let phone = valid_phone(call, &phone)?;
    let now = call.now;
    let pending = pending(call, &phone, &hash)?;
    if pending.via == Via::EmailSetup {
        return Err(RpcError::bad_request("EMAIL_INSTALL_MISSING"));
    }
    if pending.via == Via::PaymentRequired || pending.rest.is_empty() {
        return Err(RpcError::not_acceptable("SEND_CODE_UNAVAILABLE"));
    }
    if let Some(left) = pending.resend_at.map(|at| at.saturating_sub(now)).filter(|left| *left > 0) {
        return Err(RpcError::flood_wait(u32::try_from(left).unwrap_or(u32::MAX)));
    }
    go_on(call, phone, &hash)
}

/// Sends the next code in the place of this one.
fn go_on(call: &mut Call<'_>, phone: String, hash: &str) -> Outcome {
    let pending = pending(call, &phone, hash)?;
    let (ways, email) = (std::mem::take(&mut pending.rest), pending.email.take());
    call.world.drop_code(hash);
    sent_code::send(call, phone, ways, email).map(Answer::Now)
}

fn cancel_code(call: &mut Call<'_>, p: functions::auth::CancelCode) -> Outcome {
    let phone = valid_phone(call, &p.phone_number)?;
    if call.world.codes.get(&p.phone_code_hash, &phone, call.now).is_none() {
        return Err(RpcError::bad_request("PHONE_CODE_EXPIRED"));
    }
    call.world.drop_code(&p.phone_code_hash);
    answer(&true)
}

fn report_missing_code(call: &mut Call<'_>, p: functions::auth::ReportMissingCode) -> Outcome {
    let phone = valid_phone(call, &p.phone_number)?;
    pending(call, &phone, &p.phone_code_hash)?;
    answer(&true)
}

/// There is no Google and no Apple here to ask whether a token is right, so none is: clients go on with
/// `auth.resendCode`.
fn request_firebase_sms(call: &mut Call<'_>, reader: &mut Reader) -> Outcome {
    let newest = reader.u32() == functions::auth::RequestFirebaseSms::ID;
    let flags = reader.u32();
    let [phone, hash] = std::array::from_fn(|_| reader.string());
    let tokens = if newest { [0, 2, 1].as_slice() } else { [0, 1].as_slice() };
    for bit in tokens {
        let _token = (flags >> bit & 1 != 0).then(|| reader.string());
    }
    reader.check()?;
    let phone = valid_phone(call, &phone)?;
    if hash.is_empty() {
        return Err(RpcError::bad_request("PHONE_CODE_EMPTY"));
    }
    if pending(call, &phone, &hash)?.via != Via::Firebase {
        return Err(RpcError::bad_request("PHONE_CODE_INVALID"));
    }
    answer(&false)
}

/// A form that is not zero counts as paid.
fn check_paid_auth(call: &mut Call<'_>, p: functions::auth::CheckPaidAuth) -> Outcome {
    let phone = valid_phone(call, &p.phone_number)?;
    let hash = &*p.phone_code_hash;
    let pending = pending(call, &phone, hash)?;
    if pending.via != Via::PaymentRequired {
        return Err(RpcError::bad_request("PHONE_CODE_INVALID"));
    }
    if p.form_id == 0 {
        pending.rest.insert(0, Via::PaymentRequired);
    }
    go_on(call, phone, hash)
}
