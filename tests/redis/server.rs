//! A Redis server of the test's own, and stores on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mtwire::session::redis::redis::{self, Connection, ConnectionLike};
use mtwire::session::{Error, RedisOptions, RedisStore};

/// Far above what anything here takes.
pub const HANGS: Duration = Duration::from_secs(60);
/// A lease that a test can wait for.
pub const LEASE: Duration = Duration::from_millis(1500);

pub struct RedisServer {
    dir: tempfile::TempDir,
    child: Option<Child>,
    persistent: bool,
}

impl RedisServer {
    /// Starts one that keeps nothing; `None`, with a word on standard error, when there is no `redis-server` here. On a
    /// machine that builds for others that is an error.
    pub fn start() -> Option<Self> {
        Self::with(false)
    }

    /// One that has everything on the disk before it answers.
    pub fn persistent() -> Option<Self> {
        Self::with(true)
    }

    fn with(persistent: bool) -> Option<Self> {
        let found = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        if let Err(error) = found {
            assert!(std::env::var_os("CI").is_none(), "redis-server: {error}");
            eprintln!("skipped: there is no redis-server here ({error})");
            return None;
        }
        let mut server = Self { dir: tempfile::tempdir().unwrap(), child: None, persistent };
        server.run();
        Some(server)
    }

    /// Starts the process, again if it was killed.
    pub fn run(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.dir.path().join("log")).unwrap();
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--unixsocket"]).arg(self.socket());
        command.arg("--dir").arg(self.dir.path());
        if self.persistent {
            command.args(["--appendonly", "yes", "--appendfsync", "always"]);
        }
        self.child = Some(command.stdin(Stdio::null()).stdout(log).spawn().unwrap());
        let begin = Instant::now();
        while !self.client().get_connection().is_ok_and(|mut connection| connection.check_connection()) {
            assert!(begin.elapsed() < HANGS, "redis-server does not start");
            sleep(Duration::from_millis(5));
        }
    }

    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        fs::remove_file(self.socket()).unwrap();
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(self.child.as_ref().unwrap())
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }

    pub fn client(&self) -> redis::Client {
        client(&self.socket())
    }

    pub fn connection(&self) -> Connection {
        self.client().get_connection().unwrap()
    }

    pub fn open(&self, name: &str) -> Result<RedisStore, Error> {
        open(&self.socket(), name)
    }

    /// With a lease that lasts longer than a busy machine stands still.
    pub fn open_long(&self, name: &str) -> Result<RedisStore, Error> {
        let options = RedisOptions { lease: 8 * LEASE, patience: LEASE, ..RedisOptions::default() };
        RedisStore::open_with(self.client(), name, options)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

pub fn client(socket: &Path) -> redis::Client {
    redis::Client::open(format!("redis+unix://{}", socket.to_str().unwrap())).unwrap()
}

pub fn open(socket: &Path, name: &str) -> Result<RedisStore, Error> {
    let options = RedisOptions { lease: LEASE, ..RedisOptions::default() };
    RedisStore::open_with(client(socket), name, options)
}

/// Waits until `done`.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < HANGS, "{what} does not come");
        sleep(Duration::from_millis(5));
    }
}
