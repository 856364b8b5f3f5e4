//! The 2FA password.

use super::{Action, At, Login, State, Step};
use crate::{
    auth::{Call, Notice, PasswordChallenge, PasswordInfo, Prompt},
    session::{CodeVia, PendingLogin, Secret, Stage},
    tl::{functions, types},
};

impl Login {
    pub(super) fn need_password(&mut self, at: At) -> Step {
        if self.pending.is_none() {
            // No code was asked for: a token of an earlier log-out was in its place.
            self.pending = Some(PendingLogin {
                phone: self.phone.clone(),
                phone_code_hash: Secret::default(),
                dc: at.dc,
                sent_at: at.unix,
                via: CodeVia::App,
                length: None,
                hint: None,
                next: None,
                timeout: None,
                stage: Stage::Password,
            });
        }
        let save = self.enter(Stage::Password);
        Step { save, ..self.get_password() }
    }

    pub(super) fn get_password(&mut self) -> Step {
        self.password = None;
        self.challenge_renewed = false;
        self.invoke(Call::GetPassword(functions::account::GetPassword {}))
    }

    pub(super) fn on_password_info(&mut self, info: Box<types::account::Password>) -> Step {
        if !info.has_password {
            // It was taken off meanwhile, on another device: the code alone is enough now.
            return self.restart(Notice::PasswordGone);
        }
        if let Some((password, hint)) = self.new_password.take() {
            return self.derive(&info, password, hint);
        }
        match self.password.take() {
            Some(password) => self.prove(&info, password),
            None => self.ask_password(info),
        }
    }

    pub(super) fn ask_password(&mut self, info: Box<types::account::Password>) -> Step {
        let known = PasswordInfo {
            hint: info.hint.as_ref().map(ToString::to_string).filter(|hint| !hint.is_empty()),
            can_recover: info.has_recovery,
            reset_at: info.pending_reset_date.map(Into::into),
        };
        self.state = State::Password(info);
        Step::new(Action::Prompt(Prompt::Password { info: known, notice: self.notice.take() }))
    }

    pub(super) fn take_password(&mut self, info: Box<types::account::Password>, password: Secret) -> Step {
        if password.expose().is_empty() {
            return self.ask_password(info);
        }
        self.challenge_renewed = false;
        self.prove(&info, password)
    }

    pub(super) fn prove(&mut self, info: &types::account::Password, password: Secret) -> Step {
        match PasswordChallenge::new(info, password.clone()) {
            Ok(challenge) => {
                self.password = Some(password);
                self.state = State::Proving;
                Step::new(Action::Prove(challenge))
            }
            Err(error) => self.fail(error),
        }
    }
}
