//! The states of a login and how they follow each other.

mod answers;
mod email;
mod phone_and_code;
pub(crate) mod qr;
mod recovery;
mod sign_up;
mod two_step;

use std::{fmt, mem};

use super::{
    Answer, Call, LoginError, NewPassword, Notice, PasswordChallenge, PhoneRefusal, Prompt, Reply,
    normalize_phone,
    user::{self_peer, session_user},
};
use crate::{
    message::RpcError,
    session::{Change, PendingLogin, Secret, Stage, User},
    tl::{Bytes, Str, enums, functions::auth, types},
};

/// How often a user may give something that is not taken, in one run.
const TRIES: u32 = 5;
/// How many moves to another DC one run follows (AU-8).
const MOVES: u32 = 4;
/// An unfinished login that is older, in seconds, is begun anew: its code has long expired.
const RESUMABLE: i64 = 3600;

/// The application that logs in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `api_id`.
    pub api_id: i32,
    /// `api_hash`.
    pub api_hash: Secret,
    /// Tokens of earlier log-outs, with which the server may ask for no code (AU-6).
    pub future_auth_tokens: Vec<Secret>,
}

/// When and where a step is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Seconds since 1970 by the local clock.
    pub unix: i64,
    /// Seconds since 1970 by the server's clock, as far as it is known.
    pub server_unix: i64,
    /// The DC that calls go to now.
    pub dc: i32,
}

/// What happened since the last step: the answer to its [`Action`].
#[derive(Clone, Debug)]
pub enum Input {
    /// To [`Action::Prompt`].
    Answer(Answer),
    /// To [`Action::Invoke`]: the reply, or the server's refusal. Calls that got neither are not the login's matter; its
    /// driver repeats them or gives up.
    Reply(Result<Reply, RpcError>),
    /// To [`Action::SwitchDc`].
    Switched,
    /// To [`Action::Prove`]: what [`PasswordChallenge::prove`] gave.
    Proof(Result<enums::InputCheckPasswordSrp, LoginError>),
    /// To [`Action::Derive`]: what [`NewPassword::settings`] gave.
    Settings(Box<Result<types::account::PasswordInputSettings, LoginError>>),
    /// To [`Prompt::Qr`], in place of an answer: the server has sent `updateLoginToken`, so the code was scanned.
    QrScanned,
    /// To [`Prompt::Qr`], in place of an answer: [`expires_in`](super::QrCode::expires_in) has passed.
    QrExpired,
}

/// What the driver of a login is to do.
#[derive(Clone, Debug)]
pub enum Action {
    /// Make the call at the current DC.
    Invoke(Call),
    /// Make this DC the home, with a key of its own.
    SwitchDc(i32),
    /// Compute the password's proof, off the I/O thread.
    Prove(PasswordChallenge),
    /// Compute a new password's verifier, off the I/O thread.
    Derive(NewPassword),
    /// Ask the user. At [`Prompt::Qr`] also wait for `updateLoginToken` and for the code to expire.
    Prompt(Prompt),
    /// Stop: somebody is logged in.
    Done(Success),
    /// Stop: nobody is logged in.
    Fail(LoginError),
}

/// Somebody is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// Who.
    pub user: User,
    /// The account was made just now.
    pub new_account: bool,
    /// The server wants the user to set a 2FA password, and will ask for another login after so many days if there is none
    /// (`otherwise_relogin_days`).
    pub relogin_after_days: Option<u32>,
}

/// One step: first save, then act.
#[derive(Clone, Debug)]
pub struct Step {
    /// Must be durable before [`action`](Self::action) is done. Empty when there is nothing new.
    pub save: Vec<Change>,
    /// What to do then.
    pub action: Action,
}

impl Step {
    fn new(action: Action) -> Self {
        Self { save: Vec::new(), action }
    }

    fn saving(save: Vec<Change>, action: Action) -> Self {
        Self { save, action }
    }
}

