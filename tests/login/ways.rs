//! The ways to log in step by step, as a program with its own user interface goes them.

use mtwire::auth::EmailReset;
use mtwire::client::QrStep;
use mtwire::session::CodeVia;

use super::*;

#[tokio::test]
async fn a_qr_code_is_scanned() {
    let world = World::start().await;
    for (name, phone, code, dc) in [("at home", BOB, "22222", 2), ("elsewhere", ADA, "11111", 1)] {
        let phone = world.logged_in(&format!("phone of {name}"), phone, code).await;
        let client = world.client(name).await;
        let mut login = client.sign_in_qr().await.unwrap();
        let url = login.code().url.expose_str().unwrap().to_owned();
        assert!(url.starts_with("tg://login?token=") && !format!("{login:?}").contains(&url));
        let (step, accepted) = tokio::join!(login.wait(), phone.accept_login(&url));
        accepted.unwrap();
        match step.unwrap() {
            QrStep::Scanned(SignInStep::Done(user)) => assert_eq!(Some(user.id), phone.user().map(|u| u.id)),
            // The account has a password, which the phone has given long ago.
            QrStep::Scanned(SignInStep::PasswordNeeded(_)) => {
                drop(login);
                let step = client.check_password("pass word").await.unwrap();
                assert!(matches!(step, SignInStep::Done(_)));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(client.home_dc(), dc);
        assert!(phone.accept_login(&url).await.is_err(), "a code is good for one scan");
    }
}

#[tokio::test]
async fn a_qr_code_is_renewed_when_it_expires() {
    let world = World::with_scenario(r#"{"qr_lifetime": 3}"#).await;
    let client = world.client("it").await;
    let mut login = client.sign_in_qr().await.unwrap();
    let first = login.code().clone();
    assert_eq!(login.wait().await.unwrap(), QrStep::Renewed);
    assert_ne!(login.code().url, first.url);
}

#[tokio::test]
async fn an_e_mail_address_is_set_up_and_its_code_given_in_another_process() {
    let mut world =
        World::with_scenario(r#"{"numbers": {"+9996611234": {"codes": ["email_setup", "sms"]}}}"#).await;
    let client = world.client("ada").await;
    assert_eq!(client.send_code(ADA).await.unwrap(), SignInStep::EmailNeeded);
    assert_eq!(notice(client.set_login_email("nonsense").await), Notice::NotAnEmail);
    let step = client.set_login_email("ada@example.org").await.unwrap();
    assert!(matches!(step, SignInStep::EmailCodeSent { address, .. } if address == "ada@example.org"));
    let code = world.email_code().await;
    leave(client).await;
    let client = world.client("ada").await;
    assert!(matches!(notice(client.verify_login_email("0").await), Notice::WrongCode { .. }));
    let SignInStep::CodeSent(sent) = client.verify_login_email(&code).await.unwrap() else { panic!() };
    let code = if sent.via == CodeVia::Email { world.email_code().await } else { "11111".into() };
    assert!(matches!(client.sign_in(&code).await.unwrap(), SignInStep::Done(_)));
}

#[tokio::test]
async fn a_code_by_e_mail_and_the_reset_of_the_address() {
    let scenario = |wait: u32| {
        format!(
            r#"{{"numbers": {{"+9996611234": {{"codes": ["email", "sms"],
                "login_email": "ada@example.org", "email_reset_wait": {wait}}}}}}}"#
        )
    };
    let mut world = World::with_scenario(&scenario(0)).await;
    let client = world.client("ada").await;
    let SignInStep::CodeSent(sent) = client.send_code(ADA).await.unwrap() else { panic!() };
    assert_eq!((sent.via, sent.email_reset), (CodeVia::Email, Some(EmailReset::After(0))));
    let code = world.email_code().await;
    assert!(matches!(client.sign_in(&code).await.unwrap(), SignInStep::Done(_)));
    let other = world.client("other").await;
    other.send_code(ADA).await.unwrap();
    let SignInStep::CodeSent(sent) = other.reset_login_email().await.unwrap() else { panic!() };
    assert_eq!(sent.via, CodeVia::Sms);

    let world = World::with_scenario(&scenario(604_800)).await;
    let client = world.client("ada3").await;
    client.send_code(ADA).await.unwrap();
    let SignInStep::CodeSent(sent) = client.reset_login_email().await.unwrap() else { panic!() };
    assert!(matches!(sent.email_reset, Some(EmailReset::At(_))));
    assert!(matches!(notice(client.reset_login_email().await), Notice::EmailResetScheduled { .. }));
}

