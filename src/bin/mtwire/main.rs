//! The `mtwire` command.
#![deny(missing_docs, unsafe_code)]

mod args;
mod call;
mod check;
mod count;
mod decode;
mod devices;
mod failure;
mod local_dc;
mod login;
mod logout;
mod me;
mod open;
mod passphrase;
mod reach;
mod repair;
mod serve;
mod session_export;
mod session_import;
mod show;
mod simulate;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use args::{Args, Command, SessionCommand};
use failure::Failure;
use mtwire::auth::terminal::Settings;
use mtwire::net::Stop;

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
        Command::Me(args) => on_all_cores(unless_stopped(me::run(args))),
        Command::Call(args) => on_all_cores(unless_stopped(call::run(args))),
        Command::Logout(args) => on_all_cores(unless_stopped(logout::run(args))),
        Command::Devices(args) => on_all_cores(unless_stopped(devices::run(args))),
        Command::Session { command } => on_all_cores(unless_stopped(session(command))),
        Command::Decode(args) => decode::run(&args),
        Command::Simulate(args) => simulate::run(args),
    }
}

/// Ends the work at a signal, and leaves the terminal as it was: the work may have asked for a passphrase.
async fn unless_stopped(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let settings = Settings::save();
    let mut stop = Stop::new()?;
    match stop.unless_stopped(work).await {
        Some(done) => done,
        None => {
            settings.restore();
            Err(Failure::new("stopped"))
        }
    }
}

async fn session(command: SessionCommand) -> Result<(), Failure> {
    match command {
        SessionCommand::Show(args) => show::run(&args).await,
        SessionCommand::Check(args) => check::run(&args).await,
        SessionCommand::Export(args) => session_export::run(&args).await,
        SessionCommand::Import(args) => session_import::run(&args).await,
        SessionCommand::Repair(args) => repair::run(&args).await,
        SessionCommand::Passphrase(args) => passphrase::run(&args).await,
    }
}

/// How long tasks that are dropped may take to be gone.
const TASKS_GO: Duration = Duration::from_millis(200);

fn on_all_cores(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    // After a signal the tasks go without their order, but they do go: a session's lock is left by who holds it. Only a
    // thread that waits for a line of input does not end, and must not hold the process back.
    runtime.shutdown_timeout(TASKS_GO);
    done
}

/// Logs to standard error; `RUST_LOG` chooses what.
fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("mtwire=debug"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
