//! `kill -9` at any moment of a login: the session opens afterwards, in a state from before or after some step.

use std::io::Write;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mtwire::session::file::load;
use mtwire::session::{Stage, State};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::command::{command, run_with, wait};
use crate::world::{BOB, EVE, PASSWORD, World};

/// How often a login against a server in this process is killed.
const ROUNDS: u32 = 200;
/// How often one with its own server is: its state is written as well.
const LOCAL_ROUNDS: u32 = 60;
/// The account that it has from the start.
const ACCOUNT: &str = "+9996621234";
/// The moments are the same in every run of the test, as far as the machine lets them.
const SEED: u64 = 9;

/// Starts a login with all its answers in the pipe.
fn start(args: &[String], answers: &str) -> Child {
    let mut command = command(args);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
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

/// What a run may be asked for. The code twice: a killed run may have used it up without having noted so, and then the
/// next gets another; where none is asked for, it makes a wrong password.
fn answers(state: &State, phone: &str) -> String {
    match state.login.as_ref().map(|login| &login.stage) {
        _ if state.user.is_some() => String::new(),
        None => format!("{phone}\ny\n22222\n{PASSWORD}\n"),
        Some(Stage::Password) => format!("{PASSWORD}\n"),
        Some(_) => format!("22222\n22222\n{PASSWORD}\n"),
    }
}

#[test]
fn a_killed_login_leaves_a_session_that_opens_and_goes_on() {
    let world = World::with_password();
    let everything = |phone: &str| format!("{phone}\ny\n22222\n{PASSWORD}\n");
    let [quick, slow] = [BOB, EVE].map(|phone| duration(&world.login_args(phone, &[]), &everything(phone)));
    let mut rng = StdRng::seed_from_u64(SEED);
    let (mut round, mut resumed, mut stages) = (0, 0, std::collections::BTreeSet::new());
    for name in 0.. {
        // The check of a password takes long, so that most do without.
        let (phone, whole) = if name % 5 == 0 { (EVE, slow) } else { (BOB, quick) };
        let name = format!("n{name}");
        let args = world.login_args(&name, &[]);
        let mut before = progress(&State::default());
        // A few kills for one session: the later ones meet a login that goes on.
        for kill in 0..4 {
            round += 1;
            // One that goes on is not asked for the number any more.
            let mut child = start(&args, &answers(&load(world.path(&name)).unwrap_or_default(), phone));
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
        // A run that is left alone logs in, whatever the killed ones have left.
        let answers = answers(&load(world.path(&name)).unwrap_or_default(), phone);
        let ended = world.login(&name, &[], &answers);
        assert_eq!(ended.code, Some(0), "{answers:?}: {ended:#?}");
        assert!(world.state(&name).user.is_some());
        if round >= ROUNDS {
            break;
        }
    }
    // The moments must have met the login where it is interesting.
    assert!(stages.len() >= 3 && resumed > 0, "{stages:?}, {resumed} went on");
}

#[test]
fn a_login_with_its_own_server_can_be_killed_too() {
    let dir = tempfile::tempdir().unwrap();
    let args = |name: &str| {
        ["login", name, "--local", "--session-dir", dir.path().to_str().unwrap()].map(str::to_owned).to_vec()
    };
    let whole = duration(&args("whole"), &answers(&State::default(), ACCOUNT));
    let mut rng = StdRng::seed_from_u64(SEED);
    for session in 0..LOCAL_ROUNDS / 3 {
        let name = format!("n{session}");
        let path = dir.path().join(format!("{name}.session"));
        for _ in 0..3 {
            let mut child = start(&args(&name), &answers(&load(&path).unwrap_or_default(), ACCOUNT));
            sleep(whole.mul_f64(rng.random_range(0.0..1.1)));
            child.kill().unwrap();
            child.wait().unwrap();
            if path.exists() {
                load(&path).unwrap();
            }
        }
        let answers = answers(&load(&path).unwrap_or_default(), ACCOUNT);
        let ended = run_with(args(&name), &answers);
        assert_eq!(ended.code, Some(0), "{answers:?}: {ended:#?}");
        assert!(load(&path).unwrap().user.is_some());
    }
}
