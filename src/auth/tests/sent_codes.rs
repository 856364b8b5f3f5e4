//! Every constructor of `auth.SentCode` and `auth.SentCodeType`.

use super::*;
use crate::session::CodeVia;

fn after(r#type: SentCodeType, next: Option<CodeType>) -> Run {
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", sent(r#type, next, None));
    run
}

#[test]
fn codes_that_can_be_typed_are_asked_for() {
    use types::auth as t;
    let text = || Str::from("x");
    let cases = [
        (SentCodeType::App(t::SentCodeTypeApp { length: 5 }), CodeVia::App, Some(5), None),
        (SentCodeType::Sms(t::SentCodeTypeSms { length: 6 }), CodeVia::Sms, Some(6), None),
        (SentCodeType::Call(t::SentCodeTypeCall { length: 0 }), CodeVia::Call, None, None),
        (
            SentCodeType::FlashCall(t::SentCodeTypeFlashCall { pattern: text() }),
            CodeVia::FlashCall,
            None,
            Some("x"),
        ),
        (
            SentCodeType::MissedCall(t::SentCodeTypeMissedCall { prefix: text(), length: 4 }),
            CodeVia::MissedCall,
            Some(4),
            Some("x"),
        ),
        (
            SentCodeType::EmailCode(t::SentCodeTypeEmailCode {
                email_pattern: text(),
                length: 6,
                ..Default::default()
            }),
            CodeVia::Email,
            Some(6),
            Some("x"),
        ),
        (
            SentCodeType::FragmentSms(t::SentCodeTypeFragmentSms { url: text(), length: -1 }),
            CodeVia::Fragment,
            None,
            Some("x"),
        ),
        (
            SentCodeType::SmsWord(t::SentCodeTypeSmsWord { beginning: Some(text()) }),
            CodeVia::Word,
            None,
            Some("x"),
        ),
        (SentCodeType::SmsPhrase(t::SentCodeTypeSmsPhrase { beginning: None }), CodeVia::Phrase, None, None),
    ];
    for (r#type, via, length, hint) in cases {
        let run = after(r#type, None);
        let Prompt::Code { sent, .. } = run.prompt() else { panic!("{via:?}") };
        assert_eq!((sent.via, sent.length, sent.hint.as_deref()), (via, length, hint));
        let saved = run.saved.login.unwrap();
        assert_eq!((saved.via, saved.sent_at, saved.dc), (via, NOW, 2));
    }
}

#[test]
fn a_code_by_mail_goes_in_its_own_field() {
    let mail = types::auth::SentCodeTypeEmailCode { length: 6, ..Default::default() };
    let mut run = after(SentCodeType::EmailCode(mail), None);
    run.code("123456");
    let Call::SignIn(call) = run.call("auth.signIn") else { unreachable!() };
    assert_eq!(call.phone_code, None);
    let code = types::EmailVerificationCode { code: Str::from("123456") };
    assert_eq!(call.email_verification, Some(enums::EmailVerification::Code(code)));
}

#[test]
fn a_phrase_goes_as_it_was_typed() {
    let mut run =
        after(SentCodeType::SmsPhrase(types::auth::SentCodeTypeSmsPhrase { beginning: None }), None);
    run.code(" Well-known words ");
    let Call::SignIn(call) = run.call("auth.signIn") else { unreachable!() };
    assert_eq!(call.phone_code.as_deref(), Some("Well-known words"));
}

#[test]
fn what_only_official_apps_can_receive_is_sent_another_way_or_refused() {
    let firebase = || SentCodeType::FirebaseSms(Box::default());
    let mut run = after(firebase(), Some(CodeType::Sms));
    run.reply("auth.resendCode", sms_code()).code("12345").reply("auth.signIn", authorized()).done();
    assert_eq!(after(firebase(), None).failure(), &LoginError::FirebaseOnly);
    // A server that offers the same again and again is not followed for ever.
    let mut run = after(firebase(), Some(CodeType::Sms));
    for _ in 0..4 {
        run.reply("auth.resendCode", sent(firebase(), Some(CodeType::Sms), None));
    }
    run.reply("auth.resendCode", sent(firebase(), Some(CodeType::Sms), None));
    assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
}

#[test]
fn what_cannot_be_done_here_says_so() {
    let payment = types::auth::SentCodePaymentRequired {
        currency: Str::from("USD"),
        amount: 299,
        support_email_address: Str::from("sms@telegram.org"),
        ..Default::default()
    };
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", Reply::SentCode(Box::new(SentCode::PaymentRequired(payment))));
    assert!(matches!(run.failure(), LoginError::PaymentRequired { amount: 299, .. }));
}

#[test]
fn every_next_type_is_known() {
    let all = [
        (CodeType::Sms, CodeVia::Sms),
        (CodeType::Call, CodeVia::Call),
        (CodeType::FlashCall, CodeVia::FlashCall),
        (CodeType::MissedCall, CodeVia::MissedCall),
        (CodeType::FragmentSms, CodeVia::Fragment),
    ];
    for (next, via) in all {
        let run = after(SentCodeType::Sms(Default::default()), Some(next));
        let Prompt::Code { sent, .. } = run.prompt() else { panic!() };
        assert_eq!(sent.next, Some(via));
    }
}
