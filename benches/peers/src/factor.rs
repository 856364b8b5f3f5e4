//! Factorization of the server's `pq`.

use std::hint::black_box;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;

use crate::measure::{Effort, Stopwatch, percentile};
use crate::python::Python;
use crate::row::{Table, Unit};

pub const WORKS: [&str; 2] = ["factor pq, median", "factor pq, p95"];

/// Products of two primes below 2^31, as servers send them; the same in each run.
pub fn numbers(count: usize) -> Vec<u64> {
    let mut rng = StdRng::seed_from_u64(1);
    let mut prime = || loop {
        let candidate = u64::from(rng.next_u32() >> 1 | 1 << 30 | 1);
        if (3..).step_by(2).take_while(|d| d * d <= candidate).all(|d| candidate % d != 0) {
            return candidate;
        }
    };
    (0..count).map(|_| prime() * prime()).collect()
}

/// Each number by each side in turn; the percentiles are over the numbers.
pub fn run(table: &mut Table, effort: Effort, python: &Result<Python, String>) {
    if !table.wants_any(&WORKS) {
        return;
    }
    eprintln!("  factor pq");
    let numbers = numbers(200);
    let mut took: Vec<(&str, Vec<f64>)> =
        ["mtwire", "grammers", "ferogram", "Telethon"].map(|name| (name, Vec::new())).into();
    let mut failed = python.as_ref().err().cloned();
    for pass in 0..if effort.quick { 1 } else { 5 } {
        for &pq in &numbers {
            took[0].1.push(timed(|| mtwire::crypto::factor::factor(black_box(pq)).expect("a product").0));
            took[1].1.push(timed(|| grammers_crypto::factorize(black_box(pq)).0));
            took[2].1.push(timed(|| ferogram_crypto::factorize(black_box(pq)).expect("a product").0));
            if let (Ok(python), 0, None) = (python.as_ref(), pass, &failed) {
                match python.seconds(&json!({"do": "factor", "pq": pq})) {
                    Ok(seconds) => took[3].1.push(seconds),
                    Err(reason) => failed = Some(reason),
                }
            }
        }
    }
    for (work, of_hundred) in WORKS.into_iter().zip([50, 95]) {
        if !table.wants(work) {
            continue;
        }
        let figures: Vec<_> =
            took.iter_mut().map(|(name, samples)| (*name, percentile(samples, of_hundred))).collect();
        for peer in &figures[1..3] {
            let goal = (peer.0 == "grammers").then_some(20.0);
            table.row(work, Unit::Microseconds, figures[0].1, *peer, goal);
        }
        match &failed {
            None => table.row(work, Unit::Microseconds, figures[0].1, figures[3], None),
            Some(reason) => table.missing(work, "Telethon", reason),
        }
    }
}

fn timed<R>(work: impl FnOnce() -> R) -> f64 {
    let begun = Stopwatch::start();
    black_box(work());
    begun.elapsed().as_secs_f64()
}
