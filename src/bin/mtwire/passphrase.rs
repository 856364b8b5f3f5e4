//! The passphrase of a session: where the commands get it from, and `mtwire session passphrase`.

use std::io::IsTerminal;
use std::path::Path;

use mtwire::auth::terminal::{Console, Output, Presets, StdConsole};
use mtwire::net::off_thread;
use mtwire::session::Secret;
use mtwire::session::file::{Passphrase, is_encrypted};
use serde_json::json;

use super::args::{NameArgs, PassphraseArgs};
use super::failure::Failure;
use super::open;

/// The passphrase for a command that opens a session: that of the option, or one that is asked for when the file is
/// encrypted; `None` for a plain one.
pub async fn of(args: &NameArgs) -> Result<Option<Passphrase>, Failure> {
    if let Some(path) = &args.passphrase_file {
        return from_file(path).map(Some);
    }
    let path = open::path(args);
    // What else is the matter with the file is said by who opens it.
    if !is_encrypted(&path).unwrap_or(false) {
        return Ok(None);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(format_args!(
            "session {}: encrypted; give its passphrase with --passphrase-file",
            path.display()
        )));
    }
    ask("Enter passphrase: ").await.map(Some)
}

fn from_file(path: &Path) -> Result<Passphrase, Failure> {
    let secret = Presets::read_password(path)
        .map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))?;
    Ok(Passphrase::new(secret))
}

fn not_empty(secret: Secret) -> Option<Passphrase> {
    Some(Passphrase::new(secret)).filter(|passphrase| !passphrase.is_empty())
}

/// Asks in the terminal, without showing what is typed.
async fn ask(prompt: &'static str) -> Result<Passphrase, Failure> {
    let line = off_thread(move || StdConsole::new(Output::Stderr).ask_hidden(prompt)).await?;
    line.and_then(not_empty).ok_or_else(|| Failure::new("no passphrase was given"))
}

pub async fn run(args: &PassphraseArgs) -> Result<(), Failure> {
    change(args).await.map_err(|failure| failure.in_json(args.session.json))
}

async fn change(args: &PassphraseArgs) -> Result<(), Failure> {
    let path = open::path(&args.session);
    if !path.exists() {
        return Err(Failure::usage(format_args!("there is no {}", path.display())));
    }
    let store = open::store(&args.session).await?;
    if args.remove && !store.is_encrypted() {
        return Err(Failure::new(format_args!("session {}: not encrypted", path.display())));
    }
    let new = match &args.new_passphrase_file {
        _ if args.remove => None,
        Some(path) => Some(from_file(path)?),
        None => Some(ask_for_new().await?),
    };
    off_thread(move || store.set_passphrase(new.as_ref())).await?;
    if args.session.json {
        println!("{}", json!({"session": path, "encrypted": !args.remove}));
    } else if args.remove {
        println!("{} is not encrypted any more", path.display());
    } else {
        println!("{} is encrypted; without the passphrase nobody can open it", path.display());
    }
    Ok(())
}

async fn ask_for_new() -> Result<Passphrase, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "there is no terminal to ask for the new passphrase: give --new-passphrase-file or --remove",
        ));
    }
    let new = ask("Enter new passphrase: ").await?;
    if ask("Repeat new passphrase: ").await? != new {
        return Err(Failure::new("the two are not the same; the session is as it was"));
    }
    Ok(new)
}
