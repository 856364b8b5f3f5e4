//! Opening a session that an earlier login has made.

use std::path::PathBuf;

use mtwire::client::Client;
use mtwire::session::file::load;

use super::args::NameArgs;
use super::failure::Failure;
use super::local_dc::{self, LocalDc};

/// A connected client, and the loopback DC if the session lives on one.
pub struct Open {
    pub client: Client,
    local: Option<LocalDc>,
}

/// The session's file.
pub fn path(args: &NameArgs) -> PathBuf {
    args.session_dir.join(format!("{}.session", args.name))
}

/// Connects with the session and nothing but its name.
pub async fn open(args: &NameArgs) -> Result<Open, Failure> {
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
    let mut builder = Client::builder(&args.name).session_dir(&args.session_dir);
    let directory = local_dc::directory(&args.session_dir, &args.name);
    let mut local = None;
    if directory.is_dir() {
        let dc = LocalDc::start(&directory).await?;
        if dc.knows(&load(&path)?) {
            builder = dc.reach(builder)?;
            local = Some(dc);
        }
    }
    let client = builder.connect().await?;
    if client.user().is_none() {
        return Err(Failure::new(format_args!(
            "nobody is logged in with {}: run `mtwire login {}`",
            path.display(),
            args.name
        )));
    }
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
