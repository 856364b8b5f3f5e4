//! Logs a user in without a terminal: the program answers the questions itself.
//!
//! `PASSWORD=… cargo run --example from_code -- API_ID API_HASH PHONE CODE_FILE`
//!
//! The login code is what somebody else (a gateway for text messages, a script) writes to CODE_FILE.

mod loopback;

use std::path::{Path, PathBuf};
use std::time::Duration;

use mtwire::auth::{Answer, Authenticator, CodeSent, NoAnswer, Notice, Prompt};
use mtwire::client::Client;
use mtwire::session::Secret;

/// Answers from code: `before` is called before a code is sent, and `fetch` whenever one was, and gives it.
struct FromCode<B, F> {
    phone: String,
    password: Option<Secret>,
    before: B,
    fetch: F,
}

impl<B, F, C> Authenticator for FromCode<B, F>
where
    B: FnMut() -> std::io::Result<()> + Send,
    F: FnMut(CodeSent) -> C + Send,
    C: Future<Output = Result<String, NoAnswer>> + Send,
{
    async fn answer(&mut self, prompt: &Prompt) -> Result<Answer, NoAnswer> {
        match prompt {
            // What is asked again because it was not taken would not be taken a second time either.
            Prompt::Phone { notice: Some(notice) }
            | Prompt::Code { notice: Some(notice), .. }
            | Prompt::Password { notice: Some(notice), .. }
                if notice.is_refusal() && *notice != Notice::NotResumed =>
            {
                Err(notice.to_string().into())
            }
            Prompt::Phone { .. } => {
                (self.before)()?;
                Ok(Answer::Phone(self.phone.clone()))
            }
            Prompt::Code { sent, .. } => Ok(Answer::Code((self.fetch)(sent.clone()).await?.into())),
            Prompt::Password { info, .. } => match &self.password {
                Some(password) => Ok(Answer::Password(password.clone())),
                None => Err(format!("the account has a password (hint: {:?})", info.hint).into()),
            },
            Prompt::Terms { .. } | Prompt::Name { .. } => Err("the number has no account".into()),
            other => Err(format!("no answer to {other:?}").into()),
        }
    }
}

/// A code is good once: one that an earlier run has left must not be taken for the next.
fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Waits for the file, which holds the code, and removes it.
async fn read_code(path: PathBuf) -> Result<String, NoAnswer> {
    for _ in 0..600 {
        match std::fs::read_to_string(&path) {
            Ok(code) if code.ends_with('\n') => {
                remove(&path)?;
                return Ok(code);
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Err(format!("no code came to {} within five minutes", path.display()).into())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [api_id, api_hash, phone, file] = args.as_slice() else {
        return Err("usage: from_code API_ID API_HASH PHONE CODE_FILE".into());
    };
    let client = loopback::reach(Client::new("from_code", api_id.parse()?, api_hash))?.connect().await?;
    if client.user().is_none() {
        let file = PathBuf::from(file);
        let mut answers = FromCode {
            phone: phone.clone(),
            password: std::env::var("PASSWORD").ok().map(Secret::from),
            before: || remove(&file),
            fetch: |sent: CodeSent| {
                println!("{sent}");
                read_code(file.clone())
            },
        };
        client.sign_in_with(&mut answers).await?;
    }
    let user = client.user().ok_or("nobody is logged in")?;
    println!("Logged in as {}", user.first_name);
    client.disconnect().await;
    Ok(())
}
