//! MTProxy: the loopback DC as one, and what is none.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtwire::client::Timing;
use mtwire::functions::help::GetConfig;
use mtwire::net::{Address, Proxy, ProxyError};
use mtwire::server::Server;
use mtwire::session::{Change, Dc, DcAddress, MemoryStore, Network, Secret, SessionStore};
use mtwire::transport::{Kind, ProxySecret, Tagged, fake_tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::servers::{says, tap};
use super::{connect, why, works};
use crate::loopback::{address, builder, timing};

const PLAIN: &str = "00112233445566778899aabbccddeeff";
const PADDED: &str = "dd10112233445566778899aabbccddeeff";
/// The site is www.example.com.
const FAKE_TLS: &str = "ee20112233445566778899aabbccddeeff7777772e6578616d706c652e636f6d";

async fn server() -> Server {
    let builder = [PLAIN, PADDED, FAKE_TLS]
        .iter()
        .fold(Server::builder(), |builder, secret| builder.secret(secret.parse().unwrap()));
    builder.start().await.unwrap()
}

fn mtproxy(address: &Address, secret: &str) -> Proxy {
    Proxy::MtProxy { address: address.clone(), secret: secret.parse().unwrap() }
}

/// The first bytes of a TLS connection.
fn is_tls(first: &[u8; 11]) -> bool {
    first.starts_with(&[22, 3, 1])
}

#[tokio::test]
async fn every_secret_leads_to_the_dc_that_is_asked_for() {
    let server = server().await;
    // The port of DC 1: who comes with a secret reaches the DC that it names.
    let seen = Arc::<Mutex<Vec<[u8; 11]>>>::default();
    let entrance = tap(address(&server, 1), Arc::clone(&seen), |_| true).await;
    for secret in [PLAIN, PADDED, FAKE_TLS] {
        for kind in [Kind::Abridged, Kind::Intermediate, Kind::Obfuscated(Tagged::Padded)] {
            works(&server, &mtproxy(&entrance, secret), kind).await;
            let seen = std::mem::take(&mut *seen.lock().unwrap());
            assert!(seen.len() >= 2 && seen.iter().all(|first| is_tls(first) == (secret == FAKE_TLS)));
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn what_has_no_tag_does_not_go_through() {
    let server = server().await;
    let error = why(&server, &mtproxy(&address(&server, 2), PLAIN), Kind::Full).await;
    assert!(matches!(error, ProxyError::Transport(_)), "{error}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_wrong_secret_opens_nothing() {
    let server = server().await;
    for secret in ["ff112233445566778899aabbccddeeff", "ddff112233445566778899aabbccddeeff"] {
        let entrance = mtproxy(&address(&server, 2), secret);
        assert!(connect(&server, &entrance, Kind::Abridged).await.is_err());
    }
    let wrong = format!("eeff{}", &FAKE_TLS[4..]);
    let error = why(&server, &mtproxy(&address(&server, 2), &wrong), Kind::Abridged).await;
    assert!(matches!(error, ProxyError::Closed | ProxyError::Io(_)), "{error}");
    // As a real site: it knows no such name.
    let site = says(&[21, 3, 3, 0, 2, 2, 112]).await;
    let error = why(&server, &mtproxy(&site, FAKE_TLS), Kind::Abridged).await;
    let alert = fake_tls::Error::RecordType { expected: 22, found: 21 };
    assert!(matches!(error, ProxyError::FakeTls(error) if error == alert), "{error}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_dc_that_is_not_there_is_not_served() {
    let server = server().await;
    for dc in [4, 0] {
        let timing = Timing { connect_attempts: 1, exchange: Duration::from_secs(10), ..timing() };
        let proxy = mtproxy(&address(&server, 2), PLAIN);
        // The client believes that its DC is another one.
        let connecting =
            builder(&server, dc, address(&server, 2)).start_at(dc).timing(timing).proxy(proxy).connect();
        assert!(connecting.await.is_err(), "DC {dc}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn proxies_that_know_only_short_hellos_are_spoken_to_so() {
    let server = server().await;
    let seen = Arc::default();
    // 517 bytes with the header of the record, as they demanded in 2019.
    let entrance = tap(address(&server, 2), Arc::clone(&seen), |first| first[3..5] == [2, 0]).await;
    works(&server, &mtproxy(&entrance, FAKE_TLS), Kind::Abridged).await;
    server.shutdown().await;
    let seen = seen.lock().unwrap();
    assert!(seen.len() >= 4 && seen.iter().any(|first| first[3..5] != [2, 0]));
}

#[tokio::test]
async fn an_address_with_a_secret_is_reached_with_it() {
    let server = server().await;
    for (secret, tls) in [(PLAIN, false), (FAKE_TLS, true)] {
        let seen = Arc::<Mutex<Vec<[u8; 11]>>>::default();
        let entrance = tap(address(&server, 2), Arc::clone(&seen), |first| first[0] != 0xef).await;
        let bytes = secret.parse::<ProxySecret>().unwrap().to_bytes();
        let known = DcAddress {
            obfuscated_only: true,
            secret: Some(Secret::from(&bytes[..])),
            ..DcAddress::new(entrance.host(), entrance.port())
        };
        let store = Arc::new(MemoryStore::default());
        store
            .apply(&[
                Change::HomeDc(2),
                Change::Network(Network::Custom { public_keys: vec![server.public_key_pem().into()] }),
                Change::Dc(2, Some(Dc { addresses: vec![known], ..Dc::default() })),
            ])
            .unwrap();
        let key = mtwire::crypto::rsa::PublicKey::from_pem(server.public_key_pem()).unwrap();
        let client = mtwire::Client::builder("test").api_id(1).api_hash("0").store(store).trust(key);
        let client = client.timing(timing()).connect().await.unwrap();
        assert_eq!(client.invoke(&GetConfig {}).await.unwrap().this_dc, 2);
        client.disconnect().await;
        let seen = seen.lock().unwrap();
        assert!(!seen.is_empty() && seen.iter().all(|first| is_tls(first) == tls));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn who_has_no_secret_sees_the_site() {
    let site = says(b"the real site").await;
    let server = Server::builder().secret(FAKE_TLS.parse().unwrap()).site(site).start().await.unwrap();
    let wrong = format!("eeff{}", &FAKE_TLS[4..]).parse().unwrap();
    let hello =
        fake_tls::Handshake::new(&wrong, fake_tls::Shape::Current, 1_700_000_000, &mut rand::rng()).unwrap();
    for bytes in [hello.hello(), &[0x77; 100], b"GET / HTTP/1.1\r\n\r\n"] {
        let mut browser = TcpStream::connect(address(&server, 2).literal().unwrap()).await.unwrap();
        browser.write_all(bytes).await.unwrap();
        let mut answer = [0; 13];
        browser.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, *b"the real site");
    }
    // A client's hello is answered; sent again by somebody who has seen it, it is not.
    let now = mtwire::net::SystemClock::new().now().unix.as_secs();
    let secret = FAKE_TLS.parse().unwrap();
    let hello = fake_tls::Handshake::new(&secret, fake_tls::Shape::Current, now, &mut rand::rng()).unwrap();
    for expected in [&[22, 3, 3, 0][..], b"the "] {
        let mut peer = TcpStream::connect(address(&server, 2).literal().unwrap()).await.unwrap();
        peer.write_all(hello.hello()).await.unwrap();
        let mut answer = [0; 4];
        peer.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, expected);
    }
    server.shutdown().await;
}
