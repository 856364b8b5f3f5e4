//! The end of a client.

use std::sync::Arc;
use std::time::Duration;

use mtwire::client::{Client, ConnectError, InvokeError};
use mtwire::crypto::rsa::PublicKey;
use mtwire::server::Server;
use mtwire::session::{MemoryStore, SessionStore};
use mtwire::tl::functions;
use tokio::task::JoinSet;

use crate::loopback;
use crate::scripted::{Reply, Scripted};

#[tokio::test]
async fn calls_after_the_end_fail() {
    let server = Server::builder().start().await.unwrap();
    let client = loopback::connect(&server).await;
    let other = client.clone();
    client.disconnect().await;
    let error = other.invoke(&functions::help::GetConfig {}).await.unwrap_err();
    assert!(matches!(error, InvokeError::Closed), "{error}");
    // What had come before is still there; then the stream ends.
    while other.updates().next_update().await.is_some() {}
}

#[tokio::test]
async fn debug_shows_no_api_hash() {
    let server = Server::builder().start().await.unwrap();
    let client = loopback::connect(&server).await;
    let (_, hash) = client.api_key();
    let text = format!("{client:?}");
    assert!(!hash.is_empty() && text.contains("api_hash: Secret(..)") && !text.contains(hash), "{text}");
}

#[tokio::test]
async fn a_second_run_uses_the_key_of_the_first() {
    let server = Server::builder().start().await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let connect = || {
        let store = Arc::clone(&store) as Arc<dyn SessionStore>;
        loopback::own_store(&server, 2, loopback::address(&server, 2), store).connect()
    };
    let key = || store.with(|state| state.dcs[&2].auth_key.clone().unwrap());
    connect().await.unwrap().disconnect().await;
    let first = key();
    connect().await.unwrap().disconnect().await;
    assert_eq!(key(), first);
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_connection() {
    let server = Server::builder().start().await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let shared = Arc::clone(&store) as Arc<dyn SessionStore>;
    let client =
        loopback::own_store(&server, 2, loopback::address(&server, 2), shared).connect().await.unwrap();
    drop(client);
    // The task holds the store until it has closed the connection.
    while Arc::strong_count(&store) > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The link lets the callers of many answers go first, and learns of the end then.
#[tokio::test]
async fn a_crowd_of_callers_holds_up_no_end() {
    let server = Scripted::start(|_| Reply::Config).await;
    for orderly in [true, false] {
        let client = server.client().await;
        let mut callers = JoinSet::new();
        for caller in 0..40 {
            let client = client.clone();
            callers.spawn(async move {
                for call in 0.. {
                    if orderly && (caller, call) == (20, 5) {
                        client.clone().disconnect().await;
                    }
                    match client.invoke(&functions::help::GetConfig {}).await {
                        Ok(_) if orderly || call < 5 => {}
                        Ok(_) => break,
                        Err(error) => {
                            assert!(orderly, "{error}");
                            break;
                        }
                    }
                }
            });
        }
        drop(client);
        callers.join_all().await;
        while Arc::strong_count(&server.store) > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_session_file_can_be_opened_again_at_once() {
    let server = Server::builder().start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let connect = || {
        Client::builder("account")
            .api_id(1)
            .api_hash("0123456789abcdef0123456789abcdef")
            .session_dir(directory.path())
            .dc(2, loopback::address(&server, 2))
            .trust(PublicKey::from_pem(server.public_key_pem()).unwrap())
            .connect()
    };
    for _ in 0..3 {
        connect().await.unwrap().disconnect().await;
    }
    let _held = connect().await.unwrap();
    let error = connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::Session(_)), "{error}");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error} does not name the holder");
}

#[tokio::test]
async fn the_name_is_enough_the_second_time() {
    let server = Server::builder().start().await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let shared = || Arc::clone(&store) as Arc<dyn SessionStore>;
    let first = loopback::own_store(&server, 2, loopback::address(&server, 2), shared());
    first.connect().await.unwrap().disconnect().await;
    let client = Client::builder("test").store(shared()).connect().await.unwrap();
    assert_eq!(client.home_dc(), 2);
    client.disconnect().await;
}

#[tokio::test]
async fn an_encrypted_session_wants_its_passphrase_the_second_time() {
    use mtwire::client::ConnectError;
    use mtwire::session::{ErrorKind, file::is_encrypted};
    let server = Server::builder().start().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let builder = || Client::builder("bot").session_dir(dir.path()).timing(loopback::timing());
    let first = builder()
        .passphrase("open sesame")
        .api_id(1)
        .api_hash("0123456789abcdef0123456789abcdef")
        .dc(2, loopback::address(&server, 2))
        .trust(mtwire::crypto::rsa::PublicKey::from_pem(server.public_key_pem()).unwrap());
    first.connect().await.unwrap().disconnect().await;
    assert!(is_encrypted(dir.path().join("bot.session")).unwrap());
    let kind = |error| match error {
        ConnectError::Session(error) => error.kind,
        other => panic!("{other}"),
    };
    let none = builder().connect().await.map(drop).unwrap_err();
    assert!(matches!(kind(none), ErrorKind::PassphraseNeeded));
    let wrong = builder().passphrase("sesame").connect().await.map(drop).unwrap_err();
    assert!(matches!(kind(wrong), ErrorKind::WrongPassphrase));
    builder().passphrase("open sesame").connect().await.unwrap().disconnect().await;
}
