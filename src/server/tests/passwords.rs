//! Setting, recovering and resetting passwords.

use enums::account::ResetPasswordResult;

use super::*;

const EMPTY: enums::InputCheckPasswordSrp = enums::InputCheckPasswordSrp::InputCheckPasswordEmpty;

fn update(
    password: enums::InputCheckPasswordSrp,
    new_settings: types::account::PasswordInputSettings,
) -> functions::account::UpdatePasswordSettings {
    functions::account::UpdatePasswordSettings { password, new_settings }
}

fn info(bench: &mut Bench, caller: &mut Caller) -> types::account::Password {
    bench.call(caller, functions::account::GetPassword {}).unwrap()
}

/// A user whose password is `p`, and who has given the code on a second device.
fn half_logged_in(scenario: &str) -> (Bench, Caller, Caller) {
    let mut bench = Bench::with(&[PHONE], scenario);
    let (mut first, _) = bench.logged_in(PHONE);
    let settings = bench.new_password(&mut first, "p");
    bench.call(&mut first, update(EMPTY, settings)).unwrap();
    let mut second = bench.client(2);
    assert_eq!(bench.sign_in(&mut second, PHONE, "22222"), Err(refused(401, "SESSION_PASSWORD_NEEDED")));
    while bench.event().is_some() {}
    (bench, first, second)
}

const WITH_ADDRESS: &str = r#"{"numbers": {"+9996621234": {"recovery_email": "ada@example.org"}}}"#;

#[test]
fn a_password_is_set_changed_and_removed() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut caller, _) = bench.logged_in(PHONE);
    let settings = bench.new_password(&mut caller, "one");
    assert_eq!(bench.call(&mut caller, update(EMPTY, settings)), Ok(true));
    let told = info(&mut bench, &mut caller);
    assert_eq!((told.has_password, told.hint.as_deref(), told.has_recovery), (true, Some("new"), false));
    let settings = bench.new_password(&mut caller, "two");
    assert_eq!(
        bench.call(&mut caller, update(EMPTY, settings.clone())),
        Err(refused(400, "PASSWORD_HASH_INVALID")),
        "the old one has to be proven"
    );
    let wrong = bench.prove(&mut caller, "two");
    assert_eq!(
        bench.call(&mut caller, update(wrong, settings.clone())),
        Err(refused(400, "PASSWORD_HASH_INVALID"))
    );
    let right = bench.prove(&mut caller, "one");
    assert_eq!(bench.call(&mut caller, update(right.clone(), settings)), Ok(true));
    let nothing = types::account::PasswordInputSettings::default();
    assert_eq!(bench.call(&mut caller, update(right, nothing.clone())), Err(refused(400, "SRP_ID_INVALID")));
    let right = bench.prove(&mut caller, "two");
    assert_eq!(bench.call(&mut caller, update(right, nothing)), Err(refused(400, "NEW_SETTINGS_EMPTY")));
    let right = bench.prove(&mut caller, "two");
    let remove = types::account::PasswordInputSettings {
        new_algo: Some(Box::default()),
        new_password_hash: Some(Bytes::new()),
        hint: Some("".into()),
        ..Default::default()
    };
    assert_eq!(bench.call(&mut caller, update(right, remove)), Ok(true));
    assert!(!info(&mut bench, &mut caller).has_password);
}

#[test]
fn a_check_begun_before_a_change_is_void() {
    let (mut bench, mut first, mut second) = half_logged_in("{}");
    let begun = bench.prove(&mut second, "p");
    let settings = bench.new_password(&mut first, "q");
    let right = bench.prove(&mut first, "p");
    bench.call(&mut first, update(right, settings)).unwrap();
    let check = functions::auth::CheckPassword { password: begun };
    assert_eq!(bench.call(&mut second, check), Err(refused(400, "SRP_PASSWORD_CHANGED")));
}

