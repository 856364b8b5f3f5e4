//! A terminal: a process with its own pseudo-terminal, and what a person sees and types there.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::termios::{LocalModes, tcgetattr};

use crate::command::wait;

/// Far above what any answer takes.
const HANGS: Duration = Duration::from_secs(60);

pub struct Tty {
    child: Child,
    keyboard: File,
    // Kept open: the settings can be asked for when the process is gone.
    terminal: OwnedFd,
    output: Receiver<Vec<u8>>,
    /// Everything shown so far.
    pub screen: String,
    /// The beginning of a character whose rest was not shown yet.
    partial: Vec<u8>,
    /// How much of it was waited for.
    seen: usize,
}

impl Tty {
    /// Runs the command with a terminal of its own, which it controls.
    pub fn run(args: &[String]) -> Self {
        Self::spawn(pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_mtwire")).args(args))
    }

    /// The same with any program.
    pub fn spawn(command: pty_process::blocking::Command) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        let terminal = pts.as_fd().try_clone_to_owned().unwrap();
        let child = command.env_remove("RUST_LOG").spawn(pts).unwrap();
        let keyboard = File::from(OwnedFd::from(pty));
        let (sender, output) = channel();
        let mut from = keyboard.try_clone().unwrap();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The other end is closed with an error, as terminals are.
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, terminal, output, screen: String::new(), partial: Vec::new(), seen: 0 }
    }

    /// Waits until `text` appears behind what was waited for before.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        let begin = Instant::now();
        let mut ended = false;
        loop {
            if let Some(at) = self.screen[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            assert!(begin.elapsed() < HANGS, "no `{text}` on the screen:\n{}", self.screen);
            match self.output.recv_timeout(Duration::from_millis(50)) {
                Ok(bytes) => self.append(&bytes),
                Err(RecvTimeoutError::Timeout) => {
                    // What it wrote last may still be on its way when it has ended.
                    assert!(!ended, "ended before `{text}`:\n{}", self.screen);
                    ended = self.child.try_wait().unwrap().is_some();
                }
                Err(RecvTimeoutError::Disconnected) => panic!("closed before `{text}`:\n{}", self.screen),
            }
        }
    }

    /// What was read may end within a character, whose rest comes later.
    fn append(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.partial) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(error) => panic!("{error}"),
        };
        let rest = self.partial.split_off(whole);
        self.screen.push_str(std::str::from_utf8(&self.partial).unwrap());
        self.partial = rest;
    }

    /// Types a line, with the key at its end.
    pub fn types(&mut self, line: &str) {
        self.presses(&format!("{line}\r"));
    }

    /// Presses keys.
    pub fn presses(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Whether the terminal shows what is typed.
    pub fn echoes(&self) -> bool {
        tcgetattr(&self.terminal).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ICANON)
    }

    /// Waits until it does not.
    pub fn hides(&self) {
        let begin = Instant::now();
        while self.echoes() {
            assert!(begin.elapsed() < HANGS, "what is typed is shown:\n{}", self.screen);
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Waits for the end: the exit code. The screen is whole then.
    pub fn ends(&mut self) -> Option<i32> {
        let code = wait(&mut self.child);
        // What was written last may still be on its way.
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.append(&bytes);
        }
        code
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
