//! Clients behind proxies of every kind.

mod mtproxy;
mod servers;

use std::sync::Arc;
use std::time::Duration;

use mtwire::client::{Client, ConnectError, Timing};
use mtwire::functions::help::GetConfig;
use mtwire::net::{Address, DialError, Proxy, ProxyError};
use mtwire::server::Server;
use mtwire::transport::{Kind, Tagged};

use self::servers::{Asked, PASSWORD, http, says, socks5};
use super::loopback::{address, builder, timing};

async fn connect(server: &Server, proxy: &Proxy, kind: Kind) -> Result<Client, ConnectError> {
    builder(server, 2, address(server, 2)).transport(kind).proxy(proxy.clone()).connect().await
}

/// Makes a call through the proxy, and one more over another connection.
async fn works(server: &Server, proxy: &Proxy, kind: Kind) {
    let client =
        connect(server, proxy, kind).await.unwrap_or_else(|error| panic!("{proxy}, {kind}: {error}"));
    for _ in 0..2 {
        assert_eq!(client.invoke(&GetConfig {}).await.unwrap().this_dc, 2, "{proxy}, {kind}");
        server.cut_connections();
    }
    client.disconnect().await;
}

/// Why the proxy does not lead to the DC. The message must name both, and no secret.
async fn why(server: &Server, proxy: &Proxy, kind: Kind) -> ProxyError {
    let timing = Timing { dial: Duration::from_secs(2), connect_attempts: 1, ..timing() };
    let connecting =
        builder(server, 2, address(server, 2)).timing(timing).transport(kind).proxy(proxy.clone()).connect();
    let error = connecting.await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains(&proxy.to_string()), "{message}");
    let mtproxy = matches!(proxy, Proxy::MtProxy { .. });
    let target = if mtproxy { "DC 2".to_owned() } else { address(server, 2).to_string() };
    assert!(message.contains(&target), "{message}");
    assert!(!format!("{error:?} {message} {proxy:?}").contains(PASSWORD));
    match error {
        ConnectError::Dial(DialError::Proxy { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

fn proxy(text: &str) -> Proxy {
    text.parse().unwrap()
}

#[tokio::test]
async fn calls_go_through_socks5_and_http_whatever_the_transport() {
    let server = Server::builder().start().await.unwrap();
    let asked = Asked::default();
    let proxies = [
        format!("socks5://{}", socks5(false, Arc::clone(&asked)).await),
        format!("socks5://me%40home:p%3Aa%2Fs%25s@{}", socks5(true, Arc::clone(&asked)).await),
        format!("http://{}", http(None, Arc::clone(&asked)).await),
        // base64 of the user and the password.
        format!(
            "http://me%40home:p%3Aa%2Fs%25s@{}",
            http(Some("bWVAaG9tZTpwOmEvcyVz"), Arc::clone(&asked)).await
        ),
    ];
    for text in &proxies {
        for kind in [Kind::Abridged, Kind::Full, Kind::Obfuscated(Tagged::Padded)] {
            works(&server, &proxy(text), kind).await;
        }
    }
    let target = address(&server, 2).to_string();
    server.shutdown().await;
    let asked = asked.lock().unwrap();
    assert!(asked.len() >= 12 && asked.iter().all(|asked| *asked == target), "{asked:?}");
}

#[tokio::test]
async fn names_are_resolved_by_the_proxy() {
    let server = Server::builder().start().await.unwrap();
    let asked = Asked::default();
    let dc = Address::new("localhost", address(&server, 2).port());
    for text in [
        format!("socks5://{}", socks5(false, Arc::clone(&asked)).await),
        format!("http://{}", http(None, Arc::clone(&asked)).await),
    ] {
        let client = builder(&server, 2, dc.clone()).proxy(proxy(&text)).connect().await.unwrap();
        client.disconnect().await;
    }
    assert!(asked.lock().unwrap().iter().all(|asked| *asked == dc.to_string()));
    server.shutdown().await;
}

#[tokio::test]
async fn what_a_proxy_says_is_told() {
    let server = Server::builder().start().await.unwrap();
    let asked = Asked::default();
    let (socks, http) = (socks5(true, Arc::clone(&asked)).await, http(Some("bm8="), asked).await);
    for text in [
        format!("socks5://{socks}"),
        format!("socks5://me%40home:wrong@{socks}"),
        format!("http://{http}"),
        format!("http://me%40home:p%3Aa%2Fs%25s@{http}"),
    ] {
        let error = why(&server, &proxy(&text), Kind::Abridged).await;
        assert!(matches!(error, ProxyError::Login), "{text}: {error}");
    }
    for (answer, wanted) in [
        (&b"HTTP/1.1 403 Not to there\r\n\r\n"[..], "the proxy refused: 403 Not to there"),
        (b"SSH-2.0-OpenSSH\r\n", "this is no such proxy"),
        (b"HTTP/1.1 200 OK\r\n\r\nmore", "this is no such proxy"),
        (b"", "not within 2s"),
    ] {
        let error = why(&server, &proxy(&format!("http://{}", says(answer).await)), Kind::Abridged).await;
        assert!(error.to_string().starts_with(wanted), "{error}");
    }
    for (answer, wanted) in [
        (&b"\x05\x00\x05\x02\x00\x01\0\0\0\0\0\0"[..], "the proxy refused"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "this is no such proxy"),
        (b"", "not within 2s"),
    ] {
        let error = why(&server, &proxy(&format!("socks5://{}", says(answer).await)), Kind::Abridged).await;
        assert!(error.to_string().starts_with(wanted), "{error}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let server = Server::builder().start().await.unwrap();
    for scheme in ["socks5://", "http://", "mtproxy://11111111111111111111111111111111@"] {
        // The port of discarded data: nobody listens there, and no test binds it.
        let error = why(&server, &proxy(&format!("{scheme}127.0.0.1:9")), Kind::Abridged).await;
        assert!(matches!(error, ProxyError::Dial(_)), "{error}");
        assert!(error.to_string().contains("127.0.0.1:9"));
    }
    server.shutdown().await;
}
