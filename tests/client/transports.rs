//! A client over HTTP and over a WebSocket, against the loopback DC and through proxies that cut.

use std::time::Duration;

use mtwire::client::{Client, Update, Updates};
use mtwire::server::Server;
use mtwire::tl::{enums, functions};
use mtwire::transport::Kind;
use tokio::time::timeout;

use crate::loopback;

const PHONE: &str = "+9996621234";
const LIMIT: Duration = Duration::from_secs(30);

async fn logged_in(server: &Server, kind: Kind) -> Client {
    let client = loopback::builder(server, 2, loopback::address(server, 2)).transport(kind);
    let client = client.connect().await.unwrap();
    client.send_code(PHONE).await.unwrap();
    client.sign_in("22222").await.unwrap();
    client
}

async fn say(client: &Client, random_id: i64) {
    let message = functions::messages::SendMessage {
        peer: enums::InputPeer::InputPeerSelf,
        message: format!("number {random_id}").into(),
        random_id,
        ..Default::default()
    };
    client.invoke(&message).await.unwrap();
}

/// Waits for an update that mentions a message.
async fn hears(updates: &Updates, text: &str) {
    let heard = async {
        loop {
            match updates.next_update().await {
                Some(Update::Received(bytes))
                    if bytes.windows(text.len()).any(|part| part == text.as_bytes()) =>
                {
                    return;
                }
                Some(_) => {}
                None => panic!("the stream has ended"),
            }
        }
    };
    timeout(LIMIT, heard).await.unwrap_or_else(|_| panic!("no update with {text:?}"));
}

async fn a_client_over(kind: Kind) {
    let server = Server::builder().account(PHONE.parse().unwrap()).start().await.unwrap();
    let client = logged_in(&server, kind).await;
    let other = logged_in(&server, Kind::Abridged).await;
    let updates = client.updates();

    let calls: Vec<_> = (0..200)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.invoke(&functions::help::GetConfig {}).await })
        })
        .collect();
    for call in calls {
        assert_eq!(timeout(LIMIT, call).await.unwrap().unwrap().unwrap().this_dc, 2);
    }

    // Without a call of its own: the server pushes.
    for number in 1..=3 {
        say(&other, number).await;
        hears(&updates, &format!("number {number}")).await;
    }
    server.cut_connections();
    timeout(LIMIT, client.invoke(&functions::help::GetConfig {})).await.unwrap().unwrap();
    say(&other, 4).await;
    hears(&updates, "number 4").await;
    timeout(LIMIT, client.disconnect()).await.unwrap();
    other.disconnect().await;
    server.shutdown().await;
}

#[tokio::test]
async fn http_carries_login_calls_updates_and_comes_back_after_a_cut() {
    a_client_over(Kind::Http).await;
}

#[tokio::test]
async fn a_websocket_carries_login_calls_updates_and_comes_back_after_a_cut() {
    a_client_over(Kind::WebSocket).await;
}

#[tokio::test]
async fn http_bears_a_server_that_closes_what_is_idle() {
    let builder = Server::builder().account(PHONE.parse().unwrap()).idle_timeout(Duration::from_millis(50));
    let server = builder.start().await.unwrap();
    let client = logged_in(&server, Kind::Http).await;
    let updates = client.updates();
    // The session was new to the server once.
    assert_eq!(timeout(LIMIT, updates.next_update()).await.unwrap(), Some(Update::Missed));
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(120)).await;
        client.invoke(&functions::help::GetConfig {}).await.unwrap();
    }
    let heard = timeout(Duration::from_millis(50), updates.next_update()).await;
    assert!(heard.is_err(), "a closed connection is no lost session: {heard:?}");
    client.disconnect().await;
    server.shutdown().await;
}
