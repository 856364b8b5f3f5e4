//! Logging in and out.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Client, InvokeError};
use crate::auth::{
    Action, Answer, At, Authenticator, Call, CodeSent, Credentials, Input, Login, LoginError, NoAnswer,
    Notice, Prompt, Reply, Step, Success,
};
use crate::net::off_thread;
use crate::session::{self, Secret, State, Terms, User};
use crate::tl::functions;

/// Why nobody is logged in, or out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The login has come to an end.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// A call had no answer of the server's.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// The session cannot be written.
    #[error(transparent)]
    Session(#[from] session::Error),
    /// The [`Authenticator`] has no answer.
    #[error("{0}")]
    NoAnswer(NoAnswer),
    /// What was given is not taken. The login is where it was, so that it can be given again.
    #[error("{0}")]
    NotTaken(Notice),
    /// No login has been begun, or not one that waits for this; call [`Client::send_code`] first.
    #[error("the login does not wait for that; begin with sending a code")]
    NotAsked,
    /// The session was imported without `api_hash`, which the calls of a login ask for.
    #[error(
        "a login needs api_hash, which this session does not have: give api_id and api_hash from https://my.telegram.org/apps"
    )]
    NoApiHash,
}

/// What a login waits for, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignInStep {
    /// Somebody is logged in.
    Done(User),
    /// A code was sent: [`Client::sign_in`] takes it.
    CodeSent(CodeSent),
    /// The account has a 2FA password: [`Client::check_password`] takes it.
    PasswordNeeded {
        /// The user's own hint.
        hint: Option<String>,
    },
    /// The number has no account: [`Client::sign_up`] makes one.
    SignUpNeeded {
        /// The terms that the user must accept before.
        terms: Option<Terms>,
    },
}

impl Client {
    /// Logs in, or goes on with a login that an earlier run has begun; `authenticator` answers the questions.
    ///
    /// # Errors
    /// [`SignInError`]. What was reached until then is in the session.
    pub async fn sign_in_with<A: Authenticator>(
        &self,
        authenticator: &mut A,
    ) -> Result<Success, SignInError> {
        let resumes =
            self.store().with(|state| state.login.as_ref().is_none_or(|login| authenticator.resumes(login)));
        let (mut flow, mut progress) = Flow::begin(self, resumes).await?;
        loop {
            match progress {
                Progress::Done(success) => return Ok(success),
                Progress::Ask(prompt) => {
                    let answer = authenticator.answer(&prompt).await.map_err(SignInError::NoAnswer)?;
                    progress = flow.answer(answer).await?;
                }
            }
        }
    }