/// A login that is going on.
pub struct Login {
    credentials: Credentials,
    state: State,
    /// As it is sent.
    phone: String,
    pending: Option<PendingLogin>,
    /// The last code typed: signing in with it again needs no other question.
    code: Option<Secret>,
    /// The code to recover the password, once it was typed.
    recovery_code: Option<Secret>,
    /// The password typed, until the server has judged it.
    password: Option<Secret>,
    /// The new password and its hint, until its verifier is made.
    new_password: Option<(Secret, String)>,
    /// The password in `password` was already tried with numbers that had expired.
    challenge_renewed: bool,
    /// For the next prompt.
    notice: Option<Notice>,
    /// Nothing of the earlier run that this one goes on from was confirmed yet.
    resumed: bool,
    tries: Tries,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Inside are the number, codes, a password, and tokens.
        f.debug_struct("Login").field("state", &self.state.name()).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Tries {
    phones: u32,
    emails: u32,
    tokens: u32,
    codes: u32,
    passwords: u32,
    names: u32,
    sent: u32,
    moves: u32,
}

/// What the login waits for.
enum State {
    Phone,
    Qr,
    Code,
    Email,
    EmailCode,
    Terms,
    Name,
    Password(Box<types::account::Password>),
    Proving,
    RecoveryCode,
    NewPassword,
    Deriving,
    ResetAccount,
    Calling(Call),
    Moving(Then),
    Over,
}

impl State {
    fn name(&self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Qr => "QR code",
            Self::Code => "code",
            Self::Email => "e-mail address",
            Self::EmailCode => "code for the e-mail address",
            Self::Terms => "terms",
            Self::Name => "name",
            Self::Password(_) => "password",
            Self::Proving => "proof of the password",
            Self::RecoveryCode => "recovery code",
            Self::NewPassword => "new password",
            Self::Deriving => "verifier of the new password",
            Self::ResetAccount => "confirmation",
            Self::Calling(call) => call.method(),
            Self::Moving(_) => "another DC",
            Self::Over => "over",
        }
    }
}

enum Then {
    Repeat(Call),
    Import(Bytes),
    Resume,
}

impl Login {
    /// Begins a login, or goes on with one that `pending` describes.
    #[must_use]
    pub fn start(credentials: Credentials, pending: Option<PendingLogin>, at: At) -> (Self, Step) {
        let fresh = |login: &PendingLogin| at.unix.saturating_sub(login.sent_at) <= RESUMABLE;
        let (pending, notice, save) = match pending {
            Some(pending) if fresh(&pending) => (Some(pending), Some(Notice::Resumed), Vec::new()),
            Some(_) => (None, Some(Notice::NotResumed), vec![Change::Login(None)]),
            None => (None, None, Vec::new()),
        };
        let mut login = Self {
            credentials,
            state: State::Over,
            phone: pending.as_ref().map(|pending| pending.phone.clone()).unwrap_or_default(),
            resumed: pending.is_some(),
            pending,
            code: None,
            recovery_code: None,
            password: None,
            new_password: None,
            challenge_renewed: false,
            notice,
            tries: Tries::default(),
        };
        let step = login.resume(at);
        (login, Step { save: [save, step.save].concat(), action: step.action })
    }

    /// What the login knows so far that another process needs to go on.
    #[must_use]
    pub fn pending(&self) -> Option<&PendingLogin> {
        self.pending.as_ref()
    }

    /// Takes the answer to the last step's action and gives the next step.
    ///
    /// An answer that does not fit the action ends the login with [`LoginError::Misused`].
    #[must_use]
    pub fn step(&mut self, input: Input, at: At) -> Step {
        match (mem::replace(&mut self.state, State::Over), input) {
            (State::Calling(call), Input::Reply(Ok(reply))) => {
                self.resumed = false;
                self.on_reply(call, reply, at)
            }
            (State::Calling(call), Input::Reply(Err(error))) => self.on_refusal(call, &error, at),
            (State::Moving(then), Input::Switched) => self.on_switched(then, at),
            (State::Proving, Input::Proof(Ok(password))) => {
                self.invoke(Call::CheckPassword(auth::CheckPassword { password }))
            }
            (State::Proving, Input::Proof(Err(error))) => self.fail(error),
            (State::Deriving, Input::Settings(settings)) => match *settings {
                Ok(settings) => self.recover(Some(settings)),
                Err(error) => self.fail(error),
            },
            (State::Qr, Input::QrScanned) => self.export_token(None),
            (State::Qr, Input::QrExpired) => self.export_token(Some(Notice::QrRenewed)),
            (state, Input::Answer(answer)) => self.on_answer(state, answer, at),
            _ => self.fail(LoginError::Misused),
        }
    }

