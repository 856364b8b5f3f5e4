//! Opening a session that an earlier login has made.

use std::path::PathBuf;
use std::sync::Arc;

use mtwire::client::Client;
use mtwire::net::off_thread;
use mtwire::session::file::{Report, check, load_with};
use mtwire::session::{FileStore, State};

use super::args::{NameArgs, OnlineArgs};
use super::failure::Failure;
use super::local_dc::{self, LocalDc};
use super::passphrase;

/// A connected client, and the loopback DC if the session lives on one.
pub struct Open {
    pub client: Client,
    local: Option<LocalDc>,
}

/// The session's file.
pub fn path(args: &NameArgs) -> PathBuf {
    args.session_dir.join(format!("{}.session", args.name))
}

/// Opens the session's file. What was cut off it is told on standard error: it is the one change that is made to a
/// file without being asked for.
pub async fn store(args: &NameArgs) -> Result<FileStore, Failure> {
    let path = path(args);
    let passphrase = passphrase::of(args).await?;
    let opened = path.clone();
    let store = off_thread(move || FileStore::open_with(opened, passphrase.as_ref())).await?;
    if let Some(torn) = store.torn_tail() {
        eprintln!(
            "mtwire: session {}: a crash had left its last change half written; cut off {} bytes",
            path.display(),
            torn.len
        );
    }
    Ok(store)
}

/// What a session's file holds, looked at without a lock.
pub async fn load(args: &NameArgs) -> Result<State, Failure> {
    let path = path(args);
    let passphrase = passphrase::of(args).await?;
    Ok(off_thread(move || load_with(path, passphrase.as_ref())).await?)
}

/// What is the matter with a session's file, looked at without a lock.
pub async fn examine(args: &NameArgs) -> Result<Report, Failure> {
    let path = path(args);
    let passphrase = passphrase::of(args).await?;
    Ok(off_thread(move || check(path, passphrase.as_ref())).await?)
}

/// Connects with the session and nothing but its name.
pub async fn open(online: &OnlineArgs) -> Result<Open, Failure> {
    let args = &online.session;
    let path = path(args);
    if !path.exists() {
        return Err(Failure::usage(format_args!(
            "there is no {}: log in first with `mtwire login {}` and an API key from https://my.telegram.org/apps, \
             or with `mtwire login {} --local`",
            path.display(),
            args.name,
            args.name
        )));
    }
    // Opened before all else: when another process has the session, that is what the user must hear.
    let store = Arc::new(store(args).await?);
    if store.with(|state| state.user.is_none()) {
        return Err(Failure::new(format_args!(
            "nobody is logged in with {}: run `mtwire login {}`",
            path.display(),
            args.name
        )));
    }
    if store.with(|state| state.app.is_none()) {
        return Err(Failure::usage(format_args!(
            "{} was imported without an api_id, which a client needs to connect: run `mtwire login {}` once with \
             --api-id and --api-hash (https://my.telegram.org/apps); it asks for no code",
            path.display(),
            args.name
        )));
    }
    let mut builder =
        Client::builder(&args.name).store(Arc::<FileStore>::clone(&store)).timing(online.patience.timing());
    let directory = local_dc::directory(&args.session_dir, &args.name);
    let mut local = None;
    if directory.is_dir() {
        let dc = LocalDc::start(&directory).await?;
        if store.with(|state| dc.knows(state)) {
            builder = dc.reach(builder)?;
            local = Some(dc);
        }
    }
    let client = builder.connect().await?;
    Ok(Open { client, local })
}

impl Open {
    /// Disconnects in order.
    pub async fn close(self) {
        self.client.disconnect().await;
        if let Some(dc) = self.local {
            dc.stop().await;
        }
    }
}
