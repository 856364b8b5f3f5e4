//! Calls over one connection, and over one that breaks.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use mtwire::client::Client;
use mtwire::server::Server;
use mtwire::tl::functions;
use mtwire::transport::Kind;
use tokio::task::JoinSet;

use crate::cutting_proxy::{CuttingProxy, Way};
use crate::loopback;
use crate::scripted::{Reply, Scripted, Seen};

/// Makes `count` calls at the same time and gives how many were answered rightly.
async fn answered(client: &Client, count: usize) -> usize {
    let mut calls = JoinSet::new();
    for _ in 0..count {
        let client = client.clone();
        calls.spawn(async move { client.invoke(&functions::help::GetConfig {}).await });
    }
    let mut answered = 0;
    while let Some(call) = calls.join_next().await {
        let config = call.unwrap().unwrap();
        assert_eq!(config.this_dc, 2);
        answered += 1;
    }
    answered
}

#[tokio::test]
async fn a_hundred_calls_share_a_connection() {
    let server = Server::builder().start().await.unwrap();
    let client = loopback::connect(&server).await;
    assert_eq!(answered(&client, 100).await, 100);
    client.disconnect().await;
    server.shutdown().await;
}

/// More than sixteen acks go alone if they have to (AK-1), but these callers are about to call again.
#[tokio::test]
async fn ak_1_the_acks_of_many_answers_go_with_the_calls_that_follow() {
    // Of twelve and more calls a third goes first, and so does a third of the acks.
    assert_few(40, true, 70).await;
    assert_few(100, true, 70).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ak_1_the_acks_go_with_the_calls_of_a_crowd_on_a_worker_too() {
    assert_few(100, true, 95).await;
}

/// They have their turn when no task is ready.
#[tokio::test]
async fn ak_1_the_acks_go_with_calls_that_are_no_tasks_of_their_own() {
    assert_few(100, false, 95).await;
}

/// So many callers make twenty calls each, one after the other, in at most so many packets. Without a pause for them it is 85
/// with forty of them, and 109 and more with a hundred.
async fn assert_few(callers: usize, as_tasks: bool, most: usize) {
    const ROUNDS: usize = 20;
    let server = Scripted::start(|_| Reply::Config).await;
    let client = server.client().await;
    server.packets();
    let calls = (0..callers).map(|_| {
        let client = client.clone();
        async move {
            for _ in 0..ROUNDS {
                client.invoke(&functions::help::GetConfig {}).await.unwrap();
            }
        }
    });
    if as_tasks {
        calls.collect::<JoinSet<_>>().join_all().await;
    } else {
        let mut calls: Vec<_> = calls.map(Box::pin).collect();
        poll_fn(|cx| {
            calls.retain_mut(|call| call.as_mut().poll(cx).is_pending());
            if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
    let packets = server.packets().len();
    client.disconnect().await;
    assert!(packets <= most, "{packets} packets for {ROUNDS} rounds of {callers} calls");
}

/// The server answers the first third while the others are made, so that neither side waits for the other.
#[tokio::test]
async fn many_calls_at_once_go_in_thirds_and_few_in_one_packet() {
    let all: [&[usize]; 5] = [&[4], &[11], &[4, 4, 4], &[5, 5, 3], &[34, 34, 32]];
    for expected in all {
        let count = expected.iter().sum::<usize>();
        // Answers would be acknowledged in packets of their own.
        let silent = Arc::<AtomicBool>::default();
        let script = Arc::clone(&silent);
        let script = move |_| if script.load(Ordering::Relaxed) { Reply::Silence } else { Reply::Config };
        let mut server = Scripted::start(script).await;
        let client = server.client().await;
        assert_eq!(answered(&client, 1).await, 1);
        assert_eq!(server.seen().await, Seen::Call { introduced: true });
        silent.store(true, Ordering::Relaxed);

        server.packets();
        let mut calls = JoinSet::new();
        for _ in 0..count {
            let client = client.clone();
            calls.spawn(async move { client.invoke(&functions::help::GetConfig {}).await });
        }
        for _ in 0..count {
            tokio::select! {
                seen = server.seen() => assert_eq!(seen, Seen::Call { introduced: false }),
                _ = calls.join_next() => panic!("nothing is answered"),
            }
        }
        assert_eq!(server.packets(), expected);
        client.disconnect().await;
    }
}

#[tokio::test]
async fn a_cut_connection_loses_no_call() {
    let server = Server::builder().start().await.unwrap();
    let proxy = CuttingProxy::start(loopback::address(&server, 2)).await;
    let client = loopback::builder(&server, 2, proxy.address()).connect().await.unwrap();
    // Within the first packet of calls, between packets, within the answers, at their very start.
    let places = [(Way::Up, 0), (Way::Up, 1), (Way::Up, 60), (Way::Up, 1200), (Way::Up, 3000)]
        .into_iter()
        .chain([(Way::Down, 0), (Way::Down, 1), (Way::Down, 300), (Way::Down, 4000), (Way::Down, 20_000)]);
    for (number, (way, bytes)) in places.enumerate() {
        proxy.cut_after(way, bytes);
        assert_eq!(answered(&client, 100).await, 100, "cut after {bytes} bytes {way:?}");
        assert_eq!(proxy.cuts(), number + 1, "the connection was not cut after {bytes} bytes {way:?}");
    }
    client.disconnect().await;
    server.shutdown().await;
}

#[tokio::test]
async fn tr_7_a_caller_is_told_that_the_server_has_the_call() {
    let server = Server::builder().start().await.unwrap();
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::WebSocketTls) {
        let builder = loopback::builder(&server, 2, loopback::address(&server, 2));
        let client = builder.transport(kind).connect().await.unwrap();
        let mut told = 0;
        let config = client.invoke_acknowledged(&functions::help::GetConfig {}, || told += 1).await.unwrap();
        assert_eq!(config.this_dc, 2);
        assert_eq!(told, u32::from(kind.has_quick_acks()), "{kind}");
        client.disconnect().await;
    }
    server.shutdown().await;
}
