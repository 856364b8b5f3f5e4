//! Numbers without an account.

use super::*;
use crate::session::Stage;

fn name() -> Answer {
    Answer::Name { first: " Ada ".into(), last: "Lovelace".into() }
}

#[test]
fn terms_are_shown_and_accepted_before_the_account_is_made() {
    let mut run = at_code();
    run.code("12345").reply("auth.signIn", sign_up_required(Some("Be kind.")));
    let Prompt::Terms { terms, .. } = run.prompt() else { panic!() };
    assert_eq!((terms.text.as_str(), terms.min_age), ("Be kind.", Some(16)));
    run.answer(Answer::Terms(true));
    assert!(matches!(run.prompt(), Prompt::Name { notice: None }));
    run.answer(name());
    let Call::SignUp(call) = run.call("auth.signUp") else { unreachable!() };
    assert_eq!((&*call.phone_number, &*call.phone_code_hash), (PHONE, "hash"));
    assert_eq!((&*call.first_name, &*call.last_name), ("Ada", "Lovelace"));
    run.reply("auth.signUp", authorized());
    assert!(run.done().new_account);
}

#[test]
fn declined_terms_make_no_account() {
    let mut run = at_code();
    run.code("12345").reply("auth.signIn", sign_up_required(Some("Be kind."))).answer(Answer::Terms(false));
    assert_eq!((run.failure(), &run.saved.login), (&LoginError::TermsDeclined, &None));
}

#[test]
fn without_terms_the_name_is_asked_for() {
    let mut run = at_code();
    run.code("12345").reply("auth.signIn", sign_up_required(None));
    assert!(matches!(run.prompt(), Prompt::Name { notice: None }));
    // The old form of the same answer.
    let mut run = at_code();
    run.code("12345").refuse("auth.signIn", 400, "PHONE_NUMBER_UNOCCUPIED");
    assert!(matches!(run.prompt(), Prompt::Name { notice: None }));
}

#[test]
fn a_name_that_is_not_taken_is_asked_again_and_only_so_often() {
    let mut run = at_code();
    run.code("12345").reply("auth.signIn", sign_up_required(None));
    run.answer(Answer::Name { first: "  ".into(), last: "x".into() });
    assert!(matches!(run.prompt(), Prompt::Name { notice: Some(Notice::NameRefused) }));
    for message in ["FIRSTNAME_INVALID", "LASTNAME_INVALID", "FIRSTNAME_INVALID"] {
        run.answer(name()).refuse("auth.signUp", 400, message);
        assert!(matches!(run.prompt(), Prompt::Name { notice: Some(Notice::NameRefused) }));
    }
    run.answer(name()).refuse("auth.signUp", 400, "FIRSTNAME_INVALID");
    assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
}

#[test]
fn a_number_that_has_got_an_account_meanwhile_signs_in() {
    let mut run = at_code();
    run.code("12345").reply("auth.signIn", sign_up_required(None));
    run.answer(name()).refuse("auth.signUp", 400, "PHONE_NUMBER_OCCUPIED");
    let Call::SignIn(call) = run.call("auth.signIn") else { unreachable!() };
    assert_eq!(call.phone_code.as_deref(), Some("12345"));
    run.reply("auth.signIn", authorized()).done();
}

#[test]
fn the_terms_survive_a_restart() {
    let mut run = at_code();
    run.code("12345").reply("auth.signIn", sign_up_required(Some("Be kind.")));
    let mut other = Run::resuming(run.saved);
    assert!(matches!(other.prompt(), Prompt::Terms { terms, .. } if terms.text == "Be kind."));
    other.answer(Answer::Terms(true));
    assert!(matches!(other.saved.login.as_ref().map(|login| &login.stage), Some(Stage::SignUp { .. })));
    other.answer(name()).refuse("auth.signUp", 400, "PHONE_CODE_EXPIRED").reply("auth.sendCode", app_code());
    assert_eq!(other.code_notice(), Some(Notice::CodeExpired));
}
