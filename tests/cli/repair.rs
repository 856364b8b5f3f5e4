//! `mtwire session check` and `mtwire session repair`.

use std::fs;
use std::process::Stdio;

use mtwire::session::{Change, FileStore, Peer, PeerKey, PeerKind, SessionStore, UpdateState};

use crate::command::{command, wait};
use crate::world::{BOB, World};

fn peer(id: i64) -> Change {
    Change::Peer(Peer {
        key: PeerKey { kind: PeerKind::User, id },
        access_hash: Some(!id),
        min: false,
        bot_or_broadcast: false,
        username: None,
        phone: None,
        name: None,
    })
}

/// A session of somebody who is logged in and knows one peer, himself, and behind that three records of another peer
/// each; where these begin.
fn session(world: &World) -> Vec<usize> {
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let store = FileStore::open(world.path("bob")).unwrap();
    let mut starts = Vec::new();
    for id in 1..4 {
        starts.push(fs::metadata(world.path("bob")).unwrap().len() as usize);
        let updates = UpdateState { pts: id, qts: 0, date: 0, seq: 0 };
        store.apply(&[Change::Updates(Some(updates)), peer(id.into())]).unwrap();
    }
    starts
}

#[test]
fn a_whole_session_is_said_to_be_so() {
    let world = World::start();
    session(&world);
    let before = fs::read(world.path("bob")).unwrap();
    let checked = world.run("session check", "bob", &[]).succeeds().stdout;
    assert!(checked.contains("\nwhole     yes\n") && checked.contains("\npeers     4\n"), "{checked}");
    let json = world.run("session check", "bob", &["--json"]).succeeds().json();
    assert_eq!((&json["whole"], &json["damage"], &json["torn"]), (&true.into(), &[(); 0].into(), &().into()));
    assert_eq!(json["holds"]["peers"], 4);
    world.run("session repair", "bob", &[]).fails(1, "nothing is wrong with it; it was left as it is");
    assert_eq!(fs::read(world.path("bob")).unwrap(), before);
}

#[test]
fn a_torn_tail_is_told_and_left_to_the_next_opening() {
    let world = World::start();
    let starts = session(&world);
    let whole = fs::read(world.path("bob")).unwrap();
    fs::write(world.path("bob"), &whole[..whole.len() - 3]).unwrap();
    let checked = world.run("session check", "bob", &[]).succeeds().stdout;
    let torn = format!("\ntorn      at byte {}, {} bytes: ", starts[2], whole.len() - 3 - starts[2]);
    assert!(checked.contains(&torn) && checked.contains("\npeers     3\n"), "{checked}");
    world.run("session repair", "bob", &[]).fails(1, "nothing is wrong with it");
    assert_eq!(fs::read(world.path("bob")).unwrap().len(), whole.len() - 3);
}

#[test]
fn a_damaged_session_is_repaired_and_works_again() {
    let world = World::start();
    let starts = session(&world);
    let path = world.path("bob");
    let mut damaged = fs::read(&path).unwrap();
    damaged[starts[1] + 20] ^= 1;
    fs::write(&path, &damaged).unwrap();

    let place = format!("at byte {}, {} bytes", starts[1], starts[2] - starts[1]);
    let checked = world
        .run("session check", "bob", &[])
        .fails(1, &format!("damaged {place}; `mtwire session repair bob` keeps what is before it"));
    assert!(checked.stdout.contains("\nwhole     no\n"), "{checked:?}");
    assert!(checked.stdout.contains(&format!("\ndamage    {place}: a checksum is wrong\n")), "{checked:?}");
    assert!(
        checked.stdout.contains("\nbehind it 1 whole record (1 × peer, 1 × update state)\n"),
        "{checked:?}"
    );
    let json = world.run("session check", "bob", &["--json"]);
    assert_eq!(json.code, Some(1));
    assert_eq!(json.json()["damage"][0]["offset"], starts[1]);
    assert_eq!(
        (json.json()["holds"]["peers"].as_u64(), json.json()["later"]["peer"].as_u64()),
        (Some(2), Some(1))
    );
    assert_eq!(fs::read(&path).unwrap(), damaged);
    world.run("me", "bob", &[]).fails(1, "a checksum is wrong");

    let repaired = world.run("session repair", "bob", &[]).succeeds().stdout;
    for says in [
        format!("\nkept      {}-damaged: ", path.display()),
        format!("\nlost      {place}: a checksum is wrong\n"),
        "\nleft out  1 whole record (1 × peer, 1 × update state) behind the damage; to apply that too:\n"
            .to_owned(),
        "\npeers     2\n".to_owned(),
    ] {
        assert!(repaired.contains(&says), "no `{says}`: {repaired}");
    }
    assert_eq!(fs::read(world.dir().join("bob.session-damaged")).unwrap(), damaged);
    assert_eq!(world.state("bob").updates.map(|updates| updates.pts), Some(1));
    world.run("me", "bob", &[]).succeeds();

    // The way back is one to be followed as it is written.
    let (_, back) = repaired.split_once("apply that too:\n").unwrap();
    let (back, _) = back.split_once('\n').unwrap();
    let dir = world.dir().display();
    let line = format!(
        "mv {0}-damaged {0} && mtwire session repair bob --session-dir {dir} --skip-damaged",
        path.display()
    );
    assert_eq!(back.trim(), line);
    fs::rename(world.dir().join("bob.session-damaged"), &path).unwrap();
    let repaired = world.run("session repair", "bob", &["--skip-damaged"]).succeeds().stdout;
    assert!(
        repaired.contains("\napplied   1 whole record (1 × peer, 1 × update state) behind"),
        "{repaired}"
    );
    assert!(repaired.contains("\npeers     3\n"), "{repaired}");

    fs::write(&path, &damaged).unwrap();
    let json = world.run("session repair", "bob", &["--skip-damaged", "--json"]).succeeds().json();
    assert_eq!((&json["later_applied"], &json["holds"]["peers"]), (&true.into(), &3.into()));
    assert!(json["kept"].as_str().unwrap().ends_with("bob.session-damaged-2"));
    world.run("me", "bob", &[]).succeeds();
}

