//! Codes of every kind, as a scenario says.

use enums::auth::{CodeType, SentCode, SentCodeType};

use super::*;

const OTHER: &str = "12025550123";

fn scenario(number: &str) -> String {
    format!(r#"{{"numbers": {{"+{OTHER}": {number}}}}}"#)
}

fn bench(number: &str) -> (Bench, Caller) {
    let mut bench = Bench::with(&[OTHER], &scenario(number));
    let caller = bench.client(2);
    (bench, caller)
}

fn resend(hash: &Str) -> functions::auth::ResendCode {
    functions::auth::ResendCode {
        phone_number: OTHER.into(),
        phone_code_hash: hash.clone(),
        reason: Some("none".into()),
    }
}

fn code(answer: SentCode) -> types::auth::SentCode {
    let SentCode::SentCode(sent) = answer else { panic!("{answer:?}") };
    sent
}

/// Walks all ways; each code logs in.
#[test]
fn every_way_that_resend_can_come_to() {
    let ways = ["app", "sms", "call", "flash_call", "missed_call", "fragment", "firebase", "word", "phrase"];
    let list = ways.map(|way| format!("{way:?}")).join(", ");
    let (mut bench, mut caller) = bench(&format!(r#"{{"codes": [{list}]}}"#));
    let mut sent = code(bench.sent(&mut caller, OTHER).unwrap());
    let mut kinds = Vec::new();
    for (at, way) in ways.iter().enumerate() {
        let next = match ways.get(at + 1) {
            None => None,
            Some(&"call") => Some(CodeType::Call),
            Some(&"flash_call") => Some(CodeType::FlashCall),
            Some(&"missed_call") => Some(CodeType::MissedCall),
            Some(&"fragment") => Some(CodeType::FragmentSms),
            Some(_) => Some(CodeType::Sms),
        };
        assert_eq!((sent.next_type.clone(), sent.timeout), (next.clone(), next.map(|_| 60)), "{way}");
        kinds.push(sent.r#type.clone());
        if *way == "firebase" {
            assert_eq!(bench.event(), None, "no code without a proof");
        } else {
            let code = bench.newest_code();
            match &sent.r#type {
                SentCodeType::FlashCall(flash) => {
                    let known = flash.pattern.trim_end_matches('*').trim_start_matches('+');
                    assert!(code.starts_with(known) && code.len() == 11, "{code} {known}");
                }
                SentCodeType::SmsWord(word) => assert_eq!(word.beginning.as_deref(), code.get(..1)),
                SentCodeType::SmsPhrase(phrase) => {
                    assert_eq!(phrase.beginning.as_deref(), code.split(' ').next());
                    assert_eq!(code.split(' ').count(), 3);
                }
                _ => assert_eq!(code.len(), 5),
            }
            if at + 1 == ways.len() {
                let shouted = code.to_uppercase();
                bench.sign_in_with(&mut caller, OTHER, &sent.phone_code_hash, &shouted).unwrap();
                break;
            }
        }
        sent = code(bench.call(&mut caller, resend(&sent.phone_code_hash)).unwrap());
    }
    let five = 5;
    assert_eq!(kinds[0], SentCodeType::App(types::auth::SentCodeTypeApp { length: five }));
    assert_eq!(kinds[1], SentCodeType::Sms(types::auth::SentCodeTypeSms { length: five }));
    assert_eq!(kinds[2], SentCodeType::Call(types::auth::SentCodeTypeCall { length: five }));
    let missed = types::auth::SentCodeTypeMissedCall { prefix: "+1555".into(), length: five };
    assert_eq!(kinds[4], SentCodeType::MissedCall(missed));
    assert!(matches!(&kinds[5], SentCodeType::FragmentSms(f) if f.url.contains(OTHER) && f.length == five));
    assert!(matches!(&kinds[6], SentCodeType::FirebaseSms(f) if f.nonce.is_some() && f.length == five));
}

#[test]
fn an_older_layer_gets_its_own_firebase() {
    let (mut bench, mut caller) = bench(r#"{"codes": ["firebase", "sms"]}"#);
    caller.layer = 158;
    let send = functions::auth::SendCode {
        phone_number: OTHER.into(),
        api_id: 1,
        api_hash: "x".into(),
        ..Default::default()
    };
    let bytes = bench.raw(&mut caller, send.to_bytes().unwrap()).unwrap();
    assert_eq!(bytes[8..12], 0xe57b_1432_u32.to_le_bytes());
}

#[test]
fn firebase_is_refused_and_another_way_is_there() {
    let (mut bench, mut caller) = bench(r#"{"codes": ["firebase", "sms"]}"#);
    let sent = code(bench.sent(&mut caller, OTHER).unwrap());
    let request = |hash: &Str| functions::auth::RequestFirebaseSms {
        phone_number: OTHER.into(),
        phone_code_hash: hash.clone(),
        play_integrity_token: Some("token".into()),
        ..Default::default()
    };
    assert_eq!(bench.call(&mut caller, request(&"".into())), Err(refused(400, "PHONE_CODE_EMPTY")));
    assert_eq!(bench.call(&mut caller, request(&sent.phone_code_hash)), Ok(false));
    let sent = code(bench.call(&mut caller, resend(&sent.phone_code_hash)).unwrap());
    assert_eq!(bench.newest_code().len(), 5);
    let error = bench.call(&mut caller, request(&sent.phone_code_hash)).unwrap_err();
    assert_eq!(error, refused(400, "PHONE_CODE_INVALID"));
}

#[test]
fn a_code_has_to_be_paid_for() {
    let (mut bench, mut caller) = bench(r#"{"codes": ["payment_required", "sms"], "code": "54321"}"#);
    let answer = bench.sent(&mut caller, OTHER).unwrap();
    let SentCode::PaymentRequired(required) = answer else { panic!("{answer:?}") };
    assert!(required.amount > 0 && !required.support_email_address.is_empty());
    assert_eq!(bench.event(), None);
    let hash = required.phone_code_hash;
    assert_eq!(
        bench.call(&mut caller, resend(&hash)),
        Err(refused(406, "SEND_CODE_UNAVAILABLE")),
        "only paying helps"
    );
    let paid = |hash: &Str, form_id| functions::auth::CheckPaidAuth {
        phone_number: OTHER.into(),
        phone_code_hash: hash.clone(),
        form_id,
    };
    let answer = bench.call(&mut caller, paid(&hash, 0)).unwrap();
    let SentCode::PaymentRequired(still) = answer else { panic!("{answer:?}") };
    let sent = code(bench.call(&mut caller, paid(&still.phone_code_hash, 9)).unwrap());
    assert!(bench.sign_in_with(&mut caller, OTHER, &sent.phone_code_hash, "54321").is_ok());
    caller.layer = 200;
    assert_eq!(bench.sent(&mut caller, OTHER), Err(refused(406, "UPDATE_APP_TO_LOGIN")));
}

#[test]
fn a_scenario_says_code_length_lifetime_and_tries() {
    let (mut bench, mut caller) =
        bench(r#"{"codes": ["sms", "call"], "code": "543210", "code_lifetime": 5, "attempts": 2}"#);
    let sent = code(bench.sent(&mut caller, OTHER).unwrap());
    assert_eq!(sent.r#type, SentCodeType::Sms(types::auth::SentCodeTypeSms { length: 6 }));
    let hash = &sent.phone_code_hash;
    let mut attempt = |bench: &mut Bench, hash: &str, code: &str| {
        bench.sign_in_with(&mut caller, OTHER, hash, code).map(drop).map_err(|e| e.1)
    };
    assert_eq!(attempt(&mut bench, hash, "1"), Err("PHONE_CODE_INVALID".into()));
    assert_eq!(attempt(&mut bench, hash, "1"), Err("PHONE_CODE_INVALID".into()));
    assert_eq!(attempt(&mut bench, hash, "543210"), Err("PHONE_CODE_EXPIRED".into()), "two tries");
    let mut caller = bench.client(2);
    let hash = code(bench.sent(&mut caller, OTHER).unwrap()).phone_code_hash;
    bench.now += 5;
    let late = bench.sign_in_with(&mut caller, OTHER, &hash, "543210").unwrap_err();
    assert_eq!(late, refused(400, "PHONE_CODE_EXPIRED"));
}

#[test]
fn the_countdown_is_enforced_where_the_scenario_sets_it() {
    let (mut bench, mut caller) = bench(r#"{"codes": ["sms", "call"], "resend_after": 20}"#);
    let sent = code(bench.sent(&mut caller, OTHER).unwrap());
    assert_eq!(sent.timeout, Some(20));
    bench.now += 15;
    let early = bench.call(&mut caller, resend(&sent.phone_code_hash)).unwrap_err();
    assert_eq!(early, refused(420, "FLOOD_WAIT_5"));
    bench.now += 5;
    assert!(bench.call(&mut caller, resend(&sent.phone_code_hash)).is_ok());
}

#[test]
fn a_missing_code_can_be_reported() {
    let (mut bench, mut caller) = bench("{}");
    let hash = code(bench.sent(&mut caller, OTHER).unwrap()).phone_code_hash;
    let report = |hash: &str| functions::auth::ReportMissingCode {
        phone_number: OTHER.into(),
        phone_code_hash: hash.to_owned().into(),
        mnc: "1".into(),
    };
    assert_eq!(bench.call(&mut caller, report(&hash)), Ok(true));
    assert_eq!(bench.call(&mut caller, report("")), Err(refused(400, "PHONE_CODE_HASH_EMPTY")));
    assert_eq!(bench.call(&mut caller, report("x")), Err(refused(400, "PHONE_CODE_EXPIRED")));
}

#[test]
fn what_a_scenario_refuses_is_refused() {
    let (mut bench, mut caller) = bench(
        r#"{"refuse": {"auth.sendCode": {"error": "PHONE_NUMBER_FLOOD", "times": 1},
                       "auth.signIn": {"error": "AUTH_RESTART", "times": 1},
                       "updates.getState": {"error": "FLOOD_WAIT_3", "times": 1}}, "code": "54321"}"#,
    );
    assert_eq!(bench.sent(&mut caller, OTHER), Err(refused(400, "PHONE_NUMBER_FLOOD")));
    let sent = code(bench.sent(&mut caller, OTHER).unwrap());
    let attempt = |bench: &mut Bench, caller: &mut Caller| {
        bench.sign_in_with(caller, OTHER, &sent.phone_code_hash, "54321").map(drop)
    };
    assert_eq!(attempt(&mut bench, &mut caller), Err(refused(500, "AUTH_RESTART")));
    assert_eq!(attempt(&mut bench, &mut caller), Ok(()));
    let state = functions::updates::GetState {};
    assert_eq!(bench.call(&mut caller, state.clone()), Err(refused(420, "FLOOD_WAIT_3")));
    assert!(bench.call(&mut caller, state).is_ok());
}

#[test]
fn what_is_refused_to_everybody() {
    let mut bench =
        Bench::with(&[], r#"{"errors": {"auth.importBotAuthorization": "ACCESS_TOKEN_EXPIRED"}}"#);
    let mut caller = bench.client(2);
    let import = functions::auth::ImportBotAuthorization {
        api_id: 1,
        api_hash: "x".into(),
        bot_auth_token: "42:secret".into(),
        ..Default::default()
    };
    assert_eq!(bench.call(&mut caller, import), Err(refused(400, "ACCESS_TOKEN_EXPIRED")));
}
