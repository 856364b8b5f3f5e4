//! Logging in and out.

use super::*;

#[test]
fn a_test_number_logs_in_with_the_code_of_its_dc() {
    let mut bench = Bench::new(&[PHONE]);
    let mut caller = bench.client(2);
    let sent = bench.send_code(&mut caller, "+999 66 2 1234").unwrap();
    assert_eq!(sent.r#type, enums::auth::SentCodeType::Sms(types::auth::SentCodeTypeSms { length: 5 }));
    assert_eq!(sent.next_type, Some(enums::auth::CodeType::Call));
    assert_eq!(bench.event(), Some(Event::Code { phone: PHONE.into(), code: "22222".into() }));
    let user = user(bench.sign_in_with(&mut caller, PHONE, &sent.phone_code_hash, "22222").unwrap());
    assert!(user.is_self);
    assert_eq!(user.phone.as_deref(), Some(PHONE));
    assert_eq!(bench.event(), Some(Event::SignedIn { user_id: user.id, dc: 2 }));
}

#[test]
fn a_number_is_sent_to_its_home() {
    let mut bench = Bench::new(&["12025550123,dc=3"]);
    let mut caller = bench.client(2);
    assert_eq!(bench.send_code(&mut caller, "9996611234"), Err(refused(303, "PHONE_MIGRATE_1")));
    assert_eq!(bench.send_code(&mut caller, "12025550123"), Err(refused(303, "PHONE_MIGRATE_3")));
    assert_eq!(bench.send_code(&mut caller, "9996641234"), Err(refused(400, "PHONE_NUMBER_INVALID")));
    assert!(bench.send_code(&mut caller, "12025550999").is_ok());
    assert!(bench.client(3).dc == 3);
}

#[test]
fn numbers_and_api_keys_are_checked() {
    let mut bench = Bench::new(&[]);
    let mut caller = bench.client(2);
    for (phone, error) in [
        ("", refused(400, "PHONE_NUMBER_INVALID")),
        ("hello", refused(400, "PHONE_NUMBER_INVALID")),
        ("+1 202 555 0100", refused(400, "PHONE_NUMBER_BANNED")),
        ("+1 202 555 0101", refused(420, "FLOOD_WAIT_42")),
    ] {
        assert_eq!(bench.send_code(&mut caller, phone), Err(error), "{phone}");
    }
    let no_api = functions::auth::SendCode { phone_number: PHONE.into(), ..Default::default() };
    assert_eq!(bench.call(&mut caller, no_api), Err(refused(400, "API_ID_INVALID")));
}

#[test]
fn wrong_and_old_codes_are_refused() {
    let mut bench = Bench::new(&[PHONE]);
    let mut caller = bench.client(2);
    let hash = bench.send_code(&mut caller, PHONE).unwrap().phone_code_hash;
    let mut attempt = |bench: &mut Bench, hash: &str, code: &str| {
        bench.sign_in_with(&mut caller, PHONE, hash, code).map(drop).unwrap_err().1
    };
    assert_eq!(attempt(&mut bench, &hash, ""), "PHONE_CODE_EMPTY");
    assert_eq!(attempt(&mut bench, "", "22222"), "PHONE_CODE_HASH_EMPTY");
    assert_eq!(attempt(&mut bench, "x", "22222"), "PHONE_CODE_EXPIRED");
    for _ in 0..5 {
        assert_eq!(attempt(&mut bench, &hash, "12345"), "PHONE_CODE_INVALID");
    }
    assert_eq!(attempt(&mut bench, &hash, "22222"), "PHONE_CODE_EXPIRED");
}

#[test]
fn a_code_can_be_sent_again_and_cancelled() {
    let mut bench = Bench::new(&[PHONE]);
    let mut caller = bench.client(2);
    let first = bench.send_code(&mut caller, PHONE).unwrap().phone_code_hash;
    let resend = |hash: &Str| functions::auth::ResendCode {
        phone_number: PHONE.into(),
        phone_code_hash: hash.clone(),
        reason: None,
    };
    let enums::auth::SentCode::SentCode(second) = bench.call(&mut caller, resend(&first)).unwrap() else {
        panic!()
    };
    assert_eq!(second.r#type, enums::auth::SentCodeType::Call(types::auth::SentCodeTypeCall { length: 5 }));
    assert_eq!(second.next_type, None);
    assert_eq!(bench.call(&mut caller, resend(&first)), Err(refused(400, "PHONE_CODE_EXPIRED")));
    let second = second.phone_code_hash;
    assert_eq!(bench.call(&mut caller, resend(&second)), Err(refused(406, "SEND_CODE_UNAVAILABLE")));
    let cancel = functions::auth::CancelCode { phone_number: PHONE.into(), phone_code_hash: second.clone() };
    assert_eq!(bench.call(&mut caller, cancel), Ok(true));
    let error = bench.sign_in_with(&mut caller, PHONE, &second, "22222").unwrap_err();
    assert_eq!(error, refused(400, "PHONE_CODE_EXPIRED"));
}

#[test]
fn an_account_that_is_logged_in_gets_its_code_in_the_app() {
    let mut bench = Bench::new(&["12025550123"]);
    let mut first = bench.client(2);
    let hash = bench.send_code(&mut first, "12025550123").unwrap().phone_code_hash;
    let Some(Event::Code { code, .. }) = bench.event() else { panic!() };
    bench.sign_in_with(&mut first, "12025550123", &hash, &code).unwrap();
    let mut second = bench.client(2);
    let sent = bench.send_code(&mut second, "12025550123").unwrap();
    assert_eq!(sent.r#type, enums::auth::SentCodeType::App(types::auth::SentCodeTypeApp { length: 5 }));
    assert_eq!(sent.next_type, Some(enums::auth::CodeType::Sms));
}

#[test]
fn an_unknown_number_signs_up() {
    let mut bench = Bench::new(&[]);
    let mut caller = bench.client(2);
    let hash = bench.send_code(&mut caller, PHONE).unwrap().phone_code_hash;
    let sign_up = |first: &'static str| functions::auth::SignUp {
        phone_number: PHONE.into(),
        phone_code_hash: hash.clone(),
        first_name: first.into(),
        last_name: "Lovelace".into(),
        ..Default::default()
    };
    assert_eq!(bench.call(&mut caller, sign_up("Ada")), Err(refused(400, "PHONE_CODE_INVALID")));
    let answer = bench.sign_in_with(&mut caller, PHONE, &hash, "22222").unwrap();
    let enums::auth::Authorization::SignUpRequired(required) = answer else { panic!() };
    assert!(required.terms_of_service.is_some());
    assert_eq!(bench.call(&mut caller, sign_up(" ")), Err(refused(400, "FIRSTNAME_INVALID")));
    let ada = user(bench.call(&mut caller, sign_up("Ada")).unwrap());
    assert_eq!((ada.first_name.as_deref(), ada.last_name.as_deref()), (Some("Ada"), Some("Lovelace")));
    let (_, again) = bench.logged_in(PHONE);
    assert_eq!(again.id, ada.id);
}

#[test]
fn two_step_verification_asks_for_the_password() {
    let mut bench = Bench::new(&["9996621234,password=hunter2"]);
    let mut caller = bench.client(2);
    assert_eq!(
        bench.call(&mut caller, functions::account::GetPassword {}),
        Err(refused(401, "AUTH_KEY_UNREGISTERED"))
    );
    assert_eq!(bench.sign_in(&mut caller, PHONE, "22222"), Err(refused(401, "SESSION_PASSWORD_NEEDED")));
    assert_eq!(
        bench.call(&mut caller, functions::updates::GetState {}),
        Err(refused(401, "AUTH_KEY_UNREGISTERED")),
        "the code alone logs nobody in"
    );
    let prove = |bench: &mut Bench, caller: &mut Caller, password: &str| functions::auth::CheckPassword {
        password: bench.prove(caller, password),
    };
    let wrong = prove(&mut bench, &mut caller, "hunter3");
    assert_eq!(bench.call(&mut caller, wrong.clone()), Err(refused(400, "PASSWORD_HASH_INVALID")));
    assert_eq!(
        bench.call(&mut caller, wrong),
        Err(refused(400, "SRP_ID_INVALID")),
        "a challenge is good once"
    );
    let right = prove(&mut bench, &mut caller, "hunter2");
    let user = user(bench.call(&mut caller, right.clone()).unwrap());
    assert_eq!(user.phone.as_deref(), Some(PHONE));
    assert_eq!(bench.call(&mut caller, right), Err(refused(400, "SRP_ID_INVALID")));
    assert!(bench.call(&mut caller, functions::updates::GetState {}).is_ok());
}

#[test]
fn an_account_without_a_password_says_so() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut caller, _) = bench.logged_in(PHONE);
    let info = bench.call(&mut caller, functions::account::GetPassword {}).unwrap();
    assert!(!info.has_password && info.current_algo.is_none() && info.srp_id.is_none());
}

