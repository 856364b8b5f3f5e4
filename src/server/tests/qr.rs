//! Logging in by a QR code.

use enums::auth::LoginToken;

use super::*;

const OTHER: &str = "9996615678";

fn export(except_ids: Vec<i64>) -> functions::auth::ExportLoginToken {
    functions::auth::ExportLoginToken { api_id: 1, api_hash: "x".into(), except_ids }
}

fn accept(token: &Bytes) -> functions::auth::AcceptLoginToken {
    functions::auth::AcceptLoginToken { token: token.clone() }
}

fn show(bench: &mut Bench, caller: &mut Caller, except: Vec<i64>) -> types::auth::LoginToken {
    let answer = bench.call(caller, export(except)).unwrap();
    let LoginToken::LoginToken(token) = answer else { panic!("{answer:?}") };
    token
}

fn success(answer: LoginToken) -> types::User {
    let LoginToken::Success(success) = answer else { panic!("{answer:?}") };
    user(success.authorization)
}

#[test]
fn a_token_is_shown_accepted_and_used() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut phone, me) = bench.logged_in(PHONE);
    let mut desktop = bench.client(2);
    let token = show(&mut bench, &mut desktop, vec![]);
    assert_eq!(i64::from(token.expires), bench.now + 30);
    assert!(bench.pushes.is_empty());
    let accepted = bench.call(&mut phone, accept(&token.token)).unwrap();
    assert!(!accepted.current && !accepted.password_pending && accepted.hash != 0);
    let push = bench.pushes.pop().unwrap();
    assert_eq!(push.to, Audience::Key(desktop.key_id));
    let enums::Updates::UpdateShort(update) = enums::Updates::from_bytes(push.body).unwrap() else {
        panic!()
    };
    assert_eq!(update.update, enums::Update::LoginToken);
    assert_eq!(
        bench.call(&mut phone, accept(&token.token)),
        Err(refused(400, "AUTH_TOKEN_ALREADY_ACCEPTED"))
    );
    // The client may take its time.
    bench.now += 40;
    assert_eq!(success(bench.call(&mut desktop, export(vec![])).unwrap()).id, me.id);
    assert!(bench.call(&mut desktop, functions::updates::GetState {}).is_ok());
    let import = functions::auth::ImportLoginToken { token: token.token };
    assert_eq!(bench.call(&mut desktop, import), Err(refused(400, "AUTH_TOKEN_ALREADY_ACCEPTED")));
}

#[test]
fn tokens_get_old_and_can_be_closed_to_users() {
    let mut bench = Bench::with(&[PHONE], r#"{"qr_lifetime": 10}"#);
    let (mut phone, me) = bench.logged_in(PHONE);
    let mut desktop = bench.client(2);
    let import = |token: &[u8]| functions::auth::ImportLoginToken { token: Bytes::copy_from_slice(token) };
    assert_eq!(bench.call(&mut phone, accept(&Bytes::new())), Err(refused(400, "AUTH_TOKEN_INVALIDX")));
    assert_eq!(bench.call(&mut phone, accept(&vec![1; 32].into())), Err(refused(400, "AUTH_TOKEN_INVALIDX")));
    assert_eq!(bench.call(&mut desktop, import(&[1])), Err(refused(400, "AUTH_TOKEN_INVALIDX")));
    assert_eq!(bench.call(&mut desktop, import(&[1; 32])), Err(refused(400, "AUTH_TOKEN_INVALID")));
    let closed = show(&mut bench, &mut desktop, vec![me.id]).token;
    assert_eq!(bench.call(&mut phone, accept(&closed)), Err(refused(400, "AUTH_TOKEN_EXCEPTION")));
    let token = show(&mut bench, &mut desktop, vec![]).token;
    assert_eq!(bench.call(&mut desktop, import(&token)), Err(refused(400, "AUTH_TOKEN_INVALID")));
    bench.now += 10;
    assert_eq!(bench.call(&mut phone, accept(&token)), Err(refused(400, "AUTH_TOKEN_EXPIRED")));
    assert_eq!(bench.call(&mut desktop, import(&token)), Err(refused(400, "AUTH_TOKEN_EXPIRED")));
    assert_eq!(
        bench.call(&mut desktop, accept(&token)),
        Err(refused(401, "AUTH_KEY_UNREGISTERED")),
        "nobody accepts himself"
    );
    let no_api = functions::auth::ExportLoginToken::default();
    assert_eq!(bench.call(&mut desktop, no_api), Err(refused(400, "API_ID_INVALID")));
}

#[test]
fn a_user_of_another_dc_is_sent_home() {
    let mut bench = Bench::new(&[OTHER]);
    let (mut phone, me) = bench.logged_in(OTHER);
    let mut desktop = bench.client(2);
    let token = show(&mut bench, &mut desktop, vec![]).token;
    bench.call(&mut phone, accept(&token)).unwrap();
    for _ in 0..2 {
        let answer = bench.call(&mut desktop, export(vec![])).unwrap();
        let LoginToken::MigrateTo(to) = answer else { panic!("{answer:?}") };
        assert_eq!((to.dc_id, &to.token), (1, &token));
    }
    let mut there = bench.client(1);
    let import = functions::auth::ImportLoginToken { token };
    assert_eq!(success(bench.call(&mut there, import).unwrap()).id, me.id);
    assert!(bench.call(&mut there, functions::updates::GetState {}).is_ok());
}

#[test]
fn the_password_is_asked_for_after_the_scan() {
    let mut bench = Bench::new(&["9996621234,password=p"]);
    let mut phone = bench.client(2);
    assert!(bench.sign_in(&mut phone, PHONE, "22222").is_err());
    let password = bench.prove(&mut phone, "p");
    bench.call(&mut phone, functions::auth::CheckPassword { password }).unwrap();
    let mut desktop = bench.client(2);
    let token = show(&mut bench, &mut desktop, vec![]).token;
    bench.call(&mut phone, accept(&token)).unwrap();
    let refusal = bench.call(&mut desktop, export(vec![])).unwrap_err();
    assert_eq!(refusal, refused(401, "SESSION_PASSWORD_NEEDED"));
    let listed = bench.call(&mut phone, functions::account::GetAuthorizations {}).unwrap();
    assert_eq!(listed.authorizations.iter().filter(|a| a.password_pending).count(), 1);
    let password = bench.prove(&mut desktop, "p");
    assert!(bench.call(&mut desktop, functions::auth::CheckPassword { password }).is_ok());
}
