//! Bots, refusals, and drivers that make mistakes.

use super::*;

#[test]
fn a_token_at_the_phone_prompt_logs_a_bot_in() {
    for answer in [Answer::Phone(" 42:abc ".into()), Answer::BotToken(Secret::from("42:abc"))] {
        let mut run = Run::new();
        run.answer(answer);
        let Call::ImportBot(call) = run.call("auth.importBotAuthorization") else { unreachable!() };
        assert_eq!(
            (call.flags, call.api_id, &*call.api_hash, &*call.bot_auth_token),
            (0, 17, "0123", "42:abc")
        );
        run.refuse("auth.importBotAuthorization", 303, "USER_MIGRATE_4").switched(4);
        run.reply("auth.importBotAuthorization", authorized()).done();
    }
}

#[test]
fn a_refused_token_stops() {
    for name in ["ACCESS_TOKEN_INVALID", "ACCESS_TOKEN_EXPIRED"] {
        let mut run = Run::new();
        run.answer(Answer::Phone("42:abc".into())).refuse("auth.importBotAuthorization", 400, name);
        assert!(matches!(run.failure(), LoginError::BotTokenRefused { error } if *error.message == *name));
    }
}

#[test]
fn waits_say_until_when() {
    for message in ["FLOOD_WAIT_3600", "FLOOD_TEST_PHONE_WAIT_3600"] {
        let mut run = Run::new();
        run.phone().refuse("auth.sendCode", 420, message);
        assert!(
            matches!(run.failure(), LoginError::Wait { seconds: 3600, until, .. } if *until == NOW + 3600)
        );
        let text = run.failure().to_string();
        assert!(text.contains("until 2023-11-14 23:13:20 UTC"), "{text}");
    }
}

#[test]
fn an_ended_session_forgets_the_login() {
    let mut run = at_code();
    run.code("11111").refuse("auth.signIn", 400, "PHONE_CODE_INVALID");
    run.code("12345").refuse("auth.signIn", 401, "SESSION_REVOKED");
    assert!(matches!(run.failure(), LoginError::SessionEnded { .. }));
    assert!(run.saved.login.is_none());
}

#[test]
fn answers_of_another_type_and_logins_of_nobody_stop() {
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", authorized());
    assert!(matches!(run.failure(), LoginError::UnexpectedReply { method: "auth.sendCode", .. }));
    let mut run = at_code();
    let nobody = authorization_of(enums::User::Empty(types::UserEmpty { id: 1 }));
    run.code("12345").reply("auth.signIn", Reply::Authorization(Box::new(nobody)));
    assert!(matches!(run.failure(), LoginError::UnexpectedReply { method: "auth.signIn", .. }));
    let mut run = at_password();
    run.password("x").proven().reply("auth.checkPassword", sign_up_required(None));
    assert!(matches!(run.failure(), LoginError::UnexpectedReply { method: "auth.checkPassword", .. }));
}

#[test]
fn an_input_that_was_not_asked_for_stops() {
    let mut run = Run::new();
    run.input(Input::Switched);
    assert_eq!(run.failure(), &LoginError::Misused);
    let mut run = at_code();
    run.password("what");
    assert_eq!(run.failure(), &LoginError::Misused);
    run.input(Input::Answer(Answer::Back));
    assert_eq!(run.failure(), &LoginError::Misused, "and stays stopped");
}

#[test]
fn nothing_secret_is_printed() {
    let mut run = at_code();
    run.code("54321");
    let shown = format!("{:?} {:?}", run.login, run.action);
    for secret in ["54321", "hash\"", "0123\""] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
