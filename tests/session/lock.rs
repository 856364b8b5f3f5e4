//! One holder for each session.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use mtwire::session::{Change, ErrorKind, FileStore, SessionStore};

const PATH: &str = "MTWIRE_TEST_LOCK_PATH";

/// The part of the child process: holds the session until it is killed.
#[test]
fn child_that_holds_a_session() {
    let Some(path) = env::var_os(PATH) else { return };
    let _store = FileStore::open(path).unwrap();
    println!("\nheld");
    std::thread::park();
}

fn hold(path: &std::path::Path) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "lock::child_that_holds_a_session", "--nocapture"])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "held"));
    child
}

#[test]
fn a_session_of_another_process_is_refused_with_its_pid_until_it_dies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let mut child = hold(&path);
    let error = FileStore::open(&path).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::InUse { pid: Some(pid) } if pid == child.id()), "{error}");
    assert!(error.to_string().contains(&format!("pid {}", child.id())), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
    FileStore::open(&path).unwrap();
}

#[test]
fn a_second_store_in_the_same_process_is_refused_across_snapshots() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let store = FileStore::open(&path).unwrap();
    for dc in 1..4 {
        let error = FileStore::open(&path).unwrap_err();
        assert!(error.to_string().contains("this same process"), "{error}");
        store.apply(&[Change::HomeDc(dc)]).unwrap();
    }
    drop(store);
    assert_eq!(FileStore::open(&path).unwrap().with(|state| state.home_dc), 3);
    let left: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["a.session"], "the lock file goes with its holder");
}

#[test]
fn of_many_that_want_it_at_once_one_gets_it_at_a_time() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let (holders, successes) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    if let Ok(store) = FileStore::open(&path) {
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two holders at once");
                        successes.fetch_add(1, Ordering::SeqCst);
                        holders.fetch_sub(1, Ordering::SeqCst);
                        drop(store);
                    }
                }
            });
        }
    });
    assert!(successes.load(Ordering::SeqCst) > 0);
}