#[test]
fn new_settings_are_checked() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut caller, _) = bench.logged_in(PHONE);
    let good = bench.new_password(&mut caller, "one");
    let with =
        |change: &dyn Fn(&mut types::PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow)| {
            let mut settings = good.clone();
            let mut algo = modpow(settings.new_algo.as_deref().unwrap()).clone();
            change(&mut algo);
            settings.new_algo = Some(Box::new(
                enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algo),
            ));
            settings
        };
    let salt1 = modpow(good.new_algo.as_deref().unwrap()).salt1.clone();
    for (settings, error) in [
        (with(&|algo| algo.salt1 = salt1.slice(..16)), "NEW_SALT_INVALID"),
        (with(&|algo| algo.salt1 = vec![0; 48].into()), "NEW_SALT_INVALID"),
        (with(&|algo| algo.salt2 = vec![0; 16].into()), "NEW_SALT_INVALID"),
        (with(&|algo| algo.g = 2), "NEW_SETTINGS_INVALID"),
        (with(&|algo| algo.p = vec![1; 256].into()), "NEW_SETTINGS_INVALID"),
        (
            types::account::PasswordInputSettings {
                new_password_hash: Some(vec![1; 255].into()),
                ..good.clone()
            },
            "NEW_SETTINGS_INVALID",
        ),
        (
            types::account::PasswordInputSettings {
                new_password_hash: Some(vec![0; 256].into()),
                ..good.clone()
            },
            "NEW_SETTINGS_INVALID",
        ),
        (
            types::account::PasswordInputSettings { new_algo: Some(Box::default()), ..good.clone() },
            "NEW_SETTINGS_INVALID",
        ),
        (types::account::PasswordInputSettings { email: Some("x".into()), ..good.clone() }, "EMAIL_INVALID"),
    ] {
        assert_eq!(bench.call(&mut caller, update(EMPTY, settings)), Err(refused(400, error)));
    }
    assert_eq!(bench.call(&mut caller, update(EMPTY, good)), Ok(true));
}

#[test]
fn an_address_is_confirmed_before_the_password_comes_into_force() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut caller, _) = bench.logged_in(PHONE);
    let confirm = |code: &str| functions::account::ConfirmPasswordEmail { code: code.to_owned().into() };
    assert_eq!(bench.call(&mut caller, confirm("1")), Err(refused(400, "EMAIL_HASH_EXPIRED")));
    let mut settings = bench.new_password(&mut caller, "one");
    settings.email = Some("ada@example.org".into());
    let unconfirmed = refused(400, "EMAIL_UNCONFIRMED_6");
    assert_eq!(bench.call(&mut caller, update(EMPTY, settings.clone())), Err(unconfirmed.clone()));
    let told = info(&mut bench, &mut caller);
    assert_eq!(told.email_unconfirmed_pattern.as_deref(), Some("a***a@example.org"));
    assert!(!told.has_password);
    assert_eq!(bench.call(&mut caller, functions::account::CancelPasswordEmail {}), Ok(true));
    assert_eq!(
        bench.call(&mut caller, functions::account::ResendPasswordEmail {}),
        Err(refused(400, "EMAIL_HASH_EXPIRED"))
    );
    assert_eq!(bench.call(&mut caller, update(EMPTY, settings)), Err(unconfirmed));
    let first = bench.newest_code();
    assert_eq!(bench.call(&mut caller, functions::account::ResendPasswordEmail {}), Ok(true));
    let second = bench.newest_code();
    assert_ne!(first, second);
    assert_eq!(bench.call(&mut caller, confirm(&first)), Err(refused(400, "CODE_INVALID")));
    assert_eq!(bench.call(&mut caller, confirm(&second)), Ok(true));
    let told = info(&mut bench, &mut caller);
    assert!(told.has_password && told.has_recovery && told.email_unconfirmed_pattern.is_none());
    let password = bench.prove(&mut caller, "one");
    let settings = bench.call(&mut caller, functions::account::GetPasswordSettings { password }).unwrap();
    assert_eq!(settings.email.as_deref(), Some("ada@example.org"));
}

#[test]
fn recovery_needs_a_password_and_an_address() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut caller, _) = bench.logged_in(PHONE);
    let request = functions::auth::RequestPasswordRecovery {};
    assert_eq!(bench.call(&mut caller, request.clone()), Err(refused(400, "PASSWORD_EMPTY")));
    let settings = bench.new_password(&mut caller, "one");
    bench.call(&mut caller, update(EMPTY, settings)).unwrap();
    assert_eq!(bench.call(&mut caller, request), Err(refused(400, "PASSWORD_RECOVERY_NA")));
}

#[test]
fn recovery_without_a_new_password_ends_two_step_verification() {
    let (mut bench, mut first, mut second) = half_logged_in(WITH_ADDRESS);
    let recover =
        |code: &str| functions::auth::RecoverPassword { code: code.to_owned().into(), new_settings: None };
    assert!(info(&mut bench, &mut second).has_recovery);
    assert_eq!(bench.call(&mut second, recover("1")), Err(refused(400, "PASSWORD_RECOVERY_EXPIRED")));
    let sent = bench.call(&mut second, functions::auth::RequestPasswordRecovery {}).unwrap();
    assert_eq!(&*sent.email_pattern, "a***a@example.org");
    let code = bench.newest_code();
    let check = |code: &str| functions::auth::CheckRecoveryPassword { code: code.to_owned().into() };
    assert_eq!(bench.call(&mut second, check("")), Err(refused(400, "CODE_EMPTY")));
    assert_eq!(bench.call(&mut second, check("1")), Err(refused(400, "CODE_INVALID")));
    assert_eq!(bench.call(&mut second, check(&code)), Ok(true));
    let me = user(bench.call(&mut second, recover(&code)).unwrap());
    assert!(me.is_self);
    assert!(!info(&mut bench, &mut first).has_password);
    assert!(bench.call(&mut second, functions::updates::GetState {}).is_ok());
}

