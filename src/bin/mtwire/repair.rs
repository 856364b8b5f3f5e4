//! `mtwire session repair`: a good file of what is left of a damaged one.

use mtwire::net::off_thread;
use mtwire::session::file::repair;
use serde_json::json;

use super::args::RepairArgs;
use super::failure::Failure;
use super::{check, open, passphrase, show};

pub async fn run(args: &RepairArgs) -> Result<(), Failure> {
    work(args).await.map_err(|failure| failure.in_json(args.session.json))
}

async fn work(args: &RepairArgs) -> Result<(), Failure> {
    let path = open::path(&args.session);
    let passphrase = passphrase::of(&args.session).await?;
    let (damaged, skip) = (path.clone(), args.skip_damaged);
    let repaired = off_thread(move || repair(damaged, passphrase.as_ref(), skip)).await?;
    let report = &repaired.report;
    if args.session.json {
        let mut json = check::json(report);
        json["session"] = json!(path);
        json["kept"] = json!(repaired.kept);
        json["later_applied"] = json!(skip);
        json["holds"] = show::json(&repaired.state);
        println!("{json}");
        return Ok(());
    }
    println!("session   {}", path.display());
    println!("kept      {}: the damaged file, as secret as the session", repaired.kept.display());
    println!("recovered {} records before the damage", report.records);
    for damage in &report.damage {
        println!("lost      {}: {}", check::place(damage), check::what(damage));
    }
    if let Some(torn) = report.torn {
        println!(
            "lost      at byte {}, {} bytes: a change that was never acknowledged",
            torn.offset, torn.len
        );
    }
    match (report.later_records, skip) {
        (0, _) => {}
        (_, true) => println!("applied   {} behind the damage", check::behind(report)),
        (_, false) => {
            println!("left out  {} behind the damage; --skip-damaged applies them", check::behind(report))
        }
    }
    show::print(&repaired.state);
    Ok(())
}
