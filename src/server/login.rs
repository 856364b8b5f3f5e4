//! Logging in and out: codes, sign-up, bots (AU-1 to AU-6).

use rand::Rng;

use crate::tl::{Bytes, Constructor, Reader, Str, Writer, enums, functions, types};

use super::{
    Event,
    account_spec::normalize_phone,
    accounts::{split_token, test_number},
    call::{Answer, Call, Method, Needs, Outcome, answer, method, write_bytes},
    codes::{self, Pending, Refused, Via},
    journal::to_hex,
    rpc_error::RpcError,
    users,
};

/// Seconds until a client may ask for another way to get the code.
const RESEND_AFTER: i32 = 60;

/// Longest name that a user can give himself, characters.
const MAX_NAME: usize = 64;

/// `auth.resendCode`; before layer 174 it had no `reason`, and so no flags.
const RESEND_CODE: &[u32] = &[functions::auth::ResendCode::ID, 0x3ef1_a9bf];

/// `auth.signUp`; before layer 170 it had no `no_joined_notifications`, and so no flags.
const SIGN_UP: &[u32] = &[functions::auth::SignUp::ID, 0x80ee_e427];

pub(super) const METHODS: &[Method] = &[
    method!(Key, auth::SendCode => send_code),
    Method { ids: RESEND_CODE, name: "auth.resendCode", needs: Needs::Key, run: resend_code },
    method!(Key, auth::CancelCode => cancel_code),
    method!(Key, auth::SignIn => sign_in),
    Method { ids: SIGN_UP, name: "auth.signUp", needs: Needs::Key, run: sign_up },
    method!(Key, auth::ImportBotAuthorization => import_bot),
    method!(Login, auth::LogOut => log_out),
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
    // As in reality, an account that is logged in elsewhere gets its code there first.
    let elsewhere = call
        .world
        .accounts
        .by_phone(&phone)
        .is_some_and(|account| test_number(&phone).is_none() && call.world.keys.is_logged_in(account.id));
    issue_code(call, phone, if elsewhere { Via::App } else { Via::Sms })
}

fn resend_code(call: &mut Call<'_>, reader: &mut Reader) -> Outcome {
    let _flags = if reader.u32() == functions::auth::ResendCode::ID { reader.u32() } else { 0 };
    let [phone, hash] = std::array::from_fn(|_| reader.string());
    reader.check()?;
    let phone = valid_phone(call, &phone)?;
    let hash = &*hash;
    if hash.is_empty() {
        return Err(RpcError::bad_request("PHONE_CODE_HASH_EMPTY"));
    }
    let expired = RpcError::bad_request("PHONE_CODE_EXPIRED");
    let via = call.world.codes.get(hash, &phone, call.now).ok_or(expired)?.via;
    let next = via.next().ok_or(RpcError::not_acceptable("SEND_CODE_UNAVAILABLE"))?;
    call.world.drop_code(hash);
    issue_code(call, phone, next)
}

fn issue_code(call: &mut Call<'_>, phone: String, via: Via) -> Outcome {
    let code = match test_number(&phone) {
        Some((_, code)) => code,
        None => call.world.random_digits(codes::LENGTH),
    };
    let mut hash = [0; 9];
    call.world.rng.fill_bytes(&mut hash);
    let hash = to_hex(&hash);
    let expires = call.now.saturating_add(call.world.policy.code_lifetime);
    let pending = Pending::new(phone.clone(), via, code.clone(), expires);
    call.world.put_code(hash.clone(), pending, call.now);
    call.world.emit(Event::Code { phone, code });
    let length = i32::try_from(codes::LENGTH).unwrap_or_default();
    let next_type = via.next().map(|next| match next {
        Via::App | Via::Sms => enums::auth::CodeType::Sms,
        Via::Call => enums::auth::CodeType::Call,
    });
    answer(&types::auth::SentCode {
        r#type: match via {
            Via::App => enums::auth::SentCodeType::App(types::auth::SentCodeTypeApp { length }),
            Via::Sms => enums::auth::SentCodeType::Sms(types::auth::SentCodeTypeSms { length }),
            Via::Call => enums::auth::SentCodeType::Call(types::auth::SentCodeTypeCall { length }),
        },
        phone_code_hash: Str::from(hash),
        timeout: next_type.is_some().then_some(RESEND_AFTER),
        next_type,
    })
}

fn cancel_code(call: &mut Call<'_>, p: functions::auth::CancelCode) -> Outcome {
    let phone = valid_phone(call, &p.phone_number)?;
    if call.world.codes.get(&p.phone_code_hash, &phone, call.now).is_none() {
        return Err(RpcError::bad_request("PHONE_CODE_EXPIRED"));
    }
    call.world.drop_code(&p.phone_code_hash);
    answer(&true)
}

fn sign_in(call: &mut Call<'_>, p: functions::auth::SignIn) -> Outcome {
    let phone = valid_phone(call, &p.phone_number)?;
    let hash = &*p.phone_code_hash;
    if hash.is_empty() {
        return Err(RpcError::bad_request("PHONE_CODE_HASH_EMPTY"));
    }
    let code = p.phone_code.as_deref().map(str::trim).filter(|code| !code.is_empty());
    let code = code.ok_or(RpcError::bad_request("PHONE_CODE_EMPTY"))?;
    call.world.check_code(hash, &phone, code, call.now).map_err(refused)?;
    let Some(account) = call.world.accounts.by_phone(&phone) else {
        return answer(&enums::auth::Authorization::SignUpRequired(
            types::auth::AuthorizationSignUpRequired { terms_of_service: Some(Box::new(terms_of_service())) },
        ));
    };
    let (user, protected) = (account.id, account.password.is_some());
    call.world.drop_code(hash);
    if protected {
        let key = call.permanent_key()?;
        call.world.authorize(key, |a| (a.user, a.awaiting_password) = (None, Some(user)));
        return Err(RpcError::unauthorized("SESSION_PASSWORD_NEEDED"));
    }
    log_in(call, user).map(Answer::Now)
}

