//! `mtwire session show`: what is in a session file.

use mtwire::session::{Network, Stage, State};
use serde_json::{Value, json};

use super::args::NameArgs;
use super::count::count;
use super::failure::Failure;
use super::{me, open};

pub async fn run(args: &NameArgs) -> Result<(), Failure> {
    let path = open::path(args);
    let state = open::load(args).await.map_err(|failure| failure.in_json(args.json))?;
    if args.json {
        println!("{}", json(&state));
    } else {
        println!("session   {}", path.display());
        print(&state);
    }
    Ok(())
}

fn network(state: &State) -> &'static str {
    match state.network {
        Network::Production => "production",
        Network::Test => "test",
        Network::Custom { .. } => "custom",
    }
}

/// The number that says which key it is, and nothing about the key.
fn key_id(dc: &mtwire::session::Dc) -> Option<String> {
    dc.auth_key.as_ref().map(|key| format!("{:016x}", key.id()))
}

/// What a session holds, in lines.
pub fn print(state: &State) {
    println!("network   {}", network(state));
    match &state.app {
        Some(app) => println!("api_id    {}", app.id),
        None => println!("api_id    none"),
    }
    match &state.user {
        Some(user) => println!("user      {}", me::words(user)),
        None => println!("user      nobody is logged in"),
    }
    if let Some(login) = &state.login {
        println!("login     unfinished, for {}, waits for {}", login.phone, stage(&login.stage));
    }
    for (id, dc) in &state.dcs {
        let home = if *id == state.home_dc { " (home)" } else { "" };
        let key = key_id(dc).map_or_else(|| "no key".to_owned(), |id| format!("key id {id}"));
        let at: Vec<String> = dc.addresses.iter().map(|at| format!("{}:{}", at.host, at.port)).collect();
        println!("DC {id:<6} {key}{home}, {}, {}", count(dc.salts.len(), "salt"), at.join(" "));
    }
    if let Some(updates) = &state.updates {
        println!("updates   pts {}, qts {}, seq {}", updates.pts, updates.qts, updates.seq);
    }
    println!("peers     {}", state.peers.len());
}

fn stage(stage: &Stage) -> &'static str {
    match stage {
        Stage::Code => "the code",
        Stage::Password => "the password",
        Stage::SignUp { .. } => "a name to sign up with",
        Stage::EmailSetup => "a login e-mail address",
        Stage::EmailVerify { .. } => "the code sent to the new login e-mail address",
        Stage::EmailCode { .. } => "the login code sent by e-mail",
        Stage::Recovery { .. } => "the code to recover the password",
    }
}

/// What a session holds, for programs.
pub fn json(state: &State) -> Value {
    let dcs: Vec<Value> = state
        .dcs
        .iter()
        .map(|(id, dc)| {
            let at: Vec<Value> =
                dc.addresses.iter().map(|at| json!({"host": at.host, "port": at.port})).collect();
            json!({
                "id": id,
                "home": *id == state.home_dc,
                "key_id": key_id(dc),
                "salts": dc.salts.len(),
                "time_offset": dc.time_offset,
                "addresses": at,
            })
        })
        .collect();
    json!({
        "network": network(state),
        "api_id": state.app.as_ref().map(|app| app.id),
        "user": state.user.as_ref().map(me::json),
        "login": state.login.as_ref().map(|login| json!({"phone": login.phone, "stage": stage(&login.stage)})),
        "home_dc": state.home_dc,
        "dcs": dcs,
        "peers": state.peers.len(),
    })
}