#[test]
fn bots_log_in_at_home_with_the_right_token() {
    let mut bench = Bench::new(&[]);
    let mut caller = bench.client(2);
    let token = |token: &'static str| functions::auth::ImportBotAuthorization {
        api_id: 1,
        api_hash: "x".into(),
        bot_auth_token: token.into(),
        ..Default::default()
    };
    for bad in ["", "42", "42:other", "44:secret"] {
        assert_eq!(bench.call(&mut caller, token(bad)), Err(refused(400, "ACCESS_TOKEN_INVALID")), "{bad}");
    }
    assert_eq!(bench.call(&mut caller, token("43:secret")), Err(refused(303, "USER_MIGRATE_3")));
    let bot = user(bench.call(&mut caller, token("42:secret")).unwrap());
    assert!(bot.bot && bot.id == 42 && bot.bot_info_version == Some(1));
}

#[test]
fn log_out_ends_the_login_of_this_key_only() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut one, _) = bench.logged_in(PHONE);
    let (mut two, _) = bench.logged_in(PHONE);
    assert!(bench.call(&mut one, functions::auth::LogOut {}).is_ok());
    let state = functions::updates::GetState {};
    assert_eq!(bench.call(&mut one, state.clone()), Err(refused(401, "AUTH_KEY_UNREGISTERED")));
    assert!(bench.call(&mut two, state).is_ok());
}