    fn resume(&mut self, at: At) -> Step {
        let Some(pending) = &self.pending else { return self.ask_phone() };
        if pending.dc != at.dc {
            let dc = pending.dc;
            self.state = State::Moving(Then::Resume);
            return Step::new(Action::SwitchDc(dc));
        }
        match pending.stage.clone() {
            Stage::Code | Stage::EmailCode { .. } => self.ask_code(at),
            Stage::Password => self.get_password(),
            Stage::EmailSetup => self.ask_email(),
            Stage::EmailVerify { .. } => self.ask_email_code(),
            Stage::Recovery { .. } => self.ask_recovery_code(),
            Stage::SignUp { terms } => self.ask_terms(terms),
        }
    }

    fn on_answer(&mut self, state: State, answer: Answer, at: At) -> Step {
        match (state, answer) {
            (State::Phone, Answer::Phone(token)) if token.contains(':') => self.import_bot(token.trim()),
            (State::Phone, Answer::BotToken(token)) => match token.expose_str() {
                Some(token) => self.import_bot(token.trim()),
                None => self.fail(LoginError::Misused),
            },
            (State::Phone, Answer::Phone(typed)) => match normalize_phone(&typed) {
                Some(phone) => {
                    self.phone = phone;
                    self.send_code(None)
                }
                None => self.refuse_phone(Notice::NotAPhone, LoginError::PhoneRefused(PhoneRefusal::Invalid)),
            },
            (State::Phone | State::Code, Answer::Qr) => self.begin_qr(),
            (State::Qr, Answer::Back) => self.ask_phone(),
            (State::Code, Answer::Code(typed)) => self.take_code(&typed, at),
            (State::Code, Answer::Resend) => self.resend(at),
            (State::Code, Answer::ResetEmail) => self.reset_email(at),
            (State::Code, Answer::Back) => self.cancel_code(),
            (State::Email, Answer::Email(typed)) => self.take_email(&typed),
            (State::Email, Answer::Back) => self.cancel_code(),
            (State::EmailCode, Answer::Code(typed)) => self.take_email_code(&typed),
            (State::EmailCode, Answer::Resend) => self.resend_email_code(Notice::Resent),
            (State::EmailCode, Answer::Back) => self.ask_email(),
            (State::Terms | State::Name | State::Password(_), Answer::Back) => {
                self.forget_pending();
                Step { save: vec![Change::Login(None)], ..self.ask_phone() }
            }
            (State::Password(_), Answer::Recover) => self.request_recovery(None),
            (State::Password(_), Answer::ResetAccount) => self.ask_reset(),
            (State::ResetAccount, Answer::Confirm(true)) => self.delete_account(),
            (State::ResetAccount, Answer::Confirm(false)) => self.get_password(),
            (State::RecoveryCode, Answer::Code(typed)) => self.take_recovery_code(&typed),
            (State::RecoveryCode, Answer::Resend) => self.request_recovery(Some(Notice::Resent)),
            (State::RecoveryCode | State::NewPassword, Answer::Back) => self.leave_recovery(),
            (State::NewPassword, Answer::NewPassword { password, hint }) => {
                self.take_new_password(password, hint)
            }
            (State::NewPassword, Answer::NoPassword) => self.recover(None),
            (State::Terms, Answer::Terms(true)) => self.ask_name(),
            (State::Terms, Answer::Terms(false)) => {
                self.forget_pending();
                Step { save: vec![Change::Login(None)], ..self.fail(LoginError::TermsDeclined) }
            }
            (State::Name, Answer::Name { first, last }) => self.sign_up(first.trim(), last.trim()),
            (State::Password(info), Answer::Password(password)) => self.take_password(info, password),
            _ => self.fail(LoginError::Misused),
        }
    }

