//! `mtwire session export` and `mtwire session import`.

use std::os::unix::fs::PermissionsExt;

use crate::command::{Ended, run, run_with};
use crate::world::{ADA, BOB, World, text};

const TWO_PROGRAMS: &str = "AUTH_KEY_DUPLICATED";

impl World {
    fn import(&self, name: &str, from: &str, value: &str, input: &str) -> Ended {
        let login = self.login_args(name, &["--from", from, value]);
        let mut args = vec!["session".to_owned(), "import".to_owned()];
        args.extend(login.into_iter().skip(1));
        run_with(args, input)
    }

    fn export(&self, name: &str, more: &[&str]) -> Ended {
        self.run("session export", name, more)
    }
}

#[track_caller]
fn done(ended: Ended) -> Ended {
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    // Whatever else is to be said, this is.
    assert!(ended.stderr.contains(TWO_PROGRAMS) && ended.stderr.contains("log in anew"), "{ended:#?}");
    assert!(ended.stderr.lines().all(|line| line.starts_with("mtwire: ")), "{ended:#?}");
    ended
}

#[test]
fn every_form_goes_out_and_in_again_without_a_code() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let known = world.state("bob");
    for (form, more) in [
        ("mtwire-string", &[][..]),
        ("telethon-string", &[]),
        ("telethon-sqlite", &[]),
        ("pyrogram-string", &[]),
        ("pyrogram-sqlite", &[]),
        ("pyrogram-sqlite", &["--kurigram"]),
    ] {
        let name = format!("{form}{}", more.len());
        let imported = if form.ends_with("string") {
            let exported = done(world.export("bob", &["--to", form]));
            // Nothing but the string, so that it can be piped on.
            assert_eq!(exported.stdout.lines().count(), 1);
            let string = exported.stdout.trim_end();
            assert!(!exported.stderr.contains(&string[20..40]), "{form}");
            let file = world.file("string.txt", string);
            done(world.import(&format!("{name}-file"), form, &file, ""));
            done(world.import(&format!("{name}-value"), form, string, ""));
            done(world.import(&name, form, "-", &exported.stdout))
        } else {
            let out = text(&world.dir().join(format!("{name}.out")));
            done(world.export("bob", &[&["--to", form, "--out", &out], more].concat()));
            assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
            done(world.import(&name, form, &out, ""))
        };
        assert!(imported.stdout.contains(&format!("{name}.session")), "{imported:#?}");
        let state = world.state(&name);
        assert_eq!(state.dcs[&2].auth_key, known.dcs[&2].auth_key, "{form}");
        assert_eq!(state.user.as_ref().unwrap().first_name, "", "{form}: not known yet");
        let me = world.run("me", &name, &["--json"]).succeeds().json();
        assert_eq!(me["user"]["first_name"], "Bob", "{form}");
        assert_eq!(world.state(&name).user, known.user, "{form}: the answer is kept");
    }
}

#[test]
fn whose_a_session_is_when_its_form_does_not_say() {
    let world = World::start();
    world.login("ada", &["--phone", ADA], "11111\n").succeeds();
    let string = done(world.export("ada", &["--to", "telethon-string"])).stdout;
    let imported = done(world.import("copy", "telethon-string", "-", &string));
    assert!(imported.stderr.contains("`mtwire me` asks"), "{imported:#?}");
    let shown = world.run("session show", "copy", &[]).succeeds().stdout;
    assert!(shown.contains("somebody is logged in; `mtwire me` asks who"), "{shown}");
    // The other way to find out.
    let login = world.login("copy", &[], "").succeeds();
    assert!(login.stdout.starts_with("Already logged in as Ada Lovelace (@ada)"), "{login:#?}");
    assert_eq!(world.state("copy").user.unwrap().username.as_deref(), Some("ada"));
    // An end of the login is an end of it, imported or not, and a new one can begin.
    world.run("logout", "copy", &[]).succeeds();
    world.login("copy", &["--phone", ADA], "11111\n").succeeds();
}

