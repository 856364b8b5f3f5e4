//! The Python runner: one process, which is asked in JSON lines and times its work itself.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::process::Process;

const RUNNER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/runner.py");

pub struct Python {
    process: Process,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Python {
    /// # Errors
    /// Why there is none, in words.
    pub fn start(interpreter: Option<&Path>) -> Result<Self, String> {
        let interpreter = interpreter.ok_or("the Python packages could not be installed")?;
        let child = Command::new(interpreter)
            .arg(RUNNER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", interpreter.display()))?;
        let mut process = Process(child);
        let (Some(input), Some(output)) = (process.0.stdin.take(), process.0.stdout.take()) else {
            return Err("no pipes".to_owned());
        };
        Ok(Self { process, pipes: RefCell::new((input, BufReader::new(output))) })
    }

    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Asks and gives the answer.
    ///
    /// # Errors
    /// What the runner says, or that it is gone.
    pub fn ask(&self, request: &Value) -> Result<Value, String> {
        let (input, output) = &mut *self.pipes.borrow_mut();
        let mut line = String::new();
        writeln!(input, "{request}")
            .and_then(|()| input.flush())
            .and_then(|()| output.read_line(&mut line))
            .map_err(|error| format!("the Python runner: {error}"))?;
        let answer: Value = serde_json::from_str(&line).map_err(|_| "the Python runner ended".to_owned())?;
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }

    /// Asks for work and gives the seconds that it took.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn seconds(&self, request: &Value) -> Result<f64, String> {
        self.ask(request)?["seconds"].as_f64().ok_or_else(|| "the Python runner gave no time".to_owned())
    }
}
