//! Session files that are damaged, not ours, open to others, or in use.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::command::{command, run, wait};
use crate::world::{BOB, World};

/// Everything that opens a session, with the code of its failure.
fn all_refuse(world: &World, says: &str) {
    let before = fs::read(world.path("bob")).unwrap();
    world.run("me", "bob", &[]).fails(1, says);
    world.run("call", "bob", &["help.getConfig"]).fails(1, says);
    world.run("logout", "bob", &[]).fails(1, says);
    world.run("session show", "bob", &[]).fails(1, says);
    world.login("bob", &["--phone", BOB], "").fails(1, says);
    assert_eq!(fs::read(world.path("bob")).unwrap(), before, "the file is left as it was");
}

#[test]
fn a_corrupt_session_is_named_and_left_as_it_is() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let path = world.path("bob");
    let whole = fs::read(&path).unwrap();

    let mut flipped = whole.clone();
    flipped[40] ^= 1;
    fs::write(&path, flipped).unwrap();
    all_refuse(&world, &format!("session {}: ", path.display()));
    fs::write(&path, &whole[..20]).unwrap();
    all_refuse(&world, &format!("session {}: ", path.display()));
    fs::write(&path, "SQLite format 3\0 and whatever another program writes").unwrap();
    all_refuse(&world, "not a mtwire session");

    fs::write(&path, whole).unwrap();
    world.run("me", "bob", &[]).succeeds();
}

#[test]
fn a_torn_tail_is_cut_and_told_once() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let path = world.path("bob");
    let mut content = fs::read(&path).unwrap();
    // Fewer bytes than the head of a record has.
    content.extend_from_slice(&[0; 5]);
    fs::write(&path, content).unwrap();
    let told = format!(
        "mtwire: session {}: a crash had left its last change half written; cut off 5 bytes\n",
        path.display()
    );
    let first = world.run("me", "bob", &[]);
    assert_eq!((first.code, first.stderr), (Some(0), told));
    world.run("me", "bob", &[]).succeeds();
}

#[test]
fn a_session_that_others_can_read_is_refused() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    fs::set_permissions(world.path("bob"), fs::Permissions::from_mode(0o644)).unwrap();
    world.run("me", "bob", &[]).fails(1, "readable by others than its owner (mode 644); run `chmod 600`");
}

#[test]
fn a_session_in_use_names_the_process_at_once() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    for local in [false, true] {
        let name = if local { "local" } else { "new" };
        let args = if local { world.args("login", name, &["--local"]) } else { world.login_args(name, &[]) };
        let mut child = command(args);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // It has connected when it asks.
        let mut seen = String::new();
        let mut output = child.stdout.take().unwrap();
        while !seen.ends_with("Enter phone number: ") {
            let mut byte = [0];
            std::io::Read::read_exact(&mut output, &mut byte).unwrap();
            seen.push(byte[0].into());
        }
        let says = format!("in use by the process with pid {}; stop it", child.id());
        let quickest = (0..3).map(|_| {
            let begin = Instant::now();
            world.run("me", name, &[]).fails(1, &says);
            begin.elapsed()
        });
        // The quickest of some, because other tests run beside this one.
        assert!(quickest.min().unwrap() < Duration::from_secs(1));
        world.run("logout", name, &[]).fails(1, &says);
        world.login(name, &[], "").fails(1, &says);
        drop(child.stdin.take());
        assert_eq!(wait(&mut child), Some(1));
    }
    world.run("me", "bob", &[]).succeeds();
}

#[test]
fn a_session_of_other_servers_is_not_given_to_these() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let before = fs::read(world.path("bob")).unwrap();
    world.run("login", "bob", &["--test"]).fails(1, "the session `bob` belongs to other servers");
    assert_eq!(fs::read(world.path("bob")).unwrap(), before);
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let world = World::start();
    let mut args = world.login_args("bob", &["--phone", BOB]);
    let dir = args.iter().position(|arg| arg == "--session-dir").unwrap() + 1;
    args[dir] = "/no/such/directory".to_owned();
    run(args).fails(1, "/no/such/directory/bob.session: cannot find the directory of: No such file");
}
