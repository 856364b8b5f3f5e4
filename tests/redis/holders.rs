//! One holder at a time, of each name and each auth key.

use std::env;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use mtwire::session::redis::redis::Commands;
use mtwire::session::{Change, Error, ErrorKind, SessionStore};
use rustix::process::{Pid, Signal, kill_process};

use crate::keeping::dc;
use crate::server::{LEASE, RedisServer, open, until};

const SOCKET: &str = "MTWIRE_TEST_REDIS_SOCKET";
const WHAT: &str = "MTWIRE_TEST_REDIS_WHAT";

/// The part of a child process.
#[test]
fn child() {
    let Some(socket) = env::var_os(SOCKET).map(PathBuf::from) else { return };
    match env::var(WHAT).unwrap().as_str() {
        "hold" => hold(&socket),
        _ => race(&socket),
    }
}

/// Holds the session and writes to it all the time, until it is told that it may not.
fn hold(socket: &Path) {
    let store = open(socket, "bot").unwrap();
    store.when_lost(Box::new(|| println!("told")));
    println!("\nheld");
    for n in 1.. {
        match store.apply(&[Change::Channel(1, Some(n))]) {
            Ok(()) => println!("wrote {n}"),
            Err(Error { kind: ErrorKind::LeaseLost, .. }) => break,
            Err(error) => panic!("{error}"),
        }
        sleep(Duration::from_millis(5));
    }
    println!("lost");
}

