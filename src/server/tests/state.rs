//! What survives a restart, and what a start refuses.

use super::*;

#[test]
fn the_state_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let start = |accounts: &[&str]| {
        let mut bench = Bench::new(&[]);
        let opened = journal::open(dir.path()).unwrap();
        bench.world.load(opened).unwrap();
        let specs: Vec<AccountSpec> = accounts.iter().map(|a| a.parse().unwrap()).collect();
        bench.world.register(&specs, &[]).unwrap();
        bench
    };
    let mut bench = start(&["9996621234,password=p"]);
    let password = bench.world.accounts.by_phone(PHONE).unwrap().password.clone();
    let mut caller = bench.client(2);
    assert!(bench.sign_in(&mut caller, PHONE, "22222").is_err());
    let mut other = bench.client(1);
    let hash = bench.send_code(&mut other, "9996611234").unwrap().phone_code_hash;
    bench.sign_in_with(&mut other, "9996611234", &hash, "11111").unwrap();
    let sign_up = functions::auth::SignUp {
        phone_number: "9996611234".into(),
        phone_code_hash: hash,
        first_name: "Eve".into(),
        ..Default::default()
    };
    let eve = user(bench.call(&mut other, sign_up).unwrap());
    bench.call(&mut other, message_to(enums::InputPeer::InputPeerSelf, "note", 3)).unwrap();
    let mut late = bench.client(2);
    let hash = bench.send_code(&mut late, "9996629999").unwrap().phone_code_hash;
    assert!(bench.sign_in_with(&mut late, "9996629999", &hash, "33333").is_err());
    let salts = bench.world.salts;
    drop(bench);

    let mut bench = start(&[]);
    assert_eq!(bench.world.salts, salts);
    assert_eq!(bench.world.accounts.by_phone(PHONE).unwrap().password, password);
    assert!(bench.world.keys.authorization(caller.key_id).unwrap().awaiting_password.is_some());
    let state = bench.call(&mut other, functions::updates::GetState {}).unwrap();
    assert_eq!(state.pts, 2);
    // A code that was sent is still good, its tries are counted on, and one that was used is gone; that of a login
    // whose password is missing stays.
    let pending: Vec<_> = bench
        .world
        .codes
        .iter()
        .map(|(_, code)| (code.phone.as_str(), code.verified, code.attempts))
        .collect();
    assert_eq!(pending, [(PHONE, true, 5), ("9996629999", false, 4)]);
    bench.sign_in_with(&mut late, "9996629999", &hash, "22222").unwrap();
    assert_eq!(bench.world.accounts.get(eve.id).unwrap().first_name, "Eve");
}

