//! Accounts that live at another DC, and keys that a DC does not know.

use std::sync::Arc;

use mtwire::crypto::rsa::PublicKey;
use mtwire::server::Server;
use mtwire::session::{Change, MemoryStore, SessionStore, User};
use mtwire::tl::{functions, types};

use crate::loopback;

#[tokio::test]
async fn a_call_for_an_account_of_another_dc_is_made_there() {
    let server = Server::builder().account("+9996631234,dc=3".parse().unwrap()).start().await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let shared = Arc::clone(&store) as Arc<dyn SessionStore>;
    let client =
        loopback::own_store(&server, 2, loopback::address(&server, 2), shared).connect().await.unwrap();
    let (api_id, api_hash) = client.api_key();
    let send_code = functions::auth::SendCode {
        phone_number: "+9996631234".into(),
        api_id,
        api_hash: api_hash.to_owned().into(),
        settings: types::CodeSettings::default(),
    };
    client.invoke(&send_code).await.unwrap();
    assert_eq!(client.home_dc(), 3);
    let config = client.invoke(&functions::help::GetConfig {}).await.unwrap();
    assert_eq!(config.this_dc, 3);
    store.with(|state| {
        assert_eq!(state.home_dc, 3);
        assert!(state.dcs[&2].auth_key.is_some() && state.dcs[&3].auth_key.is_some());
        assert_ne!(state.dcs[&2].auth_key, state.dcs[&3].auth_key);
    });
}

#[tokio::test]
async fn a_key_that_the_server_forgot_is_made_anew_while_nobody_is_logged_in() {
    let first = Server::builder().start().await.unwrap();
    let second = Server::builder().start().await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let connect = |server: &Server| {
        let shared = Arc::clone(&store) as Arc<dyn SessionStore>;
        loopback::own_store(server, 2, loopback::address(server, 2), shared)
            .trust(PublicKey::from_pem(first.public_key_pem()).unwrap())
            .connect()
    };
    let key = || store.with(|state| state.dcs[&2].auth_key.clone().unwrap());
    connect(&first).await.unwrap().disconnect().await;
    let old = key();
    connect(&second).await.unwrap().disconnect().await;
    assert_ne!(key(), old);
}

#[tokio::test]
async fn a_forgotten_key_of_a_login_is_replaced_only_when_told() {
    let first = Server::builder().start().await.unwrap();
    let second = Server::builder().start().await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let describe = |server: &Server| {
        let shared = Arc::clone(&store) as Arc<dyn SessionStore>;
        loopback::own_store(server, 2, loopback::address(server, 2), shared)
            .trust(PublicKey::from_pem(first.public_key_pem()).unwrap())
    };
    describe(&first).connect().await.unwrap().disconnect().await;
    store.apply(&[Change::User(Some(User { id: 1, ..User::default() }))]).unwrap();
    let error = describe(&second).connect().await.unwrap_err();
    assert!(error.to_string().contains("log in again"), "{error}");
    let client = describe(&second).forget_login().connect().await.unwrap();
    assert_eq!(client.user(), None);
}
