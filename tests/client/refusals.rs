//! What the client does about refused, unanswered and abandoned calls.

use std::time::{Duration, SystemTime};

use mtwire::client::{CallStatus, Client, ConnectError, InvokeError, Timing, Update};
use mtwire::session::{Change, SessionStore, User};
use mtwire::tl::{Constructor, Serialize, enums, functions};
use rand::Rng;
use tokio::task::JoinSet;

use crate::scripted::{Reply, Scripted, Seen};

async fn call(client: &Client) -> Result<(), InvokeError> {
    client.invoke(&functions::help::GetConfig {}).await.map(drop)
}

/// A server that does well at first, so that there is a client, and then what `script` says.
async fn after_connecting(mut script: impl FnMut(usize) -> Reply + Send + 'static) -> Scripted {
    Scripted::start(move |n| n.checked_sub(1).map_or(Reply::Config, &mut script)).await
}

#[tokio::test]
async fn the_first_call_introduces_and_the_next_do_not() {
    let mut server = Scripted::start(|_| Reply::Config).await;
    let client = server.client().await;
    call(&client).await.unwrap();
    assert_eq!(server.seen().await, Seen::Call { introduced: true });
    assert_eq!(server.seen().await, Seen::Call { introduced: false });
}

#[tokio::test]
async fn a_server_that_forgot_the_introduction_gets_it_again() {
    let script = |n| if n == 0 { Reply::Error(400, "CONNECTION_NOT_INITED") } else { Reply::Config };
    let mut server = after_connecting(script).await;
    let client = server.client().await;
    call(&client).await.unwrap();
    for introduced in [true, false, true] {
        assert_eq!(server.seen().await, Seen::Call { introduced });
    }
}

#[tokio::test]
async fn a_short_wait_is_slept_through() {
    let script = |n| if n == 0 { Reply::Error(420, "FLOOD_WAIT_0") } else { Reply::Config };
    let server = after_connecting(script).await;
    call(&server.client().await).await.unwrap();
}

#[tokio::test]
async fn a_long_wait_is_returned_with_its_end() {
    let server = after_connecting(|_| Reply::Error(420, "FLOOD_WAIT_61")).await;
    let client = server.client().await;
    let before = SystemTime::now();
    let error = call(&client).await.unwrap_err();
    let InvokeError::Wait { wait, until, .. } = &error else { panic!("{error}") };
    assert_eq!(*wait, Duration::from_secs(61));
    assert!(*until >= before + *wait);
    assert!(error.to_string().contains("61 s"), "{error}");
}

#[tokio::test]
async fn internal_errors_are_repeated() {
    let script = |n| if n < 3 { Reply::Error(500, "RPC_CALL_FAIL") } else { Reply::Config };
    let server = after_connecting(script).await;
    call(&server.client().await).await.unwrap();
}

#[tokio::test]
async fn errors_that_end_a_session_are_told_apart() {
    let script = |n| match n {
        0 => Reply::Error(401, "AUTH_KEY_UNREGISTERED"),
        1 => Reply::Error(406, "AUTH_KEY_DUPLICATED"),
        _ => Reply::Error(400, "PEER_ID_INVALID"),
    };
    let server = after_connecting(script).await;
    let client = server.client().await;
    let error = call(&client).await.unwrap_err();
    assert!(matches!(error, InvokeError::Unauthorized { .. }), "{error}");
    let error = call(&client).await.unwrap_err();
    assert!(matches!(error, InvokeError::AuthKeyDuplicated), "{error}");
    let error = call(&client).await.unwrap_err();
    assert!(matches!(error, InvokeError::Rpc { .. }) && error.is("PEER_ID_INVALID"), "{error}");
}

#[tokio::test]
async fn a_call_without_an_answer_says_that_the_server_has_it() {
    let mut server = after_connecting(|_| Reply::Silence).await;
    let client = server.builder().call_timeout(Duration::from_millis(300)).connect().await.unwrap();
    let error = call(&client).await.unwrap_err();
    assert!(matches!(error, InvokeError::Timeout { status: CallStatus::Received, .. }), "{error}");
    while server.seen().await != Seen::Dropped {}
}

