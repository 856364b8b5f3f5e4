//! Sending a code: choosing it, noting it, and the `auth.sentCode` that tells the client how it travels (AU-2).

use rand::Rng;

use crate::tl::{Bytes, Constructor, Serialize, Str, Writer, enums, types};

use super::{
    Event,
    accounts::test_number,
    call::{Call, write_bytes},
    codes::{self, Pending},
    email,
    event::EmailPurpose,
    journal::to_hex,
    layers,
    phone::scenario,
    rpc_error::RpcError,
    via::{self, Via},
};

/// Seconds until a client may ask for another way to get the code, unless something else is said.
const RESEND_AFTER: i32 = 60;

/// The numbers that calls come from begin so.
const CALLER: &str = "1555";

/// Digits of a calling number.
const CALLER_LENGTH: usize = 11;

/// Bytes of a Firebase nonce.
const NONCE: usize = 24;

/// What a text code is made of when the scenario gives none.
const WORDS: &[&str] = &["apple", "bridge", "candle", "desert", "engine", "forest", "garden", "harbour"];

/// Words of a phrase.
const PHRASE: usize = 3;

/// How codes reach a number, in the order that `auth.resendCode` walks; never empty.
pub(super) fn ways(call: &Call<'_>, phone: &str) -> Vec<Via> {
    let account = call.world.accounts.by_phone(phone);
    let said = scenario(call, phone).map(|number| number.codes.as_slice()).filter(|ways| !ways.is_empty());
    let mut ways = said.unwrap_or(via::DEFAULT).to_vec();
    let has_email = login_email(call, phone).is_some();
    if has_email {
        // An account that has set up an address gets its codes there.
        match ways.iter().position(|way| *way == Via::EmailSetup) {
            Some(at) if ways.contains(&Via::Email) => drop(ways.remove(at)),
            Some(at) => ways.splice(at..=at, [Via::Email]).for_each(drop),
            None if said.is_none() => ways.insert(0, Via::Email),
            None => {}
        }
    } else if !ways.contains(&Via::EmailSetup) {
        ways.retain(|way| *way != Via::Email);
    }
    if said.is_none() {
        // As in reality, an account that is logged in elsewhere gets its code there first.
        let elsewhere = account.is_some_and(|account| call.world.keys.is_logged_in(account.id));
        if has_email || !elsewhere || test_number(phone).is_some() {
            ways.retain(|way| *way != Via::App);
        }
    } else if ways.contains(&Via::Email) {
        // Nothing can come to the app behind another way.
        let mut after_email = false;
        ways.retain(|way| {
            let keep = !(after_email && *way == Via::App);
            after_email |= *way == Via::Email;
            keep
        });
    }
    if ways.last().is_none_or(|last| !last.carries_code()) {
        ways.push(Via::Sms);
    }
    ways
}

/// The address where a number's login codes go.
pub(super) fn login_email(call: &Call<'_>, phone: &str) -> Option<String> {
    match call.world.accounts.by_phone(phone) {
        Some(account) => account.security.login_email.clone(),
        None => scenario(call, phone).and_then(|number| number.login_email.clone()),
    }
}

