//! Going on with a login that an earlier process has begun.

use super::*;

#[test]
fn the_code_is_asked_for_where_it_was_sent() {
    let mut other = Run::resuming_at(at_code().saved, at(NOW + 20, 2));
    assert_eq!(other.code_notice(), Some(Notice::Resumed));
    assert!(matches!(other.prompt(), Prompt::Code { sent, .. } if sent.resend_in == 40));
    other.code("12345");
    let Call::SignIn(call) = other.call("auth.signIn") else { unreachable!() };
    assert_eq!((&*call.phone_number, &*call.phone_code_hash), (PHONE, "hash"));
    other.reply("auth.signIn", authorized()).done();
}

#[test]
fn it_goes_back_to_the_dc_of_the_code() {
    let mut other = Run::resuming_at(at_code().saved, at(NOW, 5));
    other.switched(2);
    assert_eq!(other.code_notice(), Some(Notice::Resumed));
}

#[test]
fn the_password_is_asked_for_without_another_code() {
    let mut other = Run::resuming(at_password().saved);
    other.reply("account.getPassword", password_info(9));
    assert_eq!(other.password_notice(), Some(Notice::Resumed));
    other.password("secret").proven().reply("auth.checkPassword", authorized()).done();
}

#[test]
fn a_key_that_has_forgotten_the_login_begins_anew() {
    let mut other = Run::resuming(at_password().saved);
    other.refuse("account.getPassword", 401, "AUTH_KEY_UNREGISTERED");
    assert_eq!((other.phone_notice(), &other.saved.login), (Some(Notice::NotResumed), &None));
}

#[test]
fn an_old_login_begins_anew() {
    let mut saved = at_code().saved;
    let at = at(NOW + 3601, 2);
    let (_, step) = Login::start(credentials(), saved.login.take(), at);
    assert!(matches!(step.action, Action::Prompt(Prompt::Phone { notice: Some(Notice::NotResumed) })));
}

#[test]
fn a_failure_keeps_what_was_reached() {
    let mut run = at_code();
    run.code("12345").refuse("auth.signIn", 420, "FLOOD_WAIT_300");
    let other = Run::resuming_at(run.saved, at(NOW + 300, 2));
    assert_eq!(other.code_notice(), Some(Notice::Resumed));
}