#[tokio::test]
async fn a_call_without_a_connection_says_that_it_was_not_sent_and_why() {
    let server = Scripted::start(|_| Reply::Config).await;
    let client = server.builder().call_timeout(Duration::from_millis(300)).connect().await.unwrap();
    server.stop();
    // The task's end closes the listener and the connection, of which the client hears before this call or after it.
    let mut error = call(&client).await.unwrap_err();
    if matches!(error, InvokeError::Timeout { status: CallStatus::Sent, .. }) {
        error = call(&client).await.unwrap_err();
    }
    let InvokeError::Timeout { status, cause, .. } = &error else { panic!("{error}") };
    assert_eq!(*status, CallStatus::Queued);
    assert!(cause.as_deref().is_some_and(|cause| cause.contains(&server.address.to_string())), "{error}");
}

#[tokio::test]
async fn a_dropped_call_is_dropped_at_the_server() {
    let mut server = after_connecting(|_| Reply::Silence).await;
    let client = server.client().await;
    assert_eq!(server.seen().await, Seen::Call { introduced: true });
    let abandoned = tokio::spawn({
        let client = client.clone();
        async move { call(&client).await }
    });
    assert_eq!(server.seen().await, Seen::Call { introduced: false });
    abandoned.abort();
    assert_eq!(server.seen().await, Seen::Dropped);
}

#[tokio::test]
async fn updates_reach_the_reader() {
    let updates = enums::Updates::TooLong;
    let bytes = updates.to_bytes().unwrap();
    let server = after_connecting(move |_| Reply::Push(bytes.clone())).await;
    let client = server.client().await;
    let reader = client.updates();
    assert_eq!(reader.next_update().await, Some(Update::Missed), "a new session may have missed something");
    call(&client).await.unwrap();
    let update = reader.next_update().await.unwrap();
    assert_eq!(update.parse().unwrap(), Some(updates));
}

#[tokio::test]
async fn a_saved_key_that_the_server_does_not_know_is_no_reason_to_forget_a_login() {
    let server = Scripted::start(|_| Reply::Refuse(-404)).await;
    server.store.apply(&[Change::User(Some(User { id: 1, ..User::default() }))]).unwrap();
    let key = || server.store.with(|state| state.dcs[&2].auth_key.clone());
    let before = key();
    let error = server.builder().connect().await.unwrap_err();
    let ConnectError::FirstCall(error) = error else { panic!("{error}") };
    assert!(matches!(*error, InvokeError::AuthKeyUnknown { dc: 2, .. }), "{error}");
    assert_eq!(key(), before);
}

#[tokio::test]
async fn raw_calls_pass_bytes_through() {
    let server = Scripted::start(|_| Reply::Config).await;
    let client = server.client().await;
    let body = functions::help::GetConfig {}.to_bytes().unwrap();
    let answer = client.invoke_raw(body).await.unwrap();
    let typed = client.invoke(&functions::help::GetConfig {}).await.unwrap();
    assert_eq!(answer, typed.to_bytes().unwrap());
}

#[tokio::test]
async fn what_is_no_call_is_refused_before_it_is_sent() {
    let server = Scripted::start(|_| Reply::Config).await;
    let client = server.client().await;
    let error = client.invoke_raw(bytes::Bytes::from_static(b"abc")).await.unwrap_err();
    assert!(matches!(error, InvokeError::Unsendable { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_reads_no_more_is_left_for_another_connection() {
    // More than the kernel keeps for both ends of a connection, so that no ping can go out behind it.
    const CALLS: u8 = 24;
    const SIZE: usize = 512 * 1024;
    let server = after_connecting(|n| if n == 0 { Reply::Deaf } else { Reply::Config }).await;
    let timing =
        Timing { ping: Duration::from_secs(2), pong: Duration::from_secs(2), ..crate::loopback::timing() };
    let client = server.builder().timing(timing).connect().await.unwrap();
    let unanswered = tokio::spawn({
        let client = client.clone();
        async move { call(&client).await }
    });
    let mut callers = JoinSet::new();
    for _ in 0..CALLS {
        let client = client.clone();
        callers.spawn(async move {
            let mut body = vec![0; SIZE];
            // Random, as nothing else would be as long on the wire.
            rand::rng().fill_bytes(&mut body);
            body.extend(functions::help::GetConfig::ID.to_le_bytes());
            client.invoke_raw(body.into()).await.map(drop)
        });
    }
    while let Some(answered) = callers.join_next().await {
        answered.unwrap().unwrap();
    }
    unanswered.abort();
}
