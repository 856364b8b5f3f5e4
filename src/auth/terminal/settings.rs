//! The settings of the terminal, which a hidden question changes while it is open.

use std::io::IsTerminal;

/// The settings as they were before the first question, for a program that ends in the middle of one at a signal.
#[derive(Debug)]
pub struct Settings {
    #[cfg(unix)]
    saved: Option<rustix::termios::Termios>,
}

impl Settings {
    /// Notes them, if standard input is a terminal.
    #[must_use]
    pub fn save() -> Self {
        Self {
            #[cfg(unix)]
            saved: rustix::termios::tcgetattr(std::io::stdin()).ok(),
        }
    }

    /// Puts them back, for the end in the middle of a question, and leaves the question's line. Not for every end: a
    /// process in the background is stopped when it touches the terminal.
    pub fn restore(&self) {
        #[cfg(unix)]
        if let Some(saved) = &self.saved {
            // Half a password must not become the next line of the shell, so that what was typed is dropped.
            let flush = rustix::termios::OptionalActions::Flush;
            // A terminal that has gone away needs no settings.
            let _ = rustix::termios::tcsetattr(std::io::stdin(), flush, saved);
        }
        if std::io::stdin().is_terminal() {
            eprintln!();
        }
    }
}
