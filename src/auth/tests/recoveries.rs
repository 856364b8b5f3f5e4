//! A forgotten password: recovered by e-mail, or the account made anew.

use super::*;

fn info(has_recovery: bool) -> Reply {
    let Reply::Password(info) = password_info(1) else { panic!() };
    Reply::Password(Box::new(types::account::Password {
        has_recovery,
        new_algo: (**info.current_algo.as_ref().unwrap()).clone(),
        ..*info
    }))
}

fn requested() -> Reply {
    Reply::Recovery(types::auth::PasswordRecovery { email_pattern: Str::from("a***@e***") })
}

/// A run that waits for the code to recover the password.
fn at_recovery() -> Run {
    let mut run = at_password();
    run.answer(Answer::Recover).reply("auth.requestPasswordRecovery", requested());
    run
}

fn notice(run: &Run) -> Option<Notice> {
    match run.prompt() {
        Prompt::RecoveryCode { notice, .. } | Prompt::NewPassword { notice } => notice.clone(),
        other => panic!("{other:?}"),
    }
}

fn new_password(run: &mut Run) -> &mut Run {
    run.answer(Answer::NewPassword { password: Secret::from("new"), hint: "pet".into() })
}

#[test]
fn with_a_new_password() {
    let mut run = at_recovery();
    assert_eq!(run.prompt(), &Prompt::RecoveryCode { pattern: "a***@e***".into(), notice: None });
    run.code(" 123456 ");
    let Call::CheckRecovery(call) = run.call("auth.checkRecoveryPassword") else { panic!() };
    assert_eq!(&*call.code, "123456");
    run.reply("auth.checkRecoveryPassword", Reply::Bool(true));
    assert_eq!(run.prompt(), &Prompt::NewPassword { notice: None });
    new_password(&mut run).reply("account.getPassword", info(true)).derived();
    let Call::Recover(call) = run.call("auth.recoverPassword") else { panic!() };
    assert!(&*call.code == "123456" && call.new_settings.is_some());
    run.reply("auth.recoverPassword", authorized()).done();
    assert_eq!(run.saved.login, None);
}

#[test]
fn without_a_password() {
    let mut run = at_recovery();
    run.code("123456").reply("auth.checkRecoveryPassword", Reply::Bool(true)).answer(Answer::NoPassword);
    let Call::Recover(call) = run.call("auth.recoverPassword") else { panic!() };
    assert_eq!(call.new_settings, None);
    run.reply("auth.recoverPassword", authorized()).done();
}

#[test]
fn another_process_asks_for_the_code_that_was_sent() {
    let mut run = Run::resuming(at_recovery().saved);
    assert_eq!(notice(&run), Some(Notice::Resumed));
    run.code("123456").reply("auth.checkRecoveryPassword", Reply::Bool(true));
    new_password(&mut run).reply("account.getPassword", info(true)).derived();
    run.reply("auth.recoverPassword", authorized()).done();
}

#[test]
fn wrong_and_expired_codes() {
    let mut run = at_recovery();
    run.code("1").refuse("auth.checkRecoveryPassword", 400, "CODE_INVALID");
    assert_eq!(notice(&run), Some(Notice::WrongCode { left: 4 }));
    run.code("1").reply("auth.checkRecoveryPassword", Reply::Bool(false));
    assert_eq!(notice(&run), Some(Notice::WrongCode { left: 3 }));
    run.code("1").refuse("auth.checkRecoveryPassword", 400, "PASSWORD_RECOVERY_EXPIRED");
    run.reply("auth.requestPasswordRecovery", requested());
    assert_eq!(notice(&run), Some(Notice::RecoveryCodeExpired));
    run.answer(Answer::Resend).reply("auth.requestPasswordRecovery", requested());
    assert_eq!(notice(&run), Some(Notice::Resent));
    run.answer(Answer::Back).reply("account.getPassword", info(true));
    assert_eq!(run.password_notice(), None);
    assert_eq!(run.saved.login.unwrap().stage, crate::session::Stage::Password);
}

