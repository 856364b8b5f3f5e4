//! `kill -9` at any moment: the file opens and holds everything that was acknowledged.

use std::{
    env, hint,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use mtwire::{
    crypto::AuthKey,
    session::{Change, Dc, FileStore, Peer, PeerKey, PeerKind, SessionStore, State, UpdateState},
};
use rand::RngExt;

const PATH: &str = "MTWIRE_TEST_KILL_PATH";
const ROUNDS: u32 = 300;

fn key(id: i32) -> PeerKey {
    PeerKey { kind: PeerKind::User, id: id.into() }
}

/// Step `n`: an update state, a peer, and now and then another auth key, which makes a snapshot.
fn step(n: i32) -> Vec<Change> {
    let peer = Peer {
        key: key(n),
        access_hash: Some(n.into()),
        min: false,
        bot_or_broadcast: false,
        username: None,
        phone: None,
        name: Some("x".repeat(n as usize % 300)),
    };
    let mut changes =
        vec![Change::Updates(Some(UpdateState { pts: n, qts: 0, date: 0, seq: 0 })), Change::Peer(peer)];
    if n % 5 == 0 {
        let auth_key = Some(AuthKey::from_bytes([n as u8; 256]));
        changes.push(Change::Dc(2, Some(Dc { auth_key, ..Dc::default() })));
    }
    // The state stays small, so that many of the rounds meet a snapshot.
    changes.push(Change::ForgetPeer(key(n - 50)));
    changes
}

fn steps_done(state: &State) -> i32 {
    state.updates.map_or(0, |updates| updates.pts)
}

/// The part of the child process: writes until it is killed, and says what was acknowledged.
#[test]
fn child_that_writes() {
    let Some(path) = env::var_os(PATH) else { return };
    let store = FileStore::open(path).unwrap();
    let done = store.with(steps_done);
    println!("\nacknowledged {done}");
    for n in done + 1.. {
        store.apply(&step(n)).unwrap();
        println!("acknowledged {n}");
    }
}

/// Lets a child write, kills it, and gives the last step that it said was done.
fn write_and_kill(path: &Path, lines: usize, spins: u32) -> i32 {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::child_that_writes", "--nocapture"])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let acknowledged = |line: String| Some(line.strip_prefix("acknowledged ")?.parse::<i32>().unwrap());
    let seen = output.by_ref().filter_map(acknowledged).take(lines).last();
    (0..spins).for_each(|_| hint::spin_loop());
    child.kill().unwrap();
    child.wait().unwrap();
    output.filter_map(acknowledged).last().or(seen).unwrap()
}

#[test]
fn nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let mut rng = rand::rng();
    for round in 0..ROUNDS {
        let acknowledged = write_and_kill(&path, rng.random_range(1..8), rng.random_range(0..50_000));
        let store = FileStore::open(&path).unwrap_or_else(|error| panic!("round {round}: {error}"));
        let done = store.with(steps_done);
        assert!(
            (acknowledged..=acknowledged + 1).contains(&done),
            "round {round}: {acknowledged} acknowledged, {done} found",
        );
        let mut wanted = State::default();
        (1..=done).flat_map(step).for_each(|change| wanted.apply(&change));
        assert!(store.with(|state| *state == wanted), "round {round}: part of a batch is missing");
    }
}
