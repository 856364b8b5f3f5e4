//! The whole stack in a deterministic simulation: many clients and servers, joined by a virtual network and virtual
//! clocks that misbehave.
//!
//! A run is made from a seed and nothing else. Client and server sessions ([`message`](crate::message)), key exchanges
//! ([`handshake`](crate::handshake)) and transports ([`transport`](crate::transport)) are the real ones; sockets, time,
//! randomness and the people who make calls are not. What must hold is named by [`Invariant`]; what was broken, and
//! when, is a [`Violation`].
//!
//! ```
//! let run = mtwire::simulation::run(7);
//! assert!(run.violations.is_empty(), "{:?}", run.violations);
//! ```
//!
//! `docs/simulation.md` describes the model, the faults and the invariants, and how well they find planted bugs.

mod attack;
mod body;
mod checks;
mod client;
mod clock;
mod dice;
mod exchange;
mod flapping;
mod inspector;
mod ledger;
mod network;
mod plan;
mod report;
mod run;
mod script;
mod server;
mod stage;
mod trace;
mod transit;
mod violation;
mod world;

pub use flapping::{Flapping, Spread, flapping};
pub use report::{Report, run_many};
pub use run::{Run, run, trace};
pub use violation::{Invariant, Violation};
