//! `mtwire call`.

use serde_json::{Value, json};

use crate::command::run_with;
use crate::world::{ADA, BOB, World};

fn call(world: &World, name: &str, method: &str, arguments: &Value) -> Value {
    world.run("call", name, &[method, &arguments.to_string(), "--json"]).succeeds().json()
}

#[test]
fn the_answer_is_json() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let config = world.run("call", "bob", &["help.getConfig"]).succeeds();
    assert!(config.stdout.starts_with("{\n"), "for people: {config:#?}");
    let config = config.json();
    assert_eq!((&config["_"], &config["this_dc"]), (&"config".into(), &2.into()));
    assert_eq!(config["dc_options"].as_array().unwrap().len(), 3);
    let line = world.run("call", "bob", &["help.getConfig", "--json"]).succeeds().stdout;
    assert_eq!(line.lines().count(), 1, "for programs: {line}");
    // A vector, and arguments from a pipe.
    let args = world.args("call", "bob", &["users.getUsers", "-", "--json"]);
    let users = run_with(args, r#"{"id": [{"_": "inputUserSelf"}]}"#).succeeds().json();
    assert_eq!(users[0]["first_name"], "Bob");
}

#[test]
fn a_message_goes_from_one_account_to_another() {
    let world = World::start();
    world.login("ada", &["--phone", ADA], "11111\n").succeeds();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let before = call(&world, "bob", "updates.getState", &json!({}));
    let found = call(&world, "ada", "contacts.resolvePhone", &json!({"phone": BOB}));
    let bob = &found["users"][0];
    let peer = json!({"_": "inputPeerUser", "user_id": bob["id"], "access_hash": bob["access_hash"]});
    let message = json!({"peer": peer, "message": "zażółć 🐢", "random_id": "123456789012345678"});
    call(&world, "ada", "messages.sendMessage", &message);
    let since = json!({"pts": before["pts"], "qts": before["qts"], "date": before["date"]});
    let news = call(&world, "bob", "updates.getDifference", &since);
    assert_eq!(news["new_messages"][0]["message"], "zażółć 🐢", "{news}");
}

#[test]
fn calls_go_under_a_temporary_key_when_asked() {
    let world = World::start();
    world.login("bob", &["--phone", BOB, "--pfs"], "22222\n").succeeds();
    for options in [&["--pfs"][..], &["--pfs", "--no-pfs"], &["--no-pfs"], &[]] {
        let arguments =
            [&["users.getUsers", r#"{"id": [{"_": "inputUserSelf"}]}"#, "--json"], options].concat();
        assert_eq!(world.run("call", "bob", &arguments).succeeds().json()[0]["first_name"], "Bob");
    }
}

#[test]
fn the_server_s_refusal_is_told() {
    let world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let ended = world.run("call", "bob", &["contacts.resolveUsername", r#"{"username": "nobody"}"#]);
    ended.fails(1, "contacts.resolveUsername: the server answered USERNAME_NOT_OCCUPIED (code 400)");
}

#[test]
fn what_makes_no_call_is_a_usage_error_that_names_the_place() {
    let world = World::start();
    // The session is not looked at before the arguments make sense.
    let call = |arguments: &[&str], says: &str| {
        world.run("call", "nobody", arguments).fails(2, says);
    };
    call(&["help.getConfg"], "the schema has no method help.getConfg");
    call(&["help.getConfig", "{"], "the arguments are not JSON: EOF while parsing");
    call(&["help.getConfig", "[]"], "help.getConfig: $: expected help.getConfig, found ");
    call(&["help.getConfig", r#"{"x": 1}"#], "help.getConfig: $: `help.getConfig` has no field `x`");
    let text = r#"{"peer": {"_": "inputPeerUser", "user_id": "x", "access_hash": 1}, "message": "", "random_id": 1}"#;
    call(
        &["messages.sendMessage", text],
        "messages.sendMessage: $.peer.user_id: expected long (a number or a string of digits), found ",
    );
    call(&["messages.sendMessage", r#"{"peer": {"_": "inputPeerSelf"}}"#], "field `message` is missing");
    call(&["help.getConfig"], "there is no ");
}