#[test]
fn the_flows_go_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let other = "12025550123";
    let scenario = format!(
        r#"{{"numbers": {{"{other}": {{"codes": ["email_setup", "sms", "call"], "resend_after": 30}}}}}}"#
    );
    let start = || {
        let mut bench = Bench::with(&[], &scenario);
        let opened = journal::open(dir.path()).unwrap();
        bench.world.load(opened).unwrap();
        bench
    };
    let mut bench = start();
    bench.world.register(&["9996621234".parse().unwrap(), "9996621235".parse().unwrap()], &[]).unwrap();
    let (mut caller, me) = bench.logged_in(PHONE);
    let (mut ended, _) = bench.logged_in(PHONE);
    let hash = bench.call(&mut caller, functions::account::GetAuthorizations {}).unwrap();
    let hash = hash.authorizations[1].hash;
    bench.call(&mut caller, functions::account::ResetAuthorization { hash }).unwrap();
    let mut new_settings = bench.new_password(&mut caller, "p");
    new_settings.email = Some("ada@example.org".into());
    let password = enums::InputCheckPasswordSrp::InputCheckPasswordEmpty;
    let update = functions::account::UpdatePasswordSettings { password, new_settings };
    assert_eq!(bench.call(&mut caller, update), Err(refused(400, "EMAIL_UNCONFIRMED_6")));
    let to_confirm = bench.newest_code();
    let (mut left, _) = bench.logged_in(PHONE);
    let token = bench.call(&mut left, functions::auth::LogOut {}).unwrap().future_auth_token.unwrap();
    let (mut gone, deleted) = bench.logged_in("9996621235");
    bench.call(&mut gone, functions::account::DeleteAccount::default()).unwrap();
    let mut new = bench.client(2);
    let enums::auth::SentCode::SentCode(sent) = bench.sent(&mut new, other).unwrap() else { panic!() };
    let purpose = enums::EmailVerifyPurpose::LoginSetup(types::EmailVerifyPurposeLoginSetup {
        phone_number: other.into(),
        phone_code_hash: sent.phone_code_hash,
    });
    let send =
        functions::account::SendVerifyEmailCode { purpose: purpose.clone(), email: "eve@example.org".into() };
    bench.call(&mut new, send).unwrap();
    let to_verify = bench.newest_code();
    drop(bench);

    // Twice, because the first start writes the journal anew.
    drop(start());
    let mut bench = start();
    let revoked = bench.call(&mut ended, functions::updates::GetState {});
    assert_eq!(revoked, Err(refused(401, "SESSION_REVOKED")));
    let confirm = functions::account::ConfirmPasswordEmail { code: to_confirm.into() };
    assert_eq!(bench.call(&mut caller, confirm), Ok(true));
    let account = bench.world.accounts.get(me.id).unwrap();
    assert!(account.password.is_some());
    assert_eq!(account.security.recovery_email.as_deref(), Some("ada@example.org"));
    let again = bench.sent_with(&mut left, PHONE, &[token]);
    assert_eq!(again, Err(refused(401, "SESSION_PASSWORD_NEEDED")));
    assert!(bench.world.accounts.get(deleted.id).is_none());
    assert!(bench.world.accounts.free_id() > deleted.id);
    let verify = functions::account::VerifyEmail {
        purpose,
        verification: enums::EmailVerification::Code(types::EmailVerificationCode { code: to_verify.into() }),
    };
    let enums::account::EmailVerified::Login(verified) = bench.call(&mut new, verify).unwrap() else {
        panic!()
    };
    let enums::auth::SentCode::SentCode(sent) = verified.sent_code else { panic!() };
    let resend = functions::auth::ResendCode {
        phone_number: other.into(),
        phone_code_hash: sent.phone_code_hash,
        reason: None,
    };
    drop(bench);
    let mut bench = start();
    assert_eq!(bench.call(&mut new, resend.clone()), Err(refused(420, "FLOOD_WAIT_30")));
    bench.now += 30;
    let enums::auth::SentCode::SentCode(sent) = bench.call(&mut new, resend).unwrap() else { panic!() };
    assert!(matches!(sent.r#type, enums::auth::SentCodeType::Call(_)));
    let call = bench.newest_code();
    bench.sign_in_with(&mut new, other, &sent.phone_code_hash, &call).unwrap();
    let sign_up = functions::auth::SignUp {
        phone_number: other.into(),
        phone_code_hash: sent.phone_code_hash,
        first_name: "Eve".into(),
        ..Default::default()
    };
    let eve = user(bench.call(&mut new, sign_up).unwrap());
    let account = bench.world.accounts.get(eve.id).unwrap();
    assert_eq!(account.security.login_email.as_deref(), Some("eve@example.org"));
}

#[test]
fn accounts_that_contradict_are_refused() {
    let (sender, _events) = mpsc::channel(1);
    let mut world = World::new(Policy::default(), StdRng::seed_from_u64(7), sender);
    world.dcs = vec![DcAddress { id: 1, host: "127.0.0.1".into(), port: 1 }];
    for (account, bot) in [
        ("9996611234,dc=2", None),
        ("9996621234", None),
        ("12025550123", Some("no token")),
        ("12025550123", Some("42:abc,dc=9")),
        ("12025550123", Some("42:abc,colour=red")),
    ] {
        let result = world
            .register(&[account.parse().unwrap()], &bot.map(str::to_owned).into_iter().collect::<Vec<_>>());
        assert!(matches!(result, Err(Error::Account { .. })), "{account}");
    }
    assert_eq!(world.accounts.by_phone("12025550123").unwrap().dc, 1);
}
