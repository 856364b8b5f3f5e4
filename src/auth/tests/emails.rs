//! The login e-mail address: set up before the first code, reset when its mailbox is lost.

use super::*;

fn setup() -> Reply {
    sent(SentCodeType::SetUpEmailRequired(Default::default()), None, None)
}

fn email_code_sent() -> Reply {
    let email_pattern = Str::from("a***@e***.org");
    Reply::SentEmailCode(types::account::SentEmailCode { email_pattern, length: 6 })
}

fn verified(sent: Reply) -> Reply {
    let Reply::SentCode(sent_code) = sent else { panic!() };
    let verified =
        types::account::EmailVerifiedLogin { email: Str::from("ada@example.org"), sent_code: *sent_code };
    Reply::EmailVerified(Box::new(enums::account::EmailVerified::Login(verified)))
}

fn email(run: &mut Run, address: &str) {
    run.answer(Answer::Email(address.into()));
}

/// A run that waits for the code sent to the new address.
fn at_email_code() -> Run {
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", setup());
    email(&mut run, " ada@example.org ");
    run.reply("account.sendVerifyEmailCode", email_code_sent());
    run
}

fn notice(run: &Run) -> Option<Notice> {
    match run.prompt() {
        Prompt::Email { notice } | Prompt::EmailCode { notice, .. } => notice.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_address_is_set_up_before_the_code_is_sent() {
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", setup());
    assert_eq!(run.prompt(), &Prompt::Email { notice: None });
    email(&mut run, "ada");
    assert_eq!(notice(&run), Some(Notice::NotAnEmail), "the server is not asked");
    email(&mut run, "ada@example.org");
    let Call::SendVerifyEmail(call) = run.call("account.sendVerifyEmailCode") else { panic!() };
    let purpose = enums::EmailVerifyPurpose::LoginSetup(types::EmailVerifyPurposeLoginSetup {
        phone_number: Str::from(PHONE),
        phone_code_hash: Str::from("hash"),
    });
    assert_eq!((&call.purpose, &*call.email), (&purpose, "ada@example.org"));
    run.reply("account.sendVerifyEmailCode", email_code_sent());
    let wanted = Prompt::EmailCode { address: "ada@example.org".into(), length: Some(6), notice: None };
    assert_eq!(run.prompt(), &wanted);
    run.code(" 123456 ");
    let Call::VerifyEmail(call) = run.call("account.verifyEmail") else { panic!() };
    let verification =
        enums::EmailVerification::Code(types::EmailVerificationCode { code: Str::from("123456") });
    assert_eq!((call.purpose, call.verification), (purpose, verification));
    run.reply("account.verifyEmail", verified(app_code()));
    run.code("12345").reply("auth.signIn", authorized()).done();
    assert_eq!(run.saved.login, None);
}

#[test]
fn every_step_of_the_setup_is_taken_up_by_another_process() {
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", setup());
    let mut other = Run::resuming(run.saved);
    assert_eq!(notice(&other), Some(Notice::Resumed));
    email(&mut other, "ada@example.org");
    other.reply("account.sendVerifyEmailCode", email_code_sent());
    let mut third = Run::resuming(other.saved);
    assert!(matches!(third.prompt(), Prompt::EmailCode { address, .. } if address == "ada@example.org"));
    third.code("123456").reply("account.verifyEmail", verified(app_code()));
    assert_eq!(third.code_notice(), None);
}

#[test]
fn addresses_that_are_not_taken_are_asked_again() {
    for (name, wanted) in
        [("EMAIL_INVALID", Notice::EmailRefused), ("EMAIL_NOT_ALLOWED", Notice::EmailNotAllowed)]
    {
        let mut run = Run::new();
        run.phone().reply("auth.sendCode", setup());
        for _ in 0..4 {
            email(&mut run, "ada@example.org");
            run.refuse("account.sendVerifyEmailCode", 400, name);
            assert_eq!(notice(&run), Some(wanted.clone()));
        }
        email(&mut run, "ada@example.org");
        run.refuse("account.sendVerifyEmailCode", 400, name);
        assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
    }
}

#[test]
fn wrong_and_expired_codes_for_the_address() {
    let mut run = at_email_code();
    run.code("1").refuse("account.verifyEmail", 400, "CODE_INVALID");
    assert_eq!(notice(&run), Some(Notice::WrongCode { left: 4 }));
    run.code("2").refuse("account.verifyEmail", 400, "EMAIL_VERIFY_EXPIRED");
    let Call::SendVerifyEmail(call) = run.call("account.sendVerifyEmailCode") else { panic!() };
    assert_eq!(&*call.email, "ada@example.org", "another code goes to the same address");
    run.reply("account.sendVerifyEmailCode", email_code_sent());
    assert_eq!(notice(&run), Some(Notice::EmailCodeExpired));
    run.answer(Answer::Resend).reply("account.sendVerifyEmailCode", email_code_sent());
    assert_eq!(notice(&run), Some(Notice::Resent));
    run.answer(Answer::Back);
    assert!(matches!(run.prompt(), Prompt::Email { notice: None }));
    run.answer(Answer::Back).reply("auth.cancelCode", Reply::Bool(true));
    assert_eq!((run.phone_notice(), run.saved.login), (None, None));
}

#[test]
fn a_login_that_has_expired_meanwhile_begins_anew() {
    for name in ["PHONE_CODE_EXPIRED", "PHONE_HASH_EXPIRED", "PHONE_CODE_EMPTY"] {
        let mut run = at_email_code();
        run.code("123456").refuse("account.verifyEmail", 400, name).reply("auth.sendCode", app_code());
        assert_eq!(run.code_notice(), Some(Notice::CodeExpired));
    }
    let mut run = at_email_code();
    let verified =
        enums::account::EmailVerified::EmailVerified(types::account::EmailVerified { email: Str::from("x") });
    run.code("123456").reply("account.verifyEmail", Reply::EmailVerified(Box::new(verified)));
    assert!(matches!(run.failure(), LoginError::UnexpectedReply { method: "account.verifyEmail", .. }));
}

fn mailed(reset_available_period: Option<i32>, reset_pending_date: Option<i32>) -> Reply {
    let mail = types::auth::SentCodeTypeEmailCode {
        email_pattern: Str::from("a***"),
        length: 6,
        reset_available_period,
        reset_pending_date,
        ..Default::default()
    };
    sent(SentCodeType::EmailCode(mail), None, None)
}

fn reset(run: &Run) -> Option<EmailReset> {
    match run.prompt() {
        Prompt::Code { sent, .. } => sent.email_reset,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lost_mailbox_is_reset() {
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", mailed(Some(604_800), None));
    assert_eq!(reset(&run), Some(EmailReset::After(604_800)));
    assert_eq!(reset(&Run::resuming(run.saved.clone())), Some(EmailReset::After(604_800)));
    run.answer(Answer::ResetEmail).reply("auth.resetLoginEmail", mailed(None, Some(1_700_604_800)));
    assert_eq!(reset(&run), Some(EmailReset::At(1_700_604_800)));
    run.answer(Answer::ResetEmail);
    assert_eq!(run.code_notice(), Some(Notice::EmailResetScheduled { at: Some(1_700_604_800) }));
    // One that can be done at once gives a code by another way.
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", mailed(Some(0), None));
    run.answer(Answer::ResetEmail).reply("auth.resetLoginEmail", sms_code());
    assert!(matches!(run.prompt(), Prompt::Code { sent, .. } if sent.via == crate::session::CodeVia::Sms));
}

#[test]
fn a_reset_that_cannot_be() {
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", mailed(None, None)).answer(Answer::ResetEmail);
    assert_eq!(run.code_notice(), Some(Notice::NoEmailReset));
    for (name, wanted) in [
        ("EMAIL_INSTALL_MISSING", Notice::NoEmailReset),
        ("TASK_ALREADY_EXISTS", Notice::EmailResetScheduled { at: None }),
    ] {
        let mut run = Run::new();
        run.phone().reply("auth.sendCode", mailed(Some(1), None)).answer(Answer::ResetEmail);
        run.refuse("auth.resetLoginEmail", 400, name);
        assert_eq!(run.code_notice(), Some(wanted));
    }
}