#[test]
fn recovery_with_a_new_password_sets_it() {
    let (mut bench, mut first, mut second) = half_logged_in(WITH_ADDRESS);
    bench.call(&mut second, functions::auth::RequestPasswordRecovery {}).unwrap();
    let code = bench.newest_code();
    let new_settings = Some(bench.new_password(&mut second, "new"));
    let recover = functions::auth::RecoverPassword { code: code.into(), new_settings };
    bench.call(&mut second, recover.clone()).unwrap();
    assert_eq!(bench.call(&mut second, recover), Err(refused(400, "NEW_SALT_INVALID")));
    let password = bench.prove(&mut first, "new");
    let settings = bench.call(&mut first, functions::account::GetPasswordSettings { password }).unwrap();
    assert_eq!(settings.email.as_deref(), Some("ada@example.org"));
}

#[test]
fn a_password_is_reset_after_a_wait() {
    let (mut bench, mut first, _) = half_logged_in(r#"{"password_reset_wait": 100}"#);
    let reset = functions::account::ResetPassword {};
    let decline = functions::account::DeclinePasswordReset {};
    let date = |bench: &Bench, after: i64| i32::try_from(bench.now + after).unwrap();
    assert_eq!(bench.call(&mut first, decline.clone()), Err(refused(400, "RESET_REQUEST_MISSING")));
    let until_date = date(&bench, 100);
    let requested =
        ResetPasswordResult::ResetPasswordRequestedWait(types::account::ResetPasswordRequestedWait {
            until_date,
        });
    assert_eq!(bench.call(&mut first, reset.clone()), Ok(requested.clone()));
    bench.now += 50;
    assert_eq!(bench.call(&mut first, reset.clone()), Ok(requested));
    assert_eq!(info(&mut bench, &mut first).pending_reset_date, Some(until_date));
    assert_eq!(bench.call(&mut first, decline), Ok(true));
    let failed = ResetPasswordResult::ResetPasswordFailedWait(types::account::ResetPasswordFailedWait {
        retry_date: date(&bench, 100),
    });
    assert_eq!(bench.call(&mut first, reset.clone()), Ok(failed));
    bench.now += 100;
    assert!(matches!(
        bench.call(&mut first, reset.clone()),
        Ok(ResetPasswordResult::ResetPasswordRequestedWait(_))
    ));
    bench.now += 100;
    assert_eq!(bench.call(&mut first, reset.clone()), Ok(ResetPasswordResult::ResetPasswordOk));
    assert_eq!(bench.call(&mut first, reset), Err(refused(400, "PASSWORD_EMPTY")));
}

#[test]
fn who_has_only_the_number_can_delete_the_account() {
    let (mut bench, mut first, mut second) = half_logged_in("{}");
    let delete = functions::account::DeleteAccount { reason: "forgot".into(), password: None };
    let old = bench.world.accounts.by_phone(PHONE).unwrap().id;
    assert_eq!(bench.call(&mut second, delete), Ok(true));
    assert_eq!(bench.event(), Some(Event::AccountDeleted { user_id: old }));
    assert_eq!(bench.pushes.last().unwrap().to, Audience::Key(first.key_id));
    let state = functions::updates::GetState {};
    assert_eq!(bench.call(&mut first, state), Err(refused(401, "USER_DEACTIVATED")));
    let hash = bench.send_code(&mut second, PHONE).unwrap().phone_code_hash;
    let answer = bench.sign_in_with(&mut second, PHONE, &hash, "22222").unwrap();
    assert!(matches!(answer, enums::auth::Authorization::SignUpRequired(_)));
    let sign_up = functions::auth::SignUp {
        phone_number: PHONE.into(),
        phone_code_hash: hash,
        first_name: "Ada".into(),
        ..Default::default()
    };
    assert!(user(bench.call(&mut second, sign_up).unwrap()).id > old, "ids are not given again");
}

#[test]
fn the_deletion_can_be_made_to_wait() {
    let scenario =
        r#"{"errors": {"account.deleteAccount": {"error": "2FA_CONFIRM_WAIT_604800", "times": 1}}}"#;
    let (mut bench, _, mut second) = half_logged_in(scenario);
    let delete = functions::account::DeleteAccount { reason: "forgot".into(), password: None };
    assert_eq!(bench.call(&mut second, delete), Err(refused(420, "2FA_CONFIRM_WAIT_604800")));
    let password = Some(bench.prove(&mut second, "wrong"));
    let delete = functions::account::DeleteAccount { reason: String::new().into(), password };
    assert_eq!(bench.call(&mut second, delete), Err(refused(400, "PASSWORD_HASH_INVALID")));
}
