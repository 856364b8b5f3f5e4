//! What a person sees when there is no proper server.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mtwire::client::{Client, ClientBuilder, ConnectError, Timing};
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::{Address, DialError, ExchangeError, Refusal};
use mtwire::server::Server;
use mtwire::session::MemoryStore;
use mtwire::transport::Kind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::loopback;

/// A server that does `serve` with every connection.
async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Address
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::from(listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

fn client_of(address: Address) -> ClientBuilder {
    let quick = Timing { exchange: Duration::from_millis(300), ..loopback::timing() };
    Client::builder("test")
        .api_id(1)
        .api_hash("0123456789abcdef0123456789abcdef")
        .store(Arc::new(MemoryStore::default()))
        .dc(2, address)
        .transport(Kind::Intermediate)
        .timing(quick)
}

/// The error of connecting to `address`, which must name it.
async fn refused(address: &Address) -> ConnectError {
    let error = client_of(address.clone()).connect().await.unwrap_err();
    assert!(error.to_string().contains(&address.to_string()), "{error} does not name {address}");
    error
}

#[tokio::test]
async fn a_closed_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::from(listener.local_addr().unwrap());
    drop(listener);
    let error = refused(&address).await;
    assert!(matches!(error, ConnectError::Dial(DialError::Refused { .. })), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers() {
    let address = listen(|mut stream| async move {
        let mut sink = vec![0; 1024];
        while stream.read(&mut sink).await.is_ok_and(|read| read > 0) {}
    })
    .await;
    let error = refused(&address).await;
    assert!(matches!(error, ConnectError::Exchange { source: ExchangeError::TimedOut(_), .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_hangs_up() {
    let address = listen(|stream| async move { drop(stream) }).await;
    let error = refused(&address).await;
    assert!(matches!(error, ConnectError::Exchange { source: ExchangeError::Stream(_), .. }), "{error}");
}

#[tokio::test]
async fn a_server_of_another_protocol() {
    let address = listen(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    })
    .await;
    let error = refused(&address).await;
    assert!(matches!(error, ConnectError::Exchange { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_answers_noise() {
    let address = listen(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let mut answer = vec![0x5a; 4 + 84];
        answer[..4].copy_from_slice(&84_u32.to_le_bytes());
        let _ = stream.write_all(&answer).await;
        let _ = stream.read(&mut [0; 1024]).await;
    })
    .await;
    let error = refused(&address).await;
    assert!(matches!(error, ConnectError::Exchange { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_says_that_it_is_another_dc() {
    let address = listen(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(&[4_i32.to_le_bytes(), (-444_i32).to_le_bytes()].concat()).await;
        let _ = stream.read(&mut [0; 1024]).await;
    })
    .await;
    let error = refused(&address).await;
    let wrong_dc =
        matches!(error, ConnectError::Exchange { source: ExchangeError::Refused(Refusal::WrongDc), .. });
    assert!(wrong_dc, "{error}");
}

#[tokio::test]
async fn a_server_with_an_unknown_key() {
    let server = Server::builder().start().await.unwrap();
    let stranger = Server::builder().start().await.unwrap();
    let key = PublicKey::from_pem(stranger.public_key_pem()).unwrap();
    let error = client_of(loopback::address(&server, 2)).trust(key).connect().await.unwrap_err();
    let offered = format!("{:016x}", server.fingerprint());
    assert!(error.to_string().contains(&offered), "{error} does not name the fingerprint {offered}");
}

#[tokio::test]
async fn a_new_session_without_an_api_key() {
    let store = Arc::new(MemoryStore::default());
    let error = Client::builder("my_account").store(store).connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::NoApiKey { .. }), "{error}");
    assert!(error.to_string().contains("https://my.telegram.org"), "{error}");
}

/// What stands on the way and lets no abridged transport through.
async fn censor(target: Address) -> Address {
    let target: std::net::SocketAddr = target.literal().unwrap();
    listen(move |mut client| async move {
        let mut first = [0];
        if client.peek(&mut first).await.is_err() || first == [0xef] {
            return;
        }
        let mut server = TcpStream::connect(target).await.unwrap();
        // However it ends.
        _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    })
    .await
}

#[tokio::test]
async fn where_no_transport_was_asked_for_another_is_tried() {
    let server = Server::builder().start().await.unwrap();
    let address = censor(loopback::address(&server, 2)).await;
    let client = loopback::builder(&server, 2, address.clone()).connect().await.unwrap();
    assert_eq!(client.invoke(&mtwire::tl::functions::help::GetConfig {}).await.unwrap().this_dc, 2);
    client.disconnect().await;
    let asked = loopback::builder(&server, 2, address).transport(Kind::Abridged);
    let error = asked.connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::Exchange { source: ExchangeError::Stream(_), .. }), "{error}");
}

#[tokio::test]
async fn a_saved_key_is_no_reason_to_stay_with_a_transport_that_does_not_get_through() {
    let server = Server::builder().start().await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let describe = |address: Address| {
        let shared: Arc<MemoryStore> = Arc::clone(&store);
        loopback::own_store(&server, 2, address, shared)
    };
    describe(loopback::address(&server, 2)).connect().await.unwrap().disconnect().await;
    let client = describe(censor(loopback::address(&server, 2)).await).connect().await.unwrap();
    client.disconnect().await;
}