fn sign_up(call: &mut Call<'_>, reader: &mut Reader) -> Outcome {
    let _flags = if reader.u32() == functions::auth::SignUp::ID { reader.u32() } else { 0 };
    let [phone, hash, first, last] = std::array::from_fn(|_| reader.string());
    reader.check()?;
    let phone = valid_phone(call, &phone)?;
    let hash = &*hash;
    if hash.is_empty() {
        return Err(RpcError::bad_request("PHONE_CODE_HASH_EMPTY"));
    }
    let expired = RpcError::bad_request("PHONE_CODE_EXPIRED");
    if !call.world.codes.get(hash, &phone, call.now).ok_or(expired)?.verified {
        return Err(RpcError::bad_request("PHONE_CODE_INVALID"));
    }
    if call.world.accounts.by_phone(&phone).is_some() {
        return Err(RpcError::bad_request("PHONE_NUMBER_OCCUPIED"));
    }
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() || first.chars().count() > MAX_NAME {
        return Err(RpcError::bad_request("FIRSTNAME_INVALID"));
    }
    if last.chars().count() > MAX_NAME {
        return Err(RpcError::bad_request("LASTNAME_INVALID"));
    }
    call.world.drop_code(hash);
    let account = call.world.new_account(phone.clone(), first.to_owned(), last.to_owned(), call.caller.dc);
    let user_id = account.id;
    call.world.put_account(account);
    call.world.emit(Event::SignedUp { user_id, phone });
    log_in(call, user_id).map(Answer::Now)
}

fn import_bot(call: &mut Call<'_>, p: functions::auth::ImportBotAuthorization) -> Outcome {
    check_api(p.api_id, &p.api_hash)?;
    let invalid = RpcError::bad_request("ACCESS_TOKEN_INVALID");
    let (id, secret) = split_token(&p.bot_auth_token).ok_or(invalid.clone())?;
    let bot = call.world.accounts.get(id).ok_or(invalid.clone())?;
    let right = bot
        .bot_secret
        .as_ref()
        .is_some_and(|own| bool::from(subtle::ConstantTimeEq::ct_eq(own.as_bytes(), secret.as_bytes())));
    if !right {
        return Err(invalid);
    }
    if bot.dc != call.caller.dc {
        return Err(RpcError::migrate("USER", bot.dc));
    }
    log_in(call, id).map(Answer::Now)
}

fn log_out(call: &mut Call<'_>, _: functions::auth::LogOut) -> Outcome {
    let user_id = call.user_id()?;
    let key = call.permanent_key()?;
    call.world.authorize(key, |a| (a.user, a.awaiting_password) = (None, None));
    call.world.emit(Event::LoggedOut { user_id });
    answer(&types::auth::LoggedOut::default())
}

/// Makes the caller's key that of this user and gives the `auth.authorization` that says so.
pub(super) fn log_in(call: &mut Call<'_>, user: i64) -> Result<Bytes, RpcError> {
    let key = call.permanent_key()?;
    let (dc, now) = (call.caller.dc, call.now);
    call.world.authorize(key, |a| {
        (a.user, a.awaiting_password, a.since) = (Some(user), None, now);
    });
    call.world.emit(Event::SignedIn { user_id: user, dc });
    let account = call.user()?;
    write_bytes(|w: &mut Writer| {
        w.u32(types::auth::Authorization::ID);
        w.u32(0);
        users::write_user(w, call.caller.layer, account, account);
    })
}

/// `api_id` and `api_hash` come from my.telegram.org; here any that could be real will do.
fn check_api(api_id: i32, api_hash: &str) -> Result<(), RpcError> {
    if api_id <= 0 || api_hash.trim().is_empty() {
        Err(RpcError::bad_request("API_ID_INVALID"))
    } else {
        Ok(())
    }
}

/// The digits of a number that is at home at the caller's DC.
fn valid_phone(call: &Call<'_>, phone: &str) -> Result<String, RpcError> {
    let invalid = RpcError::bad_request("PHONE_NUMBER_INVALID");
    let phone = normalize_phone(phone).ok_or(invalid.clone())?;
    match call.world.home_of_phone(&phone).ok_or(invalid)? {
        home if home == call.caller.dc => Ok(phone),
        home => Err(RpcError::migrate("PHONE", home)),
    }
}

fn refused(reason: Refused) -> RpcError {
    RpcError::bad_request(match reason {
        Refused::Expired => "PHONE_CODE_EXPIRED",
        Refused::Wrong => "PHONE_CODE_INVALID",
    })
}

fn terms_of_service() -> types::help::TermsOfService {
    types::help::TermsOfService {
        popup: true,
        id: types::DataJson { data: Str::from_static("{\"id\":\"1\"}") },
        text: Str::from_static(
            "This is a loopback DC for tests. It keeps what you send it on this machine, for as long as its state \
             directory exists.",
        ),
        ..Default::default()
    }
}
