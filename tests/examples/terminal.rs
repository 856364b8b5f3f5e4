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
    let mut tty = run(&world, "terminal", &[]);
    tty.shows("Enter phone number: ");
    tty.types(EVE);
    tty.shows("correct? (y/n): ");
    tty.types("y");
    tty.shows("Enter phone code: ");
    tty.types("22222");
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
