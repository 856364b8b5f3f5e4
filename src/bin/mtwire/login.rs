//! `mtwire login`: the dialogue, on Telegram's DCs, on others, or on one inside this process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mtwire::auth::terminal::{Console, Options, Output, Presets, Settings, StdConsole, Terminal};
use mtwire::client::{Client, ClientBuilder, ConnectError, RetryPolicy, SignInError};
use mtwire::net::Stop;
use mtwire::session::{Secret, SessionStore, State, User};
use serde_json::json;

use super::args::LoginArgs;
use super::failure::Failure;
use super::local_dc::{self, LocalDc, ShowsCode};
use super::{me, open};

/// Loopback servers take any API key; this one stands for none.
pub const NO_API_KEY: (i32, &str) = (1, "00000000000000000000000000000000");

pub async fn run(args: LoginArgs) -> Result<(), Failure> {
    let json = args.session.json;
    let settings = Settings::save();
    let mut stop = Stop::new()?;
    let done = stop.unless_stopped(work(args)).await.unwrap_or_else(|| {
        settings.restore();
        Err(Failure::new("stopped; what was reached is saved, and the same command goes on from there"))
    });
    done.map_err(|failure| failure.in_json(json))
}

async fn work(args: LoginArgs) -> Result<(), Failure> {
    let output = if args.session.json { Output::Stderr } else { Output::Stdout };
    args.reach.check()?;
    let presets = presets(&args)?;
    // Opened before all else: when another process has the session, that is what the user must hear.
    let store: Arc<dyn SessionStore> = Arc::new(open::store(&args.session).await?);
    let known = store.with(State::clone);
    let mut local = start_local(&args, &known).await?;
    if args.local && known.user.is_none() {
        let directory = local_dc::directory(&args.session.session_dir, &args.session.name);
        let mut console = StdConsole::new(output);
        console.say(&format!("A loopback DC runs in this process, its state in {}.", directory.display()))?;
        console.say(&format!(
            "Type {} (or another number +99966XYYYY, X = 1 to 3); its code is shown here.",
            local_dc::ACCOUNT
        ))?;
    }
    let Connected { client, user } = connect(&args, local.as_ref(), &store, output).await?;
    let done = match user {
        Some(user) if presets.contradict(&user) => {
            let name = &args.session.name;
            Err(Failure::new(format_args!(
                "{name} is logged in as {}; use another name, or `mtwire logout {name}` first",
                me::words(&user)
            )))
        }
        Some(user) => {
            report(&args, &client, &user, "Already logged in as", None)?;
            Ok(())
        }
        None => {
            let mut terminal = Terminal::new(StdConsole::new(output), presets);
            sign_in(&args, &client, &mut terminal, local.as_mut(), output).await
        }
    };
    client.disconnect().await;
    if let Some(dc) = local {
        dc.stop().await;
    }
    done
}

fn presets(args: &LoginArgs) -> Result<Presets, Failure> {
    let first_line = |path: &PathBuf| {
        Presets::read_password(path)
            .map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))
    };
    let token = args.bot_token_file.as_ref().map(first_line).transpose()?;
    Ok(Presets {
        phone: args.phone.clone(),
        bot_token: token.or_else(|| args.bot_token.as_deref().map(Secret::from)),
        password: args.password_file.as_ref().map(first_line).transpose()?,
        qr: args.qr,
        options: Options { phone: "--phone", bot_token: "--bot-token", password: "--password-file" },
    })
}

/// The DC inside this process: asked for, or the one that the session lives on.
async fn start_local(args: &LoginArgs, known: &State) -> Result<Option<LocalDc>, Failure> {
    let directory = local_dc::directory(&args.session.session_dir, &args.session.name);
    if args.local {
        return LocalDc::start(&directory).await.map(Some);
    }
    if args.other.dc.is_none() && !args.test && directory.is_dir() {
        let dc = LocalDc::start(&directory).await?;
        if dc.knows(known) {
            return Ok(Some(dc));
        }
    }
    Ok(None)
}

