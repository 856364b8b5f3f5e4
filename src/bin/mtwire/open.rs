//! Opening a session that an earlier login has made.

use std::path::PathBuf;
use std::sync::Arc;

use mtwire::client::Client;
use mtwire::net::off_thread;
use mtwire::session::file::{Report, check, load_with};
use mtwire::session::{Error, ErrorKind, FileStore, State};

use super::args::{NameArgs, OnlineArgs};
use super::failure::Failure;
use super::local_dc::{self, LocalDc};
use super::passphrase;

/// The session's file.
pub fn path(args: &NameArgs) -> PathBuf {
    args.session_dir.join(format!("{}.session", args.name))
}

/// What the library says, with the command that helps.
pub fn refused(args: &NameArgs, error: Error) -> Failure {
    match error.kind {
        ErrorKind::NotEncrypted => {
            Failure::new(format_args!("{error}: `mtwire session passphrase {}` does that", args.name))
        }
        _ => error.into(),
    }
}

/// Opens the session's file. What was cut off it is told on standard error: it is the one change that is made to a
/// file without being asked for.
pub async fn store(args: &NameArgs) -> Result<FileStore, Failure> {
    let path = path(args);
    let passphrase = passphrase::of(args).await?;
    let opened = path.clone();
    let store = off_thread(move || FileStore::open_with(opened, passphrase.as_ref()))
        .await
        .map_err(|error| refused(args, error))?;
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
    off_thread(move || load_with(path, passphrase.as_ref())).await.map_err(|error| refused(args, error))
}

/// What is the matter with a session's file, looked at without a lock.
pub async fn examine(args: &NameArgs) -> Result<Report, Failure> {
    let path = path(args);
    let passphrase = passphrase::of(args).await?;
    off_thread(move || check(path, passphrase.as_ref())).await.map_err(|error| refused(args, error))
}

/// Connects with the session and nothing but its name, does the work, and disconnects in order. That the server has
/// ended the login is told in the same words wherever it shows.
pub async fn with<T>(
    online: &OnlineArgs,
    work: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let args = &online.session;
    let done = async {
        online.reach.check()?;
        let store = logged_in(args).await?;
        let user = store.with(|state| state.user.clone()).unwrap_or_default();
        connected(online, store, work).await.map_err(|failure| failure.if_ended(&args.name, &user))
    };
    done.await.map_err(|failure| failure.in_json(args.json))
}

/// The session, if with it somebody can connect.
async fn logged_in(args: &NameArgs) -> Result<Arc<FileStore>, Failure> {
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
    Ok(store)
}

async fn connected<T>(
    online: &OnlineArgs,
    store: Arc<FileStore>,
    work: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let args = &online.session;
    let mut builder = Client::builder(&args.name)
        .store(Arc::<FileStore>::clone(&store))
        .timing(online.patience.timing())
        .pfs(online.secrecy.pfs);
    builder = online.reach.show(builder)?;
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
    let done = work(&client).await;
    client.disconnect().await;
    if let Some(dc) = local {
        dc.stop().await;
    }
    done
}
