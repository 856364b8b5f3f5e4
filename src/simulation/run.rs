//! One run from its seed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::dice::Dice;
use super::plan::Plan;
use super::trace::Trace;
use super::violation::{Invariant, Violation};
use super::world::World;

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What it was made from.
    pub seed: u64,
    /// Calls that were made.
    pub calls: u64,
    /// Things that happened.
    pub events: u64,
    /// How long it was, by its own clock.
    pub virtual_time: Duration,
    /// What was broken. A run ends at the first moment at which something is.
    pub violations: Vec<Violation>,
}

/// Plays the run of a seed. The same seed gives the same run.
#[must_use]
pub fn run(seed: u64) -> Run {
    play(seed, Trace(None))
}

/// Plays the run of a seed and gives `sink` a line for everything that happens in it.
pub fn trace(seed: u64, sink: &mut dyn FnMut(&str)) -> Run {
    play(seed, Trace(Some(sink)))
}

fn play(seed: u64, trace: Trace<'_>) -> Run {
    let reached = Cell::new(Duration::ZERO);
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut dice = Dice::new(seed);
        let plan = Plan::draw(&mut dice);
        let mut world = World::new(seed, dice, plan, trace);
        world.play(|now| reached.set(now));
        let (calls, events) = (world.ledger.calls().len() as u64, world.turns);
        Run { seed, calls, events, virtual_time: world.now, violations: world.ledger.into_violations() }
    }));
    played.unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        let violation =
            Violation { seed, at: reached.get(), invariant: Invariant::NoPanic, text: text.to_owned() };
        Run { seed, calls: 0, events: 0, virtual_time: reached.get(), violations: vec![violation] }
    })
}
