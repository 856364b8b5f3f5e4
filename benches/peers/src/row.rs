//! The lines of the table.

use regex_lite::Regex;
use serde_json::{Value, json};

use crate::measure::Took;

/// How a figure is written, and which one is better.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Bytes a second in millions, of so many bytes: more is better. Figures come as seconds.
    MegabytesPerSecond(usize),
    /// Microseconds; figures come as seconds.
    Microseconds,
    /// Milliseconds; figures come as seconds.
    Milliseconds,
    /// Calls a second; figures come as seconds for one.
    CallsPerSecond,
    Bytes,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::MegabytesPerSecond(_) => "MB/s",
            Self::Microseconds => "µs",
            Self::Milliseconds => "ms",
            Self::CallsPerSecond => "calls/s",
            Self::Bytes => "bytes",
        }
    }

    fn figure(self, raw: f64) -> f64 {
        match self {
            Self::MegabytesPerSecond(bytes) => bytes as f64 / raw / 1e6,
            Self::Microseconds => raw * 1e6,
            Self::Milliseconds => raw * 1e3,
            Self::CallsPerSecond => 1.0 / raw,
            Self::Bytes => raw,
        }
    }
}

/// All lines, as they are filled in.
pub struct Table {
    rows: Vec<Value>,
    only: Option<Regex>,
}

impl Table {
    pub fn new(only: Option<Regex>) -> Self {
        Self { rows: Vec::new(), only }
    }

    /// Whether work of this name is wanted.
    pub fn wants(&self, work: &str) -> bool {
        let wanted = self.only.as_ref().is_none_or(|only| only.is_match(work));
        if wanted {
            eprintln!("  {work}");
        }
        wanted
    }

    /// Whether any of these is, without saying so.
    pub fn wants_any(&self, works: &[&str]) -> bool {
        self.only.as_ref().is_none_or(|only| works.iter().any(|work| only.is_match(work)))
    }

    /// One line. Figures are what less of is better: seconds or bytes.
    pub fn row(&mut self, work: &str, unit: Unit, ours: f64, peer: (&str, f64), goal: Option<f64>) {
        self.rows.push(json!({
            "work": work, "ours": round(unit.figure(ours)), "peer": round(unit.figure(peer.1)),
            "peer_name": peer.0, "unit": unit.name(), "ratio": round(peer.1 / ours), "goal": goal,
        }));
    }

    /// A line for each other side, where ours is the first one.
    pub fn rows(&mut self, work: &str, unit: Unit, took: &[Took], goal_of: impl Fn(&str) -> Option<f64>) {
        let [ours, peers @ ..] = took else { return };
        for peer in peers {
            self.row(work, unit, ours.seconds, (peer.name, peer.seconds), goal_of(peer.name));
        }
    }

    /// A figure of ours alone.
    pub fn ours(&mut self, work: &str, unit: Unit, ours: f64) {
        self.rows.push(json!({
            "work": work, "ours": round(unit.figure(ours)), "peer": null, "peer_name": null, "unit": unit.name(),
            "ratio": null, "goal": null,
        }));
    }

    /// A line that could not be filled in.
    pub fn missing(&mut self, work: &str, peer: &str, reason: &str) {
        eprintln!("  {work}, {peer}: not measured: {reason}");
        self.rows.push(json!({
            "work": work, "ours": null, "peer": null, "peer_name": peer, "unit": null, "ratio": null, "goal": null,
            "note": format!("not measured: {reason}"),
        }));
    }

    pub fn into_rows(self) -> Vec<Value> {
        self.rows
    }
}

/// Four digits are more than any of these figures is worth.
fn round(figure: f64) -> f64 {
    if figure == 0.0 || !figure.is_finite() {
        return figure;
    }
    let scale = 10f64.powi(3 - figure.abs().log10().floor() as i32);
    (figure * scale).round() / scale
}
