//! `devices`: the account's other sessions.

use crate::world::{BOB, World};

/// The hash at the beginning of the line that has `mark`, or of the one that has not.
fn hash(list: &str, current: bool) -> String {
    let line = list.lines().find(|line| line.contains("(this one)") == current).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn sessions_are_listed_and_ended() {
    let world = World::start();
    for name in ["first", "second", "third"] {
        world.login(name, &["--phone", BOB], "22222\n").succeeds();
    }
    let list = world.run("devices", "first", &[]).succeeds();
    assert_eq!(list.stdout.lines().count(), 3, "{}", list.stdout);
    assert!(list.stdout.contains(env!("CARGO_PKG_VERSION")), "{}", list.stdout);
    // The loopback DC knows no country, so that nothing stands behind the address.
    assert!(list.stdout.lines().all(|line| line == line.trim_end()), "{}", list.stdout);
    assert!(
        list.stdout.lines().all(|line| line.trim().split("  ").all(|part| part == part.trim())),
        "{}",
        list.stdout
    );
    let other = hash(&list.stdout, false);
    world.run("devices", "first", &["--end", &other]).succeeds();
    world.run("devices", "first", &["--end", &other]).fails(1, "no session with that hash");
    let json: serde_json::Value =
        serde_json::from_str(&world.run("devices", "first", &["--json"]).succeeds().stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    world.run("devices", "first", &["--end-others"]).succeeds();
    assert_eq!(world.run("devices", "first", &[]).succeeds().stdout.lines().count(), 1);
    for name in ["second", "third"] {
        let says = format!(
            "{name} was logged in as Bob, user 7000000002, {BOB}, and the server has ended that session \
             (SESSION_REVOKED): run `mtwire login {name}`"
        );
        world.run("me", name, &[]).fails(1, &says);
        world.run("call", name, &["users.getUsers", r#"{"id":[{"_":"inputUserSelf"}]}"#]).fails(1, &says);
        world.run("devices", name, &[]).fails(1, &says);
        assert!(world.run("me", name, &["--json"]).json()["error"].as_str().unwrap().contains(&says));
    }
    let ended = world.login("second", &["--phone", BOB], "22222\n").succeeds();
    assert!(ended.stdout.contains("The old login is over ("), "{ended:#?}");
    world.run("me", "second", &[]).succeeds();
}

#[test]
fn what_is_not_a_login_url_is_said_so() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    for url in ["https://t.me/login", "tg://login?token=!!!"] {
        world.run("devices", "bob", &["--accept", url]).fails(1, "not the text of a QR code");
    }
    world.run("devices", "bob", &["--accept", "tg://login?token=AAAA"]).fails(1, "not a QR code of a login");
}
