//! Every error that the schema lists for the methods of the login has an outcome of its own.

use super::{
    reaction::{Reaction, react},
    *,
};
use crate::tl::functions;

/// The lines of the schema's errors that name a method of the login: code, message, call.
fn listed() -> Vec<(i32, String, Call)> {
    let calls = [
        Call::SendCode(functions::auth::SendCode::default()),
        Call::ResendCode(functions::auth::ResendCode::default()),
        Call::SignIn(functions::auth::SignIn::default()),
        Call::SignUp(functions::auth::SignUp::default()),
        Call::CheckPassword(functions::auth::CheckPassword::default()),
        Call::ImportBot(functions::auth::ImportBotAuthorization::default()),
    ];
    let mut listed = Vec::new();
    for line in include_str!("../../../tl-schema/errors.tsv").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [code, pattern, methods] = fields[..] else { continue };
        for call in calls.iter().filter(|call| methods.split(' ').any(|method| method == call.method())) {
            listed.push((code.parse().unwrap(), pattern.replace("%d", "5"), call.clone()));
        }
    }
    listed
}

#[test]
fn every_listed_error_has_an_outcome() {
    let listed = listed();
    assert!(listed.len() > 30, "{} errors", listed.len());
    for (code, message, call) in listed {
        let reaction = react(&call, &RpcError::new(code, message.clone()), NOW);
        assert!(
            !matches!(reaction, Reaction::Fail(LoginError::Rpc { .. })),
            "{}: {message} has no outcome",
            call.method(),
        );
    }
}

#[test]
fn refusals_of_a_number_stop_with_their_reason() {
    let cases = [
        ("PHONE_NUMBER_BANNED", PhoneRefusal::Banned),
        ("PHONE_NUMBER_FLOOD", PhoneRefusal::Flood),
        ("PHONE_PASSWORD_FLOOD", PhoneRefusal::PasswordFlood),
        ("PHONE_PASSWORD_PROTECTED", PhoneRefusal::PasswordProtected),
        ("PHONE_NUMBER_APP_SIGNUP_FORBIDDEN", PhoneRefusal::AppSignUpForbidden),
    ];
    for (name, why) in cases {
        let mut run = Run::new();
        run.phone().refuse("auth.sendCode", 406, name);
        assert_eq!(run.failure(), &LoginError::PhoneRefused(why));
    }
}

#[test]
fn other_refusals_stop_with_their_reason() {
    let failure = |name| {
        let mut run = Run::new();
        run.phone().refuse("auth.sendCode", 400, name);
        run.failure().clone()
    };
    assert!(matches!(failure("API_ID_INVALID"), LoginError::ApiKeyRefused { .. }));
    assert!(matches!(failure("API_ID_PUBLISHED_FLOOD"), LoginError::ApiKeyRefused { .. }));
    assert_eq!(failure("UPDATE_APP_TO_LOGIN"), LoginError::UpdateRequired);
    assert_eq!(failure("SMS_CODE_CREATE_FAILED"), LoginError::CodeNotSent);
    assert!(matches!(failure("SOMETHING_NEW"), LoginError::Rpc { method: "auth.sendCode", .. }));
    assert!(failure("SOMETHING_NEW").to_string().contains("SOMETHING_NEW"));
}

#[test]
fn moves_of_files_and_moves_to_nowhere_are_not_followed() {
    for message in ["FILE_MIGRATE_4", "PHONE_MIGRATE_0", "PHONE_MIGRATE"] {
        let mut run = Run::new();
        run.phone().refuse("auth.sendCode", 303, message);
        assert!(matches!(run.failure(), LoginError::Rpc { .. }), "{message}");
    }
}
