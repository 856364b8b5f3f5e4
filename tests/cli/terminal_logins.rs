//! Logins in a terminal that take another way than the first: each a transcript of what a person sees and types.

use crate::tty::Tty;
use crate::world::{ADA, BOB, BOT, EVE, PASSWORD, World};

const PHONE: &str = "Enter phone number: ";
const CODE: &str = "Enter phone code: ";
const FORWARD: &str = "Type it here only: a code that is sent on in any chat is void at once.\r\n";

/// A number without an account, at home on DC 2.
const NEW: &str = "+9996627777";

fn login(world: &World, more: &[&str]) -> Tty {
    Tty::run(&world.login_args("it", more))
}

fn welcome(world: &World, who: &str, dc: i32) -> String {
    format!("Logged in successfully\r\n{who}, DC {dc}, session {}\r\n", world.path("it").display())
}

/// The whole screen is this and the welcome.
#[track_caller]
fn ends_with_login(tty: &mut Tty, wanted: &str, welcome: &str) {
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert_eq!(tty.screen, format!("{wanted}{welcome}"));
    assert!(tty.echoes());
}

#[test]
fn an_expired_code_brings_another() {
    let world = World::with_scenario(
        r#"{"numbers": {"+9996621234": {"refuse": {"auth.signIn": {"error": "PHONE_CODE_EXPIRED", "times": 1}}}}}"#,
    );
    let mut tty = login(&world, &["--phone", BOB]);
    tty.shows(CODE);
    tty.types("22222");
    tty.shows("a new one was sent");
    tty.shows(CODE);
    tty.types("22222");
    let sent = format!(
        "The code (5 digits) comes to +9996621234 in a text message.\r\n{FORWARD}\
         Or type r to get a code by a call (in 60 s), b for another number, q for a QR code.\r\n"
    );
    let wanted =
        format!("{sent}{CODE}22222\r\nThat code has expired; a new one was sent.\r\n{sent}{CODE}22222\r\n");
    ends_with_login(&mut tty, &wanted, &welcome(&world, "Bob", 2));
}

#[test]
fn a_code_that_does_not_come_is_sent_in_other_ways() {
    let world = World::with_scenario(
        r#"{"numbers": {"+9996621234": {"codes": ["app", "sms", "missed_call"], "resend_after": 0}}}"#,
    );
    let mut tty = login(&world, &["--phone", BOB]);
    for way in ["in your Telegram app", "in a text message", "missed call"] {
        tty.shows(way);
        tty.shows(CODE);
        tty.types("r");
    }
    tty.shows("The server offers no other way to send the code.\r\n");
    tty.shows(CODE);
    let digits = tty.screen.split("the last ").nth(1).unwrap().chars().next().unwrap();
    let code = "22222"[..digits.to_digit(10).unwrap() as usize].to_owned();
    tty.types(&code);
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert_eq!(tty.screen.matches("Another code was sent.").count(), 2, "{}", tty.screen);
}

