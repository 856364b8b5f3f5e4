//! The end of a login, from this side and from the server's.

use crate::world::{BOB, World};

#[test]
fn nobody_is_logged_in_after_a_log_out() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let ended = world.run("logout", "bob", &["--json"]).succeeds();
    assert_eq!(ended.json()["logged_out"], true);
    let nobody = format!("nobody is logged in with {}: run `mtwire login bob`", world.path("bob").display());
    for command in ["me", "logout"] {
        world.run(command, "bob", &[]).fails(1, &nobody);
    }
    world.run("call", "bob", &["help.getConfig"]).fails(1, &nobody);
    let state = world.state("bob");
    assert!(state.user.is_none() && state.dcs.values().all(|dc| dc.auth_key.is_none()));
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
}

#[test]
fn a_session_that_the_server_has_ended_says_so_and_one_login_begins_it_anew() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    // The same key logs out in another process: here, with a copy of the session.
    std::fs::copy(world.path("bob"), world.path("copy")).unwrap();
    world.run("logout", "copy", &[]).succeeds();
    // A log-out destroys the key; a session that is ended otherwise is in `devices`.
    let says =
        "the server has ended that session (DC 2 does not know its key any more): run `mtwire login bob`";
    world.run("me", "bob", &[]).fails(1, says);
    let ended = world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    assert!(ended.stdout.contains("The old login is over ("), "{ended:#?}");
    assert!(ended.stdout.contains("Logged in successfully"), "{ended:#?}");
    world.run("me", "bob", &[]).succeeds();
}
