//! Codes: right, wrong, expired, sent again, and another number.

use super::*;
use crate::session::{PeerKey, PeerKind};

#[test]
fn the_straight_way() {
    let mut run = Run::new();
    assert_eq!(run.phone_notice(), None);
    run.phone();
    let Call::SendCode(call) = run.call("auth.sendCode") else { unreachable!() };
    assert_eq!((&*call.phone_number, call.api_id, &*call.api_hash), (PHONE, 17, "0123"));
    assert_eq!(call.settings, types::CodeSettings::default());
    run.reply("auth.sendCode", app_code());
    let Prompt::Code { sent, notice: None } = run.prompt() else { panic!() };
    assert_eq!((sent.phone.as_str(), sent.length, sent.resend_in), (PHONE, Some(5), 60));
    run.code(" 12-345 ");
    let Call::SignIn(call) = run.call("auth.signIn") else { unreachable!() };
    assert_eq!((&*call.phone_number, &*call.phone_code_hash), (PHONE, "hash"));
    assert_eq!((call.phone_code.as_deref(), call.email_verification), (Some("12345"), None));
    run.reply("auth.signIn", authorized());
    assert_eq!(run.done().user.first_name, "Ada");
    assert!(!run.done().new_account);
    assert_eq!(run.saved.user.as_ref(), Some(&run.done().user));
    let key = PeerKey { kind: PeerKind::User, id: 777 };
    assert_eq!(run.saved.peers[&key].access_hash, Some(-5));
    assert_eq!(run.saved.login, None);
}

#[test]
fn a_wrong_code_is_asked_again_with_the_same_hash_and_only_so_often() {
    let mut run = at_code();
    for left in [4, 3, 2, 1] {
        run.code("11111").refuse("auth.signIn", 400, "PHONE_CODE_INVALID");
        assert_eq!(run.code_notice(), Some(Notice::WrongCode { left }));
    }
    run.code("11111").refuse("auth.signIn", 400, "PHONE_CODE_EMPTY");
    assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
    assert!(run.saved.login.is_some(), "another run may go on");
}

#[test]
fn a_code_of_the_wrong_length_is_not_sent() {
    let mut run = at_code();
    run.code("1234");
    assert_eq!(run.code_notice(), Some(Notice::CodeLength { length: 5 }));
    run.code("  ");
    assert_eq!(run.code_notice(), None);
}

#[test]
fn an_expired_code_is_replaced_without_a_question_and_only_so_often() {
    for name in ["PHONE_CODE_EXPIRED", "PHONE_CODE_HASH_EMPTY", "PHONE_HASH_EXPIRED"] {
        let mut run = at_code();
        run.code("12345").refuse("auth.signIn", 400, name);
        run.reply("auth.sendCode", sms_code());
        assert_eq!(run.code_notice(), Some(Notice::CodeExpired));
        run.code("54321").reply("auth.signIn", authorized()).done();
    }
    let mut run = at_code();
    for _ in 0..5 {
        run.code("12345").refuse("auth.signIn", 400, "PHONE_CODE_EXPIRED").reply("auth.sendCode", sms_code());
    }
    run.code("12345").refuse("auth.signIn", 400, "PHONE_CODE_EXPIRED");
    assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
}

#[test]
fn the_server_may_ask_to_begin_again() {
    for message in ["AUTH_RESTART", "AUTH_RESTART_3", "SIGN_IN_FAILED"] {
        let mut run = at_code();
        run.code("12345").refuse("auth.signIn", 500, message).reply("auth.sendCode", app_code());
        assert_eq!(run.code_notice(), Some(Notice::Restarted));
    }
    let mut run = Run::new();
    run.phone();
    for _ in 0..5 {
        run.refuse("auth.sendCode", 500, "AUTH_RESTART");
    }
    run.refuse("auth.sendCode", 500, "AUTH_RESTART");
    assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
}

#[test]
fn a_resend_waits_for_its_time_and_uses_the_newest_hash() {
    let mut run = at_code();
    run.at.unix += 59;
    run.answer(Answer::Resend);
    assert_eq!(run.code_notice(), Some(Notice::ResendLater { seconds: 1 }));
    run.at.unix += 1;
    run.answer(Answer::Resend);
    let Call::ResendCode(call) = run.call("auth.resendCode") else { unreachable!() };
    assert_eq!((&*call.phone_number, &*call.phone_code_hash), (PHONE, "hash"));
    run.reply("auth.resendCode", sms_code());
    assert_eq!(run.code_notice(), Some(Notice::Resent));
    run.answer(Answer::Resend);
    assert_eq!(run.code_notice(), Some(Notice::NoResend), "that was the last way");
}

