//! `kill -9` at any moment: the file opens and holds everything that was acknowledged.

use std::{
    env, hint,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use mtwire::{
    crypto::AuthKey,
    session::{
        Change, Dc, FileStore, Peer, PeerKey, PeerKind, SessionStore, State, UpdateState, file::Passphrase,
    },
};
use rand::RngExt;

use crate::sample::passphrase;

const PATH: &str = "MTWIRE_TEST_KILL_PATH";
const SECRET: &str = "MTWIRE_TEST_KILL_PASSPHRASE";
/// How many processes are killed, unless this variable says it.
const KILLS: u32 = 60;
const HOW_MANY: &str = "MTWIRE_KILLS";

fn key(id: i32) -> PeerKey {
    PeerKey { kind: PeerKind::User, id: id.into() }
}

/// Step `n`: what a busy account writes, an update state, a channel and some peers; and now and then another auth key,
/// which makes a snapshot.
fn step(n: i32) -> Vec<Change> {
    let mut changes = vec![
        Change::Updates(Some(UpdateState { pts: n, qts: n / 2, date: n, seq: n / 3 })),
        Change::Channel(i64::from(n % 40), (n % 9 != 0).then_some(n)),
    ];
    changes.extend((0..=n % 4).map(|i| {
        Change::Peer(Peer {
            key: key(4 * n + i),
            access_hash: Some(n.into()),
            min: n % 3 == 0,
            bot_or_broadcast: false,
            username: None,
            phone: None,
            name: Some("x".repeat(n as usize % 300)),
        })
    }));
    if n % 25 == 0 {
        let auth_key = Some(AuthKey::from_bytes([n as u8; 256]));
        changes.push(Change::Dc(2, Some(Dc { auth_key, ..Dc::default() })));
    }
    // The state stays small, so that many of the kills meet a snapshot.
    changes.extend((0..4).map(|i| Change::ForgetPeer(key(4 * (n - 50) + i))));
    changes
}

fn steps_done(state: &State) -> i32 {
    state.updates.map_or(0, |updates| updates.pts)
}

/// The part of the child process: writes until it is killed, and says what was acknowledged.
#[test]
fn child_that_writes() {
    let Some(path) = env::var_os(PATH) else { return };
    let secret = env::var(SECRET).ok().map(|secret| passphrase(&secret));
    let store = FileStore::open_with(path, secret.as_ref()).unwrap();
    let done = store.with(steps_done);
    println!("\nacknowledged {done}");
    for n in done + 1.. {
        store.apply(&step(n)).unwrap();
        println!("acknowledged {n}");
    }
}

/// Lets a child write, kills it, and gives the last step that it said was done.
fn write_and_kill(path: &Path, secret: Option<&str>, lines: usize, spins: u32) -> i32 {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "kill::child_that_writes", "--nocapture"]).env(PATH, path);
    command.env_remove(SECRET).envs(secret.map(|secret| (SECRET, secret)));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let acknowledged = |line: String| Some(line.strip_prefix("acknowledged ")?.parse::<i32>().unwrap());
    let seen = output.by_ref().filter_map(acknowledged).take(lines).last();
    (0..spins).for_each(|_| hint::spin_loop());
    child.kill().unwrap();
    child.wait().unwrap();
    output.filter_map(acknowledged).last().or(seen).unwrap()
}

#[derive(Debug, Default)]
struct Counts {
    kills: u32,
    /// Batches that a child said were acknowledged, and changes in them.
    batches: i32,
    changes: usize,
    /// Batches that were there although nobody had heard of it.
    unheard: u32,
    torn: u32,
}

fn nothing_is_lost(secret: Option<&str>, kills: u32) -> Counts {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let with: Option<Passphrase> = secret.map(passphrase);
    let mut rng = rand::rng();
    let (mut counts, mut wanted) = (Counts::default(), State::default());
    for kill in 0..kills {
        let (lines, spins) = (rng.random_range(1..8), rng.random_range(0..50_000));
        let acknowledged = write_and_kill(&path, secret, lines, spins);
        let store = FileStore::open_with(&path, with.as_ref())
            .unwrap_or_else(|error| panic!("after kill {kill}: {error}"));
        let done = store.with(steps_done);
        assert!(
            (acknowledged..=acknowledged + 1).contains(&done),
            "kill {kill}: {acknowledged} acknowledged, {done} found",
        );
        for change in (steps_done(&wanted) + 1..=done).flat_map(step) {
            wanted.apply(&change);
            counts.changes += 1;
        }
        assert!(store.with(|state| *state == wanted), "kill {kill}: part of a batch is missing");
        counts.kills += 1;
        counts.batches = done;
        counts.unheard += u32::from(done > acknowledged);
        counts.torn += u32::from(store.torn_tail().is_some());
    }
    assert!(counts.batches >= kills as i32);
    counts
}

#[test]
fn nothing_acknowledged_is_lost() {
    let kills = env::var(HOW_MANY).map_or(KILLS, |kills| kills.parse().unwrap());
    println!("plain: {:?}", nothing_is_lost(None, kills));
    println!("encrypted: {:?}", nothing_is_lost(Some("open sesame"), kills));
}
