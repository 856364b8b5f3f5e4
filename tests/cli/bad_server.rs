//! Servers that are not what they should be.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use mtwire::crypto::rsa::PrivateKey;

use crate::command::{Ended, run};
use crate::world::{BOB, World};

/// Serves every connection with `answer` for as long as the test runs.
fn listen(listener: TcpListener, answer: impl Fn(TcpStream) + Send + 'static) -> String {
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || listener.incoming().for_each(|stream| answer(stream.unwrap())));
    address
}

fn anywhere() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// A login at another address than that of the server.
fn login_at(world: &World, address: &str, more: &[&str]) -> Ended {
    let mut args = world.login_args("bob", &[&["--phone", BOB], more].concat());
    let at = args.iter().position(|arg| *arg == world.address()).unwrap();
    args[at] = address.to_owned();
    run(args)
}

#[test]
fn an_unknown_key_is_not_trusted() {
    let world = World::start();
    let other = PrivateKey::generate(&mut rand::rng()).unwrap().public().to_pkcs1_pem();
    world.file("server.pem", other);
    let ended = world.login("bob", &["--phone", BOB], "");
    let ended = ended.fails(1, "the server has none of the trusted RSA keys");
    assert!(ended.stderr.contains(&world.address()), "{ended:#?}");
}

#[test]
fn a_key_file_that_is_of_no_use_is_named() {
    let world = World::start();
    let file = world.file("server.pem", "no key\n");
    world.login("bob", &["--phone", BOB], "").fails(1, &file);
    std::fs::remove_file(&file).unwrap();
    world.login("bob", &["--phone", BOB], "").fails(1, &format!("{file}: No such file"));
}

#[test]
fn a_refused_connection_names_the_address() {
    let world = World::start();
    let address = anywhere().local_addr().unwrap().to_string();
    let ended = login_at(&world, &address, &[]);
    ended.fails(1, &format!("{address} refused the connection: nothing listens on that port"));
}

#[test]
fn garbage_is_not_taken_for_mtproto() {
    let world = World::start();
    // An abridged packet of 40 bytes.
    let address = listen(anywhere(), |mut stream| {
        stream.write_all(&[[10].as_slice(), &[0x5a; 40]].concat()).unwrap();
        // Until the client goes: a reset could overtake what was written.
        _ = stream.read_to_end(&mut Vec::new());
    });
    let ended = login_at(&world, &address, &[]);
    let ended = ended.fails(1, "the server does not speak MTProto");
    assert!(ended.stderr.contains(&address), "{ended:#?}");
}

#[test]
fn a_web_server_is_no_dc() {
    let world = World::start();
    let address = listen(anywhere(), |mut stream| {
        _ = stream.read(&mut [0; 1024]);
        _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    let ended = login_at(&world, &address, &[]);
    ended.fails(1, &format!("the key exchange with DC 2 at {address} failed: "));
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let world = World::start();
    let address = listen(anywhere(), |stream| {
        drop(thread::spawn(move || {
            let mut stream = stream;
            _ = stream.read_to_end(&mut Vec::new());
        }))
    });
    let ended = login_at(&world, &address, &["--timeout", "1"]);
    let said = format!(
        "the key exchange with DC 2 at {address} failed: the server did not finish the key exchange within 500ms"
    );
    ended.fails(1, &said);
}

#[test]
fn a_known_server_that_falls_silent_or_mad_is_given_up() {
    for garbage in [&[][..], &[10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] {
        let mut world = World::start();
        world.login("bob", &["--phone", BOB], "22222\n").succeeds();
        let before = std::fs::read(world.path("bob")).unwrap();
        let address = world.address();
        world.stop_server();
        listen(TcpListener::bind(&address).unwrap(), move |stream| {
            thread::spawn(move || {
                let mut stream = stream;
                stream.write_all(&garbage.repeat(100)).unwrap();
                _ = stream.read_to_end(&mut Vec::new());
            });
        });
        // Either that it was not reached, or that the first call had no answer: both deadlines are the same.
        world.run("me", "bob", &["--timeout", "1"]).fails(1, " within 1s");
        assert_eq!(std::fs::read(world.path("bob")).unwrap(), before);
    }
}

#[test]
fn a_known_server_that_is_gone_is_named() {
    let mut world = World::start();
    world.login("bob", &["--phone", BOB], "22222\n").succeeds();
    let address = world.address();
    world.stop_server();
    let refused = format!("{address} refused the connection");
    world.run("me", "bob", &[]).fails(1, &refused);
    world.run("call", "bob", &["help.getConfig", "--timeout", "2"]).fails(1, &refused);
    let ended = world.run("logout", "bob", &["--json"]).fails(1, &refused);
    assert!(ended.json()["error"].as_str().unwrap().contains(&refused), "{ended:#?}");
    assert!(world.state("bob").user.is_some(), "a log-out that nobody heard of changes nothing");
}
