//! One client through hours of a network that comes and goes.

use std::time::Duration;

use super::dice::Dice;
use super::ledger::Outcome;
use super::plan::Plan;
use super::trace::Trace;
use super::violation::Violation;
use super::world::World;

/// What became of a client on a network that comes and goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flapping {
    /// The virtual time that it took.
    pub virtual_time: Duration,
    /// Calls that were made.
    pub calls: u64,
    /// Calls without an answer, and calls that were carried out more than once.
    pub lost: u64,
    /// Connections after the first.
    pub reconnects: u64,
    /// From the end of a connection to the first word on the next, the time without a network included.
    pub reconnect_time: Spread,
    /// From the moment at which the network was there again to the first word.
    pub return_time: Spread,
    /// Calls that were sent more than once.
    pub resent: u64,
    /// Packets with questions for the state of calls.
    pub state_requests: u64,
    /// Packets of both sides.
    pub packets: u64,
    /// What was broken.
    pub violations: Vec<Violation>,
}

/// How times are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Their mean.
    pub mean: Duration,
    /// The time that 95 of 100 do not exceed.
    pub p95: Duration,
    /// The longest.
    pub max: Duration,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let Some(&max) = times.last() else { return Self::default() };
        let mean = times.iter().sum::<Duration>() / u32::try_from(times.len()).unwrap_or(u32::MAX);
        let p95 = times.get((times.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or(max);
        Self { mean, p95, max }
    }
}

/// Plays a client that makes a call every two seconds for `long`, while its network is cut every few seconds to
/// minutes.
#[must_use]
pub fn flapping(seed: u64, long: Duration) -> Flapping {
    let mut dice = Dice::new(seed);
    let plan = Plan::flapping(&mut dice, long);
    let mut world = World::new(seed, dice, plan, Trace(None));
    world.play(|_| {});
    let calls = world.ledger.calls();
    let lost =
        calls.values().filter(|call| call.outcome != Some(Outcome::Answered) || call.executions.len() != 1);
    let end = &world.ends[0];
    Flapping {
        virtual_time: world.now,
        calls: calls.len() as u64,
        lost: lost.count() as u64,
        reconnects: u64::from(end.connections.saturating_sub(1)),
        reconnect_time: Spread::of(end.reconnects.clone()),
        return_time: Spread::of(end.returns.clone()),
        resent: calls.values().filter(|call| call.ids.len() > 1).count() as u64,
        state_requests: world.ledger.state_requests,
        packets: world.ledger.packets_sent,
        violations: world.ledger.into_violations(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_of_times() {
        let seconds = |n| Duration::from_secs(n);
        assert_eq!(Spread::of(Vec::new()), Spread::default());
        let spread = Spread::of((1..=100).rev().map(seconds).collect());
        assert_eq!((spread.p95, spread.max), (seconds(95), seconds(100)));
        assert_eq!(spread.mean, Duration::from_millis(50_500));
    }
}
