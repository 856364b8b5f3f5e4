//! `mtwire serve` in a process of its own.

use std::io::{BufRead, BufReader, Lines};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Stdio};

use mtwire::crypto::rsa::PublicKey;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::command::{command, run, run_with, wait};
use crate::world::text;

const BOT: &str = "77:secret-of-the-bot";

/// A server that is killed when the test is over, however it ends.
struct Serve {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Serve {
    fn start(more: &[&str]) -> Self {
        let mut child = command([&["serve"], more].concat()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("a line").unwrap()
    }

    fn json(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Stops it in order: the exit code.
    fn stop(&mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        wait(&mut self.child)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The arguments that lead to DC 2 of the server.
fn login_args(dir: &tempfile::TempDir, ready: &Value, name: &str, more: &[&str]) -> Vec<String> {
    let (key, at) = (dir.path().join("key"), format!("127.0.0.1:{}", ready["dcs"][1]["port"]));
    std::fs::write(&key, ready["public_key"].as_str().unwrap()).unwrap();
    let (key, dir) = (text(&key), text(dir.path()));
    let args = ["login", name, "--session-dir", &dir, "--dc", &at, "--dc-id", "2", "--dc-key", &key];
    args.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
}

/// The first of so many ports that are free, below those that systems give out, so that no other test gets one meanwhile.
fn ports_in_a_row(count: u16) -> u16 {
    let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let begin = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    (begin..30_000).find(|first| (*first..first + count).all(is_free)).expect("free ports")
}

#[test]
fn the_ready_line_has_exactly_its_shape() {
    let mut serve = Serve::start(&["--json"]);
    let ready = serve.json();
    let ports: Vec<u64> = (0..3).map(|dc| ready["dcs"][dc]["port"].as_u64().unwrap()).collect();
    let key = ready["public_key"].as_str().unwrap();
    assert!(key.starts_with("-----BEGIN RSA PUBLIC KEY-----\n") && !key.contains("PRIVATE"));
    let fingerprint = format!("{:016x}", PublicKey::from_pem(key).unwrap().fingerprint());
    let want = json!({
        "ready": true,
        "dcs": [
            {"id": 1, "host": "127.0.0.1", "port": ports[0]},
            {"id": 2, "host": "127.0.0.1", "port": ports[1]},
            {"id": 3, "host": "127.0.0.1", "port": ports[2]},
        ],
        "public_key": key,
        "fingerprint": fingerprint,
    });
    assert_eq!(ready, want);
    // It accepts connections by then, and ends in order however it is asked to.
    std::net::TcpStream::connect(("127.0.0.1", u16::try_from(ports[2]).unwrap())).unwrap();
    assert_eq!(serve.stop(Signal::TERM), Some(0));
    let mut serve = Serve::start(&["--json"]);
    serve.json();
    assert_eq!(serve.stop(Signal::INT), Some(0));
}

#[test]
fn users_and_bots_log_in_and_their_events_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(&["--json", "--account", "+4912345678,dc=3,name=Carl", "--bot", BOT]);
    let ready = serve.json();
    run(login_args(&dir, &ready, "bot", &["--bot-token", BOT])).succeeds();
    assert_eq!(serve.json(), json!({"event": "signed_in", "user_id": 77, "dc": 2}));

    // No test number: its code is only told here.
    let carl = login_args(&dir, &ready, "carl", &["--phone", "+4912345678"]);
    run(&carl).fails(1, "there is no input for the login code");
    let code = serve.json();
    assert_eq!((&code["event"], &code["phone"]), (&"code".into(), &"4912345678".into()));
    let code = format!("{}\n", code["code"].as_str().unwrap());
    let ended = run_with(&carl, &code).succeeds();
    assert!(ended.stdout.contains("Carl, DC 3, session "), "{ended:#?}");
    assert_eq!(serve.json()["event"], "signed_in");
    assert_eq!(serve.stop(Signal::TERM), Some(0));
}

#[test]
fn state_and_key_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let (state, key) = (text(&dir.path().join("state")), text(&dir.path().join("rsa.pem")));
    let port = ports_in_a_row(3).to_string();
    let args = ["--json", "--state", &state, "--key", &key, "--port", &port];
    let mut serve = Serve::start(&args);
    let ready = serve.json();
    run_with(login_args(&dir, &ready, "new", &["--phone", "+9996623456"]), "22222\ny\nNew\n\n").succeeds();
    run(["serve", "--state", &state]).fails(1, &state);
    assert_eq!(serve.stop(Signal::TERM), Some(0));

    let mut serve = Serve::start(&args);
    let again = serve.json();
    assert_eq!((&again["fingerprint"], &again["dcs"][0]), (&ready["fingerprint"], &ready["dcs"][0]));
    let ended =
        run_with(login_args(&dir, &again, "again", &["--phone", "+9996623456"]), "22222\n").succeeds();
    assert!(ended.stdout.contains("New, DC 2"), "{ended:#?}");
}

#[test]
fn what_keeps_it_from_starting_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    run(["serve", "--port", &port]).fails(1, &port);
    let key = text(&dir.path().join("key"));
    std::fs::write(&key, "no key").unwrap();
    run(["serve", "--key", &key]).fails(1, "key");
    run(["serve", "--account", "+9996621234,dc=3"]).fails(1, "9996621234");
    run(["serve", "--bot", "no token"]).fails(1, "token");
}

#[test]
fn a_scenario_is_read_from_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("scenario.json");
    let path = text(&file);
    run(["serve", "--scenario", &path]).fails(1, &path);
    std::fs::write(&file, r#"{"numbers": {"+4912345678": {"colour": 1}}}"#).unwrap();
    run(["serve", "--scenario", &path]).fails(1, "`numbers.+4912345678.colour` is not a key");
    std::fs::write(&file, r#"{"numbers": {"+4912345678": {"code": "98765"}}}"#).unwrap();
    let mut serve = Serve::start(&["--json", "--account", "+4912345678,name=Carl", "--scenario", &path]);
    let ready = serve.json();
    let args = login_args(&dir, &ready, "carl", &["--phone", "+4912345678"]);
    assert!(run_with(args, "98765\n").succeeds().stdout.contains("Carl, DC 2"));
    assert_eq!(serve.json(), json!({"event": "code", "phone": "4912345678", "code": "98765"}));
}

#[test]
fn for_people_it_says_the_same_in_words() {
    let mut serve = Serve::start(&[]);
    for dc in 1..=3 {
        assert!(serve.line().starts_with(&format!("DC {dc} listens on 127.0.0.1:")));
    }
    assert!(serve.line().starts_with("public key, fingerprint "));
    let last = (0..20).map(|_| serve.line()).find(|line| line.starts_with("Test numbers ")).unwrap();
    assert_eq!(last, "Test numbers +99966XYYYY live on DC X and take the code XXXXX. Ctrl-C stops.");
    assert_eq!(serve.stop(Signal::INT), Some(0));
}
