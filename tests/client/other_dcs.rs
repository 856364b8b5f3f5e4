//! Calls at other DCs than the home, and connections for files (AU-7, AU-8, UP-7).

use std::sync::Arc;
use std::time::Duration;

use mtwire::client::{Client, InvokeError, SignInStep, Timing, Update};
use mtwire::crypto::AuthKey;
use mtwire::server::Server;
use mtwire::session::{Change, Dc, MemoryStore, SessionStore};
use mtwire::tl::{Serialize, enums, functions, types};
use tokio::task::JoinSet;

use crate::loopback;
use crate::relay::Relay;
use crate::scripted::{Reply, Scripted, Seen};

const BOB: &str = "+9996621234";

async fn serve() -> Server {
    Server::builder().account(format!("{BOB},name=Bob").parse().unwrap()).start().await.unwrap()
}

async fn log_in(client: &Client) {
    client.send_code(BOB).await.unwrap();
    assert!(matches!(client.sign_in("22222").await.unwrap(), SignInStep::Done(_)));
}

fn who_am_i() -> functions::users::GetUsers {
    functions::users::GetUsers { id: vec![enums::InputUser::InputUserSelf] }
}

#[tokio::test]
async fn au_7_a_login_is_taken_along_once_and_the_home_stays() {
    let server = serve().await;
    let away = Relay::start(loopback::address(&server, 1)).await;
    let store = Arc::new(MemoryStore::default());
    let shared = Arc::clone(&store) as Arc<dyn SessionStore>;
    let describe = || {
        loopback::own_store(&server, 2, loopback::address(&server, 2), Arc::clone(&shared))
            .dc(1, away.address())
            .start_at(2)
    };
    let client = describe().connect().await.unwrap();
    let there = client.on_dc(1);
    assert_eq!(there.invoke(&functions::help::GetConfig {}).await.unwrap().this_dc, 1, "without a login");
    log_in(&client).await;
    assert_eq!(there.invoke(&who_am_i()).await.unwrap().len(), 1);
    assert_eq!(client.home_dc(), 2);
    let authorized = || store.with(|state| state.dcs[&1].authorized);
    assert!(authorized());
    client.disconnect().await;

    // A key is authorized once: with the flag wrong, it is noticed by the first call and done again.
    let client = describe().connect().await.unwrap();
    let there = client.on_dc(1);
    there.invoke(&functions::auth::LogOut {}).await.unwrap();
    assert!(authorized(), "that is what the session believes");
    assert_eq!(there.invoke(&who_am_i()).await.unwrap().len(), 1);
    assert_eq!(client.home_dc(), 2);
    client.disconnect().await;
}

#[tokio::test]
async fn files_have_connections_of_their_own_with_the_same_key_and_no_updates() {
    let server = serve().await;
    let relay = Relay::start(loopback::address(&server, 2)).await;
    let idle = Timing { idle: Duration::from_millis(200), ..loopback::timing() };
    for pfs in [false, true] {
        let before = relay.connections();
        let client = loopback::builder(&server, 2, relay.address())
            .media_connections(3)
            .timing(idle.clone())
            .pfs(pfs)
            .connect()
            .await
            .unwrap();
        log_in(&client).await;
        let updates = client.updates();
        while let Ok(Some(_)) = tokio::time::timeout(Duration::ZERO, updates.next_update()).await {}
        assert_eq!(relay.connections() - before, 1);
        let files = client.media(2);
        let burst = async || {
            let mut calls = JoinSet::new();
            for _ in 0..20 {
                let files = files.clone();
                calls.spawn(async move { files.invoke(&who_am_i()).await.unwrap().len() });
            }
            assert!(calls.join_all().await.iter().all(|found| *found == 1));
        };
        burst().await;
        let opened = relay.connections() - before;
        assert!((2..=4).contains(&opened), "{opened} connections for 20 calls at once");

        // One message, one update, though there are several sessions of the key.
        let message = functions::messages::SendMessage {
            peer: enums::InputPeer::InputPeerSelf,
            message: "hello".into(),
            random_id: 1 + i64::from(pfs),
            ..Default::default()
        };
        files.invoke(&message).await.unwrap();
        let received = |update: Option<Update>| matches!(update, Some(Update::Received(_)));
        assert!(received(updates.next_update().await));
        burst().await;
        assert!(tokio::time::timeout(Duration::from_millis(50), updates.next_update()).await.is_err());

        // Those that have nothing to do are closed, and others opened when there is something again.
        tokio::time::sleep(Duration::from_millis(600)).await;
        let opened = relay.connections();
        assert_eq!(files.invoke(&who_am_i()).await.unwrap().len(), 1);
        assert_eq!(relay.connections(), opened + 1);
        client.disconnect().await;
    }
}

