//! Perfect forward secrecy: temporary keys, bound, replaced and lost (PF-1 to PF-5).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use mtwire::client::{Client, InvokeError, LAYER, Timing};
use mtwire::crypto::AuthKey;
use mtwire::crypto::rsa::PublicKey;
use mtwire::handshake::binding::Binding;
use mtwire::message::client::{CallOptions, Config, Options, Session};
use mtwire::message::{ClientEvent, RequestId, RpcError};
use mtwire::net::{Connection, ExchangeOptions, FreshKey, Route, SystemClock, connect, exchange};
use mtwire::server::Server;
use mtwire::session::{Change, MemoryStore, SessionStore, User};
use mtwire::tl::{Raw, Serialize, functions};
use mtwire::transport::{Frame, Kind};

use crate::loopback;
use crate::relay::Relay;

/// The life in seconds of keys that are replaced: what is left of it when the next is made has to do for a key exchange on
/// a machine that does other things.
const REPLACED: u64 = 16;

fn timing(temp_key: u64) -> Timing {
    Timing { temp_key: Duration::from_secs(temp_key), ..loopback::timing() }
}

fn permanent_key(store: &MemoryStore) -> AuthKey {
    store.with(|state| state.dcs[&2].auth_key.clone().unwrap())
}

async fn config(client: &Client) -> Result<i32, InvokeError> {
    client.invoke(&functions::help::GetConfig {}).await.map(|config| config.this_dc)
}

#[tokio::test]
async fn pf_1_the_permanent_key_encrypts_no_packet() {
    let server = Server::builder().start().await.unwrap();
    let relay = Relay::start(loopback::address(&server, 2)).await;
    let store = Arc::new(MemoryStore::default());
    let shared = Arc::clone(&store) as Arc<dyn SessionStore>;
    let describe = || loopback::own_store(&server, 2, relay.address(), Arc::clone(&shared));
    let client = describe().pfs(true).connect().await.unwrap();
    // Needs a bound key.
    let app_config = functions::help::GetAppConfig { hash: 0 };
    client.invoke(&app_config).await.unwrap();
    client.disconnect().await;
    let id = permanent_key(&store).id().to_le_bytes();
    assert!(!relay.saw(&id), "the id of the permanent key was on the wire");
    // The same session without: this test can fail.
    describe().connect().await.unwrap().disconnect().await;
    assert!(relay.saw(&id));
}