#[test]
fn a_token_of_a_log_out_makes_the_next_login_short() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut caller, me) = bench.logged_in(PHONE);
    let out = bench.call(&mut caller, functions::auth::LogOut {}).unwrap();
    let token = out.future_auth_token.unwrap();
    let none = bench.sent_with(&mut caller, PHONE, &[Bytes::from_static(b"x")]).unwrap();
    assert!(matches!(none, enums::auth::SentCode::SentCode(_)), "{none:?}");
    let answer = bench.sent_with(&mut caller, PHONE, &[Bytes::from_static(b"x"), token.clone()]).unwrap();
    let enums::auth::SentCode::Success(success) = answer else { panic!("{answer:?}") };
    assert_eq!(user(success.authorization).id, me.id);
    assert!(bench.call(&mut caller, functions::updates::GetState {}).is_ok());
    let again = bench.sent_with(&mut caller, PHONE, &[token]).unwrap();
    assert!(matches!(again, enums::auth::SentCode::SentCode(_)), "a token is good once");
}

#[test]
fn a_token_of_a_log_out_does_not_replace_the_password() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut caller, _) = bench.logged_in(PHONE);
    let settings = bench.new_password(&mut caller, "hunter2");
    let password = enums::InputCheckPasswordSrp::InputCheckPasswordEmpty;
    let set = functions::account::UpdatePasswordSettings { password, new_settings: settings };
    bench.call(&mut caller, set).unwrap();
    let token = bench.call(&mut caller, functions::auth::LogOut {}).unwrap().future_auth_token.unwrap();
    let refusal = bench.sent_with(&mut caller, PHONE, &[token]).unwrap_err();
    assert_eq!(refusal, refused(401, "SESSION_PASSWORD_NEEDED"));
    let password = bench.prove(&mut caller, "hunter2");
    assert!(bench.call(&mut caller, functions::auth::CheckPassword { password }).is_ok());
}

#[test]
fn twenty_tokens_are_kept() {
    let mut bench = Bench::new(&[PHONE]);
    let mut tokens = Vec::new();
    for _ in 0..21 {
        let (mut caller, _) = bench.logged_in(PHONE);
        let out = bench.call(&mut caller, functions::auth::LogOut {}).unwrap();
        tokens.push(out.future_auth_token.unwrap());
    }
    let mut caller = bench.client(2);
    let oldest = bench.sent_with(&mut caller, PHONE, &tokens[..1]).unwrap();
    assert!(matches!(oldest, enums::auth::SentCode::SentCode(_)), "{oldest:?}");
    let second = bench.sent_with(&mut caller, PHONE, &tokens[1..2]).unwrap();
    assert!(matches!(second, enums::auth::SentCode::Success(_)), "{second:?}");
}

#[test]
fn an_authorization_is_taken_to_another_dc_once() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut home, me) = bench.logged_in(PHONE);
    for bad in [2, 9] {
        let export = functions::auth::ExportAuthorization { dc_id: bad };
        assert_eq!(bench.call(&mut home, export), Err(refused(400, "DC_ID_INVALID")));
    }
    let exported = bench.call(&mut home, functions::auth::ExportAuthorization { dc_id: 3 }).unwrap();
    let import = functions::auth::ImportAuthorization { id: exported.id, bytes: exported.bytes };
    let mut away = bench.client(3);
    let wrong = functions::auth::ImportAuthorization { id: 1, ..import.clone() };
    assert_eq!(bench.call(&mut away, wrong), Err(refused(400, "USER_ID_INVALID")));
    let wrong = functions::auth::ImportAuthorization { bytes: vec![7; 128].into(), ..import.clone() };
    assert_eq!(bench.call(&mut away, wrong), Err(refused(400, "AUTH_BYTES_INVALID")));
    assert_eq!(exported.id, me.id);
    assert_eq!(user(bench.call(&mut away, import.clone()).unwrap()).id, me.id);
    assert_eq!(bench.call(&mut away, import), Err(refused(400, "AUTH_BYTES_INVALID")));
    assert_eq!(
        bench.call(&mut away, functions::updates::GetState {}),
        Err(refused(303, "USER_MIGRATE_2")),
        "what belongs to the home DC stays there"
    );
}

#[test]
fn passwords_are_not_kept() {
    let derived = Password::derive(b"hunter2", &mut StdRng::seed_from_u64(1)).unwrap();
    assert!(!derived.verifier.windows(7).any(|w| w == b"hunter2"));
}
