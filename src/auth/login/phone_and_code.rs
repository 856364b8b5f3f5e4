//! The number, the code, and the bot's token.

use super::{Action, At, Login, State, Step, left, str_of};
use crate::{
    auth::{
        Call, CodeSent, LoginError, Notice, Prompt,
        sent_code::{self, Outcome},
    },
    session::{Change, CodeVia, Secret},
    tl::{Str, enums, functions::auth, types},
};

/// How many codes one run asks for.
const CODES: u32 = 6;

impl Login {
    pub(super) fn import_bot(&mut self, token: &str) -> Step {
        self.invoke(Call::ImportBot(auth::ImportBotAuthorization {
            flags: 0,
            api_id: self.credentials.api_id,
            api_hash: str_of(&self.credentials.api_hash),
            bot_auth_token: Str::from(token.to_owned()),
        }))
    }

    pub(super) fn ask_phone(&mut self) -> Step {
        self.state = State::Phone;
        Step::new(Action::Prompt(Prompt::Phone { notice: self.notice.take() }))
    }

    pub(super) fn refuse_phone(&mut self, notice: Notice, error: LoginError) -> Step {
        self.tries.phones += 1;
        if left(self.tries.phones).is_none() {
            return self.fail(error);
        }
        self.notice = Some(notice);
        self.ask_phone()
    }

    pub(super) fn send_code(&mut self, notice: Option<Notice>) -> Step {
        if let Some(step) = self.count_code() {
            return step;
        }
        self.notice = notice;
        let tokens = &self.credentials.future_auth_tokens;
        let logout_tokens =
            tokens.iter().map(|token| bytes::Bytes::copy_from_slice(token.expose())).collect();
        self.invoke(Call::SendCode(auth::SendCode {
            phone_number: Str::from(self.phone.clone()),
            api_id: self.credentials.api_id,
            api_hash: str_of(&self.credentials.api_hash),
            settings: types::CodeSettings {
                logout_tokens: Some(logout_tokens).filter(|_| !tokens.is_empty()),
                ..types::CodeSettings::default()
            },
        }))
    }

    pub(super) fn count_code(&mut self) -> Option<Step> {
        self.tries.sent += 1;
        (self.tries.sent > CODES)
            .then(|| self.fail(LoginError::TooManyAttempts { what: "a code was asked for" }))
    }

    pub(super) fn on_sent_code(&mut self, sent: enums::auth::SentCode, at: At) -> Step {
        match sent_code::outcome(&self.phone, sent, at) {
            Outcome::Ask(pending) => {
                let save = vec![Change::Login(Some(pending.clone()))];
                self.pending = Some(pending);
                self.code = None;
                Step { save, ..self.ask_code(at) }
            }
            Outcome::AskEmail(pending) => {
                self.pending = Some(pending);
                self.code = None;
                self.ask_email()
            }
            Outcome::Resend(pending) => {
                let save = vec![Change::Login(Some(pending.clone()))];
                self.pending = Some(pending);
                Step { save, ..self.resend_code(None) }
            }
            Outcome::LoggedIn(authorization) => match *authorization {
                enums::auth::Authorization::Authorization(authorization) => {
                    self.done_at("auth.sendCode", &authorization, false)
                }
                enums::auth::Authorization::SignUpRequired(_) => self.fail(LoginError::UnexpectedReply {
                    method: "auth.sendCode",
                    what: "a sign-up without a code",
                }),
            },
            Outcome::Fail(error) => self.fail(error),
        }
    }

    pub(super) fn ask_code(&mut self, at: At) -> Step {
        let Some(pending) = &self.pending else { return self.fail(LoginError::Misused) };
        let sent = CodeSent::new(pending, at.unix);
        self.state = State::Code;
        Step::new(Action::Prompt(Prompt::Code { sent, notice: self.notice.take() }))
    }

    pub(super) fn take_code(&mut self, typed: &Secret, at: At) -> Step {
        let Some(pending) = &self.pending else { return self.fail(LoginError::Misused) };
        let typed = typed.expose_str().unwrap_or_default().trim();
        let is_text = matches!(pending.via, CodeVia::Word | CodeVia::Phrase);
        let code: String = typed.chars().filter(|mark| is_text || !matches!(mark, ' ' | '-')).collect();
        if code.is_empty() {
            return self.ask_code(at);
        }
        // A slip that the server would count as a wrong code.
        if let Some(length) =
            pending.length.filter(|&length| code.chars().count() != length as usize && !is_text)
        {
            self.notice = Some(Notice::CodeLength { length });
            return self.ask_code(at);
        }
        self.sign_in(Secret::from(code))
    }

    pub(super) fn sign_in(&mut self, code: Secret) -> Step {
        let by_mail = self.pending.as_ref().is_some_and(|pending| pending.via == CodeVia::Email);
        let typed = str_of(&code);
        self.code = Some(code);
        let (phone_code, email_verification) = if by_mail {
            let code = types::EmailVerificationCode { code: typed };
            (None, Some(enums::EmailVerification::Code(code)))
        } else {
            (Some(typed), None)
        };
        let phone_code_hash = self.code_hash();
        self.invoke(Call::SignIn(auth::SignIn {
            phone_number: Str::from(self.phone.clone()),
            phone_code_hash,
            phone_code,
            email_verification,
        }))
    }

    /// On the user's wish: only when the server would do it (AU-3).
    pub(super) fn resend(&mut self, at: At) -> Step {
        let Some(pending) = &self.pending else { return self.fail(LoginError::Misused) };
        let sent = CodeSent::new(pending, at.unix);
        self.notice = match (sent.next, sent.resend_in) {
            (None, _) => Some(Notice::NoResend),
            (Some(_), 0) => return self.resend_code(Some(Notice::Resent)),
            (Some(_), seconds) => Some(Notice::ResendLater { seconds }),
        };
        self.ask_code(at)
    }

    pub(super) fn resend_code(&mut self, notice: Option<Notice>) -> Step {
        if let Some(step) = self.count_code() {
            return step;
        }
        self.notice = notice;
        let phone_code_hash = self.code_hash();
        self.invoke(Call::ResendCode(auth::ResendCode {
            phone_number: Str::from(self.phone.clone()),
            phone_code_hash,
            reason: None,
        }))
    }

    pub(super) fn cancel_code(&mut self) -> Step {
        let phone_code_hash = self.code_hash();
        self.forget_pending();
        let call = auth::CancelCode { phone_number: Str::from(self.phone.clone()), phone_code_hash };
        Step { save: vec![Change::Login(None)], ..self.invoke(Call::CancelCode(call)) }
    }

    pub(super) fn code_hash(&self) -> Str {
        self.pending.as_ref().map(|pending| str_of(&pending.phone_code_hash)).unwrap_or_default()
    }
}
