//! `mtwire session export`: a session in another program's form.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use mtwire::client::{DcAddress as BuiltIn, PRODUCTION, TEST};
use mtwire::session::convert::{self, ExportOptions, Exported, Format, TWO_PROGRAMS};
use mtwire::session::{DcAddress, Network, State};
use serde_json::json;

use super::args::SessionExportArgs;
use super::failure::Failure;
use super::open;

pub async fn run(args: &SessionExportArgs) -> Result<(), Failure> {
    work(args).await.map_err(|failure| failure.in_json(args.session.json))
}

async fn work(args: &SessionExportArgs) -> Result<(), Failure> {
    if !args.to.is_string() && args.out.is_none() && args.to != Format::Tdata {
        return Err(Failure::usage(format_args!("{} is a file: say with --out FILE where", args.to)));
    }
    if args.kurigram && args.to != Format::PyrogramSqlite {
        return Err(Failure::usage("--kurigram goes with --to pyrogram-sqlite"));
    }
    let state = open::load(&args.session).await?;
    let options = ExportOptions { fallback_address: built_in(&state), kurigram: args.kurigram };
    let export = convert::export(&state, args.to, &options)?;
    for warning in &export.warnings {
        eprintln!("mtwire: {warning}");
    }
    eprintln!("mtwire: {TWO_PROGRAMS}");
    match (&args.out, &export.output) {
        (Some(out), Exported::Text(text)) => write(out, &[text.as_bytes(), b"\n"])?,
        (Some(out), Exported::File(content)) => write(out, &[content])?,
        (None, Exported::Text(text)) if args.session.json => println!("{}", json!({"string": **text})),
        (None, Exported::Text(text)) => println!("{}", **text),
        (None, Exported::File(_)) => return Err(Failure::usage("say with --out FILE where")),
    }
    if let Some(out) = &args.out {
        if args.session.json {
            println!("{}", json!({"format": args.to.name(), "file": out}));
        } else {
            println!("Wrote {}, which is as secret as a password", out.display());
        }
    }
    Ok(())
}

/// Where the home DC is by the built-in list, for a session that has no address of its own.
fn built_in(state: &State) -> Option<DcAddress> {
    let book: &[BuiltIn] = match state.network {
        Network::Production => PRODUCTION,
        Network::Test => TEST,
        Network::Custom { .. } => &[],
    };
    let known = book.iter().find(|known| known.id == state.home_dc)?;
    Some(DcAddress::new(known.ip.to_string(), mtwire::client::PORT))
}

/// Writes a new file that only its owner can read.
fn write(path: &Path, parts: &[&[u8]]) -> Result<(), Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::new(format_args!(
            "{} is there already and is not overwritten; give another name",
            path.display()
        )),
        _ => Failure::new(format_args!("cannot write {}: {error}", path.display())),
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    let written = parts.iter().try_for_each(|part| file.write_all(part)).and_then(|()| file.sync_all());
    written.map_err(|error| {
        _ = fs::remove_file(path);
        failed(error)
    })
}