#[test]
fn no_address_to_recover_with() {
    let mut run = at_password();
    run.answer(Answer::Recover).refuse("auth.requestPasswordRecovery", 400, "PASSWORD_RECOVERY_NA");
    run.reply("account.getPassword", info(false));
    assert_eq!(run.password_notice(), Some(Notice::NoRecovery));
    let mut run = at_password();
    run.answer(Answer::Recover).refuse("auth.requestPasswordRecovery", 400, "PASSWORD_EMPTY");
    run.reply("auth.sendCode", app_code());
    assert_eq!(run.code_notice(), Some(Notice::PasswordGone));
}

#[test]
fn a_new_password_that_is_not_taken() {
    let mut run = at_recovery();
    run.code("123456").reply("auth.checkRecoveryPassword", Reply::Bool(true));
    for _ in 0..4 {
        new_password(&mut run).reply("account.getPassword", info(true)).derived();
        run.refuse("auth.recoverPassword", 400, "NEW_SETTINGS_INVALID");
        assert_eq!(notice(&run), Some(Notice::NewPasswordRefused));
    }
    new_password(&mut run).reply("account.getPassword", info(true)).derived();
    run.refuse("auth.recoverPassword", 400, "NEW_SETTINGS_INVALID");
    assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
}

#[test]
fn what_is_known_of_the_password_is_shown() {
    let mut run = at_code();
    run.code("12345").refuse("auth.signIn", 401, "SESSION_PASSWORD_NEEDED");
    let Reply::Password(known) = info(true) else { panic!() };
    let known = types::account::Password { pending_reset_date: Some(5), ..*known };
    run.reply("account.getPassword", Reply::Password(Box::new(known)));
    let Prompt::Password { info, .. } = run.prompt() else { panic!() };
    let wanted = PasswordInfo { hint: Some("pet".into()), can_recover: true, reset_at: Some(5) };
    assert_eq!(info, &wanted);
}

#[test]
fn the_account_is_made_anew() {
    let mut run = at_password();
    run.answer(Answer::ResetAccount);
    assert_eq!(run.prompt(), &Prompt::ResetAccount);
    run.answer(Answer::Confirm(false)).reply("account.getPassword", info(false));
    run.answer(Answer::ResetAccount).answer(Answer::Confirm(true));
    run.refuse("account.deleteAccount", 420, "2FA_CONFIRM_WAIT_604800");
    run.reply("account.getPassword", info(false));
    assert_eq!(run.password_notice(), Some(Notice::AccountResetScheduled { at: NOW + 604_800 }));
    run.answer(Answer::ResetAccount).answer(Answer::Confirm(true));
    run.reply("account.deleteAccount", Reply::Bool(true));
    run.reply("auth.signIn", sign_up_required(Some("Be kind.")));
    assert!(matches!(run.prompt(), Prompt::Terms { notice: Some(Notice::AccountDeleted), .. }));
    run.answer(Answer::Terms(true));
    assert_eq!(run.prompt(), &Prompt::Name { notice: None });
    run.answer(Answer::Name { first: "Ada".into(), last: String::new() });
    let Call::SignUp(call) = run.call("auth.signUp") else { panic!() };
    assert_eq!(&*call.phone_code_hash, "hash");
}

#[test]
fn what_the_server_wants_after_the_login_is_told() {
    let authorization = enums::auth::Authorization::Authorization(types::auth::Authorization {
        user: user(),
        setup_password_required: true,
        otherwise_relogin_days: Some(7),
        future_auth_token: Some(bytes::Bytes::from_static(b"token")),
        ..Default::default()
    });
    let mut run = at_code();
    run.code("12345").reply("auth.signIn", Reply::Authorization(Box::new(authorization)));
    assert_eq!(run.done().relogin_after_days, Some(7));
    assert_eq!(run.saved.future_auth_tokens, [Secret::from("token")]);
}