#[tokio::test]
async fn a_forgotten_password_is_recovered_in_two_processes() {
    let scenario = r#"{"numbers": {"+9996621234": {"recovery_email": "bob@example.org"}}}"#;
    let mut world = World::with_scenario(scenario).await;
    let client = world.client("bob").await;
    client.send_code(BOB).await.unwrap();
    let SignInStep::PasswordNeeded(info) = client.sign_in("22222").await.unwrap() else { panic!() };
    assert!(info.can_recover);
    let step = client.request_password_recovery().await.unwrap();
    assert!(matches!(step, SignInStep::RecoveryCodeSent { pattern } if pattern.contains('*')));
    let code = world.email_code().await;
    leave(client).await;
    let client = world.client("bob").await;
    assert!(matches!(notice(client.recover_password("0", None).await), Notice::WrongCode { .. }));
    let step = client.recover_password(&code, Some(("new", "hint"))).await.unwrap();
    assert!(matches!(step, SignInStep::Done(_)));
    let other = world.client("other").await;
    other.send_code(BOB).await.unwrap();
    other.sign_in("22222").await.unwrap();
    assert!(matches!(other.check_password("new").await.unwrap(), SignInStep::Done(_)));
}

#[tokio::test]
async fn no_recovery_without_an_address() {
    let world = World::start().await;
    let client = world.client("bob").await;
    client.send_code(BOB).await.unwrap();
    client.sign_in("22222").await.unwrap();
    assert_eq!(notice(client.request_password_recovery().await), Notice::NoRecovery);
    assert!(matches!(client.check_password("pass word").await.unwrap(), SignInStep::Done(_)));
}

#[tokio::test]
async fn a_lost_account_is_made_anew() {
    let world = World::start().await;
    let client = world.client("bob").await;
    client.send_code(BOB).await.unwrap();
    client.sign_in("22222").await.unwrap();
    // The code was given in another step, so that another is sent: its answer has the terms.
    let step = client.delete_lost_account().await.unwrap();
    assert!(matches!(step, SignInStep::CodeSent(_)), "{step:?}");
    let step = client.sign_in("22222").await.unwrap();
    assert!(matches!(step, SignInStep::SignUpNeeded { terms: Some(_) }), "{step:?}");
    let SignInStep::Done(user) = client.sign_up("Bob", "Anew").await.unwrap() else { panic!() };
    assert_eq!(user.last_name, "Anew");
}

#[tokio::test]
async fn another_process_finds_out_where_the_login_is() {
    let world = World::start().await;
    let client = world.client("bob").await;
    assert_eq!(client.sign_in_step().await.unwrap(), SignInStep::PhoneNeeded);
    client.send_code(BOB).await.unwrap();
    leave(client).await;
    let client = world.client("bob").await;
    assert!(matches!(client.sign_in_step().await.unwrap(), SignInStep::CodeSent(sent) if sent.phone == BOB));
    client.sign_in("22222").await.unwrap();
    leave(client).await;
    let client = world.client("bob").await;
    assert!(matches!(client.sign_in_step().await.unwrap(), SignInStep::PasswordNeeded(_)));
    client.check_password("pass word").await.unwrap();
    assert!(matches!(client.sign_in_step().await.unwrap(), SignInStep::Done(_)));
}

#[tokio::test]
async fn a_login_that_was_given_up_leaves_nothing() {
    let world = World::start().await;
    let client = world.client("bob").await;
    client.send_code(BOB).await.unwrap();
    client.sign_in("22222").await.unwrap();
    client.cancel_sign_in().await.unwrap();
    assert!(client.store().with(|state| state.login.is_none()));
    assert!(matches!(client.check_password("pass word").await, Err(SignInError::NotAsked)));
}

#[tokio::test]
async fn a_resend_waits_for_its_time() {
    let world = World::start().await;
    let client = world.client("ada").await;
    client.send_code(ADA).await.unwrap();
    assert!(matches!(notice(client.resend_code().await), Notice::ResendLater { .. }));
    let world = World::with_scenario(r#"{"numbers": {"+9996611234": {"resend_after": 0}}}"#).await;
    let client = world.client("ada2").await;
    client.send_code(ADA).await.unwrap();
    let SignInStep::CodeSent(sent) = client.resend_code().await.unwrap() else { panic!() };
    assert_eq!(sent.via, CodeVia::Call);
    assert_eq!(notice(client.resend_code().await), Notice::NoResend);
}

#[tokio::test]
async fn a_token_of_a_log_out_stands_for_the_code() {
    let world = World::start().await;
    let client = world.logged_in("ada", ADA, "11111").await;
    client.log_out().await.unwrap();
    assert!(matches!(client.send_code(ADA).await.unwrap(), SignInStep::Done(_)));
    // With a password the token stands for the code alone.
    let client = world.logged_in("bob", BOB, "22222").await;
    client.log_out().await.unwrap();
    assert!(matches!(client.send_code(BOB).await.unwrap(), SignInStep::PasswordNeeded(_)));
    assert!(matches!(client.check_password("pass word").await.unwrap(), SignInStep::Done(_)));
}
