//! The example that logs in at the terminal, and the bot.

use std::time::Duration;

use mtwire::client::Client;
use mtwire::tl::{enums, functions, types};
use rustix::process::{Signal, kill_process};

use crate::tty::Tty;
use crate::world::{API_HASH, BOB, BOT, EVE, World, example};

fn run(world: &World, name: &str, args: &[&str]) -> Tty {
    let command = pty_process::blocking::Command::new(example(name)).arg("1").arg(API_HASH).args(args);
    Tty::spawn(command.current_dir(world.dir()).env("MTWIRE_DC", world.mtwire_dc()).env_remove("RUST_LOG"))
}

/// What comes next is the question for her password.
fn eve_gives_her_code(world: &World) -> Tty {
    let mut tty = run(world, "terminal", &[]);
    tty.shows("Enter phone number: ");
    tty.types(EVE);
    tty.shows("correct? (y/n): ");
    tty.types("y");
    tty.shows("Enter phone code: ");
    tty.types("22222");
    tty
}

/// Another user writes to Bob.
async fn write_to_bob(client: &Client, text: &str) {
    let phone = functions::contacts::ResolvePhone { phone: BOB.trim_start_matches('+').into() };
    let found = client.invoke(&phone).await.unwrap();
    let [enums::User::User(bob)] = &found.users[..] else { panic!("{found:?}") };
    let peer = types::InputPeerUser { user_id: bob.id, access_hash: bob.access_hash.unwrap() };
    let message = functions::messages::SendMessage {
        peer: enums::InputPeer::User(peer),
        message: text.to_owned().into(),
        random_id: rand::random(),
        ..Default::default()
    };
    client.invoke(&message).await.unwrap();
}

#[test]
fn a_user_logs_in_once_and_reads_messages_until_ctrl_c() {
    let world = World::with(|server| server.account("+9996622222,name=Zoe".parse().unwrap()));
    let mut tty = run(&world, "terminal", &[]);
    tty.shows("Enter phone number: ");
    tty.types(BOB);
    tty.shows("correct? (y/n): ");
    tty.types("y");
    tty.shows("Enter phone code: ");
    tty.types("22222");
    tty.shows("Logged in successfully\r\nBob, DC 2, session ");
    let zoe = world.logged_in("+9996622222");
    world.runtime.block_on(write_to_bob(&zoe, "good morning"));
    tty.shows("> good morning\r\n");
    tty.presses("\x03");
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);

    let mut tty = run(&world, "terminal", &[]);
    // It says nothing when there is nothing to ask, so nobody knows from when on it listens.
    let writing = world.runtime.spawn(async move {
        loop {
            write_to_bob(&zoe, "good evening").await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    tty.shows("> good evening\r\n");
    writing.abort();
    kill_process(tty.pid(), Signal::TERM).unwrap();
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert!(!tty.screen.contains("Enter"), "{}", tty.screen);
}

#[test]
fn a_password_is_asked_for() {
    let world = World::start();
    let mut tty = eve_gives_her_code(&world);
    tty.shows("Enter password: ");
    tty.hides();
    tty.types(crate::world::PASSWORD);
    tty.shows("Logged in successfully\r\nEve");
    tty.presses("\x03");
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
}

#[test]
fn a_bot_is_asked_nothing() {
    let world = World::start();
    let mut tty = run(&world, "bot", &[BOT]);
    tty.shows("Logged in successfully\r\n");
    kill_process(tty.pid(), Signal::TERM).unwrap();
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert!(!tty.screen.contains("Enter"), "{}", tty.screen);
}

#[test]
fn ctrl_c_at_the_password_leaves_a_usable_terminal_and_a_login_to_go_on_with() {
    let world = World::start();
    let mut tty = eve_gives_her_code(&world);
    for how in ["key", "SIGTERM"] {
        tty.shows("Enter password: ");
        tty.hides();
        match how {
            "key" => tty.presses("half of\x03"),
            _ => kill_process(tty.pid(), Signal::TERM).unwrap(),
        }
        assert_eq!(tty.ends(), Some(1), "{how}: {}", tty.screen);
        assert!(tty.screen.contains("stopped; what was reached is saved"), "{how}: {}", tty.screen);
        assert!(tty.echoes(), "{how}: the terminal does not show what is typed any more");
        tty = run(&world, "terminal", &[]);
    }
    tty.shows("Going on with the login that was begun before.");
}

#[test]
fn without_a_terminal_it_says_what_to_do_in_the_words_of_a_program() {
    let world = World::start();
    let mut command = std::process::Command::new(example("terminal"));
    command.arg("1").arg(API_HASH).current_dir(world.dir()).env("MTWIRE_DC", world.mtwire_dc());
    let ended = command.stdin(std::process::Stdio::null()).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    let wanted = "Error: there is no input for the phone number: run the login in a terminal, or give \
                  ClientBuilder::phone or ClientBuilder::bot_token\n";
    assert_eq!(said, wanted);
}

#[test]
fn a_session_that_is_ended_from_another_device_ends_the_program() {
    let world = World::with(|server| server.account("+9996622222,name=Zoe".parse().unwrap()));
    let mut tty = run(&world, "terminal", &[]);
    tty.shows("Enter phone number: ");
    tty.types("+9996622222");
    tty.shows("correct? (y/n): ");
    tty.types("y");
    tty.shows("Enter phone code: ");
    tty.types("22222");
    tty.shows("Logged in successfully");
    let other = world.logged_in("+9996622222");
    world.runtime.block_on(other.end_other_sessions()).unwrap();
    assert_eq!(tty.ends(), Some(1), "{}", tty.screen);
    assert!(tty.screen.contains("was ended from another device"), "{}", tty.screen);
}
