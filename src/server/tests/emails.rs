//! Login e-mail addresses.

use enums::{
    EmailVerification,
    EmailVerifyPurpose::{LoginChange, LoginSetup},
    auth::{SentCode, SentCodeType},
};

use super::*;

const OTHER: &str = "12025550123";

fn bench(number: &str) -> (Bench, Caller) {
    let mut bench = Bench::with(&[OTHER], &format!(r#"{{"numbers": {{"{OTHER}": {number}}}}}"#));
    let caller = bench.client(2);
    (bench, caller)
}

fn code(answer: SentCode) -> types::auth::SentCode {
    let SentCode::SentCode(sent) = answer else { panic!("{answer:?}") };
    sent
}

fn by_email(sent: &types::auth::SentCode) -> types::auth::SentCodeTypeEmailCode {
    let SentCodeType::EmailCode(email) = &sent.r#type else { panic!("{:?}", sent.r#type) };
    email.clone()
}

fn verification(code: &str) -> EmailVerification {
    EmailVerification::Code(types::EmailVerificationCode { code: code.to_owned().into() })
}

fn sign_in(hash: &Str, code: &str) -> functions::auth::SignIn {
    functions::auth::SignIn {
        phone_number: OTHER.into(),
        phone_code_hash: hash.clone(),
        phone_code: None,
        email_verification: Some(verification(code)),
    }
}

fn reset(hash: &Str) -> functions::auth::ResetLoginEmail {
    functions::auth::ResetLoginEmail { phone_number: OTHER.into(), phone_code_hash: hash.clone() }
}

#[test]
fn an_address_is_set_up_in_the_middle_of_a_login_and_used_in_the_next() {
    let (mut bench, mut caller) = bench(r#"{"codes": ["email_setup", "sms"]}"#);
    let sent = code(bench.sent(&mut caller, OTHER).unwrap());
    assert!(matches!(sent.r#type, SentCodeType::SetUpEmailRequired(_)));
    assert_eq!((sent.next_type, bench.event()), (None, None));
    let hash = sent.phone_code_hash;
    let resend = functions::auth::ResendCode {
        phone_number: OTHER.into(),
        phone_code_hash: hash.clone(),
        reason: None,
    };
    assert_eq!(bench.call(&mut caller, resend), Err(refused(400, "EMAIL_INSTALL_MISSING")));
    let refusal = bench.sign_in_with(&mut caller, OTHER, &hash, "12345").unwrap_err();
    assert_eq!(refusal, refused(400, "PHONE_CODE_INVALID"));
    let purpose = |hash: &str| {
        LoginSetup(types::EmailVerifyPurposeLoginSetup {
            phone_number: OTHER.into(),
            phone_code_hash: hash.to_owned().into(),
        })
    };
    let send = |hash: &str, email: &'static str| functions::account::SendVerifyEmailCode {
        purpose: purpose(hash),
        email: email.into(),
    };
    let verify = |hash: &str, code: &str| functions::account::VerifyEmail {
        purpose: purpose(hash),
        verification: verification(code),
    };
    assert_eq!(bench.call(&mut caller, send("", "ada@example.org")), Err(refused(400, "PHONE_CODE_EMPTY")));
    assert_eq!(
        bench.call(&mut caller, send("x", "ada@example.org")),
        Err(refused(400, "PHONE_HASH_EXPIRED"))
    );
    assert_eq!(bench.call(&mut caller, send(&hash, "ada")), Err(refused(400, "EMAIL_INVALID")));
    assert_eq!(bench.call(&mut caller, verify(&hash, "1")), Err(refused(400, "EMAIL_VERIFY_EXPIRED")));
    let told = bench.call(&mut caller, send(&hash, "ada@example.org")).unwrap();
    assert_eq!((&*told.email_pattern, told.length), ("a***a@example.org", 6));
    let email_code = bench.newest_code();
    assert_eq!(bench.call(&mut caller, verify(&hash, "000")), Err(refused(400, "CODE_INVALID")));
    let google = functions::account::VerifyEmail {
        purpose: purpose(&hash),
        verification: EmailVerification::Google(types::EmailVerificationGoogle { token: "x".into() }),
    };
    assert_eq!(bench.call(&mut caller, google), Err(refused(400, "EMAIL_NOT_ALLOWED")));
    let verified = bench.call(&mut caller, verify(&hash, &email_code)).unwrap();
    let enums::account::EmailVerified::Login(verified) = verified else { panic!() };
    assert_eq!(&*verified.email, "ada@example.org");
    let sent = code(verified.sent_code);
    assert!(matches!(sent.r#type, SentCodeType::Sms(_)), "{sent:?}");
    assert_eq!(
        bench.call(&mut caller, send(&sent.phone_code_hash, "b@c.de")),
        Err(refused(400, "EMAIL_NOT_ALLOWED"))
    );
    let sms = bench.newest_code();
    bench.sign_in_with(&mut caller, OTHER, &sent.phone_code_hash, &sms).unwrap();
    let info = bench.call(&mut caller, functions::account::GetPassword {}).unwrap();
    assert_eq!(info.login_email_pattern.as_deref(), Some("a***a@example.org"));

    let mut next = bench.client(2);
    let sent = code(bench.sent(&mut next, OTHER).unwrap());
    assert_eq!(&*by_email(&sent).email_pattern, "a***a@example.org");
    let Some(Event::SignedIn { .. }) = bench.event() else { panic!() };
    let Some(Event::EmailCode { email, code, purpose }) = bench.event() else { panic!() };
    assert_eq!((email.as_str(), purpose), ("ada@example.org", EmailPurpose::Login));
    let hash = sent.phone_code_hash;
    let wrong_field = bench.sign_in_with(&mut next, OTHER, &hash, &code).unwrap_err();
    assert_eq!(wrong_field, refused(400, "PHONE_CODE_INVALID"));
    assert_eq!(bench.call(&mut next, sign_in(&hash, "000000")), Err(refused(400, "PHONE_CODE_INVALID")));
    assert!(bench.call(&mut next, sign_in(&hash, &code)).is_ok());
}

#[test]
fn an_address_that_was_set_up_at_a_sign_up_is_the_new_accounts() {
    let mut bench =
        Bench::with(&[], &format!(r#"{{"numbers": {{"{OTHER}": {{"codes": ["email_setup", "sms"]}}}}}}"#));
    let mut caller = bench.client(2);
    let hash = code(bench.sent(&mut caller, OTHER).unwrap()).phone_code_hash;
    let purpose =
        LoginSetup(types::EmailVerifyPurposeLoginSetup { phone_number: OTHER.into(), phone_code_hash: hash });
    let send =
        functions::account::SendVerifyEmailCode { purpose: purpose.clone(), email: "eve@example.org".into() };
    bench.call(&mut caller, send).unwrap();
    let verify =
        functions::account::VerifyEmail { purpose, verification: verification(&bench.newest_code()) };
    let enums::account::EmailVerified::Login(verified) = bench.call(&mut caller, verify).unwrap() else {
        panic!()
    };
    let hash = code(verified.sent_code).phone_code_hash;
    let sms = bench.newest_code();
    bench.sign_in_with(&mut caller, OTHER, &hash, &sms).unwrap();
    let sign_up = functions::auth::SignUp {
        phone_number: OTHER.into(),
        phone_code_hash: hash,
        first_name: "Eve".into(),
        ..Default::default()
    };
    bench.call(&mut caller, sign_up).unwrap();
    let account = bench.world.accounts.by_phone(OTHER).unwrap();
    assert_eq!(account.security.login_email.as_deref(), Some("eve@example.org"));
}

#[test]
fn a_lost_mailbox_is_reset_at_once_where_nobody_has_to_wait() {
    let (mut bench, mut caller) =
        bench(r#"{"codes": ["email", "call"], "login_email": "ada@example.org", "email_reset_wait": 0}"#);
    let sent = code(bench.sent(&mut caller, OTHER).unwrap());
    assert_eq!(by_email(&sent).reset_available_period, Some(0));
    let sent = code(bench.call(&mut caller, reset(&sent.phone_code_hash)).unwrap());
    assert!(matches!(sent.r#type, SentCodeType::Call(_)));
    let refusal = bench.call(&mut caller, reset(&sent.phone_code_hash)).unwrap_err();
    assert_eq!(refusal, refused(400, "EMAIL_INSTALL_MISSING"));
    let code = bench.newest_code();
    assert!(bench.sign_in_with(&mut caller, OTHER, &sent.phone_code_hash, &code).is_ok());
}

#[test]
fn a_lost_mailbox_is_reset_after_a_wait() {
    let (mut bench, mut caller) =
        bench(r#"{"codes": ["email"], "login_email": "ada@example.org", "email_reset_wait": 100}"#);
    let sent = code(bench.sent(&mut caller, OTHER).unwrap());
    assert_eq!(by_email(&sent).reset_available_period, Some(100));
    let sent = code(bench.call(&mut caller, reset(&sent.phone_code_hash)).unwrap());
    let email = by_email(&sent);
    let due = i32::try_from(bench.now).unwrap() + 100;
    assert_eq!((email.reset_available_period, email.reset_pending_date), (None, Some(due)));
    let refusal = bench.call(&mut caller, reset(&sent.phone_code_hash)).unwrap_err();
    assert_eq!(refusal, refused(400, "TASK_ALREADY_EXISTS"));
    bench.now += 99;
    assert!(by_email(&code(bench.sent(&mut caller, OTHER).unwrap())).reset_pending_date.is_some());
    bench.now += 1;
    let sent = code(bench.sent(&mut caller, OTHER).unwrap());
    assert!(matches!(sent.r#type, SentCodeType::Sms(_)), "{sent:?}");
}

#[test]
fn who_reads_the_mail_has_not_lost_the_mailbox() {
    let (mut bench, mut caller) = bench(r#"{"codes": ["email"], "login_email": "ada@example.org"}"#);
    let sent = code(bench.sent(&mut caller, OTHER).unwrap());
    let sent = code(bench.call(&mut caller, reset(&sent.phone_code_hash)).unwrap());
    let email_code = bench.newest_code();
    bench.call(&mut caller, sign_in(&sent.phone_code_hash, &email_code)).unwrap();
    let again = code(bench.sent(&mut caller, OTHER).unwrap());
    assert_eq!(by_email(&again).reset_pending_date, None);
}

#[test]
fn a_user_changes_the_address() {
    let (mut bench, mut caller) = bench(r#"{"code": "54321"}"#);
    bench.sign_in(&mut caller, OTHER, "54321").unwrap();
    let send =
        functions::account::SendVerifyEmailCode { purpose: LoginChange, email: "new@example.org".into() };
    assert_eq!(bench.call(&mut caller, send.clone()), Err(refused(400, "EMAIL_NOT_SETUP")));
    let id = bench.world.accounts.by_phone(OTHER).unwrap().id;
    bench.world.change_account(id, |a| a.security.login_email = Some("old@example.org".into()));
    bench.call(&mut caller, send).unwrap();
    let verify = |code: &str| functions::account::VerifyEmail {
        purpose: LoginChange,
        verification: verification(code),
    };
    assert_eq!(bench.call(&mut caller, verify("1")), Err(refused(400, "CODE_INVALID")));
    let right = verify(&bench.newest_code());
    let enums::account::EmailVerified::EmailVerified(verified) =
        bench.call(&mut caller, right.clone()).unwrap()
    else {
        panic!()
    };
    assert_eq!(&*verified.email, "new@example.org");
    assert_eq!(bench.call(&mut caller, right), Err(refused(400, "EMAIL_VERIFY_EXPIRED")), "good once");
    let account = bench.world.accounts.get(id).unwrap();
    assert_eq!(account.security.login_email.as_deref(), Some("new@example.org"));
    let mut stranger = bench.client(2);
    let send =
        functions::account::SendVerifyEmailCode { purpose: LoginChange, email: "x@example.org".into() };
    assert_eq!(bench.call(&mut stranger, send), Err(refused(401, "AUTH_KEY_UNREGISTERED")));
}