#[test]
fn every_way_of_a_code_says_where_it_is() {
    let ways = [
        ("app", "is in your Telegram app"),
        ("sms", "in a text message"),
        ("call", "is read to you in a call"),
        ("flash_call", "that number is the code"),
        ("missed_call", "digits of that number are the code"),
        ("fragment", "is shown at https://fragment.com"),
        ("word", "that word is the code"),
        ("phrase", "that phrase is the code"),
    ];
    for (way, says) in ways {
        let world =
            World::with_scenario(&format!(r#"{{"numbers": {{"+9996621234": {{"codes": ["{way}"]}}}}}}"#));
        let mut tty = login(&world, &["--phone", BOB]);
        tty.shows(says);
        tty.shows(CODE);
        tty.presses("\x03");
        assert_eq!(tty.ends(), Some(1), "{way}: {}", tty.screen);
    }
}

#[test]
fn ways_that_are_closed_to_us_say_why() {
    for (way, says) in
        [("firebase", "only official apps can ask for"), ("payment_required", "only official apps can pay")]
    {
        let world =
            World::with_scenario(&format!(r#"{{"numbers": {{"+9996621234": {{"codes": ["{way}"]}}}}}}"#));
        world.login("it", &["--phone", BOB], "").fails(1, says);
    }
    // Another way is taken without a question.
    let world = World::with_scenario(r#"{"numbers": {"+9996621234": {"codes": ["firebase", "sms"]}}}"#);
    let ended = world.login("it", &["--phone", BOB], "22222\n").succeeds();
    assert!(ended.stdout.contains("in a text message"), "{}", ended.stdout);
}

#[test]
fn back_to_another_number() {
    let world = World::start();
    let mut tty = login(&world, &[]);
    tty.shows(PHONE);
    tty.types(BOB);
    tty.shows("(y/n): ");
    tty.types("y");
    tty.shows(CODE);
    tty.types("b");
    tty.shows(PHONE);
    tty.types(ADA);
    tty.shows("(y/n): ");
    tty.types("y");
    tty.shows(CODE);
    tty.types("11111");
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert!(tty.screen.ends_with(&welcome(&world, "Ada Lovelace (@ada)", 1)), "{}", tty.screen);
}

#[test]
fn a_forgotten_password_is_recovered_by_e_mail() {
    for (new, me) in [(Some("n3w w0rd"), "eve2"), (None, "eve3")] {
        let mut world = World::with(|server| {
            let scenario = r#"{"numbers": {"+9996625555": {"recovery_email": "eve@example.org"}}}"#;
            server
                .account(format!("{EVE},name=Eve,password={PASSWORD}").parse().unwrap())
                .scenario(mtwire::server::Scenario::from_json(scenario).unwrap())
        });
        let mut tty = login(&world, &["--phone", EVE]);
        tty.shows(CODE);
        tty.types("22222");
        tty.shows("Press Enter alone if it is forgotten.\r\n");
        tty.shows("Enter password: ");
        tty.hides();
        tty.types("");
        tty.shows("Type r to recover it by e-mail, d to delete");
        tty.types("r");
        tty.shows("A code to recover the password was sent to ");
        tty.shows("Enter recovery code: ");
        tty.types("0");
        tty.shows("That code is wrong; 4 tries are left.\r\n");
        let code = world.email_code();
        tty.shows("Enter recovery code: ");
        tty.types(&code);
        tty.shows("Enter new password (Enter alone: none): ");
        tty.hides();
        match new {
            Some(new) => {
                tty.types(new);
                tty.shows("again: ");
                tty.hides();
                tty.types(new);
                tty.shows("Enter hint");
                tty.types("a pet");
            }
            None => {
                tty.types("");
                tty.shows("Two-step verification goes then");
                tty.shows("Go on without a password? (y/n): ");
                tty.types("y");
            }
        }
        assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
        assert!(tty.screen.ends_with(&welcome(&world, "Eve", 2)), "{}", tty.screen);
        assert!(!tty.screen.contains("n3w w0rd"), "{}", tty.screen);
        // The next login finds what was set, or nothing.
        let second = match new {
            Some(new) => {
                let file = world.file("password", new);
                world.login(me, &["--phone", EVE, "--password-file", &file], "22222\n")
            }
            None => world.login(me, &["--phone", EVE], "22222\n"),
        };
        second.succeeds();
    }
}

#[test]
fn a_lost_password_makes_the_account_anew_after_a_wait() {
    let scenario = |wait: &str| {
        format!(r#"{{"numbers": {{"+9996625555": {{"refuse": {{"account.deleteAccount": {wait}}}}}}}}}"#)
    };
    let world = World::with(|server| {
        let refuse = scenario(r#"{"error": "2FA_CONFIRM_WAIT_604800", "times": 1}"#);
        server
            .account(format!("{EVE},name=Eve,password={PASSWORD}").parse().unwrap())
            .scenario(mtwire::server::Scenario::from_json(&refuse).unwrap())
    });
    let mut tty = login(&world, &["--phone", EVE]);
    tty.shows(CODE);
    tty.types("22222");
    for wait in [true, false] {
        tty.shows("Enter password: ");
        tty.hides();
        tty.types("");
        tty.shows("Type d to delete the account");
        tty.types("d");
        tty.shows("This deletes the account with all its chats");
        tty.shows("Delete the account? (y/n): ");
        tty.types("y");
        if wait {
            tty.shows("The account is deleted at ");
        }
    }
    tty.shows("The account was deleted; the number is free for a new one.");
    tty.shows("Do you accept these terms of service? (y/n): ");
    tty.types("y");
    tty.shows("Enter first name: ");
    tty.types("Eve");
    tty.shows("Enter last name");
    tty.types("Anew");
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert!(tty.screen.ends_with(&welcome(&world, "Eve Anew", 2)), "{}", tty.screen);
}

#[test]
fn a_login_e_mail_address_is_set_up_first() {
    let mut world =
        World::with_scenario(r#"{"numbers": {"+9996621234": {"codes": ["email_setup", "sms"]}}}"#);
    let mut tty = login(&world, &["--phone", BOB]);
    tty.shows("The account must get a login e-mail address");
    tty.shows("Enter e-mail address: ");
    tty.types("not an address");
    tty.shows("That is not an e-mail address.\r\n");
    tty.shows("Enter e-mail address: ");
    tty.types("bob@example.org");
    tty.shows("was sent to bob@example.org");
    tty.shows("Enter e-mail code: ");
    let first = world.email_code();
    tty.types("r");
    tty.shows("Another code was sent.\r\n");
    tty.shows("Enter e-mail code: ");
    let second = world.email_code();
    assert_ne!(first, "");
    // Interrupted: another process goes on here.
    tty.presses("\x03");
    assert_eq!(tty.ends(), Some(1), "{}", tty.screen);
    let mut tty = login(&world, &[]);
    tty.shows("Going on with the login that was begun before.\r\n");
    tty.shows("Enter e-mail code: ");
    tty.types(&second);
    // What follows is a code by e-mail or another way, as the server likes.
    tty.shows("Enter ");
    tty.shows("code: ");
    let code = if tty.screen.contains("by e-mail") { world.email_code() } else { "22222".to_owned() };
    tty.types(&code);
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
}

#[test]
fn a_code_by_e_mail_and_a_lost_mailbox() {
    let scenario = r#"{"numbers": {"+9996621234":
        {"codes": ["email", "sms"], "login_email": "bob@example.org", "email_reset_wait": 0}}}"#;
    let mut world = World::with_scenario(scenario);
    let mut tty = login(&world, &["--phone", BOB]);
    tty.shows("was sent by e-mail to ");
    tty.shows("Enter e-mail code: ");
    let code = world.email_code();
    tty.types(&code);
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    let world = World::with_scenario(scenario);
    let mut tty = login(&world, &["--phone", BOB]);
    tty.shows("e if the mailbox is lost");
    tty.shows("Enter e-mail code: ");
    tty.types("e");
    tty.shows("Reset the login e-mail address of the account? (y/n): ");
    tty.types("y");
    tty.shows("in a text message");
    tty.shows(CODE);
    tty.types("22222");
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
}

#[test]
fn back_from_a_sign_up_to_another_number() {
    let world = World::start();
    let mut tty = login(&world, &["--phone", NEW]);
    tty.shows(CODE);
    tty.types("22222");
    tty.shows("or type b for another number.\r\n");
    tty.shows("Do you accept these terms of service? (y/n): ");
    tty.types("b");
    tty.shows(PHONE);
    tty.types(NEW);
    tty.shows("(y/n): ");
    tty.types("y");
    tty.shows(CODE);
    tty.types("22222");
    tty.shows("(y/n): ");
    tty.types("y");
    tty.shows("Enter first name: ");
    tty.types("b");
    tty.shows(PHONE);
}

#[test]
fn a_number_without_an_account_signs_up() {
    let world = World::start();
    let mut tty = login(&world, &["--phone", NEW]);
    tty.shows(CODE);
    tty.types("22222");
    tty.shows("Do you accept these terms of service? (y/n): ");
    tty.types("y");
    tty.shows("Enter first name: ");
    tty.types("");
    tty.shows("Enter last name");
    tty.types("");
    tty.shows("the first name is needed.\r\n");
    tty.shows("Enter first name: ");
    tty.types("Grace");
    tty.shows("Enter last name");
    tty.types("Hopper");
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert!(tty.screen.ends_with(&welcome(&world, "Grace Hopper", 2)), "{}", tty.screen);
    let mut tty = Tty::run(&world.login_args("other", &["--phone", "+9996627778"]));
    tty.shows(CODE);
    tty.types("22222");
    tty.shows("(y/n): ");
    tty.types("n");
    assert_eq!(tty.ends(), Some(1), "{}", tty.screen);
    assert!(tty.screen.contains("the terms of service were not accepted"), "{}", tty.screen);
}

/// The URL under the QR code that is shown last.
fn shown_url(tty: &mut Tty) -> String {
    tty.shows("tg://login?token=");
    tty.shows("\r\n");
    let (_, rest) = tty.screen.rsplit_once("tg://login?token=").unwrap();
    format!("tg://login?token={}", rest.split_whitespace().next().unwrap())
}

#[test]
fn a_qr_code_that_another_session_scans() {
    let world = World::with_password();
    // At home on the DC where the login begins, and on another one.
    for (name, phone, code, who, dc) in
        [("bob", BOB, "22222", "Bob", 2), ("ada", ADA, "11111", "Ada Lovelace (@ada)", 1)]
    {
        let mut tty = Tty::run(&world.login_args(name, &["--qr"]));
        tty.shows("Scan this with the Telegram app");
        let url = shown_url(&mut tty);
        assert!(tty.screen.contains('\u{2588}') || tty.screen.contains('\u{2580}'), "{}", tty.screen);
        world.scan(phone, code, &url);
        assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
        let wanted =
            format!("Logged in successfully\r\n{who}, DC {dc}, session {}\r\n", world.path(name).display());
        assert!(tty.screen.ends_with(&wanted), "{}", tty.screen);
    }
}

#[test]
fn a_qr_code_is_renewed_and_left() {
    let world = World::with_scenario(r#"{"qr_lifetime": 3}"#);
    let mut tty = login(&world, &[]);
    tty.shows(PHONE);
    tty.types("q");
    let first = shown_url(&mut tty);
    let second = shown_url(&mut tty);
    assert_ne!(first, second);
    tty.types("b");
    tty.shows(PHONE);
    tty.types(BOB);
    tty.shows("(y/n): ");
    tty.types("y");
    tty.shows(CODE);
    tty.types("q");
    let third = shown_url(&mut tty);
    world.scan(BOB, "22222", &third);
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
}

#[test]
fn a_password_is_asked_after_the_scan() {
    let world = World::with_password();
    let mut tty = login(&world, &["--qr"]);
    let url = shown_url(&mut tty);
    // Whoever scans has given the password long ago, on the phone.
    world.scan_with_password(EVE, "22222", PASSWORD, &url);
    tty.shows("Enter password: ");
    tty.hides();
    tty.types(PASSWORD);
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert!(tty.screen.ends_with(&welcome(&world, "Eve", 2)), "{}", tty.screen);
}

#[test]
fn a_bots_token_at_the_question_for_the_number() {
    let world = World::start();
    let mut tty = login(&world, &[]);
    tty.shows(PHONE);
    tty.types(BOT);
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert!(tty.screen.contains(", bot, DC 2, session "), "{}", tty.screen);
}

#[test]
fn without_a_terminal_every_question_names_the_way_out() {
    let world = World::with_password();
    world.login("it", &[], "").fails(1, "give --phone or --bot-token");
    world
        .login("it", &["--phone", EVE], "")
        .fails(1, "run the login again in a terminal, or pipe the code into it");
    world.login("it", &[], "22222\n").fails(1, "--password-file");
    let file = world.file("password", PASSWORD);
    world.login("it", &["--password-file", &file], "").succeeds();
}

#[test]
fn a_wait_says_until_when_and_keeps_the_login() {
    let world = World::with_scenario(
        r#"{"numbers": {"+9996621234": {"refuse": {"auth.sendCode": {"error": "FLOOD_WAIT_3600", "times": 1}}}}}"#,
    );
    world.login("it", &["--phone", BOB], "").fails(1, "the server asks to wait 3600 s, until 20");
    world.login("it", &["--phone", BOB], "22222\n").succeeds();
}

#[test]
fn a_log_out_leaves_a_token_that_the_next_login_needs_no_code_with() {
    let world = World::start();
    world.login("it", &["--phone", BOB], "22222\n").succeeds();
    world.run("logout", "it", &[]).succeeds();
    assert_eq!(world.state("it").future_auth_tokens.len(), 1);
    let ended = world.login("it", &["--phone", BOB], "").succeeds();
    assert!(ended.stdout.starts_with("Logged in successfully"), "{}", ended.stdout);
}