    fn on_switched(&mut self, then: Then, at: At) -> Step {
        match then {
            Then::Repeat(call) => {
                let mut save = Vec::new();
                if let Some(pending) = &mut self.pending
                    && pending.dc != at.dc
                {
                    pending.dc = at.dc;
                    save.push(Change::Login(Some(pending.clone())));
                }
                Step { save, ..self.invoke(call) }
            }
            Then::Import(token) => self.import_token(token),
            Then::Resume if self.pending.as_ref().is_some_and(|pending| pending.dc != at.dc) => {
                self.fail(LoginError::Misused)
            }
            Then::Resume => self.resume(at),
        }
    }

    fn move_to(&mut self, dc: i32, then: Then) -> Step {
        self.tries.moves += 1;
        if self.tries.moves > MOVES {
            return self.fail(LoginError::TooManyAttempts { what: "the server sent us to another DC" });
        }
        self.state = State::Moving(then);
        Step::new(Action::SwitchDc(dc))
    }

    /// Begins anew with what is known: the number, or nothing after a login by QR code or bot token.
    fn restart(&mut self, notice: Notice) -> Step {
        if !self.phone.is_empty() {
            return self.send_code(Some(notice));
        }
        self.forget_pending();
        self.notice = Some(notice);
        Step { save: vec![Change::Login(None)], ..self.ask_phone() }
    }

    fn wrong_code(&mut self, ask: impl FnOnce(&mut Self) -> Step) -> Step {
        self.tries.codes += 1;
        match left(self.tries.codes) {
            Some(left) => {
                self.notice = Some(Notice::WrongCode { left });
                ask(self)
            }
            None => self.fail(LoginError::TooManyAttempts { what: "a wrong code was typed" }),
        }
    }

    fn invoke(&mut self, call: Call) -> Step {
        self.state = State::Calling(call.clone());
        Step::new(Action::Invoke(call))
    }

    fn done(&mut self, call: &Call, authorization: &types::auth::Authorization) -> Step {
        self.done_at(call.method(), authorization, matches!(call, Call::SignUp(_)))
    }

    fn done_at(
        &mut self,
        method: &'static str,
        authorization: &types::auth::Authorization,
        new_account: bool,
    ) -> Step {
        let Some(user) = session_user(&authorization.user) else {
            return self.fail(LoginError::UnexpectedReply { method, what: "it is a login of nobody" });
        };
        self.forget_pending();
        self.state = State::Over;
        let mut save = vec![Change::Login(None), Change::User(Some(user.clone()))];
        save.extend(self_peer(&authorization.user).map(Change::Peer));
        if let Some(token) = &authorization.future_auth_token {
            let mut tokens = self.credentials.future_auth_tokens.clone();
            tokens.push(Secret::from(&token[..]));
            save.push(Change::FutureAuthTokens(tokens));
        }
        let days = authorization.otherwise_relogin_days.filter(|_| authorization.setup_password_required);
        let relogin_after_days = days.and_then(|days| u32::try_from(days).ok());
        Step::saving(save, Action::Done(Success { user, new_account, relogin_after_days }))
    }

    fn fail(&mut self, error: LoginError) -> Step {
        self.state = State::Over;
        Step::new(Action::Fail(error))
    }

    fn unexpected(&mut self, call: &Call, what: &'static str) -> Step {
        self.fail(LoginError::UnexpectedReply { method: call.method(), what })
    }

    /// Notes how far the login has come.
    fn enter(&mut self, stage: Stage) -> Vec<Change> {
        let Some(pending) = &mut self.pending else { return Vec::new() };
        // Another question has its own tries.
        if mem::discriminant(&pending.stage) != mem::discriminant(&stage) {
            (self.tries.codes, self.tries.passwords) = (0, 0);
        }
        pending.stage = stage;
        vec![Change::Login(Some(pending.clone()))]
    }

    fn forget_pending(&mut self) {
        self.pending = None;
        self.code = None;
        self.recovery_code = None;
        self.password = None;
        self.new_password = None;
        self.resumed = false;
    }
}

/// Tries left after `done` of them; `None` when there are no more.
fn left(done: u32) -> Option<u32> {
    TRIES.checked_sub(done).filter(|&left| left > 0)
}

/// A secret that came as text, from the server or the user.
fn str_of(secret: &Secret) -> Str {
    Str::from(String::from_utf8_lossy(secret.expose()).into_owned())
}
