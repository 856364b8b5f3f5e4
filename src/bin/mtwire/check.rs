//! `mtwire session check`: whether a session file is whole.

use std::collections::BTreeMap;

use mtwire::session::Change;
use mtwire::session::file::{Damage, Report};
use serde_json::{Value, json};

use super::args::NameArgs;
use super::count::count;
use super::failure::Failure;
use super::{open, show};

pub async fn run(args: &NameArgs) -> Result<(), Failure> {
    let path = open::path(args);
    let report = open::examine(args).await.map_err(|failure| failure.in_json(args.json))?;
    if args.json {
        let mut json = json(&report);
        json["session"] = json!(path);
        json["holds"] = show::json(&report.state);
        println!("{json}");
    } else {
        println!("session   {}", path.display());
        print(&report);
        show::print(&report.state);
    }
    match report.damage.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(format_args!(
            "session {}: damaged {}; `mtwire session repair {}` keeps what is before it",
            path.display(),
            place(first),
            args.name
        ))),
    }
}

fn print(report: &Report) {
    println!("whole     {}", yes(report.is_whole()));
    println!("encrypted {}", yes(report.encrypted));
    println!("size      {} bytes, {}", report.len, count(report.records + report.later_records, "record"));
    if let Some(torn) = report.torn {
        println!(
            "torn      at byte {}, {} bytes: a change that was never acknowledged; opening cuts it off",
            torn.offset, torn.len
        );
    }
    for damage in &report.damage {
        println!("damage    {}: {}", place(damage), what(damage));
    }
    if report.later_records > 0 {
        println!("behind it {}", behind(report));
    }
}

/// A report for programs; without the session itself.
pub fn json(report: &Report) -> Value {
    let damage = report.damage.iter();
    json!({
        "whole": report.is_whole(),
        "encrypted": report.encrypted,
        "bytes": report.len,
        "records": report.records,
        "torn": report.torn.map(|torn| json!({"offset": torn.offset, "bytes": torn.len})),
        "damage": damage
            .map(|damage| json!({"offset": damage.offset, "bytes": damage.len, "what": what(damage)}))
            .collect::<Vec<_>>(),
        "later_records": report.later_records,
        "later": counts(&report.later),
    })
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// Where a damage is.
pub fn place(damage: &Damage) -> String {
    match damage.len {
        0 => format!("at byte {}", damage.offset),
        len => format!("at byte {}, {len} bytes", damage.offset),
    }
}

/// What a damage is, without advice.
pub fn what(damage: &Damage) -> String {
    let words = damage.kind.to_string();
    let words = words.split(';').next().unwrap_or_default();
    words.trim_start_matches("damaged: ").to_owned()
}

/// The whole records behind the first damage.
pub fn behind(report: &Report) -> String {
    let counts = counts(&report.later);
    let changes: Vec<_> = counts.iter().map(|(what, count)| format!("{count} × {what}")).collect();
    format!("{} ({})", count(report.later_records, "whole record"), changes.join(", "))
}

fn counts(changes: &[Change]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for change in changes {
        let what = match change {
            Change::App(_) => "API key",
            Change::Network(_) => "network",
            Change::HomeDc(_) => "home DC",
            Change::Dc(..) => "DC",
            Change::User(_) => "user",
            Change::Login(_) => "login",
            Change::FutureAuthTokens(_) => "tokens",
            Change::Updates(_) => "update state",
            Change::Channel(..) => "channel",
            Change::Peer(_) => "peer",
            Change::ForgetPeer(_) => "forgotten peer",
        };
        *counts.entry(what).or_default() += 1;
    }
    counts
}
