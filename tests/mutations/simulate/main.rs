//! Runs the simulation without the command, which needs the API types: `simulate A..B` stops at the first violation and
//! says how many runs it took, `simulate A..B all` goes on, `simulate N` shows the events of one run. `simulate apply
//! FILE.mutation ROOT` plants a bug in the tree at ROOT.

mod mutation;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use mtwire::simulation::{run, run_many, trace};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, command, mutation, root] = &arguments[..]
        && command == "apply"
    {
        return match apply(mutation, Path::new(root)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{mutation}: {error}");
                ExitCode::from(2)
            }
        };
    }
    let argument = arguments.get(1).cloned().unwrap_or_default();
    let number = |text: &str| text.parse::<u64>().ok();
    match argument.split_once("..") {
        Some((from, to)) => match (number(from), number(to)) {
            (Some(from), Some(to)) if arguments.iter().any(|argument| argument == "all") => all(from, to),
            (Some(from), Some(to)) => first_violation(from, to),
            _ => usage(),
        },
        None => match number(&argument) {
            Some(seed) => {
                let run = trace(seed, &mut |line| drop(writeln!(std::io::stdout(), "{line}")));
                for violation in &run.violations {
                    println!("{violation}");
                }
                ExitCode::from(u8::from(!run.violations.is_empty()))
            }
            None => usage(),
        },
    }
}

fn apply(path: &str, root: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mutation = mutation::Mutation::parse(&std::fs::read_to_string(path)?).ok_or("it has not the form")?;
    let file = root.join(&mutation.file);
    let source =
        mutation.apply(&std::fs::read_to_string(&file)?).ok_or("its text is not there exactly once")?;
    std::fs::write(file, source)?;
    println!("{}", mutation.what);
    Ok(())
}

fn first_violation(from: u64, to: u64) -> ExitCode {
    let (mut calls, mut events) = (0, 0);
    for seed in from..to {
        let run = run(seed);
        calls += run.calls;
        events += run.events;
        if let Some(violation) = run.violations.first() {
            println!("found after {} runs: {violation}", seed - from + 1);
            return ExitCode::from(1);
        }
    }
    println!("nothing found in {} runs, {calls} calls, {events} events", to.saturating_sub(from));
    ExitCode::SUCCESS
}

/// All violations, and the time that it took.
fn all(from: u64, to: u64) -> ExitCode {
    let start = std::time::Instant::now();
    let report = run_many(from..to, 1, &|_, violations| {
        for violation in violations {
            println!("{violation}");
        }
    });
    let (seconds, found) = (start.elapsed().as_secs_f64(), report.violations.len());
    let (calls, events) = (report.calls, report.events);
    println!("{found} violations in {} runs, {calls} calls, {events} events, {seconds:.1} s", report.seeds);
    ExitCode::from(u8::from(found > 0))
}

fn usage() -> ExitCode {
    eprintln!("usage: simulate FROM..TO [all] | SEED | apply FILE ROOT");
    ExitCode::from(2)
}
