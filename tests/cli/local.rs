//! `login --local`: the loopback DC inside the command.

use std::fs;

use crate::command::{run, run_with};
use crate::world::text;

fn args(dir: &tempfile::TempDir, command: &str, more: &[&str]) -> Vec<String> {
    let dir = text(dir.path());
    let all = [command, "my_account", "--session-dir", &dir].into_iter().chain(more.iter().copied());
    all.map(str::to_owned).collect()
}

#[test]
fn the_first_command_logs_in_and_then_the_name_is_enough() {
    let dir = tempfile::tempdir().unwrap();
    let path = text(&dir.path().join("my_account.session"));
    let ended = run_with(args(&dir, "login", &["--local"]), "+999-662-1234\ny\n22222\n").succeeds();
    let want = format!(
        "A loopback DC runs in this process, its state in {}.
Type +9996621234 (or another number +99966XYYYY, X = 1 to 3); its code is shown here.
Enter phone number: 
Is \"+999-662-1234\" correct? (y/n): 
The loopback DC sends +9996621234 the code 22222
The code (5 digits) comes to +9996621234 in a text message.
Type it here only: a code that is sent on in any chat is void at once.
Or type r to get a code by a call (in 60 s), b for another number, q for a QR code.
Enter phone code: 
Logged in successfully
Test User, DC 2, session {path}
",
        text(&dir.path().join("my_account.local-dc"))
    );
    assert_eq!(ended.stdout, want);

    let me = format!("Test User, user 7000000001, +9996621234, DC 2, session {path}\n");
    assert_eq!(run(args(&dir, "me", &[])).succeeds().stdout, me);
    let again = run(args(&dir, "login", &["--local"])).succeeds();
    assert_eq!(again.stdout, format!("Already logged in as {me}"));
    assert_eq!(
        run(args(&dir, "login", &[])).succeeds().stdout,
        again.stdout,
        "the session knows where it lives"
    );
}

#[test]
fn an_account_made_there_is_found_again_by_another_session() {
    let dir = tempfile::tempdir().unwrap();
    let sign_up = "+9996613333\ny\n11111\ny\nGrace\nHopper\n";
    let ended = run_with(args(&dir, "login", &["--local"]), sign_up).succeeds();
    assert!(
        ended.stdout.contains(
            "This number has no Telegram account yet. One can be made now; or type b for another number."
        ),
        "{ended:#?}"
    );
    assert!(ended.stdout.contains("Grace Hopper, DC 1, session "), "{ended:#?}");
    fs::remove_file(dir.path().join("my_account.session")).unwrap();
    let ended = run_with(args(&dir, "login", &["--local", "--json"]), "+9996613333\ny\n11111\n");
    let json = ended.json();
    assert_eq!(
        (&json["new_account"], &json["user"]["first_name"]),
        (&false.into(), &"Grace".into()),
        "{ended:#?}"
    );
    assert!(ended.stderr.contains("Enter phone code: "), "the dialogue is beside the JSON: {ended:#?}");
}

#[test]
fn without_a_terminal_each_question_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let local = args(&dir, "login", &["--local"]);
    run(&local).fails(
        1,
        "there is no input for the phone number: run the login in a terminal, or give --phone or --bot-token",
    );
    let said = "there is no input for the login code: the code was sent and the login is kept, so run the login again in \
                a terminal, or pipe the code into it";
    run_with(&local, "+9996621234\ny\n").fails(1, said);
    // Which is what happens then.
    let ended = run_with(&local, "22222\n").succeeds();
    assert!(ended.stdout.contains("Going on with the login that was begun before.\n"), "{ended:#?}");
    assert!(ended.stdout.contains("Logged in successfully\n"), "{ended:#?}");
}

#[test]
fn a_state_that_is_damaged_is_named() {
    let dir = tempfile::tempdir().unwrap();
    run_with(args(&dir, "login", &["--local"]), "+9996621234\ny\n22222\n").succeeds();
    let journal = dir.path().join("my_account.local-dc/journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replacen('{', "", 1)).unwrap();
    run(args(&dir, "me", &[])).fails(1, "journal.jsonl");
}
