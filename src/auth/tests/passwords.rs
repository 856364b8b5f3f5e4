//! Two-step verification.

use super::*;

#[test]
fn the_hint_is_shown_if_there_is_one() {
    let run = at_password();
    assert!(
        matches!(run.prompt(), Prompt::Password { info, notice: None } if info.hint.as_deref() == Some("pet"))
    );
    for hint in [None, Some(Str::from(""))] {
        let mut run = at_code();
        run.code("12345").refuse("auth.signIn", 400, "SESSION_PASSWORD_NEEDED");
        let Reply::Password(info) = password_info(1) else { unreachable!() };
        run.reply(
            "account.getPassword",
            Reply::Password(Box::new(types::account::Password { hint, ..*info })),
        );
        assert!(matches!(run.prompt(), Prompt::Password { info: PasswordInfo { hint: None, .. }, .. }));
    }
}

#[test]
fn a_right_password_logs_in() {
    let mut run = at_password();
    run.password("secret").proven().reply("auth.checkPassword", authorized()).done();
    assert_eq!(run.saved.login, None);
}

#[test]
fn a_wrong_password_is_asked_again_with_fresh_numbers_and_only_so_often() {
    let mut run = at_password();
    for left in [4, 3, 2, 1] {
        run.password("wrong").proven().refuse("auth.checkPassword", 400, "PASSWORD_HASH_INVALID");
        run.reply("account.getPassword", password_info(2));
        assert_eq!(run.password_notice(), Some(Notice::WrongPassword { left }));
    }
    run.password("wrong").proven().refuse("auth.checkPassword", 400, "PASSWORD_HASH_INVALID");
    assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
}

#[test]
fn numbers_that_have_expired_are_fetched_once_without_a_question() {
    for name in ["SRP_ID_INVALID", "SRP_PASSWORD_CHANGED", "AUTH_KEY_UNSYNCHRONIZED"] {
        let mut run = at_password();
        run.password("secret").proven().refuse("auth.checkPassword", 400, name);
        run.reply("account.getPassword", password_info(2)).proven();
        run.reply("auth.checkPassword", authorized()).done();
        let mut run = at_password();
        run.password("secret").proven().refuse("auth.checkPassword", 400, name);
        run.reply("account.getPassword", password_info(2)).proven().refuse("auth.checkPassword", 400, name);
        assert!(matches!(run.failure(), LoginError::Rpc { .. }));
    }
    // The next password has its own second try.
    let mut run = at_password();
    run.password("wrong").proven().refuse("auth.checkPassword", 400, "SRP_ID_INVALID");
    run.reply("account.getPassword", password_info(2)).proven();
    run.refuse("auth.checkPassword", 400, "PASSWORD_HASH_INVALID");
    run.reply("account.getPassword", password_info(3));
    run.password("right").proven().refuse("auth.checkPassword", 400, "SRP_ID_INVALID");
    run.reply("account.getPassword", password_info(4))
        .proven()
        .reply("auth.checkPassword", authorized())
        .done();
}

#[test]
fn a_password_that_was_taken_off_meanwhile_is_not_asked_for() {
    let mut run = at_code();
    run.code("12345").refuse("auth.signIn", 401, "SESSION_PASSWORD_NEEDED");
    run.reply("account.getPassword", Reply::Password(Box::default()));
    run.reply("auth.sendCode", app_code());
    assert_eq!(run.code_notice(), Some(Notice::PasswordGone));
}

#[test]
fn numbers_that_are_unknown_missing_or_unsafe_stop_the_login() {
    let unknown = types::account::Password {
        current_algo: Some(Box::new(enums::PasswordKdfAlgo::Unknown)),
        has_password: true,
        ..Default::default()
    };
    let missing = types::account::Password { has_password: true, ..Default::default() };
    let failure = |info: types::account::Password| {
        let mut run = at_code();
        run.code("12345").refuse("auth.signIn", 401, "SESSION_PASSWORD_NEEDED");
        run.reply("account.getPassword", Reply::Password(Box::new(info))).password("secret");
        run.failure().clone()
    };
    assert_eq!(failure(unknown), LoginError::UnknownPasswordAlgorithm);
    assert!(matches!(failure(missing), LoginError::UnexpectedReply { .. }));
    let mut run = at_password();
    run.password("secret");
    let error = LoginError::UnsafePasswordCheck(crate::crypto::srp::SrpError::ZeroU);
    run.input(Input::Proof(Err(error.clone())));
    assert_eq!(run.failure(), &error);
}

#[test]
fn an_empty_password_is_asked_again_and_back_leads_to_the_number() {
    let mut run = at_password();
    run.password("");
    assert_eq!(run.password_notice(), None);
    run.answer(Answer::Back);
    assert_eq!((run.phone_notice(), &run.saved.login), (None, &None));
}
