//! A line that the terminal does not show.

use std::io;

use crate::session::Secret;

/// Reads a line without showing it; `None` at the end of the input.
///
/// At Ctrl-C the terminal gets its settings back before the signal is raised, so that a program that the signal ends
/// leaves a usable terminal.
pub(super) fn read() -> io::Result<Option<Secret>> {
    match read_line() {
        Ok(line) => Ok(Some(Secret::from(line))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn read_line() -> io::Result<String> {
    rpassword::read_password()
}

#[cfg(unix)]
fn read_line() -> io::Result<String> {
    use rpassword::{ConfigBuilder, read_password_with_config};
    // rpassword edits the line; the settings are changed here, because it would raise the signal before it restores them.
    let config = ConfigBuilder::new().input_reader(unix::Keys::listen()?).output_discard().build();
    read_password_with_config(config)
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Read};

    use rustix::{
        process::{Signal, getpid, kill_process},
        termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr},
    };

    /// What the terminal sends for Ctrl-C when it makes no signal of it.
    const CTRL_C: u8 = 3;

    /// The keys of a terminal, one by one and unseen, until it is dropped.
    pub struct Keys {
        before: Termios,
    }

    impl Keys {
        pub fn listen() -> io::Result<Self> {
            let before = tcgetattr(io::stdin())?;
            let mut settings = before.clone();
            let line = LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
            settings.local_modes.remove(line);
            settings.special_codes[SpecialCodeIndex::VMIN] = 1;
            settings.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(io::stdin(), OptionalActions::Now, &settings)?;
            Ok(Self { before })
        }

        fn restore(&self, how: OptionalActions) {
            // A terminal that has gone away needs no settings.
            let _ = tcsetattr(io::stdin(), how, &self.before);
        }
    }

    impl Read for Keys {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(key) = buffer.get_mut(..1) else { return Ok(0) };
            let count = io::stdin().lock().read(key)?;
            if count == 1 && key == [CTRL_C] {
                // Half a password must not become the next line of the shell, so that what was typed is dropped.
                self.restore(OptionalActions::Flush);
                kill_process(getpid(), Signal::INT)?;
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "interrupted"));
            }
            Ok(count)
        }
    }

    impl Drop for Keys {
        fn drop(&mut self) {
            self.restore(OptionalActions::Now);
        }
    }
}