    /// Asks for a login code for this phone number, in any form that people write.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn send_code(&self, phone: &str) -> Result<SignInStep, SignInError> {
        let (mut flow, _) = Flow::begin(self, false).await?;
        flow.answer(Answer::Phone(phone.to_owned())).await?.step()
    }

    /// Gives the code that [`send_code`](Self::send_code) has sent, in this process or an earlier one.
    ///
    /// # Errors
    /// [`SignInError::NotTaken`] with [`Notice::WrongCode`] when it is wrong; [`SignInError`].
    pub async fn sign_in(&self, code: &str) -> Result<SignInStep, SignInError> {
        let (mut flow, progress) = Flow::begin(self, true).await?;
        match progress {
            Progress::Ask(Prompt::Code { .. }) => flow.answer(Answer::Code(Secret::from(code))).await?.step(),
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Gives the 2FA password.
    ///
    /// # Errors
    /// [`SignInError::NotTaken`] with [`Notice::WrongPassword`] when it is wrong; [`SignInError`].
    pub async fn check_password(&self, password: &str) -> Result<SignInStep, SignInError> {
        let (mut flow, progress) = Flow::begin(self, true).await?;
        match progress {
            Progress::Ask(Prompt::Password { .. }) => {
                flow.answer(Answer::Password(Secret::from(password))).await?.step()
            }
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Makes an account for the number. The user must have accepted the terms that
    /// [`SignInStep::SignUpNeeded`] gave.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_up(&self, first_name: &str, last_name: &str) -> Result<SignInStep, SignInError> {
        let (mut flow, mut progress) = Flow::begin(self, true).await?;
        if matches!(progress, Progress::Ask(Prompt::Terms { .. })) {
            progress = flow.answer(Answer::Terms(true)).await?;
        }
        match progress {
            Progress::Ask(Prompt::Name { .. }) => {
                let name = Answer::Name { first: first_name.to_owned(), last: last_name.to_owned() };
                flow.answer(name).await?.step()
            }
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Logs a bot in.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in_bot(&self, token: &str) -> Result<User, SignInError> {
        let (mut flow, _) = Flow::begin(self, false).await?;
        match flow.answer(Answer::BotToken(Secret::from(token))).await?.step()? {
            SignInStep::Done(user) => Ok(user),
            _ => Err(SignInError::NotAsked),
        }
    }

    /// Logs out: the server drops the key, and the session forgets key, user, peers and update state. It keeps the API
    /// key, the servers, and the token with which the next login may need no code. A session that the server has ended
    /// already is forgotten too.
    ///
    /// # Errors
    /// When the server could not be asked; the session is then as before.
    pub async fn log_out(&self) -> Result<(), SignInError> {
        let token = match self.invoke(&functions::auth::LogOut {}).await {
            Ok(logged_out) => logged_out.future_auth_token.map(|token| Secret::from(&*token)),
            Err(
                InvokeError::Unauthorized { .. }
                | InvokeError::AuthKeyDuplicated
                | InvokeError::AuthKeyUnknown { .. },
            ) => None,
            Err(error) => return Err(error.into()),
        };
        let changes = self.store().with(|state| state.log_out(token));
        self.save(changes).await?;
        // What is called from now on is called with a key of which the session knows.
        self.close_links().await;
        Ok(())
    }
}

/// The state machine of the login and the client that does what it says.
struct Flow<'a> {
    client: &'a Client,
    login: Login,
}

enum Progress {
    Ask(Prompt),
    Done(Success),
}

impl Progress {
    fn step(self) -> Result<SignInStep, SignInError> {
        Ok(match self {
            Self::Done(success) => SignInStep::Done(success.user),
            Self::Ask(Prompt::Code { sent, notice: None | Some(Notice::Resent) }) => {
                SignInStep::CodeSent(sent)
            }
            Self::Ask(Prompt::Password { hint, notice: None }) => SignInStep::PasswordNeeded { hint },
            Self::Ask(Prompt::Terms { terms }) => SignInStep::SignUpNeeded { terms: Some(terms) },
            Self::Ask(Prompt::Name { notice: None }) => SignInStep::SignUpNeeded { terms: None },
            Self::Ask(
                Prompt::Code { notice: Some(notice), .. }
                | Prompt::Password { notice: Some(notice), .. }
                | Prompt::Phone { notice: Some(notice) }
                | Prompt::Name { notice: Some(notice) },
            ) => return Err(SignInError::NotTaken(notice)),
            Self::Ask(Prompt::Phone { notice: None }) => return Err(SignInError::NotAsked),
        })
    }
}

impl<'a> Flow<'a> {
    async fn begin(client: &'a Client, resume: bool) -> Result<(Self, Progress), SignInError> {
        let (api_id, api_hash) = client.api_key();
        if api_hash.is_empty() {
            return Err(SignInError::NoApiHash);
        }
        let (pending, future_auth_tokens) = client
            .store()
            .with(|state: &State| (state.login.clone().filter(|_| resume), state.future_auth_tokens.clone()));
        let credentials = Credentials { api_id, api_hash: Secret::from(api_hash), future_auth_tokens };
        let (login, step) = Login::start(credentials, pending, at(client));
        let mut flow = Self { client, login };
        let progress = flow.run(step).await?;
        Ok((flow, progress))
    }

    async fn answer(&mut self, answer: Answer) -> Result<Progress, SignInError> {
        let step = self.login.step(Input::Answer(answer), at(self.client));
        self.run(step).await
    }

    /// Does what the login says until it wants something of the user.
    async fn run(&mut self, mut step: Step) -> Result<Progress, SignInError> {
        loop {
            if !step.save.is_empty() {
                self.client.save(step.save).await?;
            }
            let input = match step.action {
                Action::Invoke(call) => Input::Reply(match self.invoke(call).await {
                    Ok(reply) => Ok(reply),
                    Err(error) => Err(error.rpc().cloned().ok_or(error)?),
                }),
                Action::SwitchDc(dc) => {
                    self.client.set_home_dc(dc).await?;
                    Input::Switched
                }
                Action::Prove(challenge) => {
                    Input::Proof(off_thread(move || challenge.prove(&mut rand::rng())).await)
                }
                Action::Prompt(prompt) => return Ok(Progress::Ask(prompt)),
                Action::Done(success) => return Ok(Progress::Done(success)),
                Action::Fail(error) => return Err(error.into()),
            };
            step = self.login.step(input, at(self.client));
        }
    }

    async fn invoke(&self, call: Call) -> Result<Reply, InvokeError> {
        let client = self.client;
        Ok(match call {
            Call::SendCode(call) => Reply::SentCode(Box::new(client.invoke(&call).await?)),
            Call::ResendCode(call) => Reply::SentCode(Box::new(client.invoke(&call).await?)),
            Call::CancelCode(call) => Reply::Cancelled(client.invoke(&call).await?),
            Call::SignIn(call) => Reply::Authorization(Box::new(client.invoke(&call).await?)),
            Call::SignUp(call) => Reply::Authorization(Box::new(client.invoke(&call).await?)),
            Call::GetPassword(call) => Reply::Password(Box::new(client.invoke(&call).await?)),
            Call::CheckPassword(call) => Reply::Authorization(Box::new(client.invoke(&call).await?)),
            Call::ImportBot(call) => Reply::Authorization(Box::new(client.invoke(&call).await?)),
        })
    }
}

fn at(client: &Client) -> At {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    At { unix: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), dc: client.home_dc() }
}
