//! Encrypted sessions on the command line.

use std::fs;

use mtwire::session::file::{Passphrase, is_encrypted, load_with};
use rustix::process::{Signal, kill_process};

use crate::tty::Tty;
use crate::world::{BOB, World};

#[test]
fn a_session_is_encrypted_changed_and_decrypted_and_every_command_opens_it() {
    let world = World::start();
    let (one, two) =
        (world.file("one", "first phrase\nsecond line\n"), world.file("two", "another phrase\r\n"));
    world.login("bob", &["--phone", BOB, "--passphrase-file", &one], "22222\n").succeeds();
    let path = world.path("bob");
    assert!(is_encrypted(&path).unwrap());
    let with = ["--passphrase-file", one.as_str()];
    world.run("me", "bob", &with).succeeds();
    world.run("call", "bob", &["help.getConfig", with[0], with[1]]).succeeds();
    world.login("bob", &with, "").succeeds();
    assert_eq!(
        world.run("session show", "bob", &[&with[..], &["--json"]].concat()).json()["user"]["first_name"],
        "Bob"
    );
    let checked = world.run("session check", "bob", &[&with[..], &["--json"]].concat()).succeeds().json();
    assert_eq!((&checked["whole"], &checked["encrypted"]), (&true.into(), &true.into()));

    let before = fs::read(&path).unwrap();
    let wrong = ["--passphrase-file", two.as_str()];
    for command in ["me", "logout", "session show", "session check", "session repair"] {
        let refused = format!("session {}: the passphrase is wrong", path.display());
        world.run(command, "bob", &wrong).fails(1, &refused);
        let needed =
            format!("session {}: encrypted; give its passphrase with --passphrase-file", path.display());
        world.run(command, "bob", &[]).fails(1, &needed);
    }
    let json = world.run("me", "bob", &["--json"]);
    assert!(json.json()["error"].as_str().unwrap().contains("--passphrase-file"));
    world.login("bob", &wrong, "").fails(1, "the passphrase is wrong");
    world.run("session passphrase", "bob", &with).fails(2, "no terminal to ask for the new passphrase");
    assert_eq!(fs::read(&path).unwrap(), before);

    let change = [&with[..], &["--new-passphrase-file", &two]].concat();
    let changed = world.run("session passphrase", "bob", &change).succeeds();
    assert!(changed.stdout.contains("is encrypted"), "{changed:?}");
    world.run("me", "bob", &with).fails(1, "the passphrase is wrong");
    world.run("me", "bob", &wrong).succeeds();
    assert!(
        load_with(&path, Some(&Passphrase::new("another phrase"))).is_ok(),
        "the line end is no part of it"
    );

    world.run("session passphrase", "bob", &[&wrong[..], &["--remove"]].concat()).succeeds();
    assert!(!is_encrypted(&path).unwrap());
    world.run("me", "bob", &[]).succeeds();
    world.run("me", "bob", &with).fails(1, "not encrypted, but a passphrase was given");
    world.run("session passphrase", "bob", &["--remove"]).fails(1, "not encrypted");
    world.run("session passphrase", "bob", &["--new-passphrase-file", &one]).succeeds();
    world.run("logout", "bob", &with).succeeds();
}

#[test]
fn a_bad_passphrase_file_is_named() {
    let world = World::start();
    let empty = world.file("empty", "\n");
    let fails = |file: &str, code, says: &str| {
        world.login("bob", &["--phone", BOB, "--passphrase-file", file], "").fails(code, says);
    };
    fails(&empty, 1, "empty: its first line is empty");
    fails("/no/such/file", 1, "/no/such/file: ");
    world.run("session passphrase", "none", &["--new-passphrase-file", &empty]).fails(2, "there is no ");
    assert!(!world.path("bob").exists());
}

#[test]
fn in_a_terminal_it_is_asked_for_and_not_shown() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let mut tty = Tty::run(&world.args("session passphrase", "bob", &[]));
    for prompt in ["Enter new passphrase: ", "Repeat new passphrase: "] {
        tty.shows(prompt);
        tty.hides();
        tty.types("open sesame");
    }
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert!(!tty.screen.contains("sesame") && tty.echoes(), "{}", tty.screen);

    for (typed, code, says) in [("open sesame", 0, "Bob, user "), ("sesame", 1, "the passphrase is wrong")] {
        let mut tty = Tty::run(&world.args("me", "bob", &[]));
        tty.shows("Enter passphrase: ");
        tty.hides();
        tty.types(typed);
        tty.shows(says);
        assert_eq!(tty.ends(), Some(code), "{}", tty.screen);
        assert!(!tty.screen.contains("sesame") && tty.echoes(), "{}", tty.screen);
    }
    let mut tty = Tty::run(&world.args("session passphrase", "bob", &[]));
    for (prompt, typed) in [
        ("Enter passphrase: ", "open sesame"),
        ("Enter new passphrase: ", "one"),
        ("Repeat new passphrase: ", "two"),
    ] {
        tty.shows(prompt);
        tty.hides();
        tty.types(typed);
    }
    tty.shows("the two are not the same");
    assert_eq!(tty.ends(), Some(1), "{}", tty.screen);
    assert!(load_with(world.path("bob"), Some(&Passphrase::new("open sesame"))).is_ok());
}

#[test]
fn an_interrupt_at_the_passphrase_leaves_the_terminal_as_it_was() {
    let world = World::start();
    let one = world.file("one", "first phrase\n");
    world.login("bob", &["--phone", BOB, "--passphrase-file", &one], "22222\n").succeeds();
    for (command, signal) in
        [("me", None), ("session show", Some(Signal::TERM)), ("login", Some(Signal::INT))]
    {
        let mut tty = Tty::run(&world.args(command, "bob", &[]));
        tty.shows("Enter passphrase: ");
        tty.hides();
        match signal {
            None => tty.presses("half of\x03"),
            Some(signal) => kill_process(tty.pid(), signal).unwrap(),
        }
        assert_eq!(tty.ends(), Some(1), "{command}: {}", tty.screen);
        assert!(tty.screen.contains("mtwire: stopped") && !tty.screen.contains("half"), "{}", tty.screen);
        assert!(tty.echoes(), "{command}: the terminal does not show what is typed any more");
    }
}
