//! Some hundred runs of the simulation, and one client through half an hour of a network that comes and goes.
//!
//! What must hold is said in `docs/simulation.md`. A failure names its seed: `mtwire simulate --seed N --trace` replays
//! it. `SIMULATION_SCALE=50` runs fifty times as many seeds.

use std::time::Duration;

use mtwire::simulation::{self, flapping, run, run_many};

/// Runs of one test.
const RUNS: u64 = 100;

fn scale() -> u64 {
    std::env::var("SIMULATION_SCALE").ok().and_then(|value| value.parse().ok()).unwrap_or(1)
}

/// Plays a part of the seeds.
fn simulate(part: u64) {
    let runs = RUNS * scale();
    let report = run_many(part * runs..(part + 1) * runs, 1, &|_, violations| {
        for violation in violations {
            eprintln!("{violation}\n    mtwire simulate --seed {} --trace", violation.seed);
        }
    });
    assert!(report.violations.is_empty(), "{} violations", report.violations.len());
    assert!(report.calls > runs * 5, "there is something to be seen: {} calls", report.calls);
}

// Two tests, so that they run side by side.

#[test]
fn the_invariants_hold_0() {
    simulate(0);
}

#[test]
fn the_invariants_hold_1() {
    simulate(1);
}

#[test]
fn a_seed_gives_the_same_run_every_time() {
    for seed in [3, 5] {
        let mut lines = [Vec::new(), Vec::new()];
        for lines in &mut lines {
            let traced = simulation::trace(seed, &mut |line| lines.push(line.to_owned()));
            assert_eq!(traced, run(seed), "the trace changes nothing");
        }
        assert!(lines[0].len() > 50);
        assert_eq!(lines[0], lines[1]);
    }
}

#[test]
fn nothing_is_lost_on_a_network_that_comes_and_goes() {
    let half_an_hour = flapping(7, Duration::from_secs(1800));
    assert_eq!(half_an_hour.violations, []);
    assert_eq!((half_an_hour.calls, half_an_hour.lost), (900, 0));
    assert!(half_an_hour.reconnects > 30, "{half_an_hour:?}");
    assert!(half_an_hour.resent > 0, "{half_an_hour:?}");
}
