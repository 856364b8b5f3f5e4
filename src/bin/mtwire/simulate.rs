//! `mtwire simulate`.

use std::io::{IsTerminal, Write};
use std::ops::Range;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use mtwire::simulation::{self, Flapping, Report, Spread, Violation};
use serde_json::json;

use super::args::SimulateArgs;
use super::count::count;
use super::failure::Failure;

/// After this long a line on the terminal says how far it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// Plays what was asked for.
pub fn run(args: SimulateArgs) -> Result<(), Failure> {
    let seed = args.seed.unwrap_or(0);
    if args.flapping {
        return flapping(seed, args.hours, args.json);
    }
    match (args.seeds, args.seed) {
        (Some(seeds), _) => many(seeds, args.threads, args.json),
        (None, Some(seed)) if args.trace => replay(seed),
        (None, Some(seed)) => many(seed..seed + 1, Some(1), args.json),
        (None, None) => Err(Failure::usage("one of --seeds, --seed and --flapping is needed")),
    }
}

/// `0..1000`.
pub fn seeds(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text:?}: {error}"));
    let (from, to) = text.split_once("..").ok_or("seeds are given as FROM..TO, without TO itself")?;
    let (from, to) = (number(from)?, number(to)?);
    if from < to { Ok(from..to) } else { Err(format!("there is no seed in {from}..{to}")) }
}

/// Plays one run and prints what happens in it.
fn replay(seed: u64) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let mut failed = None;
    let run = simulation::trace(seed, &mut |line| {
        if let Err(error) = writeln!(out, "{line}") {
            failed.get_or_insert(error);
        }
    });
    drop(out);
    if let Some(error) = failed {
        return Err(error.into());
    }
    for violation in &run.violations {
        println!("{violation}");
    }
    println!("{}, {}", count(run.calls as usize, "call"), count(run.events as usize, "event"));
    verdict(&run.violations)
}

fn many(seeds: Range<u64>, threads: Option<usize>, json: bool) -> Result<(), Failure> {
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get()));
    let total = seeds.end - seeds.start;
    let start = Instant::now();
    let progress = Mutex::new(Progress { shown: false, last: start });
    let report = simulation::run_many(seeds, threads, &|done, violations| {
        let mut progress = progress.lock().unwrap_or_else(|poison| poison.into_inner());
        for violation in violations {
            progress.clear();
            tell(violation, json);
        }
        progress.show(done, total);
    });
    progress.into_inner().unwrap_or_else(|poison| poison.into_inner()).clear();
    let seconds = start.elapsed().as_secs_f64();
    let Report { seeds, violations, calls, events } = report;
    if json {
        println!(
            "{}",
            json!({"seeds": seeds, "violations": violations.len(), "calls": calls, "events": events, "seconds": seconds})
        );
    } else {
        println!(
            "{}, {calls} calls, {events} events in {seconds:.1} s: {}",
            count(seeds as usize, "run"),
            match violations.len() {
                0 => "nothing was broken".to_owned(),
                broken => count(broken, "violation"),
            }
        );
    }
    verdict(&violations)
}

fn tell(violation: &Violation, json: bool) {
    let Violation { seed, at, invariant, text } = violation;
    if json {
        let at = at.as_secs_f64();
        println!("{}", json!({"seed": seed, "at": at, "invariant": invariant.name(), "text": text}));
    } else {
        println!("{violation}\n    mtwire simulate --seed {seed} --trace");
    }
}

fn verdict(violations: &[Violation]) -> Result<(), Failure> {
    match violations.len() {
        0 => Ok(()),
        broken => Err(Failure::new(format_args!("{} in the simulation", count(broken, "violation")))),
    }
}

/// A line on standard error, if that is a terminal and it takes long.
struct Progress {
    shown: bool,
    last: Instant,
}

impl Progress {
    fn show(&mut self, done: u64, total: u64) {
        if self.last.elapsed() >= PATIENCE && std::io::stderr().is_terminal() {
            self.last = Instant::now();
            self.shown = true;
            eprint!("\r{done} of {total} runs ({} %)\x1b[K", done * 100 / total.max(1));
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            eprint!("\r\x1b[K");
        }
    }
}

fn flapping(seed: u64, hours: u32, json: bool) -> Result<(), Failure> {
    let flapping = simulation::flapping(seed, Duration::from_secs(3600) * hours);
    let Flapping { calls, lost, reconnects, resent, state_requests, packets, violations, .. } = &flapping;
    let (whole, back) = (&flapping.reconnect_time, &flapping.return_time);
    let virtual_seconds = flapping.virtual_time.as_secs_f64();
    if json {
        for violation in violations {
            tell(violation, true);
        }
        let spread = |spread: &Spread| {
            let seconds = |time: Duration| (time.as_secs_f64() * 1000.0).round() / 1000.0;
            json!({"mean": seconds(spread.mean), "p95": seconds(spread.p95), "max": seconds(spread.max)})
        };
        println!(
            "{}",
            json!({
                "virtual_seconds": virtual_seconds, "calls": calls, "lost": lost, "reconnects": reconnects,
                "reconnect_seconds": spread(whole), "return_seconds": spread(back), "resent": resent,
                "state_requests": state_requests, "packets": packets, "violations": violations.len(),
            })
        );
    } else {
        for violation in violations {
            println!("{violation}");
        }
        let spread = |spread: &Spread| {
            let Spread { mean, p95, max } = spread;
            let [mean, p95, max] = [mean, p95, max].map(Duration::as_secs_f64);
            format!("{mean:.2} s on average, {p95:.2} s in 95 of 100 times, {max:.2} s at most")
        };
        println!("{:.2} hours of virtual time on a network that comes and goes", virtual_seconds / 3600.0);
        println!("calls:          {calls}, of which {lost} lost or carried out twice");
        println!("reconnects:     {reconnects}");
        println!("without a word: {}", spread(whole));
        println!("once dialled:   {}", spread(back));
        println!("sent again:     {}", count(*resent as usize, "call"));
        println!("state requests: {state_requests}, packets: {packets}");
    }
    if *lost > 0 {
        return Err(Failure::new(format_args!("{} lost", count(*lost as usize, "call"))));
    }
    verdict(violations)
}

#[cfg(test)]
mod tests {
    use super::seeds;

    #[test]
    fn seeds_are_a_range() {
        assert_eq!(seeds("5..9"), Ok(5..9));
        for wrong in ["", "5", "9..5", "5..5", "a..9", "1..-2", "1...3"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
