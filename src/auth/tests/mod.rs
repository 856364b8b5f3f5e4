//! The machine against scripted servers and users.

mod codes;
#[cfg(feature = "terminal")]
mod documented;
mod emails;
mod endings;
mod errors;
mod passwords;
mod qr_codes;
mod recoveries;
mod resuming;
mod sent_codes;
mod sign_ups;
#[cfg(feature = "terminal")]
mod transcripts;

use super::*;
use crate::{
    message::RpcError,
    session::{PendingLogin, Secret, State},
    tl::{
        Str, enums,
        enums::auth::{CodeType, SentCode, SentCodeType},
        types,
    },
};

const NOW: i64 = 1_700_000_000;
const PHONE: &str = "+9996621234";

fn credentials() -> Credentials {
    Credentials { api_id: 17, api_hash: Secret::from("0123"), future_auth_tokens: Vec::new() }
}

fn at(unix: i64, dc: i32) -> At {
    At { unix, server_unix: unix, dc }
}

/// One run of a login: the step it is at, and what it has saved.
struct Run {
    login: Login,
    action: Action,
    at: At,
    saved: State,
}

impl Run {
    fn new() -> Self {
        Self::resuming(State::default())
    }

    /// A run in another process that finds what an earlier one has saved.
    fn resuming(saved: State) -> Self {
        Self::resuming_at(saved, at(NOW, 2))
    }

    fn resuming_at(saved: State, at: At) -> Self {
        let credentials =
            Credentials { future_auth_tokens: saved.future_auth_tokens.clone(), ..credentials() };
        let (login, step) = Login::start(credentials, saved.login.clone(), at);
        let mut run = Self { login, action: step.action.clone(), at, saved };
        run.take(step);
        run
    }

    fn take(&mut self, step: Step) {
        step.save.iter().for_each(|change| self.saved.apply(change));
        assert_eq!(self.saved.login.as_ref(), self.login.pending(), "what is saved is what is known");
        self.action = step.action;
    }

    fn input(&mut self, input: Input) -> &mut Self {
        let step = self.login.step(input, self.at);
        self.take(step);
        self
    }

    fn answer(&mut self, answer: Answer) -> &mut Self {
        assert!(matches!(self.action, Action::Prompt(_)), "{:?}", self.action);
        self.input(Input::Answer(answer))
    }

    fn phone(&mut self) -> &mut Self {
        self.answer(Answer::Phone("+999 662-1234".into()))
    }

    fn code(&mut self, code: &str) -> &mut Self {
        self.answer(Answer::Code(Secret::from(code)))
    }

    fn password(&mut self, password: &str) -> &mut Self {
        self.answer(Answer::Password(Secret::from(password)))
    }

    /// The call that is to be made, which must be this one.
    fn call(&self, method: &str) -> Call {
        match &self.action {
            Action::Invoke(call) if call.method() == method => call.clone(),
            other => panic!("{other:?} instead of {method}"),
        }
    }

    fn reply(&mut self, method: &str, reply: Reply) -> &mut Self {
        self.call(method);
        self.input(Input::Reply(Ok(reply)))
    }

    fn refuse(&mut self, method: &str, code: i32, message: &'static str) -> &mut Self {
        self.call(method);
        self.input(Input::Reply(Err(RpcError::new(code, message))))
    }

    /// The password's proof is made; what is in it is the matter of the crypto layer.
    fn proven(&mut self) -> &mut Self {
        assert!(matches!(self.action, Action::Prove(_)), "{:?}", self.action);
        self.input(Input::Proof(Ok(enums::InputCheckPasswordSrp::InputCheckPasswordEmpty)))
    }

    /// The new password's verifier is made.
    fn derived(&mut self) -> &mut Self {
        assert!(matches!(self.action, Action::Derive(_)), "{:?}", self.action);
        self.input(Input::Settings(Box::new(Ok(types::account::PasswordInputSettings::default()))))
    }

