//! What an `auth.SentCode` means: every constructor has an outcome here, and the compiler sees to it.

use super::{LoginError, login::At};
use crate::{
    session::{CodeVia, PendingLogin, Secret, Stage},
    tl::enums::auth::{Authorization, CodeType, SentCode, SentCodeType},
};

/// What to do after `auth.sendCode` or `auth.resendCode`.
pub(super) enum Outcome {
    /// Ask the user for the code.
    Ask(PendingLogin),
    /// Ask the user for an e-mail address first.
    AskEmail(PendingLogin),
    /// This way is closed to us, but there is another: `auth.resendCode`.
    Resend(PendingLogin),
    /// A token of an earlier log-out was good enough.
    LoggedIn(Box<Authorization>),
    /// No code can come.
    Fail(LoginError),
}

pub(super) fn outcome(phone: &str, sent: SentCode, at: At) -> Outcome {
    let sent = match sent {
        SentCode::SentCode(sent) => sent,
        SentCode::Success(success) => return Outcome::LoggedIn(Box::new(success.authorization)),
        SentCode::PaymentRequired(payment) => {
            return Outcome::Fail(LoginError::PaymentRequired {
                currency: payment.currency.to_string(),
                amount: payment.amount,
                support_email: payment.support_email_address.to_string(),
            });
        }
    };
    let length = |length: i32| u32::try_from(length).ok().filter(|&length| length > 0);
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (via, length, hint) = match &sent.r#type {
        SentCodeType::App(app) => (CodeVia::App, length(app.length), None),
        SentCodeType::Sms(sms) => (CodeVia::Sms, length(sms.length), None),
        SentCodeType::Call(call) => (CodeVia::Call, length(call.length), None),
        SentCodeType::FlashCall(call) => (CodeVia::FlashCall, None, text(&call.pattern)),
        SentCodeType::MissedCall(call) => (CodeVia::MissedCall, length(call.length), text(&call.prefix)),
        SentCodeType::EmailCode(mail) => (CodeVia::Email, length(mail.length), text(&mail.email_pattern)),
        SentCodeType::SetUpEmailRequired(_) => (CodeVia::EmailSetup, None, None),
        SentCodeType::FragmentSms(sms) => (CodeVia::Fragment, length(sms.length), text(&sms.url)),
        SentCodeType::FirebaseSms(sms) => (CodeVia::Firebase, length(sms.length), None),
        SentCodeType::SmsWord(sms) => (CodeVia::Word, None, sms.beginning.as_deref().and_then(text)),
        SentCodeType::SmsPhrase(sms) => (CodeVia::Phrase, None, sms.beginning.as_deref().and_then(text)),
    };
    let stage = match &sent.r#type {
        SentCodeType::SetUpEmailRequired(_) => Stage::EmailSetup,
        SentCodeType::EmailCode(mail)
            if mail.reset_available_period.is_some() || mail.reset_pending_date.is_some() =>
        {
            Stage::EmailCode {
                reset_wait: mail.reset_available_period.map(|wait| u32::try_from(wait).unwrap_or(0)),
                reset_at: mail.reset_pending_date.map(Into::into),
            }
        }
        SentCodeType::App(_)
        | SentCodeType::Sms(_)
        | SentCodeType::Call(_)
        | SentCodeType::FlashCall(_)
        | SentCodeType::MissedCall(_)
        | SentCodeType::EmailCode(_)
        | SentCodeType::FragmentSms(_)
        | SentCodeType::FirebaseSms(_)
        | SentCodeType::SmsWord(_)
        | SentCodeType::SmsPhrase(_) => Stage::Code,
    };
    let next = sent.next_type.map(|next| match next {
        CodeType::Sms => CodeVia::Sms,
        CodeType::Call => CodeVia::Call,
        CodeType::FlashCall => CodeVia::FlashCall,
        CodeType::MissedCall => CodeVia::MissedCall,
        CodeType::FragmentSms => CodeVia::Fragment,
    });
    let pending = PendingLogin {
        phone: phone.to_owned(),
        phone_code_hash: Secret::from(&*sent.phone_code_hash),
        dc: at.dc,
        sent_at: at.unix,
        via,
        length,
        hint,
        next,
        timeout: sent.timeout.and_then(|timeout| u32::try_from(timeout).ok()),
        stage,
    };
    match (via, next) {
        (CodeVia::EmailSetup, _) => Outcome::AskEmail(pending),
        (CodeVia::Firebase, Some(_)) => Outcome::Resend(pending),
        (CodeVia::Firebase, None) => Outcome::Fail(LoginError::FirebaseOnly),
        (
            CodeVia::App
            | CodeVia::Sms
            | CodeVia::Call
            | CodeVia::FlashCall
            | CodeVia::MissedCall
            | CodeVia::Email
            | CodeVia::Fragment
            | CodeVia::Word
            | CodeVia::Phrase,
            _,
        ) => Outcome::Ask(pending),
    }
}
