//! Lines in and out.

use std::{
    io::{self, BufRead, IsTerminal, Read, Write},
    time::Duration,
};

use zeroize::Zeroizing;

use super::hidden;
use crate::session::Secret;

/// The longest line that is read, in bytes: far above any answer, so that a pipe that never ends a line cannot take all
/// memory.
const MAX_LINE: u64 = 1 << 16;

/// What the dialogue needs of a terminal. Tests have one without a terminal.
pub trait Console: Send {
    /// Shows a line.
    ///
    /// # Errors
    /// When it cannot be shown.
    fn say(&mut self, line: &str) -> io::Result<()>;

    /// Shows `prompt`, without a line end, and reads a line, without its end. `None` when there is no more input.
    ///
    /// # Errors
    /// When nothing can be read.
    fn ask(&mut self, prompt: &str) -> io::Result<Option<Secret>>;

    /// The same, and what is typed does not appear.
    ///
    /// # Errors
    /// When nothing can be read.
    fn ask_hidden(&mut self, prompt: &str) -> io::Result<Option<Secret>>;

    /// Waits for a line, without a question, until `is_over`. `None` when it is over; where nobody can type while something
    /// else is waited for, as by default, that is all it waits for.
    ///
    /// # Errors
    /// When nothing can be read.
    fn wait_for_line(&mut self, is_over: &dyn Fn() -> bool) -> io::Result<Option<Secret>> {
        while !is_over() {
            std::thread::sleep(LOOK);
        }
        Ok(None)
    }

    /// Whether what was shown can be overwritten, with the escape sequences of ECMA-48. Not by default.
    fn is_screen(&self) -> bool {
        false
    }
}

/// Where [`StdConsole`] writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    #[default]
    Stdout,
    /// Standard error: when standard output is for a program.
    Stderr,
}

/// Standard input, a terminal or a pipe, and standard output or error.
#[derive(Clone, Copy, Debug, Default)]
pub struct StdConsole {
    output: Output,
}

impl StdConsole {
    /// A console that writes to `output`.
    #[must_use]
    pub fn new(output: Output) -> Self {
        Self { output }
    }

    fn write(self, text: &str) -> io::Result<()> {
        match self.output {
            Output::Stdout => write_all(io::stdout().lock(), text),
            Output::Stderr => write_all(io::stderr().lock(), text),
        }
    }
}

fn write_all(mut output: impl Write, text: &str) -> io::Result<()> {
    output.write_all(text.as_bytes())?;
    output.flush()
}

impl Console for StdConsole {
    fn say(&mut self, line: &str) -> io::Result<()> {
        self.write(&format!("{line}\n"))
    }

    fn ask(&mut self, prompt: &str) -> io::Result<Option<Secret>> {
        self.write(prompt)?;
        let stdin = io::stdin();
        let line = read_line(&mut stdin.lock())?;
        // A terminal shows the line end that was typed; of a pipe nothing is seen.
        if !stdin.is_terminal() || line.is_none() {
            self.write("\n")?;
        }
        Ok(line)
    }

    fn ask_hidden(&mut self, prompt: &str) -> io::Result<Option<Secret>> {
        if !io::stdin().is_terminal() {
            return self.ask(prompt);
        }
        self.write(prompt)?;
        let line = hidden::read();
        self.write("\n")?;
        line
    }

    fn wait_for_line(&mut self, is_over: &dyn Fn() -> bool) -> io::Result<Option<Secret>> {
        let stdin = io::stdin();
        // A terminal gives line by line, so that no further line hides in a buffer, where `can_read` does not see it.
        let mut listens = stdin.is_terminal();
        while !is_over() {
            if !listens {
                std::thread::sleep(LOOK);
            } else if can_read()? {
                match read_line(&mut stdin.lock())? {
                    Some(line) => return Ok(Some(line)),
                    None => listens = false,
                }
            }
        }
        Ok(None)
    }

    fn is_screen(&self) -> bool {
        match self.output {
            Output::Stdout => io::stdout().is_terminal(),
            Output::Stderr => io::stderr().is_terminal(),
        }
    }
}

/// How often somebody who waits for a line looks whether it is over.
const LOOK: Duration = Duration::from_millis(100);

/// Whether a line waits on standard input, after a moment at most.
#[cfg(unix)]
fn can_read() -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = io::stdin();
    let mut waits = [PollFd::new(&stdin, PollFlags::IN)];
    let moment = Timespec::try_from(LOOK).map_err(io::Error::other)?;
    match poll(&mut waits, Some(&moment)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn can_read() -> io::Result<bool> {
    std::thread::sleep(LOOK);
    Ok(false)
}

/// Reads up to a line end, which is left out; `None` at the end of the input.
pub(super) fn read_line(input: &mut impl BufRead) -> io::Result<Option<Secret>> {
    let mut line = Zeroizing::new(Vec::with_capacity(256));
    if input.take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() as u64 == MAX_LINE && line.last() != Some(&b'\n') {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long"));
    }
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Ok(Some(Secret::from(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_any_way() {
        let mut input = &b"one\r\ntwo\n\nlast"[..];
        let mut lines = Vec::new();
        while let Some(line) = read_line(&mut input).unwrap() {
            lines.push(line.expose_str().unwrap().to_owned());
        }
        assert_eq!(lines, ["one", "two", "", "last"]);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut input = io::BufReader::new(io::repeat(b'x'));
        assert_eq!(read_line(&mut input).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
