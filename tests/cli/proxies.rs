//! `--proxy`, `--proxy-file` and `serve --secret`.

use crate::command::run;
use crate::world::World;

const BOB: &str = "+9996621234";
const SECRET: &str = "ee00112233445566778899aabbccddeeff7777772e6578616d706c652e636f6d";

#[test]
fn every_command_that_connects_takes_a_proxy() {
    let world = World::with(|server| server.secret(SECRET.parse().unwrap()));
    let (host, port) = world.address().split_once(':').map(|(h, p)| (h.to_owned(), p.to_owned())).unwrap();
    let link = format!("https://t.me/proxy?server={host}&port={port}&secret={SECRET}");
    let ended = world.login("a", &["--phone", BOB, "--proxy", &link], "22222\n").succeeds();
    assert!(ended.stdout.contains("Logged in successfully"), "{ended:#?}");
    let file = world.file("proxy", format!("{link}\n"));
    for (command, more) in [
        ("me", &[][..]),
        ("call", &["help.getConfig"]),
        ("devices", &[]),
        ("me", &["--transport", "obfuscated"]),
        ("logout", &[]),
    ] {
        world.run(command, "a", &[more, &["--proxy-file", &file]].concat()).succeeds();
    }
}

#[test]
fn what_does_not_lead_there_is_named_without_its_secret() {
    let world = World::start();
    world.login("a", &["--phone", BOB], "22222\n").succeeds();
    // Nobody listens on the port of discarded data.
    for proxy in [
        "socks5://alice:hunter2@127.0.0.1:9",
        "http://alice:hunter2@127.0.0.1:9",
        "mtproxy://dd00112233445566778899aabbccddeeff@127.0.0.1:9",
    ] {
        let ended = world.run("me", "a", &["--proxy", proxy, "--timeout", "5"]).fails(1, "127.0.0.1:9");
        for secret in ["alice", "hunter2", "00112233"] {
            assert!(!ended.stderr.contains(secret), "{ended:#?}");
        }
    }
}

#[test]
fn what_is_no_proxy_and_no_secret_is_not_repeated() {
    for proxy in
        ["socks5://alice:hunter2@127.0.0.1", "ftp://alice:hunter2@127.0.0.1:1", "tg://proxy?secret=hunter2"]
    {
        let ended = run(["login", "x", "--proxy", proxy]).fails(2, "--proxy: ");
        assert!(!ended.stderr.contains("hunter2"), "{ended:#?}");
    }
    let ended = run(["me", "x", "--proxy", "socks5://h:1", "--proxy-file", "f"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("cannot be used with"), "{ended:#?}");
    let ended = run(["serve", "--secret", "hunter2hunter2"]).fails(2, "--secret: ");
    assert!(!ended.stderr.contains("hunter2"), "{ended:#?}");
}