#[test]
fn nothing_is_overwritten() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let before = std::fs::read(world.path("bob")).unwrap();
    let string = done(world.export("bob", &["--to", "mtwire-string"])).stdout;
    world.import("bob", "mtwire-string", "-", &string).fails(1, "is there already and is not overwritten");
    assert_eq!(std::fs::read(world.path("bob")).unwrap(), before);
    let out = world.file("precious", "mine");
    for form in ["mtwire-string", "telethon-sqlite"] {
        let refused = world.export("bob", &["--to", form, "--out", &out]);
        refused.fails(1, "is there already and is not overwritten");
    }
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
}

#[test]
fn what_makes_no_sense_is_refused_in_one_sentence() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let export = |more: &[&str]| world.export("bob", more);
    export(&["--to", "telethon-sqlite"]).fails(2, "--out FILE");
    export(&["--to", "tdata"]).fails(1, "only read, not written");
    export(&["--to", "mtwire-string", "--kurigram"]).fails(2, "--to pyrogram-sqlite");
    let unknown = export(&["--to", "signal"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("telethon-sqlite"), "{unknown:#?}");
    let string = done(export(&["--to", "mtwire-string"])).stdout;
    let import = |from, value, input: &str| {
        let ended = world.import("new", from, value, input);
        assert!(!world.path("new").exists() && ended.stdout.is_empty(), "{ended:#?}");
        ended
    };
    let (head, tail) = string.split_at(200);
    import("mtwire-string", "-", &format!("{head}x{}", &tail[1..])).fails(1, "the checksum is wrong");
    import("telethon-string", "-", &string).fails(1, "begins with 1");
    import("telethon-sqlite", "no-such-file", "").fails(1, "cannot read no-such-file");
    import("telethon-sqlite", "/dev/null", "").fails(1, "cannot read /dev/null: it is not a regular file");
    import("tdata", "no-such-directory", "").fails(1, "tdata is a directory");
    let nobody = world.login("half", &["--phone", ADA], "");
    nobody.fails(1, "there is no input");
    world.export("half", &["--to", "mtwire-string"]).fails(1, "the session has no user; log in first");
}

#[test]
fn a_session_without_an_api_id_says_how_to_give_it_one() {
    let world = World::start();
    let dir = text(world.dir());
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sessions/telethon-ipv4.txt");
    let import = |name: &str, more: &[&str]| {
        let all = ["session", "import", name, "--from", "telethon-string", fixture, "--session-dir", &dir];
        done(run([&all, more].concat()))
    };
    let imported = import("old", &[]);
    assert!(imported.stderr.contains("no api_id is known"), "{imported:#?}");
    let refused = world.run("me", "old", &[]).fails(2, "--api-id and --api-hash");
    assert_eq!(refused.stderr.lines().count(), 1, "{refused:#?}");
    import("new", &["--api-id", "12345", "--test"]);
    let state = world.state("new");
    assert_eq!((state.app.unwrap().id, state.network), (12345, mtwire::session::Network::Test));
}

#[test]
fn an_account_of_tdata_is_chosen_and_its_passcode_read_from_a_file() {
    let world = World::start();
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sessions/tdata-7.3-passcode");
    let import = |more: &[&str]| {
        world.run("session import", "desk", &[&["--from", "tdata", directory][..], more].concat())
    };
    import(&[]).fails(1, "--passcode-file");
    let passcode = world.file("passcode", "pässcode 1\n");
    import(&["--passcode-file", &passcode]).fails(1, "0 (user 777000111), 2 (user 7777777777)");
    let imported = done(import(&["--passcode-file", &passcode, "--account", "2", "--json"])).json();
    assert_eq!((&imported["user"]["id"], &imported["dc"]), (&7_777_777_777_i64.into(), &4.into()));
}
