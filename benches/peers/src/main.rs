//! The same work by mtwire and by other libraries, in turns in one process; see `benches/compare`.
//!
//! ```text
//! peers run --server MTWIRE [--python PYTHON] [--quick] [--only REGEX]    prints rows as JSON
//! peers sizes WORK OURS THEIRS                                            prints rows for two programs
//! peers table --run NAME ROWS... [--fact LINE]... [--document FILE] [--json FILE]
//! ```

mod bare;
mod codec;
mod document;
mod exchange;
mod factor;
mod idle;
mod ige;
mod invoke;
mod measure;
mod packets;
// The pause of our client's connections, for a client that computes nothing.
#[path = "../../../src/client/link_task/pause.rs"]
mod pause;
mod process;
mod python;
mod row;
mod server;

use std::path::PathBuf;

use serde_json::Value;

use measure::Effort;
use python::Python;
use row::{Table, Unit};
use server::Failure;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("run") => run(args),
        // A process that `run` starts for itself.
        Some("idle") => {
            let library = args.next().ok_or("idle: which library?")?;
            idle::measure(&library, args.next().ok_or("idle: how many?")?.parse()?)
        }
        Some("bare") => bare::serve(&runtime()?),
        Some("sizes") => {
            let mut table = Table::new(None);
            let work = args.next().ok_or("usage: peers sizes WORK OURS THEIRS")?;
            sizes(&mut table, &work, &args.map(PathBuf::from).collect::<Vec<_>>());
            print(table)
        }
        Some("table") => collect(args),
        _ => Err("usage: peers run --server MTWIRE [--python PYTHON] [--quick] [--only REGEX]".into()),
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(), Failure> {
    let (mut server, mut interpreter, mut quick, mut only) = (None, None, false, None);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--server" => server = Some(PathBuf::from(value()?)),
            "--python" => interpreter = Some(PathBuf::from(value()?)),
            "--only" => only = Some(regex_lite::Regex::new(&value()?)?),
            "--quick" => quick = true,
            _ => return Err(format!("unknown option {arg}").into()),
        }
    }
    let server = server.ok_or("--server is missing")?;
    let effort = Effort::new(quick);
    let mut table = Table::new(only);
    let python = Python::start(interpreter.as_deref()).and_then(|python| {
        python.ask(&serde_json::json!({"do": "versions"}))?;
        Ok(python)
    });
    let runtime = runtime()?;
    ige::run(&mut table, effort, &python);
    packets::run(&mut table, effort);
    factor::run(&mut table, effort, &python);
    exchange::run(&mut table, effort);
    codec::run(&mut table, effort, &python);
    invoke::run(&mut table, effort, &runtime, &server, &python);
    idle::run(&mut table, effort, &runtime, &server, interpreter.as_deref());
    print(table)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

fn print(table: Table) -> Result<(), Failure> {
    println!("{}", serde_json::to_string_pretty(&Value::Array(table.into_rows()))?);
    Ok(())
}

/// What a stripped program that connects and makes one call takes on the disk.
fn sizes(table: &mut Table, work: &str, programs: &[PathBuf]) {
    let size = |at: usize| {
        let path = programs.get(at).ok_or("no file")?;
        Ok::<_, Failure>(std::fs::metadata(path)?.len() as f64)
    };
    match (size(0), size(1)) {
        (Err(error), _) => table.missing(work, "all", &error.to_string()),
        (Ok(ours), theirs) => {
            table.row(work, Unit::Bytes, ours, ("limit: 2 MB", 2e6), Some(1.0));
            match theirs {
                Ok(theirs) => table.row(work, Unit::Bytes, ours, ("grammers", theirs), None),
                Err(error) => table.missing(work, "grammers", &error.to_string()),
            }
        }
    }
}

/// Puts the rows of all runs together. Rows of the same name belong to one run.
fn collect(mut args: impl Iterator<Item = String>) -> Result<(), Failure> {
    let (mut runs, mut facts, mut document, mut json) =
        (Vec::<(String, Vec<Value>)>::new(), Vec::new(), None, None);
    while let Some(arg) = args.next() {
        let value = args.next().ok_or(format!("{arg} needs a value"))?;
        match arg.as_str() {
            "--run" => {
                let file = args.next().ok_or("--run needs a name and a file")?;
                let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(&file)?)?;
                match runs.iter_mut().find(|(name, _)| *name == value) {
                    Some((_, there)) => there.extend(rows),
                    None => runs.push((value, rows)),
                }
            }
            "--fact" => facts.push(value),
            "--document" => document = Some(PathBuf::from(value)),
            "--json" => json = Some(PathBuf::from(value)),
            _ => return Err(format!("unknown option {arg}").into()),
        }
    }
    if let Some(json) = json {
        let rows = runs.iter().flat_map(|(name, rows)| {
            rows.iter().map(move |row| {
                let mut row = row.clone();
                row["flags"] = Value::from(name.as_str());
                row
            })
        });
        std::fs::write(json, serde_json::to_string_pretty(&rows.collect::<Vec<_>>())? + "\n")?;
    }
    if let Some(document) = document {
        document::write(&document, &facts, &runs)?;
    }
    print!("{}", document::table(&runs));
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}
