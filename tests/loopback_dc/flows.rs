//! Flows of login that other sessions take part in.

use mtwire::server::{EmailPurpose, Event, Scenario, Server};
use mtwire::tl::{Constructor, Deserialize, enums, functions, types};
use mtwire::transport::Kind;

use super::peer::{Peer, UPDATES_TOO_LONG, send_code, start};

fn export() -> functions::auth::ExportLoginToken {
    functions::auth::ExportLoginToken { api_id: 1, api_hash: "x".into(), except_ids: Vec::new() }
}

/// The session that waits has no user, and is told all the same.
#[tokio::test]
async fn a_session_that_is_not_logged_in_is_told_of_its_scan() {
    let server = start().await;
    let mut phone = Peer::new(&server, 1, Kind::Intermediate).await;
    let me = phone.log_in("9996611234").await;
    let mut desktop = Peer::new(&server, 2, Kind::Full).await;
    let enums::auth::LoginToken::LoginToken(shown) = desktop.call(&export()).await.unwrap() else { panic!() };
    phone.call(&functions::auth::AcceptLoginToken { token: shown.token.clone() }).await.unwrap();
    let told = desktop.wait(types::UpdateShort::ID).await;
    assert_eq!(types::UpdateShort::from_bytes(told).unwrap().update, enums::Update::LoginToken);
    let enums::auth::LoginToken::MigrateTo(to) = desktop.call(&export()).await.unwrap() else { panic!() };
    assert_eq!((to.dc_id, &to.token), (1, &shown.token));
    let mut there = Peer::new(&server, 1, Kind::Abridged).await;
    let import = functions::auth::ImportLoginToken { token: to.token };
    let enums::auth::LoginToken::Success(success) = there.call(&import).await.unwrap() else { panic!() };
    let enums::auth::Authorization::Authorization(authorization) = success.authorization else { panic!() };
    let enums::User::User(user) = authorization.user else { panic!() };
    assert_eq!(user.id, me.id);
}

#[tokio::test]
async fn a_session_that_is_ended_notices() {
    let server = start().await;
    let mut one = Peer::new(&server, 2, Kind::Intermediate).await;
    one.log_in("9996621234").await;
    let mut two = Peer::new(&server, 2, Kind::Intermediate).await;
    two.log_in("9996621234").await;
    let state = two.call(&functions::updates::GetState {}).await.unwrap();
    let list = one.call(&functions::account::GetAuthorizations {}).await.unwrap();
    let [own, other] = &list.authorizations[..] else { panic!("{list:?}") };
    assert_eq!((own.current, &*own.ip, &*own.device_model), (true, "127.0.0.1", "test"));
    one.call(&functions::account::ResetAuthorization { hash: other.hash }).await.unwrap();
    two.wait(UPDATES_TOO_LONG).await;
    let ask = functions::updates::GetDifference { pts: state.pts, date: 1, ..Default::default() };
    assert_eq!(two.call(&ask).await.unwrap_err(), "SESSION_REVOKED");
}

#[tokio::test]
async fn a_scenario_comes_from_the_builder() {
    let scenario = Scenario::from_json(
        r#"{"numbers": {"+9996621234": {"codes": ["email", "call"], "login_email": "ada@example.org"}},
            "errors": {"auth.exportLoginToken": "API_ID_PUBLISHED_FLOOD"}}"#,
    );
    let account = "+9996621234".parse().unwrap();
    let mut server = Server::builder().account(account).scenario(scenario.unwrap()).start().await.unwrap();
    let mut events = server.events();
    let mut peer = Peer::new(&server, 2, Kind::Intermediate).await;
    assert_eq!(peer.call(&export()).await.unwrap_err(), "API_ID_PUBLISHED_FLOOD");
    let sent = peer.call(&send_code("9996621234")).await.unwrap();
    let enums::auth::SentCode::SentCode(sent) = sent else { panic!("{sent:?}") };
    assert!(matches!(sent.r#type, enums::auth::SentCodeType::EmailCode(_)), "{sent:?}");
    let event = events.recv().await.unwrap();
    let told = r#"{"event":"email_code","email":"ada@example.org","code":"22222","purpose":"login"}"#;
    assert_eq!(event.to_json().to_string(), told);
    assert!(matches!(event, Event::EmailCode { purpose: EmailPurpose::Login, .. }));
}

#[tokio::test]
async fn the_builder_bounds_tries_and_resends() {
    let builder = Server::builder().account("+9996621234".parse().unwrap()).attempts(1);
    let server = builder.resend_after(std::time::Duration::from_secs(600)).start().await.unwrap();
    let mut peer = Peer::new(&server, 2, Kind::Intermediate).await;
    let sent = peer.call(&send_code("9996621234")).await.unwrap();
    let enums::auth::SentCode::SentCode(sent) = sent else { panic!("{sent:?}") };
    assert_eq!(sent.timeout, Some(600));
    let hash = sent.phone_code_hash;
    let resend = functions::auth::ResendCode {
        phone_number: "9996621234".into(),
        phone_code_hash: hash.clone(),
        reason: None,
    };
    let early = peer.call(&resend).await.unwrap_err();
    assert!(early.starts_with("FLOOD_WAIT_"), "{early}");
    let sign_in = |code: &'static str| functions::auth::SignIn {
        phone_number: "9996621234".into(),
        phone_code_hash: hash.clone(),
        phone_code: Some(code.into()),
        email_verification: None,
    };
    assert_eq!(peer.call(&sign_in("1")).await.unwrap_err(), "PHONE_CODE_INVALID");
    assert_eq!(peer.call(&sign_in("22222")).await.unwrap_err(), "PHONE_CODE_EXPIRED");
}
