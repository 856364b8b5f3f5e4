//! What follows from the server's replies and refusals.

use super::{Action, At, Login, Step, Then, left};
use crate::{
    auth::{
        Call, LoginError, Notice, Reply,
        reaction::{Reaction, react},
    },
    message::RpcError,
    session::{Change, Terms},
    tl::{enums, functions},
};

impl Login {
    pub(super) fn on_reply(&mut self, call: Call, reply: Reply, at: At) -> Step {
        match (call, reply) {
            (Call::SendCode(_) | Call::ResendCode(_) | Call::ResetLoginEmail(_), Reply::SentCode(sent)) => {
                self.on_sent_code(*sent, at)
            }
            (Call::CancelCode(_), Reply::Bool(_)) => self.ask_phone(),
            (Call::SendVerifyEmail(call), Reply::SentEmailCode(sent)) => {
                self.on_email_code_sent(&call, &sent)
            }
            (Call::VerifyEmail(_), Reply::EmailVerified(verified)) => self.on_email_verified(*verified, at),
            (Call::RequestRecovery(_), Reply::Recovery(recovery)) => self.on_recovery_requested(&recovery),
            (Call::CheckRecovery(_), Reply::Bool(true)) => self.ask_new_password(),
            (Call::CheckRecovery(_), Reply::Bool(false)) => self.wrong_recovery_code(),
            (Call::DeleteAccount(_), Reply::Bool(true)) => self.on_account_deleted(),
            (call @ Call::DeleteAccount(_), Reply::Bool(false)) => {
                self.unexpected(&call, "the account was not deleted, and no reason is given")
            }
            (call @ (Call::ExportToken(_) | Call::ImportToken(_)), Reply::LoginToken(token)) => {
                self.on_login_token(&call, *token, at)
            }
            (Call::GetPassword(_), Reply::Password(info)) => self.on_password_info(info),
            (Call::SignIn(call), Reply::Authorization(authorization)) => match *authorization {
                enums::auth::Authorization::Authorization(authorization) => {
                    self.done(&Call::SignIn(call), &authorization)
                }
                enums::auth::Authorization::SignUpRequired(required) => {
                    let terms = required.terms_of_service.map(|terms| Terms {
                        text: terms.text.to_string(),
                        min_age: terms.min_age_confirm.and_then(|age| u32::try_from(age).ok()),
                    });
                    self.need_sign_up(terms)
                }
            },
            (
                call @ (Call::SignUp(_) | Call::CheckPassword(_) | Call::Recover(_) | Call::ImportBot(_)),
                Reply::Authorization(authorization),
            ) => match *authorization {
                enums::auth::Authorization::Authorization(authorization) => self.done(&call, &authorization),
                enums::auth::Authorization::SignUpRequired(_) => {
                    self.unexpected(&call, "a sign-up is wanted")
                }
            },
            (call, _) => self.unexpected(&call, "it is of another type"),
        }
    }

    pub(super) fn on_refusal(&mut self, call: Call, error: &RpcError, at: At) -> Step {
        match react(&call, error, at.unix) {
            Reaction::AskPhone(why) => {
                self.forget_pending();
                let step = self.refuse_phone(Notice::PhoneRefused(why), LoginError::PhoneRefused(why));
                Step { save: vec![Change::Login(None)], ..step }
            }
            Reaction::AskCode => match call {
                Call::VerifyEmail(_) => self.wrong_code(Self::ask_email_code),
                Call::CheckRecovery(_) | Call::Recover(_) => self.wrong_recovery_code(),
                _ => self.wrong_code(|login| login.ask_code(at)),
            },
            Reaction::KeepCode(notice) => {
                self.notice = Some(notice);
                self.ask_code(at)
            }
            Reaction::NewCode(notice) => self.restart(notice),
            Reaction::AskEmail(notice) => self.refuse_email(notice),
            Reaction::NewEmailCode => self.resend_email_code(Notice::EmailCodeExpired),
            Reaction::NewRecoveryCode => self.request_recovery(Some(Notice::RecoveryCodeExpired)),
            Reaction::KeepPassword(notice) => {
                let step = self.leave_recovery();
                self.notice = Some(notice);
                step
            }
            Reaction::AskNewPassword => self.refuse_new_password(),
            Reaction::NewToken => self.export_token(Some(Notice::QrRenewed)),
            Reaction::NeedPassword => self.need_password(at),
            Reaction::AskPassword => {
                self.tries.passwords += 1;
                match left(self.tries.passwords) {
                    Some(left) => {
                        self.notice = Some(Notice::WrongPassword { left });
                        // The numbers of one check are good for one try (SR-2).
                        self.get_password()
                    }
                    None => self.fail(LoginError::TooManyAttempts { what: "a wrong password was typed" }),
                }
            }
            Reaction::FreshChallenge if !self.challenge_renewed && self.password.is_some() => {
                self.challenge_renewed = true;
                self.invoke(Call::GetPassword(functions::account::GetPassword {}))
            }
            Reaction::FreshChallenge => {
                self.fail(LoginError::Rpc { method: call.method(), error: error.clone() })
            }
            Reaction::SignUp => self.need_sign_up(None),
            Reaction::SignIn => match self.code.take() {
                Some(code) => self.sign_in(code),
                None => self.send_code(Some(Notice::Restarted)),
            },
            Reaction::AskName => self.refuse_name(),
            Reaction::Migrate(dc) => self.move_to(dc, Then::Repeat(call)),
            Reaction::Ignore => self.ask_phone(),
            Reaction::Fail(LoginError::SessionEnded { .. }) if self.resumed => {
                self.forget_pending();
                self.notice = Some(Notice::NotResumed);
                Step { save: vec![Change::Login(None)], ..self.ask_phone() }
            }
            Reaction::Fail(error @ LoginError::SessionEnded { .. }) => {
                self.forget_pending();
                Step::saving(vec![Change::Login(None)], Action::Fail(error))
            }
            Reaction::Fail(error) => self.fail(error),
        }
    }
}