#[test]
fn a_refused_resend_keeps_the_code() {
    let mut run = at_code();
    run.at.unix += 60;
    run.answer(Answer::Resend).refuse("auth.resendCode", 406, "SEND_CODE_UNAVAILABLE");
    assert_eq!(run.code_notice(), Some(Notice::NoResend));
    run.code("12345").reply("auth.signIn", authorized()).done();
}

#[test]
fn a_clock_that_is_set_back_makes_no_wait_longer() {
    let mut run = at_code();
    run.at.unix -= 10_000;
    run.answer(Answer::Resend);
    assert_eq!(run.code_notice(), Some(Notice::ResendLater { seconds: 60 }));
}

#[test]
fn back_cancels_the_code_and_asks_for_the_number() {
    for refused in [false, true] {
        let mut run = at_code();
        run.answer(Answer::Back);
        let Call::CancelCode(call) = run.call("auth.cancelCode") else { unreachable!() };
        assert_eq!((&*call.phone_number, &*call.phone_code_hash), (PHONE, "hash"));
        assert_eq!(run.saved.login, None);
        if refused {
            run.refuse("auth.cancelCode", 400, "PHONE_CODE_EXPIRED");
        } else {
            run.reply("auth.cancelCode", Reply::Bool(true));
        }
        assert_eq!(run.phone_notice(), None);
        run.answer(Answer::Phone("+1 555 0100".into()));
        let Call::SendCode(call) = run.call("auth.sendCode") else { unreachable!() };
        assert_eq!(&*call.phone_number, "+15550100");
    }
}

#[test]
fn what_is_no_number_is_asked_again_and_only_so_often() {
    let mut run = Run::new();
    for _ in 0..4 {
        run.answer(Answer::Phone("Ada".into()));
        assert_eq!(run.phone_notice(), Some(Notice::NotAPhone));
    }
    run.answer(Answer::Phone("Ada".into()));
    assert_eq!(run.failure(), &LoginError::PhoneRefused(PhoneRefusal::Invalid));
}

#[test]
fn a_number_that_the_server_does_not_know_is_asked_again() {
    let mut run = Run::new();
    run.phone().refuse("auth.sendCode", 400, "PHONE_NUMBER_INVALID");
    assert_eq!(run.phone_notice(), Some(Notice::PhoneRefused(PhoneRefusal::Invalid)));
    run.phone().reply("auth.sendCode", app_code()).code("12345").reply("auth.signIn", authorized()).done();
}

#[test]
fn the_home_of_the_number_is_found_and_everything_goes_there() {
    let mut run = Run::new();
    run.phone().refuse("auth.sendCode", 303, "PHONE_MIGRATE_4").switched(4);
    run.reply("auth.sendCode", app_code());
    assert_eq!(run.saved.login.as_ref().map(|login| login.dc), Some(4));
    run.code("12345").refuse("auth.signIn", 303, "USER_MIGRATE_5").switched(5);
    assert_eq!(run.saved.login.as_ref().map(|login| login.dc), Some(5));
    run.reply("auth.signIn", authorized()).done();
}

#[test]
fn moves_are_bounded() {
    let mut run = Run::new();
    run.phone();
    for dc in [3, 4, 5, 1] {
        let message =
            ["", "NETWORK_MIGRATE_1", "", "NETWORK_MIGRATE_3", "NETWORK_MIGRATE_4", "NETWORK_MIGRATE_5"];
        run.refuse("auth.sendCode", 303, message[dc as usize]).switched(dc);
    }
    run.refuse("auth.sendCode", 303, "NETWORK_MIGRATE_2");
    assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
}

#[test]
fn tokens_of_earlier_log_outs_are_sent_and_may_be_enough() {
    let saved = State { future_auth_tokens: vec![Secret::from("token")], ..State::default() };
    let mut run = Run::resuming(saved);
    run.phone();
    let Call::SendCode(call) = run.call("auth.sendCode") else { unreachable!() };
    assert_eq!(call.settings.logout_tokens, Some(vec![bytes::Bytes::from_static(b"token")]));
    let success = types::auth::SentCodeSuccess { authorization: authorization_of(user()) };
    run.reply("auth.sendCode", Reply::SentCode(Box::new(SentCode::Success(success)))).done();
    let mut run = Run::new();
    run.phone().refuse("auth.sendCode", 401, "SESSION_PASSWORD_NEEDED");
    assert!(run.saved.login.is_some());
    run.reply("account.getPassword", password_info(1)).password("secret").proven();
    run.reply("auth.checkPassword", authorized()).done();
}