#[tokio::test]
async fn a_connection_that_closes_for_having_nothing_to_do_loses_no_call() {
    let server = serve().await;
    let timing = Timing { idle: Duration::from_millis(1), ..loopback::timing() };
    let client =
        loopback::builder(&server, 2, loopback::address(&server, 2)).timing(timing).connect().await.unwrap();
    let there = client.on_dc(3);
    for number in 0..60 {
        // Around the moment in which it closes.
        tokio::time::sleep(Duration::from_micros(100 * (number % 30))).await;
        assert_eq!(there.invoke(&functions::help::GetConfig {}).await.unwrap().this_dc, 3);
    }
    client.disconnect().await;
}

#[tokio::test]
async fn au_8_one_file_is_fetched_elsewhere_and_nothing_else_moves() {
    let first = Scripted::start(|n| match n {
        1 => Reply::Error(303, "FILE_MIGRATE_3"),
        _ => Reply::Config,
    })
    .await;
    let mut second = Scripted::start(|_| Reply::Config).await;
    let other = Dc { auth_key: Some(AuthKey::from_bytes([7; 256])), ..Dc::default() };
    first.store.apply(&[Change::Dc(3, Some(other))]).unwrap();
    let client = first.builder().dc(3, second.address.clone()).connect().await.unwrap();
    client.invoke(&functions::help::GetConfig {}).await.unwrap();
    assert_eq!(second.seen().await, Seen::Call { introduced: true });
    assert_eq!(client.home_dc(), 2);
    client.invoke(&functions::help::GetConfig {}).await.unwrap();
    assert!(second.seen_nothing(), "only that one call is made there");
}

#[tokio::test]
async fn au_8_a_call_that_is_sent_round_in_a_circle_comes_to_an_end() {
    let script = |n| if n == 0 { Reply::Config } else { Reply::Error(303, "STATS_MIGRATE_2") };
    let server = Scripted::start(script).await;
    let client = server.client().await;
    let error = client.invoke(&functions::help::GetConfig {}).await.unwrap_err();
    assert!(matches!(&error, InvokeError::Rpc { .. }) && error.is("STATS_MIGRATE"), "{error}");
}

/// Says with the answer to the first call after connecting that the configuration is another now.
fn with_news_of_the_configuration(call: usize) -> Reply {
    if call != 1 {
        return Reply::Config;
    }
    let changed =
        enums::Updates::UpdateShort(Box::new(types::UpdateShort { update: enums::Update::Config, date: 0 }));
    Reply::Push(changed.to_bytes().unwrap())
}

#[tokio::test]
async fn an_update_that_the_configuration_has_changed_makes_the_client_ask() {
    let mut server = Scripted::start(with_news_of_the_configuration).await;
    let client = server.client().await;
    client.invoke(&functions::help::GetConfig {}).await.unwrap();
    for introduced in [true, false, false] {
        assert_eq!(server.seen().await, Seen::Call { introduced });
    }
}

#[tokio::test]
async fn a_configuration_is_asked_for_again_when_its_time_is_over() {
    let mut server = Scripted::start(|_| Reply::Config).await;
    let client = server.client().await;
    assert_eq!(server.seen().await, Seen::Call { introduced: true });
    for _ in 0..2 {
        // A minute, as this server names no time. The wall clock does not know of it, so the session is made anew, too.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(50)).await;
        tokio::time::resume();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(server.seen_nothing());
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(10)).await;
        tokio::time::resume();
        // At once, and not with the next ping.
        let seen = tokio::time::timeout(Duration::from_secs(5), server.seen()).await;
        assert!(matches!(seen, Ok(Seen::Call { .. })));
        // Until the answer is there.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(client);
}

#[tokio::test]
async fn a_client_that_is_about_to_ask_lets_go_of_the_store_when_it_disconnects() {
    let server = Scripted::start(with_news_of_the_configuration).await;
    let client = server.client().await;
    client.invoke(&functions::help::GetConfig {}).await.unwrap();
    client.disconnect().await;
    assert_eq!(Arc::strong_count(&server.store), 1);
}