/// Sends a code on the first of these ways and gives the boxed `auth.SentCode`. `email` is an address that was
/// verified earlier in this login.
pub(super) fn send(
    call: &mut Call<'_>,
    phone: String,
    mut ways: Vec<Via>,
    email: Option<String>,
) -> Result<Bytes, RpcError> {
    if ways.is_empty() {
        return Err(RpcError::not_acceptable("SEND_CODE_UNAVAILABLE"));
    }
    let via = ways.remove(0);
    let address = email.clone().or_else(|| login_email(call, &phone));
    let code = make_code(call, &phone, via);
    let mut hash = [0; 9];
    call.world.rng.fill_bytes(&mut hash);
    let hash = to_hex(&hash);
    let rules = scenario(call, &phone);
    let policy = &call.world.policy;
    let lifetime = rules.and_then(|r| r.code_lifetime).unwrap_or(policy.code_lifetime);
    let attempts = rules.and_then(|r| r.attempts).unwrap_or(policy.attempts);
    let enforced = rules.and_then(|r| r.resend_after).or(policy.resend_after);
    let mut pending = Pending::new(phone.clone(), via, code.clone(), call.now.saturating_add(lifetime));
    pending.attempts = attempts;
    pending.resend_at = enforced.map(|wait| call.now.saturating_add(wait.into()));
    pending.rest = ways;
    pending.email = email;
    match via {
        // What the code is sent for has to be proven or paid first.
        Via::EmailSetup | Via::PaymentRequired | Via::Firebase => {}
        Via::Email => {
            let email = address.clone().unwrap_or_default();
            call.world.emit(Event::EmailCode { email, code, purpose: EmailPurpose::Login });
        }
        _ => call.world.emit(Event::Code { phone: phone.clone(), code }),
    }
    let answer = write(call, &hash, &pending, address.as_deref(), enforced.unwrap_or(RESEND_AFTER))?;
    call.world.put_code(hash, pending, call.now);
    Ok(answer)
}

fn make_code(call: &mut Call<'_>, phone: &str, via: Via) -> String {
    let rules = scenario(call, phone);
    let by_email = rules.and_then(|number| number.email_code.clone()).filter(|_| via == Via::Email);
    if let Some(code) = by_email.or_else(|| rules.and_then(|number| number.code_for(via))) {
        return code.as_str().to_owned();
    }
    let length = rules.and_then(|number| number.length);
    let mut word = || WORDS[call.world.rng.next_u32() as usize % WORDS.len()];
    match (via, test_number(phone)) {
        (Via::Word, _) => word().to_owned(),
        (Via::Phrase, _) => (0..PHRASE).map(|_| word()).collect::<Vec<_>>().join(" "),
        (_, Some((_, code))) => match length {
            Some(length) => code.chars().take(1).collect::<String>().repeat(length),
            None => code,
        },
        (Via::FlashCall, None) => {
            let length = length.unwrap_or(CALLER_LENGTH).saturating_sub(CALLER.len());
            format!("{CALLER}{}", call.world.random_digits(length))
        }
        (Via::Email, None) => call.world.random_digits(length.unwrap_or(email::LENGTH)),
        (_, None) => call.world.random_digits(length.unwrap_or(codes::LENGTH)),
    }
}

/// The boxed `auth.SentCode`.
fn write(
    call: &mut Call<'_>,
    hash: &str,
    pending: &Pending,
    address: Option<&str>,
    resend_after: i32,
) -> Result<Bytes, RpcError> {
    if pending.via == Via::PaymentRequired {
        return payment_required(call, hash);
    }
    let next = pending.rest.first().filter(|_| pending.via.carries_code()).and_then(|via| code_type(*via));
    let mut nonce = [0; NONCE];
    call.world.rng.fill_bytes(&mut nonce);
    let kind = code_kind(call, pending, address);
    write_bytes(|w: &mut Writer| {
        w.u32(types::auth::SentCode::ID);
        w.u32(if next.is_some() { 0b110 } else { 0 });
        match &kind {
            Some(kind) => kind.serialize(w),
            None => layers::write_firebase_sms(w, call.caller.layer, &nonce, length(pending)),
        }
        w.string(hash);
        if let Some(next) = &next {
            next.serialize(w);
            w.i32(resend_after);
        }
    })
}

