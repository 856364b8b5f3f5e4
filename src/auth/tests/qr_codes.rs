//! Login by QR code.

use super::*;
use crate::tl::enums::auth::LoginToken;

fn token(bytes: &'static [u8], expires: i64) -> Reply {
    let expires = i32::try_from(expires).unwrap();
    let token = types::auth::LoginToken { expires, token: bytes::Bytes::from_static(bytes) };
    Reply::LoginToken(Box::new(LoginToken::LoginToken(token)))
}

fn move_to(dc_id: i32) -> Reply {
    let token = bytes::Bytes::from_static(b"move");
    Reply::LoginToken(Box::new(LoginToken::MigrateTo(types::auth::LoginTokenMigrateTo { dc_id, token })))
}

fn success() -> Reply {
    let authorization = authorization_of(user());
    Reply::LoginToken(Box::new(LoginToken::Success(types::auth::LoginTokenSuccess { authorization })))
}

fn at_qr() -> Run {
    let mut run = Run::new();
    run.answer(Answer::Qr).reply("auth.exportLoginToken", token(&[0xfb, 0xff, 1, 2], NOW + 30));
    run
}

fn code(run: &Run) -> (String, u32, Option<Notice>) {
    match run.prompt() {
        Prompt::Qr { code, notice } => {
            (code.url.expose_str().unwrap().to_owned(), code.expires_in, notice.clone())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_token_is_shown_as_a_url() {
    // base64url without padding (RFC 4648): `-` and `_`, and no `=`.
    assert_eq!(code(&at_qr()), ("tg://login?token=-_8BAg".into(), 30, None));
}

#[test]
fn a_scan_logs_in() {
    let mut run = at_qr();
    run.input(Input::QrScanned).reply("auth.exportLoginToken", success()).done();
    assert_eq!(run.saved.user.unwrap().id, 777);
}

#[test]
fn a_token_that_runs_out_is_renewed_but_not_for_ever() {
    let mut run = at_qr();
    for _ in 0..39 {
        run.input(Input::QrExpired).reply("auth.exportLoginToken", token(b"next", NOW + 30));
        assert_eq!(code(&run).2, Some(Notice::QrRenewed));
    }
    run.input(Input::QrExpired);
    assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
}

#[test]
fn a_wrong_clock_neither_flickers_nor_keeps_a_dead_code() {
    for (server_unix, wanted) in [(NOW, 30), (NOW + 1_000, 3), (NOW - 1_000, 60)] {
        let mut run = Run::new();
        run.at.server_unix = server_unix;
        run.answer(Answer::Qr).reply("auth.exportLoginToken", token(b"x", NOW + 30));
        assert_eq!(code(&run).1, wanted);
    }
}

#[test]
fn an_account_of_another_dc_is_followed() {
    let mut run = at_qr();
    run.input(Input::QrScanned).reply("auth.exportLoginToken", move_to(4)).switched(4);
    let Call::ImportToken(call) = run.call("auth.importLoginToken") else { panic!() };
    assert_eq!(&call.token[..], b"move");
    run.reply("auth.importLoginToken", success()).done();
    for dc in [0, -4] {
        let mut run = at_qr();
        run.input(Input::QrScanned).reply("auth.exportLoginToken", move_to(dc));
        assert!(matches!(run.failure(), LoginError::UnexpectedReply { .. }));
    }
    // Sent round in circles.
    let mut run = at_qr();
    run.input(Input::QrScanned).reply("auth.exportLoginToken", move_to(3)).switched(3);
    for dc in [4, 5, 1] {
        run.reply("auth.importLoginToken", move_to(dc)).switched(dc);
    }
    run.reply("auth.importLoginToken", move_to(2));
    assert!(matches!(run.failure(), LoginError::TooManyAttempts { .. }));
}

#[test]
fn a_password_is_asked_after_the_scan_and_in_another_process_too() {
    let mut run = at_qr();
    run.input(Input::QrScanned).reply("auth.exportLoginToken", move_to(4)).switched(4);
    run.refuse("auth.importLoginToken", 401, "SESSION_PASSWORD_NEEDED");
    run.reply("account.getPassword", password_info(1));
    let mut other = Run::resuming_at(run.saved.clone(), at(NOW, 4));
    other.reply("account.getPassword", password_info(1));
    other.password("secret").proven().reply("auth.checkPassword", authorized()).done();
    run.password("secret").proven().reply("auth.checkPassword", authorized()).done();
    // With no number there is nothing to send another code to.
    let mut run = at_qr();
    run.input(Input::QrScanned).refuse("auth.exportLoginToken", 401, "SESSION_PASSWORD_NEEDED");
    run.reply("account.getPassword", password_info(1)).answer(Answer::ResetAccount);
    run.answer(Answer::Confirm(true)).reply("account.deleteAccount", Reply::Bool(true));
    assert_eq!(run.phone_notice(), Some(Notice::AccountDeleted));
}

#[test]
fn a_token_that_is_used_up_brings_another() {
    for name in
        ["AUTH_TOKEN_EXPIRED", "AUTH_TOKEN_INVALID", "AUTH_TOKEN_INVALIDX", "AUTH_TOKEN_ALREADY_ACCEPTED"]
    {
        let mut run = at_qr();
        run.input(Input::QrScanned).reply("auth.exportLoginToken", move_to(4)).switched(4);
        run.refuse("auth.importLoginToken", 400, name);
        run.reply("auth.exportLoginToken", token(b"next", NOW + 30));
        assert_eq!(code(&run).2, Some(Notice::QrRenewed));
    }
}

#[test]
fn from_the_code_to_a_qr_code_and_back_to_a_number() {
    let mut run = at_code();
    run.answer(Answer::Qr);
    assert_eq!(run.saved.login, None);
    run.reply("auth.exportLoginToken", token(b"x", NOW + 30)).answer(Answer::Back);
    assert_eq!(run.phone_notice(), None);
    run.phone().call("auth.sendCode");
    // A scan that comes when no code is shown any more is not for this login.
    let mut run = at_code();
    run.input(Input::QrScanned);
    assert_eq!(run.failure(), &LoginError::Misused);
}
