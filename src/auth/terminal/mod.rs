//! The login as a dialogue on a terminal, or with answers from a pipe or from options.

mod console;
mod dialogue;
mod texts;

pub use console::{Console, Output, StdConsole};
pub use dialogue::{NoInput, Presets, Terminal};
