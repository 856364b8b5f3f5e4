//! The e-mail address to which login codes are sent: setting it up, changing it, getting rid of it (AU-2, AU-3).

use crate::tl::{Constructor, Str, Writer, enums, functions, types};

use super::{
    call::{Answer, Call, Method, Outcome, answer, method, written},
    email::{self, EmailCode},
    event::EmailPurpose,
    phone::{pending, valid_phone},
    rpc_error::RpcError,
    sent_code,
    via::Via,
};

pub(super) const METHODS: &[Method] = &[
    method!(Key, account::SendVerifyEmailCode => send_verify_email_code),
    method!(Key, account::VerifyEmail => verify_email),
    method!(Key, auth::ResetLoginEmail => reset_login_email),
];

fn send_verify_email_code(call: &mut Call<'_>, p: functions::account::SendVerifyEmailCode) -> Outcome {
    let address = email::valid(&p.email).ok_or(RpcError::bad_request("EMAIL_INVALID"));
    let sent = match p.purpose {
        enums::EmailVerifyPurpose::LoginSetup(setup) => {
            let phone = valid_phone(call, &setup.phone_number)?;
            let hash = &*setup.phone_code_hash;
            if hash.is_empty() {
                return Err(RpcError::bad_request("PHONE_CODE_EMPTY"));
            }
            let expired = RpcError::bad_request("PHONE_HASH_EXPIRED");
            if pending(call, &phone, hash).map_err(|_| expired)?.via != Via::EmailSetup {
                return Err(RpcError::bad_request("EMAIL_NOT_ALLOWED"));
            }
            let code = EmailCode::send(call, &phone, address?, EmailPurpose::LoginSetup);
            let sent = sent_email_code(&code);
            call.world.change_code(hash, &phone, call.now, |pending| pending.setup = Some(code));
            sent
        }
        enums::EmailVerifyPurpose::LoginChange => {
            if call.user()?.security.login_email.is_none() {
                return Err(RpcError::bad_request("EMAIL_NOT_SETUP"));
            }
            check_user_address(call, address?, EmailPurpose::LoginChange)?
        }
        enums::EmailVerifyPurpose::Passport => {
            call.user()?;
            check_user_address(call, address?, EmailPurpose::Passport)?
        }
    };
    answer(&sent)
}

fn sent_email_code(code: &EmailCode) -> types::account::SentEmailCode {
    types::account::SentEmailCode { email_pattern: email::pattern(&code.email).into(), length: code.length() }
}

fn check_user_address(
    call: &mut Call<'_>,
    address: &str,
    purpose: EmailPurpose,
) -> Result<types::account::SentEmailCode, RpcError> {
    let account = call.user()?;
    let (user, phone) = (account.id, account.phone.clone().unwrap_or_default());
    let code = EmailCode::send(call, &phone, address, purpose);
    let sent = sent_email_code(&code);
    call.world.change_account(user, |account| account.security.email_check = Some(code));
    Ok(sent)
}

fn verify_email(call: &mut Call<'_>, p: functions::account::VerifyEmail) -> Outcome {
    // Whether a token of Google's or Apple's is right nobody can say here.
    let given = match p.verification {
        enums::EmailVerification::Code(code) => Ok(code.code),
        enums::EmailVerification::Google(_) | enums::EmailVerification::Apple(_) => {
            Err(RpcError::bad_request("EMAIL_NOT_ALLOWED"))
        }
    };
    match p.purpose {
        enums::EmailVerifyPurpose::LoginSetup(setup) => {
            let phone = valid_phone(call, &setup.phone_number)?;
            verify_login_address(call, phone, &setup.phone_code_hash, &given?)
        }
        enums::EmailVerifyPurpose::LoginChange => {
            let address = verify_user_address(call, EmailPurpose::LoginChange, &given?)?;
            let user = call.user_id()?;
            let taken = Some(address.clone());
            call.world.change_account(user, |account| account.security.take_over(taken, None));
            verified(address)
        }
        enums::EmailVerifyPurpose::Passport => {
            verified(verify_user_address(call, EmailPurpose::Passport, &given?)?)
        }
    }
}

fn verified(email: String) -> Outcome {
    let email = Str::from(email);
    answer(&enums::account::EmailVerified::EmailVerified(types::account::EmailVerified { email }))
}

/// The address is the user's: the login goes on with it.
fn verify_login_address(call: &mut Call<'_>, phone: String, hash: &str, given: &str) -> Outcome {
    let now = call.now;
    let mut result = Err(RpcError::bad_request("EMAIL_VERIFY_EXPIRED"));
    pending(call, &phone, hash)?;
    call.world.change_code(hash, &phone, now, |pending| {
        if let Some(code) = &mut pending.setup {
            let checked = code.check(given, now).map_err(|e| e.into_error("EMAIL_VERIFY_EXPIRED"));
            result = checked.map(|()| (code.email.clone(), pending.rest.clone()));
        }
    });
    let (address, ways) = result?;
    call.world.drop_code(hash);
    let sent = sent_code::send(call, phone, ways, Some(address.clone()))?;
    written(|w: &mut Writer| {
        w.u32(types::account::EmailVerifiedLogin::ID);
        w.string(&address);
        w.raw(&sent);
    })
}

fn verify_user_address(call: &mut Call<'_>, purpose: EmailPurpose, given: &str) -> Result<String, RpcError> {
    let (user, now) = (call.user_id()?, call.now);
    let mut result = Err(RpcError::bad_request("EMAIL_VERIFY_EXPIRED"));
    call.world.change_account(user, |account| {
        let check = &mut account.security.email_check;
        if let Some(code) = check.as_mut().filter(|code| code.purpose == purpose) {
            let checked = code.check(given, now).map_err(|e| e.into_error("EMAIL_VERIFY_EXPIRED"));
            result = checked.map(|()| code.email.clone());
        }
        if result.is_ok() {
            *check = None;
        }
    });
    result
}

/// Without the mailbox there is no code: the address goes, at once or after some days, and codes come by SMS.
fn reset_login_email(call: &mut Call<'_>, p: functions::auth::ResetLoginEmail) -> Outcome {
    let phone = valid_phone(call, &p.phone_number)?;
    let hash = &*p.phone_code_hash;
    let pending = pending(call, &phone, hash)?;
    let (via, mut ways) = (pending.via, pending.rest.clone());
    if via != Via::Email {
        return Err(RpcError::bad_request("EMAIL_INSTALL_MISSING"));
    }
    let user = call.world.accounts.by_phone(&phone).map(|account| account.id);
    let reset = user.and_then(|id| call.world.accounts.get(id)?.security.login_email_reset);
    let due = match reset {
        Some(due) => due,
        None => call.now.saturating_add(sent_code::email_reset_wait(call, &phone)),
    };
    if due > call.now {
        if reset.is_some() || user.is_none() {
            return Err(RpcError::bad_request("TASK_ALREADY_EXISTS"));
        }
        ways.insert(0, Via::Email);
    } else if ways.is_empty() {
        ways.push(Via::Sms);
    }
    if let Some(user) = user {
        let now = call.now;
        call.world.change_account(user, |account| {
            let security = &mut account.security;
            if due > now {
                security.login_email_reset = Some(due);
            } else {
                (security.login_email, security.login_email_reset) = (None, None);
            }
        });
    }
    call.world.drop_code(hash);
    sent_code::send(call, phone, ways, None).map(Answer::Now)
}
