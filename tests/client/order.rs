//! Calls that are carried out one after the other (AP-2, AP-3).

use mtwire::client::{Client, InOrder, SignInStep};
use mtwire::server::Server;
use mtwire::tl::{enums, functions};
use tokio::task::JoinSet;

use crate::cutting_proxy::{CuttingProxy, Way};
use crate::loopback;
use crate::scripted::{Reply, Scripted, Seen};

const BOB: &str = "+9996621234";

/// Sends numbered messages to oneself, all at once.
async fn send(order: &InOrder, numbers: std::ops::Range<i64>) {
    let mut sent = JoinSet::new();
    for number in numbers {
        let message = functions::messages::SendMessage {
            peer: enums::InputPeer::InputPeerSelf,
            message: number.to_string().into(),
            random_id: number + 1,
            ..Default::default()
        };
        sent.spawn(order.invoke(&message));
    }
    while let Some(sent) = sent.join_next().await {
        sent.unwrap().unwrap();
    }
}

async fn received(client: &Client) -> Vec<i64> {
    let history = functions::messages::GetHistory {
        peer: enums::InputPeer::InputPeerSelf,
        limit: 100,
        ..Default::default()
    };
    let messages = match client.invoke(&history).await.unwrap() {
        enums::messages::Messages::Messages(found) => found.messages,
        enums::messages::Messages::Slice(found) => found.messages,
        other => panic!("{other:?}"),
    };
    let text = |message: &enums::Message| match message {
        enums::Message::Message(message) => message.message.parse().unwrap(),
        other => panic!("{other:?}"),
    };
    let mut numbers: Vec<i64> = messages.iter().map(text).collect();
    numbers.reverse();
    numbers
}

#[tokio::test]
async fn ap_3_messages_arrive_in_order_also_over_a_connection_that_breaks() {
    let server = Server::builder().account(format!("{BOB},name=Bob").parse().unwrap()).start().await.unwrap();
    let proxy = CuttingProxy::start(loopback::address(&server, 2)).await;
    let client = loopback::builder(&server, 2, proxy.address()).connect().await.unwrap();
    client.send_code(BOB).await.unwrap();
    assert!(matches!(client.sign_in("22222").await.unwrap(), SignInStep::Done(_)));
    let before = received(&client).await.len();
    let order = client.in_order();
    let mut next = 0;
    for (way, bytes) in [(Way::Up, 500), (Way::Down, 300), (Way::Up, 1200)] {
        proxy.cut_after(way, bytes);
        send(&order, next..next + 20).await;
        next += 20;
    }
    assert_eq!(proxy.cuts(), 3);
    let received = received(&client).await;
    assert_eq!(received[before..], (0..next).collect::<Vec<_>>());
    client.disconnect().await;
}

#[tokio::test]
async fn ap_3_a_call_whose_former_failed_waits_for_its_fate_and_goes_without() {
    // The first: connecting. Then the former is asked to wait, and so the one after it fails with it.
    let mut server = Scripted::start(|n| match n {
        1 => Reply::Error(420, "FLOOD_WAIT_0"),
        2 => Reply::Error(500, "MSG_WAIT_FAILED"),
        _ => Reply::Config,
    })
    .await;
    let client = server.client().await;
    let order = client.in_order();
    let call = functions::help::GetConfig {};
    let (first, second) = tokio::join!(order.invoke(&call), order.invoke(&call));
    first.unwrap();
    second.unwrap();
    // Connecting; the former; the latter, in a wrapper; the former again; the latter, bare.
    for introduced in [true, false, true, false, false] {
        assert_eq!(server.seen().await, Seen::Call { introduced });
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_lets_the_next_go_on() {
    let server = Server::builder().start().await.unwrap();
    let client = loopback::connect(&server).await;
    let order = client.in_order();
    let call = functions::help::GetConfig {};
    let first = order.invoke(&call);
    let second = order.invoke(&call);
    drop(first);
    second.await.unwrap();
    client.disconnect().await;
}
