use super::*;
use crate::server::via::Via;

#[test]
fn everything_can_be_said() {
    let mut scenario = Scenario::from_json(
        r#"{"numbers": {"+999 662 1234": {"codes": ["app", "sms", "call"], "code": "543210", "length": 6,
            "resend_after": 2, "code_lifetime": 5, "attempts": 3, "email_code": "123456", "login_email": "ada@example.org",
            "recovery_email": "ada@example.com", "email_reset_wait": 0,
            "refuse": {"auth.sendCode": "PHONE_NUMBER_FLOOD",
                       "auth.signIn": {"error": "AUTH_RESTART", "times": 2},
                       "auth.signUp": {"error": "NEW_ONE", "code": 499}}}},
         "errors": {"auth.importBotAuthorization": "FLOOD_WAIT_7"},
         "qr_lifetime": 1, "password_reset_wait": 2, "fresh_session_wait": 3}"#,
    )
    .unwrap();
    let number = scenario.numbers.get_mut("9996621234").unwrap();
    assert_eq!(number.codes, [Via::App, Via::Sms, Via::Call]);
    assert_eq!((number.resend_after, number.code_lifetime, number.attempts), (Some(2), Some(5), Some(3)));
    assert_eq!(number.code_for(Via::Sms).unwrap().as_str(), "543210");
    assert_eq!(number.email_code.as_ref().unwrap().as_str(), "123456");
    assert_eq!(number.login_email.as_deref(), Some("ada@example.org"));
    let mut take = |method: &str| number.refuse.take(method).map(|e| (e.code, e.name.into_owned()));
    assert_eq!(take("auth.sendCode"), Some((400, "PHONE_NUMBER_FLOOD".into())));
    assert_eq!(take("auth.signIn"), Some((500, "AUTH_RESTART".into())));
    assert_eq!(take("auth.signIn"), Some((500, "AUTH_RESTART".into())));
    assert_eq!(take("auth.signIn"), None, "two times only");
    assert_eq!(take("auth.signUp"), Some((499, "NEW_ONE".into())));
    assert_eq!(take("auth.logOut"), None);
    let flood = scenario.errors.take("auth.importBotAuthorization").unwrap();
    assert_eq!((flood.code, &*flood.name), (420, "FLOOD_WAIT_7"));
    assert_eq!((scenario.qr_lifetime, scenario.password_reset_wait, scenario.fresh_session_wait), (1, 2, 3));
}

#[test]
fn an_empty_one_changes_nothing() {
    let scenario = Scenario::from_json("{}").unwrap();
    assert_eq!((scenario.qr_lifetime, scenario.password_reset_wait), (30, WEEK));
    assert!(scenario.numbers.is_empty());
}

#[test]
fn what_is_wrong_is_named_with_the_number() {
    let number = |body: &str| format!(r#"{{"numbers": {{"+9996621234": {body}}}}}"#);
    for (text, words) in [
        ("nonsense", &["JSON"][..]),
        ("[]", &["not an object"]),
        (r#"{"nunbers": {}}"#, &["nunbers"]),
        (r#"{"numbers": {"hello": {}}}"#, &["numbers.hello", "not a phone number"]),
        (r#"{"numbers": {"12345": {}, "+12345": {}}}"#, &["12345", "twice"]),
        (r#"{"qr_lifetime": -1}"#, &["qr_lifetime"]),
        (r#"{"errors": {"auth.fly": "X"}}"#, &["errors.auth.fly", "method"]),
        (r#"{"errors": {"auth.sendCode": "NEW_ONE"}}"#, &["errors.auth.sendCode", "code"]),
        (r#"{"errors": {"auth.sendCode": {"error": "FLOOD_WAIT_1", "time": 1}}}"#, &["auth.sendCode.time"]),
        (r#"{"errors": {"auth.sendCode": {"times": 1}}}"#, &["no `error`"]),
        (&number(r#"{"colour": 1}"#), &["numbers.+9996621234.colour"]),
        (&number(r#"{"codes": ["pigeon"]}"#), &["numbers.+9996621234.codes", "pigeon", "missed_call"]),
        (&number(r#"{"codes": []}"#), &["codes"]),
        (&number(r#"{"codes": ["sms", "app"]}"#), &["app", "resendCode"]),
        (&number(r#"{"codes": ["sms", "sms"]}"#), &["twice"]),
        (&number(r#"{"codes": ["email"]}"#), &["login_email"]),
        (&number(r#"{"codes": ["email_setup"]}"#), &["ends"]),
        (&number(r#"{"codes": ["word"], "code": "12345"}"#), &["code", "fits none"]),
        (&number(r#"{"code": "12345", "length": 6}"#), &["length"]),
        (&number(r#"{"login_email": "ada"}"#), &["login_email", "e-mail"]),
        (&number(r#"{"email_code": "abc"}"#), &["email_code", "digits"]),
        (&number(r#"{"attempts": 0}"#), &["attempts"]),
    ] {
        let error = Scenario::from_json(text).unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}

#[test]
fn debug_shows_no_code() {
    let scenario = Scenario::from_json(r#"{"numbers": {"12345": {"code": "98765"}}}"#).unwrap();
    let text = format!("{scenario:?}");
    assert!(text.contains("12345") && !text.contains("98765"), "{text}");
}
