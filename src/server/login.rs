//! Logging in with the code, signing up, and bots (AU-4, AU-5).

use crate::tl::{Bytes, Constructor, Reader, Str, Writer, enums, functions, types};

use super::{
    Event,
    accounts::split_token,
    call::{Answer, Call, Method, Needs, Outcome, answer, method, write_bytes},
    codes::Refused,
    phone::{check_api, pending, scenario, valid_phone},
    rpc_error::RpcError,
    users,
    via::Via,
};

/// Longest name that a user can give himself, characters.
const MAX_NAME: usize = 64;

/// `auth.signUp`; before layer 170 it had no `no_joined_notifications`, and so no flags.
const SIGN_UP: &[u32] = &[functions::auth::SignUp::ID, 0x80ee_e427];

pub(super) const METHODS: &[Method] = &[
    method!(Key, auth::SignIn => sign_in),
    Method { ids: SIGN_UP, name: "auth.signUp", needs: Needs::Key, run: sign_up },
    method!(Key, auth::ImportBotAuthorization => import_bot),
];

fn sign_in(call: &mut Call<'_>, p: functions::auth::SignIn) -> Outcome {
    let phone = valid_phone(call, &p.phone_number)?;
    let hash = &*p.phone_code_hash;
    if hash.is_empty() {
        return Err(RpcError::bad_request("PHONE_CODE_HASH_EMPTY"));
    }
    let code = p.phone_code.filter(|code| !code.trim().is_empty());
    let via = pending(call, &phone, hash).map(|pending| pending.via);
    let code = if via == Ok(Via::Email) {
        match (&p.email_verification, code) {
            (Some(enums::EmailVerification::Code(code)), _) => code.code.clone(),
            // Whether a token of Google's or Apple's is right nobody can say here, and a code in the wrong field is
            // no code.
            (Some(_), _) | (None, Some(_)) => return Err(RpcError::bad_request("PHONE_CODE_INVALID")),
            (None, None) => return Err(RpcError::bad_request("PHONE_CODE_EMPTY")),
        }
    } else {
        code.ok_or(RpcError::bad_request("PHONE_CODE_EMPTY"))?
    };
    if !via?.carries_code() {
        return Err(RpcError::bad_request("PHONE_CODE_INVALID"));
    }
    call.world.check_code(hash, &phone, code.trim(), call.now).map_err(refused)?;
    let Some(account) = call.world.accounts.by_phone(&phone) else {
        return answer(&enums::auth::Authorization::SignUpRequired(
            types::auth::AuthorizationSignUpRequired { terms_of_service: Some(Box::new(terms_of_service())) },
        ));
    };
    let (user, protected) = (account.id, account.password.is_some());
    keep_address(call, &phone, hash, user);
    if protected {
        // The code has shown whose number it is, which a sign-up needs if the account is deleted for its lost password.
        return Err(ask_password(call, user));
    }
    call.world.drop_code(hash);
    log_in(call, user).map(Answer::Now)
}

/// Gives the account the address that was verified in its login. Whoever has read a code there has not lost the
/// mailbox, so that a reset which waits is off.
fn keep_address(call: &mut Call<'_>, phone: &str, hash: &str, user: i64) {
    let Ok(pending) = pending(call, phone, hash) else { return };
    let (via, email) = (pending.via, pending.email.take());
    if via == Via::Email || email.is_some() {
        call.world.change_account(user, |account| {
            account.security.login_email_reset = None;
            account.security.take_over(email, None);
        });
    }
}

/// Notes that only the password is missing, and gives the error that says so.
pub(super) fn ask_password(call: &mut Call<'_>, user: i64) -> RpcError {
    match call.permanent_key() {
        Ok(key) => {
            call.world.authorize(key, |a| (a.user, a.awaiting_password) = (None, Some(user)));
            RpcError::unauthorized("SESSION_PASSWORD_NEEDED")
        }
        Err(error) => error,
    }
}

fn sign_up(call: &mut Call<'_>, reader: &mut Reader) -> Outcome {
    let _flags = if reader.u32() == functions::auth::SignUp::ID { reader.u32() } else { 0 };
    let [phone, hash, first, last] = std::array::from_fn(|_| reader.string());
    reader.check()?;
    let phone = valid_phone(call, &phone)?;
    let hash = &*hash;
    if !pending(call, &phone, hash)?.verified {
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
    let mut account =
        call.world.new_account(phone.clone(), first.to_owned(), last.to_owned(), call.caller.dc);
    let user_id = account.id;
    if let Some(number) = scenario(call, &phone) {
        account.security.take_over(number.login_email.clone(), number.recovery_email.clone());
    }
    call.world.put_account(account);
    keep_address(call, &phone, hash, user_id);
    call.world.drop_code(hash);
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

/// Makes the caller's key that of this user and gives the `auth.authorization` that says so.
pub(super) fn log_in(call: &mut Call<'_>, user: i64) -> Result<Bytes, RpcError> {
    let key = call.permanent_key()?;
    let (dc, now) = (call.caller.dc, call.now);
    call.world.authorize(key, |a| {
        (a.user, a.awaiting_password, a.since) = (Some(user), None, now);
        (a.parent, a.revoked) = (None, false);
    });
    call.world.emit(Event::SignedIn { user_id: user, dc });
    let account = call.user()?;
    write_bytes(|w: &mut Writer| {
        w.u32(types::auth::Authorization::ID);
        w.u32(0);
        users::write_user(w, call.caller.layer, account, account);
    })
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
