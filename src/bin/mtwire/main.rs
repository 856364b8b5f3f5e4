//! The `mtwire` command.
#![deny(missing_docs, unsafe_code)]

mod args;
mod call;
mod decode;
mod failure;
mod local_dc;
mod login;
mod logout;
mod me;
mod open;
mod serve;
mod session_export;
mod session_import;
mod show;
mod stop;
mod tty;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command, SessionCommand};
use failure::Failure;

fn main() -> ExitCode {
    // Usage errors end here, with exit code 2.
    let args = Args::parse();
    if args.verbose {
        log();
    }
    match run(args.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => on_all_cores(serve::run(args)),
        Command::Login(args) => on_all_cores(login::run(*args)),
        Command::Me(args) => on_all_cores(me::run(args)),
        Command::Call(args) => on_all_cores(call::run(args)),
        Command::Logout(args) => on_all_cores(logout::run(args)),
        Command::Session { command: SessionCommand::Show(args) } => show::run(&args),
        Command::Session { command: SessionCommand::Export(args) } => session_export::run(&args),
        Command::Session { command: SessionCommand::Import(args) } => session_import::run(&args),
        Command::Decode(args) => decode::run(&args),
    }
}

fn on_all_cores(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    // A thread that waits for a line of input must not hold the process back.
    runtime.shutdown_background();
    done
}

/// Logs to standard error; `RUST_LOG` chooses what.
fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("mtwire=debug"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
