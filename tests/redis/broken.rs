//! Servers that go away, come back, or say nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mtwire::client::{Client, InvokeError};
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::server::Server;
use mtwire::session::redis::redis;
use mtwire::session::redis::redis::Commands;
use mtwire::session::{Change, ErrorKind, RedisStore, SessionStore};
use mtwire::tl::functions;
use rustix::process::{Signal, kill_process};

use crate::server::{RedisServer, until};

fn told(store: &RedisStore) -> Arc<AtomicBool> {
    let told = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&told);
    store.when_lost(Box::new(move || tell.store(true, Ordering::SeqCst)));
    told
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let Some(mut server) = RedisServer::start() else { return };
    server.kill();
    let error = server.open("bot").unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Redis { .. }), "{error}");
    assert!(error.to_string().starts_with("session bot in Redis: cannot take the lease of it: "), "{error}");
    let error = RedisStore::open("http://127.0.0.1/", "bot").unwrap_err();
    assert!(error.to_string().contains("cannot use the address of it: "), "{error}");
}

#[test]
fn a_connection_that_is_lost_is_made_again() {
    let Some(server) = RedisServer::start() else { return };
    let store = server.open("bot").unwrap();
    for n in 0..5 {
        let _: i64 = redis::cmd("CLIENT")
            .arg("KILL")
            .arg("TYPE")
            .arg("normal")
            .query(&mut server.connection())
            .unwrap();
        store.apply(&[Change::Channel(1, Some(n))]).unwrap();
    }
    assert!(!store.is_lost());
}

#[test]
fn a_server_that_restarts_with_its_data_is_taken_up_again() {
    let Some(mut server) = RedisServer::persistent() else { return };
    let store = server.open_long("bot").unwrap();
    store.apply(&[Change::HomeDc(2)]).unwrap();
    server.kill();
    let error = store.apply(&[Change::HomeDc(3), Change::Channel(1, Some(1))]).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Redis { action: "write to", .. }), "{error}");
    assert_eq!(store.with(|state| state.home_dc), 2);
    server.run();
    store.apply(&[Change::Channel(2, Some(2))]).unwrap();
    assert!(!store.is_lost());
    let state = store.with(mtwire::session::State::clone);
    drop(store);
    assert!(server.open("bot").unwrap().with(|found| *found == state));
    assert_eq!((state.home_dc, state.channels.len()), (2, 1));
}

#[test]
fn a_server_that_has_forgotten_everything_takes_the_session_away() {
    let Some(mut server) = RedisServer::start() else { return };
    let store = server.open("bot").unwrap();
    let told = told(&store);
    store.apply(&[Change::HomeDc(2)]).unwrap();
    server.kill();
    server.run();
    let error = store.apply(&[Change::HomeDc(3)]).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::LeaseLost), "{error}");
    assert!(told.load(Ordering::SeqCst));
}

#[test]
fn a_server_that_stays_away_for_longer_than_the_lease_ends_it() {
    let Some(mut server) = RedisServer::persistent() else { return };
    let store = server.open("bot").unwrap();
    let told = told(&store);
    server.kill();
    until("the word", || told.load(Ordering::SeqCst));
    server.run();
    assert!(matches!(store.apply(&[Change::HomeDc(3)]).unwrap_err().kind, ErrorKind::LeaseLost));
}

#[test]
fn a_server_that_says_nothing_ends_the_lease_too() {
    let Some(server) = RedisServer::start() else { return };
    let store = server.open("bot").unwrap();
    let told = told(&store);
    kill_process(server.pid(), Signal::STOP).unwrap();
    // While the server still says nothing.
    until("the word", || told.load(Ordering::SeqCst));
    assert!(matches!(store.apply(&[Change::HomeDc(3)]).unwrap_err().kind, ErrorKind::LeaseLost));
    kill_process(server.pid(), Signal::CONT).unwrap();
}

#[test]
fn what_a_write_without_an_answer_has_left_is_settled_by_the_next() {
    let Some(server) = RedisServer::start() else { return };
    let store = server.open_long("bot").unwrap();
    store.apply(&[Change::HomeDc(2), Change::Channel(1, Some(1))]).unwrap();
    // It stands still for longer than the store is patient, and then carries out what it was sent.
    kill_process(server.pid(), Signal::STOP).unwrap();
    let error = store.apply(&[Change::HomeDc(3)]).unwrap_err();
    kill_process(server.pid(), Signal::CONT).unwrap();
    assert!(matches!(error.kind, ErrorKind::Redis { .. }), "{error}");
    assert_eq!(store.with(|state| state.home_dc), 2);
    store.apply(&[Change::Channel(1, Some(2))]).unwrap();
    let state = store.with(mtwire::session::State::clone);
    drop(store);
    assert!(server.open("bot").unwrap().with(|found| *found == state));
}

#[test]
fn a_server_that_refuses_to_write_is_told_and_nothing_is_changed() {
    let Some(server) = RedisServer::start() else { return };
    let store = server.open("bot").unwrap();
    store.apply(&[Change::HomeDc(2)]).unwrap();
    let memory = |bytes: &str| {
        let (): () = redis::cmd("CONFIG")
            .arg("SET")
            .arg("maxmemory")
            .arg(bytes)
            .query(&mut server.connection())
            .unwrap();
    };
    memory("1");
    let error = store.apply(&[Change::HomeDc(3)]).unwrap_err();
    assert!(error.to_string().contains("maxmemory"), "{error}");
    memory("0");
    store.apply(&[Change::Channel(1, Some(1))]).unwrap();
    drop(store);
    assert_eq!(server.open("bot").unwrap().with(|state| (state.home_dc, state.channels.len())), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_stops_when_the_lease_is_lost() {
    let Some(redis) = RedisServer::start() else { return };
    let dc = Server::builder().start().await.unwrap();
    let store = Arc::new(tokio::task::block_in_place(|| redis.open("bot")).unwrap());
    let at = dc.dcs().iter().find(|dc| dc.id == 2).unwrap();
    let client = Client::builder("bot")
        .api_id(1)
        .api_hash("0123456789abcdef0123456789abcdef")
        .store(store)
        .dc(2, Address::new(&*at.host, at.port))
        .trust(PublicKey::from_pem(dc.public_key_pem()).unwrap())
        .connect()
        .await
        .unwrap();
    client.invoke(&functions::help::GetConfig {}).await.unwrap();
    let mut connection = redis.connection();
    let leases: Vec<String> = connection.keys("mtwire:lease:*").unwrap();
    assert_eq!(leases.len(), 2, "{leases:?}");
    let key = leases.iter().find(|lease| lease.starts_with("mtwire:lease:key:")).unwrap();
    let (): () = connection.set(key, "somebody 1 elsewhere else").unwrap();
    // The next renewal finds it out.
    loop {
        match client.invoke(&functions::help::GetConfig {}).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(InvokeError::SessionLost { .. }) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(matches!(
        client.invoke(&functions::help::GetConfig {}).await.unwrap_err(),
        InvokeError::SessionLost { .. }
    ));
}
