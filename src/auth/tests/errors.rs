//! Errors that end a login. That every listed error has an outcome is checked in `documented`.

use super::*;

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
