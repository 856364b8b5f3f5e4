//! The loopback DC that lives inside a command, for sessions made with `login --local`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mtwire::auth::terminal::{Console, Output, StdConsole};
use mtwire::auth::{Answer, Authenticator, NoAnswer, Prompt};
use mtwire::client::ClientBuilder;
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::server::{Event, Server};
use mtwire::session::{Network, PendingLogin, State};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::failure::Failure;

/// The account that a new loopback DC has from the start; its code is 22222, by the rule of test numbers.
pub const ACCOUNT: &str = "+9996621234";

/// The server and what it says.
pub struct LocalDc {
    server: Server,
    pub events: mpsc::Receiver<Event>,
}

/// Where the state of a session's loopback DC is.
pub fn directory(session_dir: &Path, name: &str) -> PathBuf {
    session_dir.join(format!("{name}.local-dc"))
}

impl LocalDc {
    /// Starts the loopback DC with its state in `directory`.
    pub async fn start(directory: &Path) -> Result<Self, Failure> {
        let account = format!("{ACCOUNT},name=Test User").parse().map_err(Failure::new)?;
        let mut server = Server::builder().state_dir(directory).account(account).start().await?;
        let events = server.events();
        Ok(Self { server, events })
    }

    /// Whether the session was made with this DC.
    pub fn knows(&self, state: &State) -> bool {
        match &state.network {
            Network::Custom { public_keys } => {
                public_keys.iter().any(|key| key.trim() == self.server.public_key_pem().trim())
            }
            Network::Production | Network::Test => false,
        }
    }

    /// Points a client at it: the ports are others every time.
    pub fn reach(&self, mut builder: ClientBuilder) -> Result<ClientBuilder, Failure> {
        builder = builder.trust(PublicKey::from_pem(self.server.public_key_pem()).map_err(Failure::new)?);
        for dc in self.server.dcs() {
            builder = builder.dc(dc.id, Address::new(&*dc.host, dc.port));
        }
        // DC 2 is where clients begin.
        Ok(builder.start_at(2))
    }

    /// Stops it; what happened is in its directory.
    pub async fn stop(self) {
        self.server.shutdown().await;
    }
}

/// Shows the code that the loopback DC "sends" before the question for it.
pub struct ShowsCode<'a, A> {
    pub inner: &'a mut A,
    pub events: &'a mut mpsc::Receiver<Event>,
    pub output: Output,
}

impl<A: Authenticator> Authenticator for ShowsCode<'_, A> {
    async fn answer(&mut self, prompt: &Prompt) -> Result<Answer, NoAnswer> {
        if matches!(prompt, Prompt::Code { .. } | Prompt::EmailCode { .. } | Prompt::RecoveryCode { .. }) {
            // The event comes before the answer to auth.sendCode; a login that is taken up again has none.
            while let Ok(Some(event)) = timeout(Duration::from_millis(100), self.events.recv()).await {
                let (to, code) = match event {
                    Event::Code { phone, code } => (format!("+{phone}"), code),
                    Event::EmailCode { email, code, .. } => (email, code),
                    _ => continue,
                };
                StdConsole::new(self.output).say(&format!("The loopback DC sends {to} the code {code}"))?;
            }
        }
        self.inner.answer(prompt).await
    }

    fn resumes(&self, pending: &PendingLogin) -> bool {
        self.inner.resumes(pending)
    }
}
