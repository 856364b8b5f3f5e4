//! Lines in and out.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use zeroize::Zeroizing;

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
        match rpassword::read_password() {
            Ok(password) => Ok(Some(Secret::from(password))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
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