/// The `auth.SentCodeType`; `None` for the one whose form depends on the layer.
fn code_kind(call: &Call<'_>, pending: &Pending, address: Option<&str>) -> Option<enums::auth::SentCodeType> {
    use enums::auth::SentCodeType as Kind;
    let length = length(pending);
    let beginning = |end: usize| pending.code.get(..end).map(|text| Str::from(text.to_owned()));
    Some(match pending.via {
        Via::App => Kind::App(types::auth::SentCodeTypeApp { length }),
        Via::Sms => Kind::Sms(types::auth::SentCodeTypeSms { length }),
        Via::Call => Kind::Call(types::auth::SentCodeTypeCall { length }),
        Via::FlashCall => {
            let known: String =
                pending.code.chars().take((pending.code.len() / 2).min(CALLER.len())).collect();
            Kind::FlashCall(types::auth::SentCodeTypeFlashCall { pattern: format!("+{known}*").into() })
        }
        Via::MissedCall => Kind::MissedCall(types::auth::SentCodeTypeMissedCall {
            prefix: format!("+{CALLER}").into(),
            length,
        }),
        Via::Email => Kind::EmailCode(email_kind(call, pending, address.unwrap_or_default())),
        Via::EmailSetup | Via::PaymentRequired => {
            Kind::SetUpEmailRequired(types::auth::SentCodeTypeSetUpEmailRequired::default())
        }
        Via::Fragment => Kind::FragmentSms(types::auth::SentCodeTypeFragmentSms {
            url: format!("https://fragment.com/login/{}", pending.phone).into(),
            length,
        }),
        Via::Firebase => return None,
        Via::Word => {
            let first = pending.code.chars().next().map_or(0, char::len_utf8);
            Kind::SmsWord(types::auth::SentCodeTypeSmsWord { beginning: beginning(first) })
        }
        Via::Phrase => {
            let first = pending.code.find(' ').unwrap_or(0);
            let beginning = beginning(first).filter(|text| !text.is_empty());
            Kind::SmsPhrase(types::auth::SentCodeTypeSmsPhrase { beginning })
        }
    })
}

fn email_kind(call: &Call<'_>, pending: &Pending, address: &str) -> types::auth::SentCodeTypeEmailCode {
    let account = call.world.accounts.by_phone(&pending.phone);
    let reset = account.and_then(|account| account.security.login_email_reset);
    let wait = email_reset_wait(call, &pending.phone);
    let seconds = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
    types::auth::SentCodeTypeEmailCode {
        email_pattern: email::pattern(address).into(),
        length: length(pending),
        reset_available_period: reset.is_none().then(|| seconds(wait)),
        reset_pending_date: reset.map(seconds),
        ..Default::default()
    }
}

/// How long it takes to get rid of a login e-mail, seconds.
pub(super) fn email_reset_wait(call: &Call<'_>, phone: &str) -> i64 {
    scenario(call, phone).map_or(super::scenario::WEEK, |number| number.email_reset_wait)
}

fn length(pending: &Pending) -> i32 {
    i32::try_from(pending.code.chars().count()).unwrap_or_default()
}

/// What `next_type` says of a way; the texts are text messages.
fn code_type(via: Via) -> Option<enums::auth::CodeType> {
    use enums::auth::CodeType as Kind;
    Some(match via {
        Via::Sms | Via::Firebase | Via::Word | Via::Phrase => Kind::Sms,
        Via::Call => Kind::Call,
        Via::FlashCall => Kind::FlashCall,
        Via::MissedCall => Kind::MissedCall,
        Via::Fragment => Kind::FragmentSms,
        Via::App | Via::Email | Via::EmailSetup | Via::PaymentRequired => return None,
    })
}

fn payment_required(call: &Call<'_>, hash: &str) -> Result<Bytes, RpcError> {
    if call.caller.layer < layers::PAYMENT_REQUIRED {
        return Err(RpcError::not_acceptable("UPDATE_APP_TO_LOGIN"));
    }
    let required = types::auth::SentCodePaymentRequired {
        store_product: Str::from_static("org.example.login"),
        phone_code_hash: Str::from(hash.to_owned()),
        support_email_address: Str::from_static("support@example.org"),
        support_email_subject: Str::from_static("Login"),
        premium_days: 7,
        currency: Str::from_static("USD"),
        amount: 99,
    };
    super::call::encode(&enums::auth::SentCode::PaymentRequired(required))
}
