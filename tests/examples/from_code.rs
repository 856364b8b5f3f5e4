//! The example that answers from code.

use std::process::{Child, Command, Output, Stdio};

use mtwire::server::{Event, Scenario};

use crate::world::{API_HASH, EVE, NEW, PASSWORD, World, example};

const CAROL: &str = "+12025550123";

fn start(world: &World, phone: &str, password: &str) -> Child {
    Command::new(example("from_code"))
        .args(["1", API_HASH, phone, "code"])
        .current_dir(world.dir())
        .env("MTWIRE_DC", world.mtwire_dc())
        .env("PASSWORD", password)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What it has printed, if it succeeded or failed as it should.
#[track_caller]
fn ended(child: Child, success: bool) -> String {
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    assert_eq!(status.success(), success, "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

fn give_code(world: &World, code: &str) {
    std::fs::write(world.dir().join("code"), format!("{code}\n")).unwrap();
}

/// The code that the server has sent.
fn sent_code(world: &mut World) -> String {
    world.event(|event| match event {
        Event::Code { code, .. } => Some(code),
        _ => None,
    })
}

#[test]
fn a_code_from_elsewhere_logs_in_without_a_terminal() {
    let scenario =
        Scenario::from_json(&format!(r#"{{"numbers": {{"{CAROL}": {{"codes": ["sms"]}}}}}}"#)).unwrap();
    let mut world = World::with(|server| {
        server.account(format!("{CAROL},name=Carol,password={PASSWORD}").parse().unwrap()).scenario(scenario)
    });
    let child = start(&world, CAROL, PASSWORD);
    let code = sent_code(&mut world);
    give_code(&world, &code);
    let text = ended(child, true);
    assert!(text.contains("The code (5 digits) comes to +12025550123 in a text message."), "{text}");
    assert!(text.contains("Logged in as Carol"), "{text}");
    assert!(!text.contains(&code) && !text.contains(PASSWORD), "{text}");

    // The session is there: no code, no password.
    assert!(!world.dir().join("code").exists(), "a code is good once");
    assert_eq!(ended(start(&world, CAROL, ""), true), "Logged in as Carol\n");
}

#[test]
fn what_is_not_taken_ends_it_with_a_reason() {
    let mut world = World::start();
    let child = start(&world, EVE, PASSWORD);
    sent_code(&mut world);
    give_code(&world, "11111");
    let text = ended(child, false);
    assert!(text.contains("That code is wrong"), "{text}");

    // The login goes on where it was, and the next thing is wrong.
    give_code(&world, "22222");
    let text = ended(start(&world, EVE, "guess"), false);
    assert!(text.contains("That password is wrong"), "{text}");
    assert!(ended(start(&world, EVE, PASSWORD), true).contains("Logged in as Eve"));
}

#[test]
fn a_code_that_an_earlier_run_has_left_is_not_taken() {
    let mut world = World::start();
    give_code(&world, "11111");
    let child = start(&world, EVE, PASSWORD);
    let code = sent_code(&mut world);
    give_code(&world, &code);
    assert!(ended(child, true).contains("Logged in as Eve"));
}

#[test]
fn no_account_is_made_by_a_program() {
    let mut world = World::start();
    let child = start(&world, NEW, "");
    sent_code(&mut world);
    give_code(&world, "22222");
    let text = ended(child, false);
    assert!(text.contains("the number has no account"), "{text}");
}