#[tokio::test]
async fn pf_5_a_key_is_replaced_again_and_again_under_a_stream_of_calls() {
    let server = Server::builder().start().await.unwrap();
    let relay = Relay::start(loopback::address(&server, 2)).await;
    let client = loopback::builder(&server, 2, relay.address())
        .pfs(true)
        .timing(timing(REPLACED))
        .connect()
        .await
        .unwrap();
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, stop, answered) = (client.clone(), Arc::clone(&stop), Arc::clone(&answered));
        callers.spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                // A call that must not run twice: if it had been under way when its key ended, it would have failed.
                let ping = functions::account::UpdateStatus { offline: true };
                match client.invoke(&ping).await.unwrap_err() {
                    InvokeError::Unauthorized { .. } => {}
                    other => panic!("{other}"),
                }
                assert_eq!(config(&client).await.unwrap(), 2);
                answered.fetch_add(2, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }
    // A connection for each key, the first one included.
    tokio::time::timeout(Duration::from_secs(180), async {
        while relay.connections() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the key was not replaced twice");
    stop.store(true, Ordering::SeqCst);
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    assert!(answered.load(Ordering::SeqCst) > 100);
    client.disconnect().await;
}

#[tokio::test]
async fn pf_3_connections_that_share_a_key_are_at_rest_when_it_is_replaced() {
    let server = Server::builder().start().await.unwrap();
    let relay = Relay::start(loopback::address(&server, 2)).await;
    let idle = Duration::from_millis(300);
    let client = loopback::builder(&server, 2, relay.address())
        .pfs(true)
        .media_connections(2)
        .timing(Timing { idle, ..timing(REPLACED) })
        .connect()
        .await
        .unwrap();
    let until = tokio::time::Instant::now() + Duration::from_secs(REPLACED);
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..6 {
        let (client, files) = (client.clone(), client.media(2));
        callers.spawn(async move {
            // Calls that must not run twice.
            let call = functions::account::UpdateStatus { offline: true };
            while tokio::time::Instant::now() < until {
                let ended =
                    if number % 2 == 0 { client.invoke(&call).await } else { files.invoke(&call).await };
                match ended.unwrap_err() {
                    InvokeError::Unauthorized { .. } => {}
                    other => panic!("{other}"),
                }
                tokio::time::sleep(Duration::from_millis(7)).await;
            }
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    assert!(relay.connections() > 4, "the key was not replaced");
    client.disconnect().await;
}

#[tokio::test]
async fn au_6_a_log_out_destroys_both_keys() {
    let server = Server::builder().account("+9996621234,name=Bob".parse().unwrap()).start().await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let shared = Arc::clone(&store) as Arc<dyn SessionStore>;
    let describe = || loopback::own_store(&server, 2, loopback::address(&server, 2), Arc::clone(&shared));
    let client = describe().pfs(true).connect().await.unwrap();
    client.send_code("+9996621234").await.unwrap();
    client.sign_in("22222").await.unwrap();
    let old = permanent_key(&store);
    client.log_out().await.unwrap();
    // With new keys, both of them.
    assert_eq!(config(&client).await.unwrap(), 2);
    assert_ne!(permanent_key(&store), old);
    client.disconnect().await;
    // The server has forgotten the permanent key, though a temporary one was used to say so.
    let state = mtwire::session::State {
        user: Some(User { id: 1, ..User::default() }),
        dcs: [(2, mtwire::session::Dc { auth_key: Some(old), ..Default::default() }.into())].into(),
        ..store.with(Clone::clone)
    };
    let shared = Arc::new(MemoryStore::new(state)) as Arc<dyn SessionStore>;
    let error = loopback::own_store(&server, 2, loopback::address(&server, 2), shared).connect().await;
    assert!(error.unwrap_err().to_string().contains("log in again"));
}

#[tokio::test]
async fn pf_5_a_server_that_forgot_the_temporary_key_gets_another() {
    let directory = tempfile::tempdir().unwrap();
    let start = || Server::builder().state_dir(directory.path().join("state")).start();
    let first = start().await.unwrap();
    let relay = Relay::start(loopback::address(&first, 2)).await;
    let store = Arc::new(MemoryStore::default());
    let shared = Arc::clone(&store) as Arc<dyn SessionStore>;
    let client = loopback::own_store(&first, 2, relay.address(), shared).pfs(true).connect().await.unwrap();
    let before = permanent_key(&store);
    first.shutdown().await;
    let second = start().await.unwrap();
    relay.lead_to(loopback::address(&second, 2));
    assert_eq!(config(&client).await.unwrap(), 2);
    assert_eq!(permanent_key(&store), before, "only the temporary key is new");
    client.disconnect().await;
}

#[tokio::test]
async fn pf_4_a_permanent_key_that_the_server_forgot_is_replaced_only_while_nobody_is_logged_in() {
    let first = Server::builder().start().await.unwrap();
    let second = Server::builder().start().await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let connect = |server: &Server| {
        let shared = Arc::clone(&store) as Arc<dyn SessionStore>;
        loopback::own_store(server, 2, loopback::address(server, 2), shared)
            .trust(PublicKey::from_pem(first.public_key_pem()).unwrap())
            .pfs(true)
            .connect()
    };
    connect(&first).await.unwrap().disconnect().await;
    let old = permanent_key(&store);
    connect(&second).await.unwrap().disconnect().await;
    assert_ne!(permanent_key(&store), old);
    store.apply(&[Change::User(Some(User { id: 1, ..User::default() }))]).unwrap();
    let error = connect(&first).await.unwrap_err();
    assert!(error.to_string().contains("log in again"), "{error}");
}

/// A session that a test drives by hand.
struct Hand {
    session: Session,
    framed: Connection,
    clock: SystemClock,
}

impl Hand {
    async fn answer(&mut self, request: RequestId) -> Result<Bytes, RpcError> {
        loop {
            let mut packet = self.framed.buffer();
            while self.session.poll_transmit(self.clock.now(), &mut rand::rng(), &mut packet).is_some() {
                self.framed.queue(packet, false).unwrap();
                packet = self.framed.buffer();
            }
            self.framed.flush().await.unwrap();
            let Frame::Packet { payload, .. } = self.framed.next().await.unwrap() else { panic!() };
            self.session.handle_packet(self.clock.now(), payload).unwrap();
            while let Some(event) = self.session.poll_event() {
                match event {
                    ClientEvent::Answer { request: of, result } if of == request => return result,
                    _ => {}
                }
            }
        }
    }

    async fn call(&mut self, function: &impl Serialize) -> Result<(), String> {
        let query = functions::InitConnection { api_id: 1, query: Raw::default(), ..Default::default() };
        let mut body = functions::InvokeWithLayer { layer: LAYER, query }.to_bytes().unwrap().to_vec();
        body.extend_from_slice(&function.to_bytes().unwrap());
        let request = self.session.call(self.clock.now(), body.into(), CallOptions::default()).unwrap();
        self.answer(request).await.map(drop).map_err(|error| error.message.to_string())
    }

    async fn bind(&mut self, binding: Binding) -> Result<(), String> {
        let request = self.session.bind(self.clock.now(), binding).unwrap();
        self.answer(request).await.map(drop).map_err(|error| error.message.to_string())
    }
}

async fn fresh_key(server: &Server, expires_in: Option<i32>) -> (FreshKey, Connection, SystemClock) {
    let clock = SystemClock::new();
    let route = Route::direct(Kind::Abridged);
    let limit = Duration::from_secs(30);
    let mut framed = connect(&route, 2, &loopback::address(server, 2).into(), limit).await.unwrap();
    let keys = vec![PublicKey::from_pem(server.public_key_pem()).unwrap()];
    let options = ExchangeOptions { dc: 2, keys, limit, expires_in };
    let fresh = exchange(&mut framed, &clock, options).await.unwrap();
    (fresh, framed, clock)
}

#[tokio::test]
async fn pf_3_the_server_lets_an_unbound_key_call_three_methods_and_no_other() {
    let server = Server::builder().start().await.unwrap();
    let (permanent, ..) = fresh_key(&server, None).await;
    let (temp, framed, clock) = fresh_key(&server, Some(600)).await;
    let (temporary, expires_at) = (temp.auth_key.id(), temp.expires_at.unwrap());
    let options = Options::default();
    let config = Config { auth_key: Arc::new(temp.auth_key), salt: temp.salt, time: temp.time, options };
    let mut session = Session::new(config, clock.now(), &mut rand::rng());
    session.on_connected(clock.now());
    let mut hand = Hand { session, framed, clock };

    hand.call(&functions::help::GetConfig {}).await.unwrap();
    hand.call(&functions::help::GetNearestDc {}).await.unwrap();
    let refused = Err("AUTH_KEY_PERM_EMPTY".to_owned());
    let app_config = functions::help::GetAppConfig { hash: 0 };
    assert_eq!(hand.call(&app_config).await, refused);
    assert_eq!(hand.call(&functions::auth::LogOut {}).await, refused);

    let invalid = Err("ENCRYPTED_MESSAGE_INVALID".to_owned());
    let permanent = Arc::new(permanent.auth_key);
    let binding =
        |expires_at, temporary| Binding { permanent: Arc::clone(&permanent), temporary, expires_at };
    assert_eq!(hand.bind(binding(expires_at, temporary + 1)).await, invalid);
    let too_long = binding(expires_at + 1000, temporary);
    assert_eq!(hand.bind(too_long).await, Err("EXPIRES_AT_INVALID".to_owned()));
    let stranger = Arc::new(AuthKey::from_bytes([9; 256]));
    assert_eq!(hand.bind(Binding { permanent: stranger, temporary, expires_at }).await, invalid);
    assert_eq!(hand.call(&app_config).await, refused);

    hand.bind(binding(expires_at, temporary)).await.unwrap();
    hand.call(&app_config).await.unwrap();
    hand.bind(binding(expires_at, temporary)).await.unwrap();
}
