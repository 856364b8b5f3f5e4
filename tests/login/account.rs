//! The account after its login: other sessions, the 2FA password, a log-out.

use mtwire::auth::Refusal;
use mtwire::client::{AccountError, InvokeError, NewSettings, PasswordReset};

use super::*;

fn refusal<T: std::fmt::Debug>(result: Result<T, AccountError>) -> Refusal {
    match result {
        Err(AccountError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn new(password: &str) -> NewSettings {
    NewSettings { password: Secret::from(password), hint: "hint".into(), recovery_email: None }
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let world = World::start().await;
    let (first, second) =
        (world.logged_in("first", ADA, "11111").await, world.logged_in("second", ADA, "11111").await);
    let sessions = first.sessions().await.unwrap();
    assert_eq!(sessions.iter().map(|session| session.current).filter(|&current| current).count(), 1);
    let other = sessions.iter().find(|session| !session.current).unwrap();
    assert_eq!(sessions.len(), 2);
    first.end_session(other.hash).await.unwrap();
    assert_eq!(refusal(first.end_session(other.hash).await), Refusal::NoSuchSession);
    let ended = second.invoke(&functions::updates::GetState {}).await.unwrap_err();
    assert!(matches!(ended, InvokeError::Unauthorized { .. }) && ended.is_login_over(), "{ended}");
    let third = world.logged_in("third", ADA, "11111").await;
    third.end_other_sessions().await.unwrap();
    assert_eq!(third.sessions().await.unwrap().len(), 1);
}

/// A client of somebody at home on DC 1 who goes to DC 2, to a server whose import of a login fails so often.
async fn gone_elsewhere(times: u32) -> (World, Client, Result<(), InvokeError>) {
    let world = World::with_scenario(&format!(
        r#"{{"errors": {{"auth.importAuthorization": {{"error": "AUTH_BYTES_INVALID", "times": {times}}}}}}}"#
    ))
    .await;
    let client = world.logged_in("ada", ADA, "11111").await;
    assert_eq!(client.home_dc(), 1);
    let moved = client.set_home_dc(2).await;
    (world, client, moved)
}

#[tokio::test]
async fn a_void_authorization_is_exported_again_once() {
    let (_world, client, moved) = gone_elsewhere(1).await;
    moved.unwrap();
    assert_eq!(client.home_dc(), 2);
    let (_world, client, moved) = gone_elsewhere(2).await;
    let error = moved.unwrap_err();
    let says = "auth.importAuthorization: DC 2 cannot be used: the exported authorization is void: it was used, is too \
                old, or belongs to another DC (AUTH_BYTES_INVALID";
    assert!(error.to_string().starts_with(says), "{error}");
    assert_eq!(client.home_dc(), 1);
    client.get_me().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_young_session_may_not_end_others() {
    let world = World::with_scenario(r#"{"fresh_session_wait": 86400}"#).await;
    let first = world.logged_in("first", ADA, "11111").await;
    let _second = world.logged_in("second", ADA, "11111").await;
    let sessions = first.sessions().await.unwrap();
    let other = sessions.iter().find(|session| !session.current).unwrap();
    assert_eq!(refusal(first.end_session(other.hash).await), Refusal::FreshSession);
    assert_eq!(refusal(first.end_other_sessions().await), Refusal::FreshSession);
}

#[tokio::test]
async fn a_password_is_set_changed_and_removed() {
    let world = World::start().await;
    let client = world.logged_in("ada", ADA, "11111").await;
    let (one, two) = (Secret::from("one"), Secret::from("two"));
    assert_eq!(client.set_password(None, new("one")).await.unwrap(), None);
    assert_eq!(refusal(client.set_password(None, new("two")).await), Refusal::WrongPassword);
    assert_eq!(refusal(client.set_password(Some(&two), new("two")).await), Refusal::WrongPassword);
    client.set_password(Some(&one), new("two")).await.unwrap();
    client.password_settings(&two).await.unwrap();

    let other = world.client("other").await;
    other.send_code(ADA).await.unwrap();
    let SignInStep::PasswordNeeded(info) = other.sign_in("11111").await.unwrap() else { panic!() };
    assert_eq!((info.hint.as_deref(), info.can_recover), (Some("hint"), false));
    assert!(matches!(other.check_password("two").await.unwrap(), SignInStep::Done(_)));

    client.set_password(Some(&two), new("")).await.unwrap();
    assert_eq!(refusal(client.set_password(Some(&two), new("x")).await), Refusal::NoPassword);
    let third = world.client("third").await;
    third.send_code(ADA).await.unwrap();
    assert!(matches!(third.sign_in("11111").await.unwrap(), SignInStep::Done(_)));
}

#[tokio::test]
async fn a_recovery_address_is_confirmed_first() {
    let mut world = World::start().await;
    let client = world.logged_in("ada", ADA, "11111").await;
    let settings = NewSettings { recovery_email: Some("ada@example.org".into()), ..new("one") };
    let length = client.set_password(None, settings).await.unwrap().unwrap();
    let code = world.email_code().await;
    assert_eq!(code.len(), length as usize);
    assert_eq!(refusal(client.confirm_password_email("0").await), Refusal::WrongCode);
    client.resend_password_email().await.unwrap();
    let code = world.email_code().await;
    client.confirm_password_email(&code).await.unwrap();
    let settings = client.password_settings(&Secret::from("one")).await.unwrap();
    assert_eq!(settings.email.as_deref(), Some("ada@example.org"));
    let other = world.client("other").await;
    other.send_code(ADA).await.unwrap();
    assert!(matches!(
        other.sign_in("11111").await.unwrap(),
        SignInStep::PasswordNeeded(info) if info.can_recover
    ));
}

#[tokio::test]
async fn a_password_that_is_forgotten_goes_after_a_wait_unless_it_is_declined() {
    let world = World::start().await;
    let client = world.logged_in("bob", BOB, "22222").await;
    assert!(matches!(client.reset_password().await.unwrap(), PasswordReset::Requested { .. }));
    client.decline_password_reset().await.unwrap();
    assert_eq!(refusal(client.decline_password_reset().await), Refusal::NoResetRequested);
    assert!(matches!(client.reset_password().await.unwrap(), PasswordReset::TooEarly { .. }));

    let world = World::with_scenario(r#"{"password_reset_wait": 0}"#).await;
    let client = world.logged_in("bob", BOB, "22222").await;
    // With no wait it is asked for, and done the next time.
    if client.reset_password().await.unwrap() != PasswordReset::Done {
        assert_eq!(client.reset_password().await.unwrap(), PasswordReset::Done);
    }
    assert_eq!(refusal(client.reset_password().await), Refusal::NoPassword);
}

#[tokio::test]
async fn the_server_forgets_the_key_of_a_session_that_has_logged_out() {
    let world = World::start().await;
    let client = world.logged_in("ada", ADA, "11111").await;
    let old = client.store().with(|state| state.dcs[&1].auth_key.clone()).unwrap();
    client.log_out().await.unwrap();
    leave(client).await;
    // The key is put back, as if it had been copied before.
    let mut state = load(world.path("ada")).unwrap();
    state.dcs.get_mut(&1).unwrap().auth_key = Some(old);
    state.user = Some(Default::default());
    let store = std::sync::Arc::new(mtwire::session::MemoryStore::new(state));
    let error = Client::builder("ada").store(store).connect().await.unwrap_err();
    assert!(error.to_string().contains("does not know this session's key"), "{error}");
}