/// Takes the session as often as it can get it, and counts what it does while it has it.
fn race(socket: &Path) {
    let mut count = 0;
    while count < 20 {
        let Ok(store) = open(socket, "bot") else {
            sleep(Duration::from_millis(1));
            continue;
        };
        let seen = store.with(|state| state.channels.get(&1).copied().unwrap_or(0));
        // Another one in between would make two of the same.
        sleep(Duration::from_millis(3));
        store.apply(&[Change::Channel(1, Some(seen + 1))]).unwrap();
        count += 1;
    }
    println!("\ndone");
}

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(server: &RedisServer, what: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "holders::child", "--nocapture"])
            .env(SOCKET, server.socket())
            .env(WHAT, what)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    #[track_caller]
    fn says(&mut self, wanted: &str) {
        let found = self.lines.by_ref().map_while(Result::ok).any(|line| line == wanted);
        assert!(found, "the other process did not say {wanted}");
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn leased(error: &Error) -> (&str, u32, &str) {
    match &error.kind {
        ErrorKind::Leased { host, pid, name } => (host, *pid, name),
        _ => panic!("{error}"),
    }
}

#[test]
fn a_session_of_another_is_refused_with_its_machine_and_pid_until_it_ends() {
    let Some(server) = RedisServer::start() else { return };
    let mut other = Process::start(&server, "hold");
    other.says("held");
    let error = server.open("bot").unwrap_err();
    let host = rustix::system::uname().nodename().to_str().unwrap().to_owned();
    assert_eq!(leased(&error), (host.as_str(), other.child.id(), "bot"));
    let words =
        format!("session bot in Redis: in use by the process with pid {} on {host}", other.child.id());
    assert!(error.to_string().starts_with(&words), "{error}");
    // Killed, it cannot give the lease back.
    other.signal(Signal::KILL);
    other.child.wait().unwrap();
    assert!(server.open("bot").is_err());
    until("the end of the lease", || server.open("bot").is_ok());
}

#[test]
fn a_lease_is_kept_for_as_long_as_the_store_lives() {
    let Some(server) = RedisServer::start() else { return };
    let store = server.open("bot").unwrap();
    store.apply(&[Change::Dc(2, Some(dc(1)))]).unwrap();
    for _ in 0..6 {
        sleep(LEASE / 3);
        assert!(server.open("bot").is_err());
    }
    store.apply(&[Change::HomeDc(2)]).unwrap();
    assert!(!store.is_lost());
    drop(store);
    assert_eq!(server.open("bot").unwrap().with(|state| state.home_dc), 2);
    let left: Vec<String> = server.connection().keys("mtwire:lease:*").unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_same_auth_key_under_another_name_is_refused() {
    let Some(server) = RedisServer::start() else { return };
    let with_key = |name: &str, key| server.open(name).unwrap().apply(&[Change::Dc(2, Some(dc(key)))]);
    with_key("copy", 1).unwrap();
    with_key("own", 2).unwrap();
    let first = server.open("first").unwrap();
    first.apply(&[Change::Dc(2, Some(dc(1)))]).unwrap();
    // At opening,
    assert_eq!(leased(&server.open("copy").unwrap_err()).2, "first");
    // and when it comes later, for example with an import.
    let own = server.open("own").unwrap();
    let error = own.apply(&[Change::HomeDc(2), Change::Dc(4, Some(dc(1)))]).unwrap_err();
    assert_eq!(leased(&error).2, "first");
    assert_eq!(own.with(|state| (state.home_dc, state.dcs.len())), (0, 1), "none of the batch");
    drop(own);
    assert_eq!(server.open("own").unwrap().with(|state| (state.home_dc, state.dcs.len())), (0, 1));
    // The lease moves with the key.
    first.apply(&[Change::Dc(2, Some(dc(3)))]).unwrap();
    let copy = server.open("copy").unwrap();
    assert_eq!(leased(&first.apply(&[Change::Dc(2, Some(dc(1)))]).unwrap_err()).2, "copy");
    drop(copy);
    first.apply(&[Change::Dc(2, Some(dc(1)))]).unwrap();
    first.apply(&[Change::Dc(2, None)]).unwrap();
    assert!(server.open("copy").is_ok());
}

#[test]
fn a_holder_that_stood_still_writes_nothing_any_more() {
    let Some(server) = RedisServer::start() else { return };
    let mut other = Process::start(&server, "hold");
    other.says("wrote 10");
    other.signal(Signal::STOP);
    until("the end of the lease", || server.open("bot").is_ok());
    let store = server.open("bot").unwrap();
    store.apply(&[Change::Channel(1, Some(-1))]).unwrap();
    other.signal(Signal::CONT);
    other.says("told");
    other.says("lost");
    assert_eq!(store.with(|state| state.channels.get(&1).copied()), Some(-1));
    // And in Redis.
    drop(store);
    assert_eq!(server.open("bot").unwrap().with(|state| state.channels.get(&1).copied()), Some(-1));
}

#[test]
fn a_lease_that_others_took_is_noticed_by_the_next_write_and_told() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    let Some(server) = RedisServer::start() else { return };
    let store = server.open("bot").unwrap();
    store.apply(&[Change::HomeDc(2)]).unwrap();
    let told = Arc::new(AtomicU32::new(0));
    let tell = || {
        let told = Arc::clone(&told);
        Box::new(move || _ = told.fetch_add(1, Ordering::SeqCst))
    };
    store.when_lost(tell());
    // As after a failover to a replica that had not heard of it.
    let (): () = server.connection().del("mtwire:lease:name:bot").unwrap();
    let next = server.open("bot").unwrap();
    let error = store.apply(&[Change::HomeDc(3)]).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::LeaseLost), "{error}");
    assert!(store.is_lost());
    assert_eq!(told.load(Ordering::SeqCst), 1);
    store.when_lost(tell());
    assert_eq!(told.load(Ordering::SeqCst), 2, "at once");
    assert!(matches!(store.apply(&[Change::HomeDc(4)]).unwrap_err().kind, ErrorKind::LeaseLost));
    assert_eq!(store.with(|state| state.home_dc), 2);
    // The end of the old holder leaves the lease of the new one alone.
    drop(store);
    next.apply(&[Change::HomeDc(5)]).unwrap();
    assert!(server.open("bot").is_err());
}

#[test]
fn of_many_processes_one_has_it_at_a_time() {
    let Some(server) = RedisServer::start() else { return };
    let mut processes: Vec<_> = (0..3).map(|_| Process::start(&server, "race")).collect();
    for process in &mut processes {
        process.says("done");
    }
    let counted = server.open("bot").unwrap().with(|state| state.channels.get(&1).copied());
    assert_eq!(counted, Some(3 * 20), "a count was lost: two had it at once");
}
