//! A login that the server, or the one who types, gets wrong.

use std::time::Duration;

use crate::world::{BOB, EVE, World};

#[test]
fn a_wrong_code_is_asked_for_again_so_often() {
    let world = World::start();
    let phone = format!("{BOB}\ny\n");
    let ended = world.login("bob", &[], &format!("{phone}11111\n123\n{}", "11111\n".repeat(4)));
    let ended = ended.fails(1, "a wrong code was typed too often; run the login again to go on");
    for notice in [
        "That code is wrong; 4 tries are left.",
        "The code has 5 digits.",
        "That code is wrong; 3 tries are left.",
        "That code is wrong; one try is left.",
    ] {
        assert!(ended.stdout.contains(notice), "{ended:#?}");
    }
    // The code itself is spent by now, so that the next run gets another by itself.
    let ended = world.login("bob", &[], "22222\n22222\n").succeeds();
    assert!(ended.stdout.contains("That code has expired; a new one was sent."), "{ended:#?}");
    assert!(ended.stdout.contains("Logged in successfully\n"), "{ended:#?}");
}

#[test]
fn a_new_code_is_sent_for_an_expired_one_so_often() {
    let world = World::with(|server| server.code_lifetime(Duration::ZERO));
    let ended = world.login("bob", &["--phone", BOB], &"22222\n".repeat(10));
    let ended = ended.fails(1, "a code was asked for too often; run the login again to go on");
    let again = ended.stdout.matches("That code has expired; a new one was sent.").count();
    assert!((2..10).contains(&again), "{ended:#?}");
}

#[test]
fn an_invalid_number_is_asked_for_again_and_refused_as_an_option() {
    let world = World::start();
    // By the rule of test numbers this one lives on DC 9, which is not there.
    let nowhere = "+9996691234";
    let input = format!("hello\ny\n{nowhere}\ny\n{BOB}\ny\n22222\n");
    let ended = world.login("bob", &[], &input).succeeds();
    assert!(ended.stdout.contains("That is neither a phone number"), "{ended:#?}");
    assert!(
        ended.stdout.contains("The server refuses the number: it is not a valid phone number"),
        "{ended:#?}"
    );
    let ended = world.login("other", &["--phone", nowhere], "");
    ended.fails(1, "--phone is not taken: The server refuses the number: it is not a valid phone number");
    world
        .login("other", &["--phone", "hello"], "")
        .fails(1, "--phone is not taken: That is neither a phone number");
}

#[test]
fn a_banned_number_is_named_as_such() {
    let world = World::with(|server| server.ban(BOB));
    let ended = world.login("bob", &["--phone", BOB], "");
    ended.fails(1, "the server refuses the phone number: it is banned");
}

#[test]
fn a_flood_wait_says_how_long_and_until_when_and_keeps_the_session() {
    let world = World::with(|server| server.flood_wait(BOB, 86_400));
    let ended = world.login("bob", &["--phone", BOB], "");
    let ended = ended.fails(1, "the server asks to wait 86400 s, until ");
    assert!(ended.stderr.contains(" UTC (FLOOD_WAIT_86400"), "{ended:#?}");
    assert!(world.state("bob").dcs[&2].auth_key.is_some());
}

#[test]
fn a_wrong_password_is_asked_for_again_so_often() {
    let world = World::with_password();
    let ended = world.login("eve", &["--phone", EVE], &format!("22222\n{}", "wrong\n".repeat(5)));
    let ended = ended.fails(1, "a wrong password was typed too often; run the login again to go on");
    assert!(ended.stdout.contains("That password is wrong; 4 tries are left."), "{ended:#?}");
    let file = world.file("password", "wrong\n");
    let ended = world.login("eve", &["--password-file", &file], "");
    ended.fails(1, "--password-file is not taken: the password is wrong");
}

#[test]
fn a_password_file_that_is_of_no_use_is_named() {
    let world = World::start();
    let empty = world.file("password", "\nsecond line\n");
    let ended = world.login("eve", &["--password-file", &empty], "");
    ended.fails(1, &format!("{empty}: its first line is empty"));
    let ended = world.login("eve", &["--password-file", "/no/such/file"], "");
    ended.fails(1, "/no/such/file: No such file");
}

#[test]
fn a_refused_bot_token_is_named_as_such() {
    let world = World::start();
    let refused = "the server refuses the bot token (";
    world.login("bot", &["--bot-token", "4242:wrong"], "").fails(1, refused);
    world.login("bot", &["--bot-token", "no token"], "").fails(1, refused);
    let ended = world.login("bot", &[], "4242:wrong\n").fails(1, refused);
    assert!(ended.stderr.contains("ACCESS_TOKEN_INVALID"), "{ended:#?}");
}

#[test]
fn a_refusal_is_json_for_a_program() {
    let world = World::with(|server| server.ban(BOB));
    let ended = world.login("bob", &["--phone", BOB, "--json"], "").fails(1, "it is banned");
    assert!(ended.json()["error"].as_str().unwrap().contains("it is banned"), "{ended:#?}");
}
