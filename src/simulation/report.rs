//! Many runs, and what came of them.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::run::run;
use super::violation::Violation;

/// What came of many runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Runs that were made.
    pub seeds: u64,
    /// Calls that were made in them.
    pub calls: u64,
    /// Things that happened in them: packets and bytes that arrived, timers, faults.
    pub events: u64,
    /// The invariants that were broken, in the order of the seeds.
    pub violations: Vec<Violation>,
}

/// Plays the runs of `seeds` on so many threads. `tell` hears of the violations of each run that has some, as soon as
/// they are found, and of the number of runs that are made.
pub fn run_many(seeds: Range<u64>, threads: usize, tell: &(dyn Fn(u64, &[Violation]) + Sync)) -> Report {
    let next = AtomicU64::new(seeds.start);
    let done = AtomicU64::new(0);
    let report = Mutex::new(Report::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut mine = Report::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let run = run(seed);
                    mine.add(run.calls, run.events, run.violations.clone());
                    tell(done.fetch_add(1, Ordering::Relaxed) + 1, &run.violations);
                }
                let mut report = report.lock().unwrap_or_else(|poison| poison.into_inner());
                report.seeds += mine.seeds;
                report.calls += mine.calls;
                report.events += mine.events;
                report.violations.append(&mut mine.violations);
            });
        }
    });
    let mut report = report.into_inner().unwrap_or_else(|poison| poison.into_inner());
    report.violations.sort_by_key(|violation| violation.seed);
    report
}

impl Report {
    fn add(&mut self, calls: u64, events: u64, violations: Vec<Violation>) {
        self.seeds += 1;
        self.calls += calls;
        self.events += events;
        self.violations.extend(violations);
    }
}
