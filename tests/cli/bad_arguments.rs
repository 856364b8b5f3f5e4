//! Command lines that make no sense, and those that lack an API key.

use crate::command::run;
use crate::world::text;

const API_KEY_AT: &str = "https://my.telegram.org/apps";

#[test]
fn without_a_session_and_an_api_key_one_sentence_says_where_to_get_one() {
    let dir = tempfile::tempdir().unwrap();
    let dir = text(dir.path());
    for command in [
        &["login", "x"][..],
        &["login", "x", "--test"],
        &["login", "x", "--phone", "+9996621234"],
        &["me", "x"],
        &["logout", "x"],
        &["call", "x", "help.getConfig"],
    ] {
        let ended = run([command, &["--session-dir", &dir]].concat()).fails(2, API_KEY_AT);
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:#?}");
        assert_eq!(ended.stdout, "");
    }
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0, "nothing is left behind");
    run(["session", "show", "x", "--session-dir", &dir])
        .fails(1, "x.session: cannot open: there is no such file");
}

#[test]
fn usage_errors_have_their_own_code() {
    let refused = |args: &[&str], says: &str| {
        let ended = run(args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:#?}");
        assert!(ended.stderr.contains(says), "not `{says}`: {ended:#?}");
    };
    refused(&[], "Usage: mtwire [OPTIONS] <COMMAND>");
    refused(&["fly"], "unrecognized subcommand 'fly'");
    refused(&["me"], "<NAME>");
    refused(&["me", "x", "--wings"], "unexpected argument '--wings'");
    refused(&["me", "x", "--timeout", "0"], "--timeout <SECONDS>");
    refused(&["login", ""], "a session needs a name");
    refused(&["me", "somewhere/"], "a session needs a name");
    refused(&["session", "repair", "x", "--skip-damaged", "--leave-out"], "cannot be used with");
    refused(&["login", "x", "--bot-token-file", "f", "--qr"], "cannot be used with");
    refused(&["login", "x", "--api-id", "1"], "--api-hash <H>");
    refused(&["login", "x", "--dc", "127.0.0.1:1"], "--dc-key <FILE>");
    refused(&["login", "x", "--dc", "127.0.0.1", "--dc-id", "2", "--dc-key", "k"], "--dc <HOST:PORT>");
    refused(&["login", "x", "--local", "--test"], "cannot be used with");
    refused(&["login", "x", "--phone", "+1", "--bot-token", "1:2"], "cannot be used with");
    refused(&["login", "x", "--transport", "pigeon"], "--transport <T>");
    refused(&["serve", "--account", "hello"], "`hello` is not a phone number");
    refused(&["serve", "--account", "+9996621234,colour=red"], "`colour=red` is not an account option");
    refused(&["serve", "--listen", "here"], "--listen <IP>");
    refused(&["decode"], "<INPUT>");
}

#[test]
fn help_and_version_are_no_errors() {
    let help = run(["login", "--help"]).succeeds().stdout;
    for option in ["--local", "--password-file <F>", "--timeout <SECONDS>", "--dc-key <FILE>"] {
        assert!(help.contains(option), "{help}");
    }
    assert_eq!(run(["--version"]).succeeds().stdout, format!("mtwire {}\n", env!("CARGO_PKG_VERSION")));
}
