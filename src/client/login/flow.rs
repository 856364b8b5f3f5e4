//! The state machine of the login, and the client that does what it says.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{SignInError, SignInStep};
use crate::auth::{Action, Answer, At, Call, Credentials, Input, Login, Prompt, Reply, Step, Success};
use crate::client::{Client, InvokeError, updates::ScanWatch};
use crate::net::off_thread;
use crate::session::{Secret, State};

/// A login under way.
#[derive(Debug)]
pub(super) struct Flow<'a> {
    client: &'a Client,
    login: Login,
}

/// Where a login is after it went on as far as it could by itself.
pub(super) enum Progress {
    Ask(Prompt),
    Done(Success),
}

impl Progress {
    /// For those who ask the user themselves: what is wanted now. A notice that something was not taken is an error.
    pub fn step(self) -> Result<SignInStep, SignInError> {
        let (step, notice) = match self {
            Self::Done(success) => return Ok(SignInStep::Done(success.user)),
            Self::Ask(Prompt::Code { sent, notice }) => (SignInStep::CodeSent(sent), notice),
            Self::Ask(Prompt::Email { notice }) => (SignInStep::EmailNeeded, notice),
            Self::Ask(Prompt::EmailCode { address, length, notice }) => {
                (SignInStep::EmailCodeSent { address, length }, notice)
            }
            Self::Ask(Prompt::Password { info, notice }) => (SignInStep::PasswordNeeded(info), notice),
            Self::Ask(Prompt::RecoveryCode { pattern, notice }) => {
                (SignInStep::RecoveryCodeSent { pattern }, notice)
            }
            Self::Ask(Prompt::NewPassword { notice }) => (SignInStep::NewPasswordNeeded, notice),
            Self::Ask(Prompt::Terms { terms, notice }) => {
                (SignInStep::SignUpNeeded { terms: Some(terms) }, notice)
            }
            Self::Ask(Prompt::Name { notice }) => (SignInStep::SignUpNeeded { terms: None }, notice),
            Self::Ask(Prompt::Phone { notice }) => (SignInStep::PhoneNeeded, notice),
            // Only those who drive the flow themselves come here.
            Self::Ask(Prompt::Qr { .. } | Prompt::ResetAccount) => return Err(SignInError::NotAsked),
        };
        match notice {
            Some(notice) if notice.is_refusal() => Err(SignInError::NotTaken(notice)),
            _ => Ok(step),
        }
    }
}

impl<'a> Flow<'a> {
    pub async fn begin(client: &'a Client, resume: bool) -> Result<(Self, Progress), SignInError> {
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

    /// Goes on with a login that is at the 2FA password, or back to it from a recovery.
    pub async fn at_password(client: &'a Client) -> Result<(Self, Progress), SignInError> {
        let (mut flow, mut progress) = Self::begin(client, true).await?;
        if matches!(progress, Progress::Ask(Prompt::RecoveryCode { .. })) {
            progress = flow.answer(Answer::Back).await?;
        }
        Ok((flow, progress))
    }

    pub async fn answer(&mut self, answer: Answer) -> Result<Progress, SignInError> {
        self.input(Input::Answer(answer)).await
    }

    pub async fn input(&mut self, input: Input) -> Result<Progress, SignInError> {
        let step = self.login.step(input, at(self.client));
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
                Action::Derive(new) => {
                    Input::Settings(Box::new(off_thread(move || new.settings(&mut rand::rng())).await))
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
            Call::ResetLoginEmail(call) => Reply::SentCode(Box::new(client.invoke(&call).await?)),
            Call::CancelCode(call) => Reply::Bool(client.invoke(&call).await?),
            Call::CheckRecovery(call) => Reply::Bool(client.invoke(&call).await?),
            Call::DeleteAccount(call) => Reply::Bool(client.invoke(&call).await?),
            Call::SignIn(call) => Reply::Authorization(Box::new(client.invoke(&call).await?)),
            Call::SignUp(call) => Reply::Authorization(Box::new(client.invoke(&call).await?)),
            Call::CheckPassword(call) => Reply::Authorization(Box::new(client.invoke(&call).await?)),
            Call::Recover(call) => Reply::Authorization(Box::new(client.invoke(&*call).await?)),
            Call::ImportBot(call) => Reply::Authorization(Box::new(client.invoke(&call).await?)),
            Call::GetPassword(call) => Reply::Password(Box::new(client.invoke(&call).await?)),
            Call::SendVerifyEmail(call) => Reply::SentEmailCode(client.invoke(&call).await?),
            Call::VerifyEmail(call) => Reply::EmailVerified(Box::new(client.invoke(&call).await?)),
            Call::RequestRecovery(call) => Reply::Recovery(client.invoke(&call).await?),
            Call::ExportToken(call) => Reply::LoginToken(Box::new(client.invoke(&call).await?)),
            Call::ImportToken(call) => Reply::LoginToken(Box::new(client.invoke(&call).await?)),
        })
    }

    /// Waits until a QR code was scanned or has expired, and says which.
    pub async fn scan(watch: &ScanWatch, expires_in: u32) -> Input {
        let shown = Duration::from_secs(expires_in.into());
        match tokio::time::timeout(shown, watch.scanned()).await {
            Ok(()) => Input::QrScanned,
            Err(_) => Input::QrExpired,
        }
    }
}

fn at(client: &Client) -> At {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let unix = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let offset = client.store().with(|state| state.home().map_or(0, |dc| dc.time_offset));
    At { unix, server_unix: unix.saturating_add(offset), dc: client.home_dc() }
}
