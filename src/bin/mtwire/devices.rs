//! `mtwire devices`: the account's sessions, listed, ended, or let in by a QR code.

use mtwire::client::{AccountError, Client};
use mtwire::types::Authorization;
use serde_json::{Value, json};

use super::args::DevicesArgs;
use super::failure::Failure;
use super::open;

pub async fn run(args: DevicesArgs) -> Result<(), Failure> {
    open::with(&args.online, async |client| Ok(work(client, &args).await?)).await
}

async fn work(client: &Client, args: &DevicesArgs) -> Result<(), AccountError> {
    let json = args.online.session.json;
    if let Some(hash) = args.end {
        client.end_session(hash).await?;
        say(json, &json!({"ended": [hash.to_string()]}), "The session has ended.");
    } else if args.end_others {
        client.end_other_sessions().await?;
        say(json, &json!({"ended": "others"}), "All other sessions have ended.");
    } else if let Some(url) = &args.accept {
        let accepted = client.accept_login(url).await?;
        say(
            json,
            &json!({"accepted": value(&accepted)}),
            &format!("Logged in: {}", line(&accepted).trim_start()),
        );
    } else {
        let sessions = client.sessions().await?;
        if json {
            println!("{}", Value::Array(sessions.iter().map(value).collect()));
        } else {
            sessions.iter().for_each(|session| println!("{}", line(session)));
        }
    }
    Ok(())
}

fn say(in_json: bool, value: &Value, text: &str) {
    if in_json {
        println!("{value}");
    } else {
        println!("{text}");
    }
}

/// A session in one line. The server's texts come from other programs: control characters would draw on the terminal.
fn line(session: &Authorization) -> String {
    let mark = match (session.current, session.password_pending) {
        (true, _) => "  (this one)",
        (_, true) => "  (waits for the password)",
        _ => "",
    };
    // Any of them may be empty.
    let pairs = [
        [&session.app_name, &session.app_version],
        [&session.device_model, &session.system_version],
        [&session.ip, &session.country],
    ];
    let known = pairs.map(|pair| pair.map(|text| text.trim()).join(" ").trim().to_owned());
    let known: Vec<_> = known.into_iter().filter(|text| !text.is_empty()).collect();
    let text = format!("{:>20}  {}{mark}", session.hash, known.join(", "));
    text.replace(char::is_control, "\u{fffd}")
}

/// A session for programs.
fn value(session: &Authorization) -> Value {
    json!({
        // A number of 64 bits is not safe in JSON.
        "hash": session.hash.to_string(),
        "current": session.current,
        "password_pending": session.password_pending,
        "app_name": &*session.app_name,
        "app_version": &*session.app_version,
        "device_model": &*session.device_model,
        "system_version": &*session.system_version,
        "api_id": session.api_id,
        "created": session.date_created,
        "active": session.date_active,
        "ip": &*session.ip,
        "country": &*session.country,
    })
}
