//! The dialogue of the login in a terminal.

use rustix::process::{Signal, kill_process};

use crate::tty::Tty;
use crate::world::{ADA, BOB, EVE, PASSWORD, World};

const PHONE: &str = "Enter phone number: ";
const CODE: &str = "Enter phone code: ";
const INTERRUPTED: &str =
    "mtwire: stopped; what was reached is saved, and the same command goes on from there\r\n";

#[test]
fn the_dialogue_word_for_word() {
    let world = World::start();
    let mut tty = Tty::run(&world.login_args("bob", &[]));
    tty.shows(PHONE);
    tty.types("+999-662-1234");
    tty.shows("Is \"+999-662-1234\" correct? (y/n): ");
    tty.types("y");
    tty.shows(CODE);
    tty.types("11111");
    tty.shows(CODE);
    tty.types("11112");
    tty.shows(CODE);
    tty.types("22222");
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    let want = format!(
        "Enter phone number: +999-662-1234\r
Is \"+999-662-1234\" correct? (y/n): y\r
The code (5 digits) comes to +9996621234 in a text message.\r
Type it here only: a code that is sent on in any chat is void at once.\r
Or type r to get a code by a call (in 60 s), b for another number, q for a QR code.\r
Enter phone code: 11111\r
That code is wrong; 4 tries are left.\r
Enter phone code: 11112\r
That code is wrong; 3 tries are left.\r
Enter phone code: 22222\r
Logged in successfully\r
Bob, DC 2, session {}\r
",
        world.path("bob").display()
    );
    assert_eq!(tty.screen, want);
    assert!(tty.echoes());
}

#[test]
fn a_password_is_not_shown_while_it_is_typed() {
    let world = World::with_password();
    let mut tty = Tty::run(&world.login_args("eve", &["--phone", EVE]));
    tty.shows(CODE);
    tty.types("22222");
    for password in ["wrong one", PASSWORD] {
        tty.shows("Enter password: ");
        tty.hides();
        tty.types(password);
    }
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    let (_, end) = tty.screen.split_once(CODE).unwrap();
    let want = format!(
        "22222\r
The account is protected by a password (two-step verification). Press Enter alone if it is forgotten.\r
Enter password: \r
That password is wrong; 4 tries are left.\r
Enter password: \r
Logged in successfully\r
Eve, DC 2, session {}\r
",
        world.path("eve").display()
    );
    assert_eq!(end, want);
    assert!(tty.echoes());
}

#[test]
fn back_to_the_number_and_no_resend_yet() {
    let world = World::start();
    let mut tty = Tty::run(&world.login_args("ada", &[]));
    tty.shows(PHONE);
    tty.types(BOB);
    tty.shows("correct? (y/n): ");
    tty.types("y");
    tty.shows(CODE);
    tty.types("r");
    tty.shows("Another code can be sent in ");
    tty.shows(" s.\r\n");
    tty.shows(CODE);
    tty.types("b");
    tty.shows(PHONE);
    tty.types(ADA);
    tty.shows("correct? (y/n): ");
    tty.types("y");
    tty.shows(CODE);
    tty.types("11111");
    tty.shows("Logged in successfully\r\n");
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert!(tty.screen.contains("Ada Lovelace (@ada), DC 1"), "{}", tty.screen);
}

#[test]
fn an_interrupt_at_the_code_is_taken_up_by_the_next_run() {
    let world = World::start();
    let mut tty = Tty::run(&world.login_args("bob", &["--phone", BOB]));
    tty.shows(CODE);
    tty.presses("\x03");
    assert_eq!(tty.ends(), Some(1), "{}", tty.screen);
    assert!(tty.screen.ends_with(&format!("{CODE}^C\r\n{INTERRUPTED}")), "{}", tty.screen);
    assert!(tty.echoes());
    assert!(!world.dir().join("bob.session-lock").exists(), "the holder has left its lock");

    let mut tty = Tty::run(&world.login_args("bob", &[]));
    tty.shows("Going on with the login that was begun before.\r\n");
    tty.shows(CODE);
    tty.types("22222");
    assert_eq!(tty.ends(), Some(0), "{}", tty.screen);
    assert!(!tty.screen.contains(PHONE), "{}", tty.screen);
}

#[test]
fn an_interrupt_at_the_password_leaves_the_terminal_as_it_was() {
    let world = World::with_password();
    world.login("eve", &["--phone", EVE], "22222\n").fails(1, "there is no input for the password");
    for how in ["key", "SIGINT", "SIGTERM"] {
        let mut tty = Tty::run(&world.login_args("eve", &[]));
        tty.shows("Enter password: ");
        tty.hides();
        match how {
            "key" => tty.presses("half of\x03"),
            "SIGINT" => kill_process(tty.pid(), Signal::INT).unwrap(),
            _ => kill_process(tty.pid(), Signal::TERM).unwrap(),
        }
        assert_eq!(tty.ends(), Some(1), "{how}: {}", tty.screen);
        assert!(tty.screen.ends_with(INTERRUPTED), "{how}: {}", tty.screen);
        assert!(!tty.screen.contains("half"), "{how}: {}", tty.screen);
        assert!(tty.echoes(), "{how}: the terminal does not show what is typed any more");
        assert!(!world.dir().join("eve.session-lock").exists(), "{how}: the holder has left its lock");
    }
}

#[test]
fn the_end_of_the_input_is_not_taken_for_an_answer() {
    let world = World::start();
    let mut tty = Tty::run(&world.login_args("bob", &[]));
    tty.shows(PHONE);
    tty.presses("\x04");
    assert_eq!(tty.ends(), Some(1), "{}", tty.screen);
    assert!(tty.screen.contains("\r\nmtwire: there is no input for the phone number"), "{}", tty.screen);
}
