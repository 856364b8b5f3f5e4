//! Logins that go well, against a server in another process.

use mtwire::transport::Kind;

use crate::world::{ADA, BOB, BOT, EVE, PASSWORD, World};

#[test]
fn a_number_that_lives_elsewhere_moves_the_session() {
    let world = World::start();
    let ended = world.login("ada", &[], &format!("{ADA}\nn\n{ADA}\ny\n11111\n")).succeeds();
    let end = format!(
        "Logged in successfully\nAda Lovelace (@ada), DC 1, session {}\n",
        world.path("ada").display()
    );
    assert!(ended.stdout.ends_with(&end), "{ended:#?}");
    assert_eq!(world.state("ada").home_dc, 1);
    let me = world.run("me", "ada", &["--json"]).succeeds().json();
    assert_eq!((&me["dc"], &me["user"]["username"]), (&1.into(), &"ada".into()));
}

#[test]
fn a_password_comes_from_a_file_or_the_pipe() {
    let world = World::with_password();
    let file = world.file("password", format!("{PASSWORD}\n"));
    let ended = world.login("file", &["--phone", EVE, "--password-file", &file], "22222\n").succeeds();
    assert!(!ended.stdout.contains("password"), "{ended:#?}");
    let ended = world.login("pipe", &["--phone", EVE], &format!("22222\n{PASSWORD}\n")).succeeds();
    assert!(ended.stdout.contains("Enter password: \n"), "{ended:#?}");
    assert!(!ended.stdout.contains(PASSWORD), "{ended:#?}");
    for name in ["file", "pipe"] {
        assert!(world.run("me", name, &[]).succeeds().stdout.starts_with("Eve, user "));
    }
}

#[test]
fn a_password_can_be_given_by_a_later_run() {
    let world = World::with_password();
    let said = "there is no input for the password: the login is kept, so run it again in a terminal or with --password-file";
    world.login("eve", &["--phone", EVE], "22222\n").fails(1, said);
    let file = world.file("password", PASSWORD);
    world.login("eve", &["--password-file", &file], "").succeeds();
}

#[test]
fn a_new_number_signs_up_after_the_terms() {
    let world = World::start();
    let phone = "+9996637777";
    world.login("new", &["--phone", phone], "33333\nn\n").fails(1, "the terms of service were not accepted");
    let ended = world.login("new", &["--phone", phone, "--json"], "33333\ny\nGrace\n\n");
    let json = ended.json();
    assert_eq!((&json["new_account"], &json["dc"]), (&true.into(), &3.into()), "{ended:#?}");
    assert_eq!(world.run("me", "new", &["--json"]).succeeds().json()["user"]["last_name"], "");
}

#[test]
fn a_bot_token_is_taken_where_the_number_is_asked_for() {
    let world = World::start();
    world.login("bot", &[], &format!("{BOT}\n")).succeeds();
    assert!(world.run("me", "bot", &[]).succeeds().stdout.contains(", bot 4242"));
}

#[test]
fn another_user_than_the_session_has_is_not_taken_for_him() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let says = "; use another name, or `mtwire logout bob` first";
    let file = world.file("token", BOT);
    for other in [["--phone", ADA], ["--bot-token", BOT], ["--bot-token-file", &file]] {
        let ended = world.login("bob", &other, "").fails(1, says);
        assert!(ended.stderr.contains("mtwire: bob is logged in as Bob, user "), "{ended:#?}");
    }
    for same in [&["--phone", "+999 (662) 1234"][..], &[], &["--qr"]] {
        let ended = world.login("bob", same, "").succeeds();
        assert!(ended.stdout.starts_with("Already logged in as Bob, user "), "{ended:#?}");
    }
}

#[test]
fn a_bot_token_is_read_from_a_file() {
    let world = World::start();
    let file = world.file("token", format!("{BOT}\nanother line\n"));
    world.login("bot", &["--bot-token-file", &file], "").succeeds();
    assert!(world.run("me", "bot", &[]).succeeds().stdout.contains(", bot 4242"));
    let empty = world.file("empty", "\n");
    world
        .login("other", &["--bot-token-file", &empty], "")
        .fails(1, &format!("{empty}: its first line is empty"));
}

#[test]
fn every_transport_carries_the_login_and_a_call() {
    let world = World::start();
    // The loopback DC has no certificate.
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::WebSocketTls) {
        let name = kind.to_string();
        world.login(&name, &["--transport", &name, "--phone", BOB], "22222\n").succeeds();
        world.run("me", &name, &[]).succeeds();
    }
}

#[test]
fn another_option_than_the_unfinished_login_begins_anew() {
    let world = World::start();
    world.login("a", &["--phone", BOB], "").fails(1, "there is no input for the login code");
    let ended = world.login("a", &["--phone", ADA], "11111\n").succeeds();
    assert!(!ended.stdout.contains("Going on"), "{ended:#?}");
    assert!(ended.stdout.contains("Ada Lovelace"), "{ended:#?}");
}
