//! The whole of a program's life in one call: log in at a terminal, serve, stop at Ctrl-C.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::{Client, ClientBuilder, ConnectError, InvokeError, SignInError, Update};
use crate::auth::terminal::{NoInput, Presets, Settings, StdConsole, Terminal};
use crate::net::Stop;
use crate::session::User;
use crate::tl::enums::Updates;

/// How long a login may go without a sign of life before the server is asked whether it still stands
/// (<https://core.telegram.org/api/updates>: after 15 minutes without updates).
const ASK_AFTER: Duration = Duration::from_secs(15 * 60);

/// Why [`ClientBuilder::run`] stopped. `Debug` says the same as `Display`, as it is what a `main` that returns the error
/// prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No login.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The server has ended the session, or cannot be reached.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// The terminal failed.
    #[error(transparent)]
    Terminal(#[from] NoInput),
    /// Signals cannot be watched for.
    #[error("cannot watch for Ctrl-C: {0}")]
    Signals(std::io::Error),
    /// The session belongs to another user than the one that was given in advance.
    #[error("the session is logged in as {}; use another session name, or log it out first", .user.names())]
    OtherUser {
        /// Who is logged in.
        user: Box<User>,
    },
    /// Ctrl-C (or SIGTERM) came before somebody was logged in.
    #[error("stopped; what was reached is saved, and the next run goes on from there")]
    Stopped,
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ClientBuilder {
    /// Connects, and logs in at the terminal if nobody is logged in yet: what was given in advance
    /// ([`phone`](Self::phone), [`bot_token`](Self::bot_token), [`password`](Self::password)) is not asked for. A login
    /// that the server has ended is begun anew.
    ///
    /// # Errors
    /// [`RunError`].
    pub async fn log_in(self) -> Result<Client, RunError> {
        let presets = self.presets().clone();
        let again = self.clone();
        let ended = match self.connect().await {
            Ok(client) if client.user().is_none() => return sign_in(client, presets).await,
            Ok(client) => match client.get_me().await {
                Ok(_) => match client.user() {
                    Some(user) if presets.contradict(&user) => {
                        client.disconnect().await;
                        return Err(RunError::OtherUser { user: Box::new(user) });
                    }
                    _ => return Ok(client),
                },
                Err(SignInError::Invoke(error)) if error.is_login_over() => {
                    // Its lock must go before the session is opened again.
                    client.disconnect().await;
                    error
                }
                Err(error) => return Err(error.into()),
            },
            Err(ConnectError::FirstCall(error)) if error.is_login_over() => *error,
            Err(error) => return Err(error.into()),
        };
        tracing::warn!(%ended, "the old login is over; a new one begins");
        let client = again.forget_login().connect().await?;
        sign_in(client, presets).await
    }

    /// [`log_in`](Self::log_in), and then stays connected until Ctrl-C (or SIGTERM), when it disconnects in order.
    ///
    /// # Errors
    /// [`RunError`], among others when the server ends the session.
    pub async fn run(self) -> Result<(), RunError> {
        self.run_with(|_, _| async {}).await
    }

    /// [`run`](Self::run), with something to do about each update; the next one waits for it.
    ///
    /// # Errors
    /// [`RunError`].
    pub async fn run_with<F, D>(self, mut on_update: F) -> Result<(), RunError>
    where
        F: FnMut(Client, Update) -> D,
        D: Future<Output = ()>,
    {
        let settings = Settings::save();
        let mut stop = Stop::new().map_err(RunError::Signals)?;
        let Some(logged_in) = stop.unless_stopped(self.log_in()).await else {
            settings.restore();
            return Err(RunError::Stopped);
        };
        let client = logged_in?;
        let end = stop.unless_stopped(serve(&client, &mut on_update)).await;
        client.disconnect().await;
        end.unwrap_or(Ok(()))
    }
}

/// Hands on the updates until the login is over or the client disconnected.
async fn serve<F, D>(client: &Client, on_update: &mut F) -> Result<(), RunError>
where
    F: FnMut(Client, Update) -> D,
    D: Future<Output = ()>,
{
    let updates = client.updates();
    loop {
        let ask = match tokio::time::timeout(ASK_AFTER, updates.next_update()).await {
            Ok(Some(update)) => {
                // The server says no more than this to a session that it has ended.
                let ask = update == Update::Missed || matches!(update.parse(), Ok(Some(Updates::TooLong)));
                on_update(client.clone(), update).await;
                ask
            }
            Ok(None) => return Ok(()),
            Err(_) => true,
        };
        if ask
            && let Err(SignInError::Invoke(error)) = client.get_me().await
            && error.is_login_over()
        {
            return Err(error.into());
        }
    }
}

async fn sign_in(client: Client, presets: Presets) -> Result<Client, RunError> {
    let mut terminal = Terminal::new(StdConsole::default(), presets);
    let success = client.sign_in_with(&mut terminal).await?;
    let path = client.store().path().map(ToOwned::to_owned);
    terminal.welcome(&success, client.home_dc(), path.as_deref())?;
    Ok(client)
}
