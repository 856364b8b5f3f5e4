//! `mtwire serve`: the loopback DC.

use std::io::Write;
use std::path::Path;

use mtwire::crypto::rsa::PrivateKey;
use mtwire::net::Stop;
use mtwire::server::{Event, Scenario, Server};
use zeroize::Zeroizing;

use super::args::ServeArgs;
use super::failure::Failure;

pub async fn run(args: ServeArgs) -> Result<(), Failure> {
    let mut builder = Server::builder().listen(args.listen).port(args.port).dcs(args.dcs);
    if let Some(path) = &args.key {
        builder = builder.key_pem(key(path)?.as_str());
    }
    if let Some(directory) = &args.state {
        builder = builder.state_dir(directory);
    }
    if let Some(path) = &args.scenario {
        builder = builder.scenario(scenario(path)?);
    }
    for account in args.account {
        builder = builder.account(account);
    }
    for bot in args.bot {
        builder = builder.bot(bot);
    }
    for secret in &args.secret {
        // Not parsed by clap, which repeats what it refuses.
        let secret = secret.parse();
        builder = builder.secret(secret.map_err(|error| Failure::usage(format_args!("--secret: {error}")))?);
    }
    if let Some(site) = args.site {
        builder = builder.site(site);
    }
    let mut server = builder.start().await?;
    if let Some(path) = &args.public_key {
        std::fs::write(path, server.public_key_pem())
            .map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))?;
    }
    let mut events = server.events();
    // Before the announcement: whoever reads it may stop the server at once.
    let mut stop = Stop::new()?;
    announce(&server, args.json)?;
    loop {
        tokio::select! {
            () = stop.wait() => break,
            event = events.recv() => match event {
                Some(event) => print(&event, args.json)?,
                None => break,
            },
        }
    }
    server.shutdown().await;
    Ok(())
}

fn scenario(path: &Path) -> Result<Scenario, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new(format_args!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| refused(&error))?;
    Scenario::from_json(&text).map_err(|error| refused(&error))
}

/// Reads the private key, or makes one and keeps it.
fn key(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new(format_args!("{}: {error}", path.display()));
    match std::fs::read_to_string(path) {
        Ok(pem) => Ok(Zeroizing::new(pem)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = PrivateKey::generate(&mut rand::rng()).map_err(|error| refused(&error))?;
            let pem = key.to_pkcs8_pem().map_err(|error| refused(&error))?;
            write_private(path, pem.as_bytes()).map_err(|error| refused(&error))?;
            Ok(pem)
        }
        Err(error) => Err(refused(&error)),
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn announce(server: &Server, json: bool) -> Result<(), Failure> {
    if json {
        return line(&server.ready_json().to_string());
    }
    for dc in server.dcs() {
        line(&format!("DC {} listens on {}:{}", dc.id, dc.host, dc.port))?;
    }
    line(&format!(
        "public key, fingerprint {:016x}:\n{}",
        server.fingerprint(),
        server.public_key_pem().trim()
    ))?;
    line("Test numbers +99966XYYYY live on DC X and take the code XXXXX. Ctrl-C stops.")
}

fn print(event: &Event, json: bool) -> Result<(), Failure> {
    if json {
        return line(&event.to_json().to_string());
    }
    match event {
        Event::Code { phone, code } => line(&format!("code {code} for +{phone}")),
        Event::SignedIn { user_id, dc } => line(&format!("user {user_id} signed in on DC {dc}")),
        Event::SignedUp { user_id, phone } => line(&format!("+{phone} signed up as user {user_id}")),
        Event::LoggedOut { user_id } => line(&format!("user {user_id} logged out")),
        Event::EmailCode { email, code, purpose } => {
            line(&format!("code {code} for {email} ({})", purpose.name().replace('_', " ")))
        }
        Event::AuthorizationEnded { user_id } => line(&format!("a session of user {user_id} was ended")),
        Event::AccountDeleted { user_id } => line(&format!("user {user_id} was deleted")),
        _ => Ok(()),
    }
}

/// Whoever reads line by line must see each at once.
fn line(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}
