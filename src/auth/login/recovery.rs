//! A forgotten password: recovered by e-mail, or the account deleted and made anew (SR-4).

use super::{Action, Login, State, Step, left, str_of};
use crate::{
    auth::{Call, LoginError, NewPassword, Notice, Prompt},
    session::{Secret, Stage},
    tl::{
        Str,
        functions::{account, auth},
        types,
    },
};

/// What `account.deleteAccount` is told as the reason.
const REASON: &str = "Forgot password";

impl Login {
    pub(super) fn request_recovery(&mut self, notice: Option<Notice>) -> Step {
        if let Some(step) = self.count_code() {
            return step;
        }
        self.notice = notice;
        self.invoke(Call::RequestRecovery(auth::RequestPasswordRecovery {}))
    }

    pub(super) fn on_recovery_requested(&mut self, recovery: &types::auth::PasswordRecovery) -> Step {
        let save = self.enter(Stage::Recovery { pattern: recovery.email_pattern.to_string() });
        Step { save, ..self.ask_recovery_code() }
    }

    pub(super) fn ask_recovery_code(&mut self) -> Step {
        let pattern = match self.pending.as_ref().map(|pending| &pending.stage) {
            Some(Stage::Recovery { pattern }) => pattern.clone(),
            _ => return self.fail(LoginError::Misused),
        };
        self.recovery_code = None;
        self.state = State::RecoveryCode;
        let notice = self.notice.take();
        Step::new(Action::Prompt(Prompt::RecoveryCode { pattern, notice }))
    }

    pub(super) fn take_recovery_code(&mut self, typed: &Secret) -> Step {
        let code = typed.expose_str().unwrap_or_default().trim();
        if code.is_empty() {
            return self.ask_recovery_code();
        }
        let code = Secret::from(code);
        let call = auth::CheckRecoveryPassword { code: str_of(&code) };
        self.recovery_code = Some(code);
        self.invoke(Call::CheckRecovery(call))
    }

    pub(super) fn wrong_recovery_code(&mut self) -> Step {
        self.wrong_code(Self::ask_recovery_code)
    }

    pub(super) fn ask_new_password(&mut self) -> Step {
        self.state = State::NewPassword;
        Step::new(Action::Prompt(Prompt::NewPassword { notice: self.notice.take() }))
    }

    pub(super) fn refuse_new_password(&mut self) -> Step {
        self.tries.passwords += 1;
        if left(self.tries.passwords).is_none() {
            return self
                .fail(LoginError::TooManyAttempts { what: "a new password was given that is not taken" });
        }
        self.notice = Some(Notice::NewPasswordRefused);
        self.ask_new_password()
    }

    /// The verifier is made with numbers that are asked for now: an earlier answer may be too old (SR-3).
    pub(super) fn take_new_password(&mut self, password: Secret, hint: String) -> Step {
        if password.expose().is_empty() {
            return self.ask_new_password();
        }
        self.new_password = Some((password, hint));
        self.invoke(Call::GetPassword(account::GetPassword {}))
    }

    pub(super) fn derive(&mut self, info: &types::account::Password, password: Secret, hint: String) -> Step {
        match NewPassword::new(info, password, hint) {
            Ok(new) => {
                self.state = State::Deriving;
                Step::new(Action::Derive(new))
            }
            Err(error) => self.fail(error),
        }
    }

    /// Without settings the account has no password afterwards.
    pub(super) fn recover(&mut self, new_settings: Option<types::account::PasswordInputSettings>) -> Step {
        let Some(code) = &self.recovery_code else { return self.ask_recovery_code() };
        let code = str_of(code);
        self.invoke(Call::Recover(Box::new(auth::RecoverPassword { code, new_settings })))
    }

    /// Back from the recovery: the password is what the server waits for.
    pub(super) fn leave_recovery(&mut self) -> Step {
        self.recovery_code = None;
        let save = self.enter(Stage::Password);
        Step { save, ..self.get_password() }
    }

    pub(super) fn ask_reset(&mut self) -> Step {
        self.state = State::ResetAccount;
        Step::new(Action::Prompt(Prompt::ResetAccount))
    }

    pub(super) fn delete_account(&mut self) -> Step {
        let reason = Str::from_static(REASON);
        self.invoke(Call::DeleteAccount(account::DeleteAccount { reason, password: None }))
    }

    /// The number has no account now. The login code that was typed is given once more, because its answer has the terms of
    /// service; another process than the one that took it asks for another.
    pub(super) fn on_account_deleted(&mut self) -> Step {
        match self.code.take() {
            Some(code) if !self.code_hash().is_empty() => {
                self.notice = Some(Notice::AccountDeleted);
                self.sign_in(code)
            }
            _ => self.restart(Notice::AccountDeleted),
        }
    }
}