#[test]
fn a_login_behind_the_damage_is_lost_only_when_told_so() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let path = world.path("bob");
    let whole = fs::read(&path).unwrap();
    // The snapshot, which is the first record, has the API key; the auth key and the user come behind it.
    let mut damaged = whole.clone();
    damaged[24 + 12] ^= 1;
    fs::write(&path, &damaged).unwrap();
    let dir = world.dir().display();
    let with = |option| format!("`mtwire session repair bob --session-dir {dir} {option}`");
    let refused = world.run("session repair", "bob", &[]).fails(1, &with("--skip-damaged"));
    assert!(refused.stderr.contains("whole records"), "{refused:#?}");
    assert_eq!(fs::read(&path).unwrap(), damaged);
    assert!(!world.dir().join("bob.session-damaged").exists());
    world.run("session repair", "bob", &["--skip-damaged"]).succeeds();
    assert!(world.state("bob").user.is_some());

    // Behind the first records the key is made, and behind that somebody logs in.
    let mut damaged = whole;
    let len = u32::from_le_bytes(damaged[24..28].try_into().unwrap()) as usize;
    let second = 24 + (12 + len).next_multiple_of(8);
    damaged[second + 12] ^= 1;
    fs::write(&path, &damaged).unwrap();
    let refused = world.run("session repair", "bob", &[]).fails(1, &with("--leave-out"));
    assert!(refused.stderr.contains("is not before the damage but among the "), "{refused:#?}");
    assert!(refused.stderr.contains(&with("--skip-damaged")), "{refused:#?}");
    world.run("session repair", "bob", &["--leave-out"]).succeeds();
    assert!(world.state("bob").user.is_none());
}

#[test]
fn a_session_in_use_can_be_checked_and_not_repaired() {
    let world = World::start();
    let mut child = command(world.login_args("new", &[]));
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut seen = String::new();
    while !seen.ends_with("Enter phone number: ") {
        let mut byte = [0];
        std::io::Read::read_exact(&mut output, &mut byte).unwrap();
        seen.push(byte[0].into());
    }
    world.run("session check", "new", &[]).succeeds();
    let says = format!("in use by the process with pid {}; stop it", child.id());
    world.run("session repair", "new", &[]).fails(1, &says);
    world.run("session passphrase", "new", &["--remove"]).fails(1, &says);
    drop(child.stdin.take());
    assert_eq!(wait(&mut child), Some(1));
}

#[test]
fn what_is_no_session_is_named() {
    let world = World::start();
    for command in ["session check", "session repair"] {
        world.run(command, "none", &[]).fails(1, "none.session: cannot open: ");
    }
    world.file("other.session", "SQLite format 3\0 and whatever another program writes");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(world.path("other"), private).unwrap();
    world.run("session check", "other", &[]).fails(1, "not a mtwire session");
    world.run("session repair", "other", &["--json"]).fails(1, "not a mtwire session");
}