    fn switched(&mut self, dc: i32) -> &mut Self {
        assert!(matches!(self.action, Action::SwitchDc(to) if to == dc), "{:?}", self.action);
        self.at.dc = dc;
        self.input(Input::Switched)
    }

    fn prompt(&self) -> &Prompt {
        match &self.action {
            Action::Prompt(prompt) => prompt,
            other => panic!("{other:?} instead of a prompt"),
        }
    }

    /// The notice of the prompt for the code.
    fn code_notice(&self) -> Option<Notice> {
        match self.prompt() {
            Prompt::Code { notice, .. } => notice.clone(),
            other => panic!("{other:?} instead of the code"),
        }
    }

    fn phone_notice(&self) -> Option<Notice> {
        match self.prompt() {
            Prompt::Phone { notice } => notice.clone(),
            other => panic!("{other:?} instead of the phone"),
        }
    }

    fn password_notice(&self) -> Option<Notice> {
        match self.prompt() {
            Prompt::Password { notice, .. } => notice.clone(),
            other => panic!("{other:?} instead of the password"),
        }
    }

    fn done(&self) -> &Success {
        match &self.action {
            Action::Done(success) => success,
            other => panic!("{other:?} instead of success"),
        }
    }

    fn failure(&self) -> &LoginError {
        match &self.action {
            Action::Fail(error) => error,
            other => panic!("{other:?} instead of a failure"),
        }
    }
}

/// A run at the prompt for the code.
fn at_code() -> Run {
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", app_code());
    run
}

/// A run at the prompt for the password.
fn at_password() -> Run {
    let mut run = at_code();
    run.code("12345").refuse("auth.signIn", 401, "SESSION_PASSWORD_NEEDED");
    run.reply("account.getPassword", password_info(1));
    run
}

fn sent(r#type: SentCodeType, next_type: Option<CodeType>, timeout: Option<i32>) -> Reply {
    let phone_code_hash = Str::from("hash");
    let sent = types::auth::SentCode { r#type, phone_code_hash, next_type, timeout };
    Reply::SentCode(Box::new(SentCode::SentCode(sent)))
}

fn app_code() -> Reply {
    sent(SentCodeType::App(types::auth::SentCodeTypeApp { length: 5 }), Some(CodeType::Sms), Some(60))
}

fn sms_code() -> Reply {
    sent(SentCodeType::Sms(types::auth::SentCodeTypeSms { length: 5 }), None, None)
}

fn user() -> enums::User {
    enums::User::User(types::User {
        is_self: true,
        id: 777,
        access_hash: Some(-5),
        first_name: Some(Str::from("Ada")),
        username: Some(Str::from("ada")),
        phone: Some(Str::from("9996621234")),
        ..types::User::default()
    })
}

fn authorization_of(user: enums::User) -> enums::auth::Authorization {
    enums::auth::Authorization::Authorization(types::auth::Authorization {
        user,
        ..types::auth::Authorization::default()
    })
}

fn authorized() -> Reply {
    Reply::Authorization(Box::new(authorization_of(user())))
}

fn sign_up_required(terms: Option<&'static str>) -> Reply {
    let terms = terms.map(|text| {
        let text = Str::from(text);
        Box::new(types::help::TermsOfService { text, min_age_confirm: Some(16), ..Default::default() })
    });
    let required = types::auth::AuthorizationSignUpRequired { terms_of_service: terms };
    Reply::Authorization(Box::new(enums::auth::Authorization::SignUpRequired(required)))
}

fn password_info(srp_id: i64) -> Reply {
    let algo = types::PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow {
        g: 3,
        ..Default::default()
    };
    let algo = enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algo);
    Reply::Password(Box::new(types::account::Password {
        has_password: true,
        current_algo: Some(Box::new(algo)),
        srp_b: Some(bytes::Bytes::from_static(&[1])),
        srp_id: Some(srp_id),
        hint: Some(Str::from("pet")),
        ..Default::default()
    }))
}
