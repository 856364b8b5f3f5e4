//! The end of a client.

use std::sync::Arc;
use std::time::Duration;

use mtwire::client::InvokeError;
use mtwire::server::Server;
use mtwire::session::{MemoryStore, SessionStore};
use mtwire::tl::functions;

use crate::loopback;

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
