//! `mtwire session repair`: a good file of what is left of a damaged one.

use std::path::Path;

use mtwire::net::off_thread;
use mtwire::session::file::{Later, repair};
use mtwire::session::{Error, ErrorKind};
use serde_json::json;

use super::args::{NameArgs, RepairArgs};
use super::count::count;
use super::failure::Failure;
use super::{check, open, passphrase, show};

pub async fn run(args: &RepairArgs) -> Result<(), Failure> {
    work(args).await.map_err(|failure| failure.in_json(args.session.json))
}

async fn work(args: &RepairArgs) -> Result<(), Failure> {
    let path = open::path(&args.session);
    let passphrase = passphrase::of(&args.session).await?;
    let later = match (args.skip_damaged, args.leave_out) {
        (true, _) => Later::Apply,
        (_, true) => Later::LeaveOut,
        _ => Later::KeepLogin,
    };
    let damaged = path.clone();
    let repaired = off_thread(move || repair(damaged, passphrase.as_ref(), later))
        .await
        .map_err(|error| refused(args, error))?;
    let report = &repaired.report;
    let left_out = report.later_records > 0 && !args.skip_damaged;
    let back = left_out.then(|| way_back(args, &repaired.kept, &path));
    if args.session.json {
        let mut json = check::json(report);
        json["session"] = json!(path);
        json["kept"] = json!(repaired.kept);
        json["later_applied"] = json!(args.skip_damaged);
        json["to_apply_later"] = json!(back);
        json["holds"] = show::json(&repaired.state);
        println!("{json}");
        return Ok(());
    }
    println!("session   {}", path.display());
    println!("kept      {}: the damaged file, as secret as the session", repaired.kept.display());
    println!("recovered {} before the damage", count(report.records, "record"));
    for damage in &report.damage {
        println!("lost      {}: {}", check::place(damage), check::what(damage));
    }
    if let Some(torn) = report.torn {
        println!(
            "lost      at byte {}, {} bytes: a change that was never acknowledged",
            torn.offset, torn.len
        );
    }
    match &back {
        Some(back) => {
            println!("left out  {} behind the damage; to apply that too:", check::behind(report));
            println!("          {back}");
        }
        None if report.later_records > 0 => {
            println!("applied   {} behind the damage", check::behind(report));
        }
        None => {}
    }
    show::print(&repaired.state);
    Ok(())
}

/// What the library says, with the commands between which there is a choice.
fn refused(args: &RepairArgs, error: Error) -> Failure {
    let skip = command(args, "--skip-damaged");
    match error.kind {
        ErrorKind::LoginBehindDamage { .. } => {
            let leave = command(args, "--leave-out");
            Failure::new(format_args!("{error}: `{skip}` applies them, `{leave}` does not"))
        }
        ErrorKind::NothingRecovered { later: 1.. } => {
            Failure::new(format_args!("{error}, or try what is behind it: `{skip}`"))
        }
        _ => open::refused(&args.session, error),
    }
}

/// The commands that put the damaged file back and repair it the other way.
fn way_back(args: &RepairArgs, kept: &Path, path: &Path) -> String {
    format!("mv {} {} && {}", quoted(kept), quoted(path), command(args, "--skip-damaged"))
}

/// This same command with another option.
fn command(args: &RepairArgs, option: &str) -> String {
    let NameArgs { name, session_dir, passphrase_file, .. } = &args.session;
    let mut command = format!("mtwire session repair {}", quoted(name.as_ref()));
    if session_dir != Path::new(".") {
        command += &format!(" --session-dir {}", quoted(session_dir));
    }
    if let Some(file) = passphrase_file {
        command += &format!(" --passphrase-file {}", quoted(file));
    }
    command + " " + option
}

/// As a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
