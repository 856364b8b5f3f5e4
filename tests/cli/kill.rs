//! `kill -9` at any moment of a login: the session opens afterwards, in a state from before or after some step.

use std::io::Write;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mtwire::session::State;
use mtwire::session::file::load;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::command::{command, run_with, wait};
use crate::world::{EVE, PASSWORD, World};

/// How often a login against a server in this process is killed.
const ROUNDS: u32 = 200;
/// How often one with its own server is: its state is written as well.
const LOCAL_ROUNDS: u32 = 60;
/// The moments are the same in every run of the test, as far as the machine lets them.
const SEED: u64 = 9;

/// Starts a login with all its answers in the pipe.
fn start(args: &[String], answers: &str) -> Child {
    let mut command = command(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    _ = child.stdin.take().unwrap().write_all(answers.as_bytes());
    child
}

/// How long a whole login takes here and now.
fn duration(args: &[String], answers: &str) -> Duration {
    let begin = Instant::now();
    assert_eq!(wait(&mut start(args, answers)), Some(0));
    begin.elapsed()
}

/// How far a session has come; it only grows.
fn progress(state: &State) -> (bool, bool, bool, bool) {
    let key = state.dcs.values().any(|dc| dc.auth_key.is_some());
    (state.app.is_some(), key, state.login.is_some() || state.user.is_some(), state.user.is_some())
}

#[test]
fn a_killed_login_leaves_a_session_that_opens_and_goes_on() {
    let world = World::start();
    let answers = format!("{EVE}\ny\n22222\n{PASSWORD}\n");
    let whole = duration(&world.login_args("whole", &[]), &answers);
    let mut rng = StdRng::seed_from_u64(SEED);
    let (mut round, mut resumed, mut stages) = (0, 0, std::collections::BTreeSet::new());
    for name in 0.. {
        let name = format!("n{name}");
        let args = world.login_args(&name, &[]);
        let mut before = progress(&State::default());
        // A few kills for one session: the later ones meet a login that goes on.
        for kill in 0..4 {
            round += 1;
            // One that goes on is not asked for the number any more.
            let stage = world.path(&name).exists().then(|| world.state(&name).login).flatten();
            let answers = match stage.map(|login| login.stage) {
                None => answers.clone(),
                Some(mtwire::session::Stage::Password) => format!("{PASSWORD}\n"),
                Some(_) => format!("22222\n{PASSWORD}\n"),
            };
            let mut child = start(&args, &answers);
            sleep(whole.mul_f64(rng.random_range(0.0..1.1)));
            child.kill().unwrap();
            child.wait().unwrap();
            let state = match load(world.path(&name)) {
                Ok(state) => state,
                Err(error) if !world.path(&name).exists() => {
                    assert_eq!(before, progress(&State::default()), "the session is gone: {error}");
                    State::default()
                }
                Err(error) => panic!("round {round}: {error}"),
            };
            let now = progress(&state);
            assert!(now >= before, "round {round}: {before:?} became {now:?}");
            resumed += u32::from(kill > 0 && now > before);
            before = now;
            stages.insert(now);
        }
        finish(&world, &name);
        if round >= ROUNDS {
            break;
        }
    }
    // The moments must have met the login where it is interesting.
    assert!(stages.len() >= 3 && resumed > 0, "{stages:?}, {resumed} went on");
}

/// A run that is left alone logs in, whatever the killed ones have left.
fn finish(world: &World, name: &str) {
    let state = load(world.path(name)).unwrap_or_default();
    let answers = match state.login.map(|login| login.stage) {
        _ if state.user.is_some() => String::new(),
        None => format!("{EVE}\ny\n22222\n{PASSWORD}\n"),
        Some(mtwire::session::Stage::Password) => format!("{PASSWORD}\n"),
        Some(_) => format!("22222\n{PASSWORD}\n"),
    };
    let ended = world.login(name, &[], &answers);
    assert_eq!(ended.code, Some(0), "{answers:?}: {ended:#?}");
    assert!(world.state(name).user.is_some());
}

#[test]
fn a_login_with_its_own_server_can_be_killed_too() {
    let dir = tempfile::tempdir().unwrap();
    let args = |name: &str| {
        ["login", name, "--local", "--session-dir", dir.path().to_str().unwrap()].map(str::to_owned).to_vec()
    };
    let answers = "+9996621234\ny\n22222\n";
    let whole = duration(&args("whole"), answers);
    let mut rng = StdRng::seed_from_u64(SEED);
    for session in 0..LOCAL_ROUNDS / 3 {
        let name = format!("n{session}");
        let path = dir.path().join(format!("{name}.session"));
        for _ in 0..3 {
            let mut child = start(&args(&name), answers);
            sleep(whole.mul_f64(rng.random_range(0.0..1.1)));
            child.kill().unwrap();
            child.wait().unwrap();
            if path.exists() {
                load(&path).unwrap();
            }
        }
        // What the killed server had in memory only, the codes that it had sent, is asked for again.
        let ended = run_with(args(&name), "");
        let answers = if ended.stdout.contains("Enter phone number") { answers } else { "22222\n22222\n22222\n" };
        let ended = run_with(args(&name), answers);
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        assert!(load(&path).unwrap().user.is_some());
    }
}
