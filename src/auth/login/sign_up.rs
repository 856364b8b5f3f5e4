//! Making an account.

use super::{Action, Login, State, Step, left};
use crate::{
    auth::{Call, LoginError, Notice, Prompt},
    session::{Stage, Terms},
    tl::{Str, functions::auth},
};

impl Login {
    pub(super) fn need_sign_up(&mut self, terms: Option<Terms>) -> Step {
        let save = self.enter(Stage::SignUp { terms: terms.clone() });
        Step { save, ..self.ask_terms(terms) }
    }

    pub(super) fn ask_terms(&mut self, terms: Option<Terms>) -> Step {
        match terms {
            Some(terms) => {
                self.state = State::Terms;
                Step::new(Action::Prompt(Prompt::Terms { terms, notice: self.notice.take() }))
            }
            None => self.ask_name(),
        }
    }

    pub(super) fn ask_name(&mut self) -> Step {
        self.state = State::Name;
        Step::new(Action::Prompt(Prompt::Name { notice: self.notice.take() }))
    }

    pub(super) fn refuse_name(&mut self) -> Step {
        self.tries.names += 1;
        if left(self.tries.names).is_none() {
            return self.fail(LoginError::TooManyAttempts { what: "a name was given that is not taken" });
        }
        self.notice = Some(Notice::NameRefused);
        self.ask_name()
    }

    pub(super) fn sign_up(&mut self, first: &str, last: &str) -> Step {
        if first.is_empty() {
            return self.refuse_name();
        }
        let phone_code_hash = self.code_hash();
        self.invoke(Call::SignUp(auth::SignUp {
            no_joined_notifications: false,
            phone_number: Str::from(self.phone.clone()),
            phone_code_hash,
            first_name: Str::from(first.to_owned()),
            last_name: Str::from(last.to_owned()),
        }))
    }
}
