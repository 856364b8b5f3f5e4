//! The login e-mail address: setting it up before the first code (AU-2), and resetting it when its mailbox is lost (AU-3).

use super::{Action, At, Login, State, Step, left, str_of};
use crate::{
    auth::{Call, EmailReset, LoginError, Notice, Prompt},
    session::{Secret, Stage},
    tl::{
        Str, enums,
        functions::{account, auth},
        types,
    },
};

impl Login {
    pub(super) fn ask_email(&mut self) -> Step {
        let save = self.enter(Stage::EmailSetup);
        self.state = State::Email;
        let notice = self.notice.take();
        Step { save, action: Action::Prompt(Prompt::Email { notice }) }
    }

    pub(super) fn refuse_email(&mut self, notice: Notice) -> Step {
        self.tries.emails += 1;
        if left(self.tries.emails).is_none() {
            return self
                .fail(LoginError::TooManyAttempts { what: "an e-mail address was given that is not taken" });
        }
        self.notice = Some(notice);
        self.ask_email()
    }

    /// Whether it can be an address is for the server to say; what has no `@` is a slip.
    pub(super) fn take_email(&mut self, typed: &str) -> Step {
        let address = typed.trim();
        match address.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => {
                self.send_email_code(address.to_owned(), None)
            }
            _ => self.refuse_email(Notice::NotAnEmail),
        }
    }

    pub(super) fn send_email_code(&mut self, address: String, notice: Option<Notice>) -> Step {
        if let Some(step) = self.count_code() {
            return step;
        }
        self.notice = notice;
        let purpose = self.login_setup();
        self.invoke(Call::SendVerifyEmail(account::SendVerifyEmailCode {
            purpose,
            email: Str::from(address),
        }))
    }

    pub(super) fn on_email_code_sent(
        &mut self,
        call: &account::SendVerifyEmailCode,
        sent: &types::account::SentEmailCode,
    ) -> Step {
        let length = u32::try_from(sent.length).ok().filter(|&length| length > 0);
        let save = self.enter(Stage::EmailVerify { address: call.email.to_string(), length });
        Step { save, ..self.ask_email_code() }
    }

    pub(super) fn ask_email_code(&mut self) -> Step {
        let Some((address, length)) = self.email_to_verify() else { return self.fail(LoginError::Misused) };
        self.state = State::EmailCode;
        let notice = self.notice.take();
        Step::new(Action::Prompt(Prompt::EmailCode { address, length, notice }))
    }

    pub(super) fn resend_email_code(&mut self, notice: Notice) -> Step {
        match self.email_to_verify() {
            Some((address, _)) => self.send_email_code(address, Some(notice)),
            None => self.ask_email(),
        }
    }

    pub(super) fn take_email_code(&mut self, typed: &Secret) -> Step {
        let code = typed.expose_str().unwrap_or_default().trim();
        if code.is_empty() {
            return self.ask_email_code();
        }
        let code = types::EmailVerificationCode { code: str_of(&Secret::from(code)) };
        let verification = enums::EmailVerification::Code(code);
        let purpose = self.login_setup();
        self.invoke(Call::VerifyEmail(account::VerifyEmail { purpose, verification }))
    }

    pub(super) fn on_email_verified(&mut self, verified: enums::account::EmailVerified, at: At) -> Step {
        match verified {
            enums::account::EmailVerified::Login(verified) => self.on_sent_code(verified.sent_code, at),
            enums::account::EmailVerified::EmailVerified(_) => self.fail(LoginError::UnexpectedReply {
                method: "account.verifyEmail",
                what: "the address is good, but no code was sent",
            }),
        }
    }

    /// On the user's wish: only when the server would do it.
    pub(super) fn reset_email(&mut self, at: At) -> Step {
        let reset = self.pending.as_ref().and_then(|pending| EmailReset::of(&pending.stage));
        match reset {
            Some(EmailReset::After(_)) => {
                let phone_code_hash = self.code_hash();
                let phone_number = Str::from(self.phone.clone());
                self.invoke(Call::ResetLoginEmail(auth::ResetLoginEmail { phone_number, phone_code_hash }))
            }
            Some(EmailReset::At(date)) => {
                self.notice = Some(Notice::EmailResetScheduled { at: Some(date) });
                self.ask_code(at)
            }
            None => {
                self.notice = Some(Notice::NoEmailReset);
                self.ask_code(at)
            }
        }
    }

    fn login_setup(&self) -> enums::EmailVerifyPurpose {
        enums::EmailVerifyPurpose::LoginSetup(types::EmailVerifyPurposeLoginSetup {
            phone_number: Str::from(self.phone.clone()),
            phone_code_hash: self.code_hash(),
        })
    }

    fn email_to_verify(&self) -> Option<(String, Option<u32>)> {
        match &self.pending.as_ref()?.stage {
            Stage::EmailVerify { address, length } => Some((address.clone(), *length)),
            _ => None,
        }
    }
}