struct Connected {
    client: Client,
    /// Who is logged in, as the server has just confirmed.
    user: Option<User>,
}

/// Connects; a session that the server has ended begins anew.
async fn connect(
    args: &LoginArgs,
    local: Option<&LocalDc>,
    store: &Arc<dyn SessionStore>,
    output: Output,
) -> Result<Connected, Failure> {
    let ended = match builder(args, local, store)?.connect().await {
        Ok(client) if client.user().is_none() => return Ok(Connected { client, user: None }),
        Ok(client) => match client.get_me().await {
            Ok(user) => return Ok(Connected { user: user.or_else(|| client.user()), client }),
            Err(SignInError::Invoke(error)) if error.is_login_over() => {
                client.disconnect().await;
                error
            }
            Err(error) => return Err(error.into()),
        },
        Err(ConnectError::FirstCall(error)) if error.is_login_over() => *error,
        Err(error) => return Err(error.into()),
    };
    StdConsole::new(output).say(&format!("The old login is over ({ended}); a new one begins."))?;
    let client = builder(args, local, store)?.forget_login().connect().await?;
    Ok(Connected { client, user: None })
}

fn builder(
    args: &LoginArgs,
    local: Option<&LocalDc>,
    store: &Arc<dyn SessionStore>,
) -> Result<ClientBuilder, Failure> {
    // A wait that nobody sees looks like a hang, so none is slept through.
    let retry = RetryPolicy { flood_sleep_threshold: Duration::ZERO, ..RetryPolicy::default() };
    let mut builder = Client::builder(&args.session.name)
        .store(Arc::clone(store))
        .timing(args.patience.timing())
        .pfs(args.secrecy.pfs)
        .retry(retry);
    builder = args.reach.show(builder)?;
    let mut is_loopback = local.is_some();
    if let Some(dc) = local {
        builder = dc.reach(builder)?;
    }
    if let Some((id, address, key)) = args.other.read()? {
        builder = builder.trust(key).dc(id, address.clone());
        is_loopback = true;
    }
    if args.test {
        builder = builder.test();
    }
    match (args.api_id, &args.api_hash) {
        (Some(id), Some(hash)) => builder = builder.api_id(id).api_hash(hash),
        _ if is_loopback && store.with(lacks_hash) => {
            builder = builder.api_id(NO_API_KEY.0).api_hash(NO_API_KEY.1)
        }
        _ => {}
    }
    Ok(builder)
}

/// Whether no login can be made with what the session knows; one that was imported may know `api_id` alone.
fn lacks_hash(state: &State) -> bool {
    state.app.as_ref().is_none_or(|app| app.hash.expose().is_empty())
}

async fn sign_in(
    args: &LoginArgs,
    client: &Client,
    terminal: &mut Terminal,
    local: Option<&mut LocalDc>,
    output: Output,
) -> Result<(), Failure> {
    let success = match local {
        Some(dc) => {
            let mut shows = ShowsCode { inner: terminal, events: &mut dc.events, output };
            client.sign_in_with(&mut shows).await?
        }
        None => client.sign_in_with(terminal).await?,
    };
    if args.session.json {
        return report(args, client, &success.user, "", Some(success.new_account));
    }
    let path = open::path(&args.session);
    terminal.welcome(&success, client.home_dc(), Some(&path)).map_err(Failure::new)
}

/// Says who is logged in, in words or as JSON.
fn report(
    args: &LoginArgs,
    client: &Client,
    user: &User,
    words: &str,
    new_account: Option<bool>,
) -> Result<(), Failure> {
    let (dc, path) = (client.home_dc(), open::path(&args.session));
    if args.session.json {
        let new = new_account.unwrap_or(false);
        let already = new_account.is_none();
        println!(
            "{}",
            json!({"user": me::json(user), "dc": dc, "session": path, "new_account": new, "already": already})
        );
    } else {
        println!("{words} {}, DC {dc}, session {}", me::words(user), path.display());
    }
    Ok(())
}
