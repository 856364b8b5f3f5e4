//! The login as a dialogue on a terminal, or with answers from a pipe or from options.

mod console;
mod dialogue;
mod hidden;
mod presets;
mod qr;
mod settings;
pub(super) mod texts;

pub use console::{Console, Output, StdConsole};
pub use dialogue::{NoInput, Terminal};
pub use presets::{Options, Presets};
pub use settings::Settings;
