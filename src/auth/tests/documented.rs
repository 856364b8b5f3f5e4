//! `docs/authorization.md` says what the machine does, and leaves nothing out.
//!
//! `MTWIRE_WRITE_DOCS=1 cargo test documented` writes its tables.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{
    reaction::{Reaction, react},
    terminal::texts,
    *,
};
use crate::{schema::rpc_errors, tl::functions};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/authorization.md");

/// One call of each kind that the machine makes.
pub(super) fn calls() -> Vec<Call> {
    vec![
        Call::SendCode(Default::default()),
        Call::ResendCode(Default::default()),
        Call::CancelCode(Default::default()),
        Call::SignIn(Default::default()),
        Call::SignUp(Default::default()),
        Call::GetPassword(Default::default()),
        Call::CheckPassword(Default::default()),
        Call::ImportBot(Default::default()),
        Call::ResetLoginEmail(Default::default()),
        Call::SendVerifyEmail(Default::default()),
        Call::VerifyEmail(Default::default()),
        Call::RequestRecovery(Default::default()),
        Call::CheckRecovery(Default::default()),
        Call::Recover(Default::default()),
        Call::DeleteAccount(Default::default()),
        Call::ExportToken(Default::default()),
        Call::ImportToken(Default::default()),
    ]
}

/// The methods around the login that are not the machine's.
const OTHER_METHODS: [&str; 14] = [
    "auth.logOut",
    "auth.exportAuthorization",
    "auth.importAuthorization",
    "auth.acceptLoginToken",
    "auth.resetAuthorizations",
    "account.getAuthorizations",
    "account.resetAuthorization",
    "account.getPasswordSettings",
    "account.updatePasswordSettings",
    "account.confirmPasswordEmail",
    "account.resendPasswordEmail",
    "account.cancelPasswordEmail",
    "account.resetPassword",
    "account.declinePasswordReset",
];

/// The errors that the schema lists for a method: code and message, a number in place of `%d`.
fn errors_of(method: &str) -> Vec<(i32, String, String)> {
    rpc_errors::documented()
        .filter(|line| line.methods().any(|raised_by| raised_by == method))
        .map(|line| (line.code, line.pattern.to_owned(), line.pattern.replace("%d", "60")))
        .collect()
}

fn text_of(error: &impl std::fmt::Display) -> String {
    error.to_string().replace("1970-01-01 00:01:00", "DATE").replace("60", "N")
}

fn describe(reaction: &Reaction) -> String {
    let says = |what: &str, notice: &Notice| format!("{what}: \"{}\"", text_of(notice));
    match reaction {
        Reaction::AskPhone(why) => says("asks for the number again", &Notice::PhoneRefused(*why)),
        Reaction::AskCode => says("asks for the code again", &Notice::WrongCode { left: 4 }),
        Reaction::KeepCode(notice) => says("keeps the code that was sent", notice),
        Reaction::NewCode(notice) => says("sends another code", notice),
        Reaction::AskEmail(notice) => says("asks for the address again", notice),
        Reaction::NewEmailCode => says("sends another code to the address", &Notice::EmailCodeExpired),
        Reaction::NewRecoveryCode => says("sends another recovery code", &Notice::RecoveryCodeExpired),
        Reaction::KeepPassword(notice) => says("asks for the password", notice),
        Reaction::AskNewPassword => says("asks for another new password", &Notice::NewPasswordRefused),
        Reaction::NewToken => says("shows another QR code", &Notice::QrRenewed),
        Reaction::NeedPassword => "asks for the 2FA password".into(),
        Reaction::AskPassword => says("asks for the password again", &Notice::WrongPassword { left: 4 }),
        Reaction::FreshChallenge => "checks the same password again with fresh numbers, once".into(),
        Reaction::SignUp => "goes on to the sign-up".into(),
        Reaction::SignIn => "signs in with the code that was typed".into(),
        Reaction::AskName => says("asks for the name again", &Notice::NameRefused),
        Reaction::Migrate(_) => "goes on at that DC".into(),
        Reaction::Ignore => "passes over it: the code is not used any more".into(),
        Reaction::Fail(error) => format!("stops: \"{}\"", text_of(error)),
    }
}

fn error_table() -> String {
    let mut table = "| method | error | what happens |\n|---|---|---|\n".to_owned();
    for call in calls() {
        for (code, pattern, message) in errors_of(call.method()) {
            let reaction = react(&call, &RpcError::new(code, message), 0);
            let unnamed = matches!(reaction, Reaction::Fail(LoginError::Rpc { .. }));
            assert!(!unnamed, "{}: {pattern} has no outcome", call.method());
            writeln!(table, "| {} | {code} {pattern} | {} |", call.method(), describe(&reaction)).unwrap();
        }
    }
    for method in OTHER_METHODS {
        for (code, pattern, message) in errors_of(method) {
            let error = RpcError::new(code, message);
            let says = match Refusal::of(&error) {
                // A number at its end is the length of the code: the address waits for it, and nothing has failed.
                Some(Refusal::EmailUnconfirmed) if pattern.contains("%d") => {
                    "goes on: the code that was sent to the address is wanted".to_owned()
                }
                Some(refusal) => format!("\"{refusal}\""),
                None => panic!("{method}: {pattern} has no meaning"),
            };
            writeln!(table, "| {method} | {code} {pattern} | {says} |").unwrap();
        }
    }
    table
}

fn any_call_table() -> String {
    let mut table = "| error | what happens |\n|---|---|\n".to_owned();
    let call = Call::SignIn(functions::auth::SignIn::default());
    for (code, message) in [
        (303, "PHONE_MIGRATE_N"),
        (303, "NETWORK_MIGRATE_N"),
        (303, "USER_MIGRATE_N"),
        (401, "SESSION_PASSWORD_NEEDED"),
        (401, "AUTH_KEY_UNREGISTERED"),
        (401, "SESSION_REVOKED"),
        (401, "USER_DEACTIVATED"),
        (420, "FLOOD_WAIT_N"),
        (400, "SOMETHING_NEW"),
    ] {
        let sent = match message.strip_suffix("_N") {
            Some(name) => format!("{name}_60"),
            None => message.to_owned(),
        };
        let reaction = react(&call, &RpcError::new(code, sent), 0);
        writeln!(table, "| {code} {message} | {} |", describe(&reaction)).unwrap();
    }
    table
}

/// What the user sees of a step.
fn sees(run: &Run) -> String {
    match &run.action {
        Action::Prompt(Prompt::Code { sent, .. }) => format!("\"{sent}\""),
        Action::Prompt(Prompt::Email { .. }) => format!("\"{}\"", texts::NEEDS_EMAIL),
        Action::Prompt(Prompt::Terms { .. }) => "the terms of service, then the question for a name".into(),
        Action::Prompt(Prompt::Name { .. }) => "the question for a name".into(),
        Action::Prompt(Prompt::Qr { .. }) => "the QR code".into(),
        Action::Prompt(Prompt::Password { info, .. }) => match info.can_recover {
            true => "the question for the password; it can be recovered".into(),
            false => "the question for the password".into(),
        },
        Action::Prove(_) => "nothing: the password is checked".into(),
        Action::Invoke(call) => format!("nothing: {} follows", call.method()),
        Action::SwitchDc(_) => "nothing: the login goes on at that DC".into(),
        Action::Done(_) => format!("\"{}\"", texts::LOGGED_IN),
        Action::Fail(error) => format!("\"{error}\""),
        other => panic!("{other:?}"),
    }
}

fn after_phone(reply: Reply) -> Run {
    let mut run = Run::new();
    run.phone().reply("auth.sendCode", reply);
    run
}

fn after_scan(token: enums::auth::LoginToken) -> Run {
    let mut run = Run::new();
    run.answer(Answer::Qr).reply("auth.exportLoginToken", Reply::LoginToken(Box::new(token)));
    run
}

fn after_password(info: types::account::Password) -> Run {
    let mut run = at_code();
    run.code("12345").refuse("auth.signIn", 401, "SESSION_PASSWORD_NEEDED");
    run.reply("account.getPassword", Reply::Password(Box::new(info)));
    run
}

/// Every constructor that can answer, and what the user sees then.
fn constructors() -> Vec<(&'static str, String)> {
    use enums::auth::{Authorization, LoginToken};
    use types::auth as t;
    let text = || Str::from_static("…");
    let kind = |r#type| sees(&after_phone(sent(r#type, None, None)));
    let next = |next| {
        let run = after_phone(sent(SentCodeType::App(t::SentCodeTypeApp { length: 5 }), Some(next), None));
        match run.prompt() {
            Prompt::Code { sent, .. } => format!("\"{}\"", texts::commands(sent)),
            other => panic!("{other:?}"),
        }
    };
    let Reply::Password(known) = password_info(1) else { panic!() };
    let sign_in = |authorization| {
        let mut run = at_code();
        run.code("12345").reply("auth.signIn", Reply::Authorization(Box::new(authorization)));
        sees(&run)
    };
    let verified = |verified| {
        let mut run = after_phone(sent(SentCodeType::SetUpEmailRequired(Default::default()), None, None));
        run.answer(Answer::Email("ada@example.org".into()));
        run.reply("account.sendVerifyEmailCode", Reply::SentEmailCode(Default::default()));
        run.code("1").reply("account.verifyEmail", Reply::EmailVerified(Box::new(verified)));
        sees(&run)
    };
    let success = types::auth::SentCodeSuccess { authorization: authorization_of(user()) };
    let firebase = || {
        SentCodeType::FirebaseSms(Box::new(t::SentCodeTypeFirebaseSms { length: 6, ..Default::default() }))
    };
    let payment = t::SentCodePaymentRequired {
        currency: Str::from_static("USD"),
        amount: 299,
        support_email_address: Str::from_static("sms@telegram.org"),
        ..Default::default()
    };
    let Reply::SentCode(sms) = sms_code() else { panic!() };
    vec![
        ("auth.sentCode", "by its type, see below".into()),
        ("auth.sentCodeSuccess", sees(&after_phone(Reply::SentCode(Box::new(SentCode::Success(success)))))),
        (
            "auth.sentCodePaymentRequired",
            sees(&after_phone(Reply::SentCode(Box::new(SentCode::PaymentRequired(payment))))),
        ),
        ("auth.sentCodeTypeApp", kind(SentCodeType::App(t::SentCodeTypeApp { length: 5 }))),
        ("auth.sentCodeTypeSms", kind(SentCodeType::Sms(t::SentCodeTypeSms { length: 5 }))),
        ("auth.sentCodeTypeCall", kind(SentCodeType::Call(t::SentCodeTypeCall { length: 5 }))),
        (
            "auth.sentCodeTypeFlashCall",
            kind(SentCodeType::FlashCall(t::SentCodeTypeFlashCall { pattern: Str::from_static("+7*") })),
        ),
        (
            "auth.sentCodeTypeMissedCall",
            kind(SentCodeType::MissedCall(t::SentCodeTypeMissedCall {
                prefix: Str::from_static("+7"),
                length: 4,
            })),
        ),
        (
            "auth.sentCodeTypeEmailCode",
            kind(SentCodeType::EmailCode(t::SentCodeTypeEmailCode {
                email_pattern: Str::from_static("a***@e***.org"),
                length: 6,
                ..Default::default()
            })),
        ),
        ("auth.sentCodeTypeSetUpEmailRequired", kind(SentCodeType::SetUpEmailRequired(Default::default()))),
        (
            "auth.sentCodeTypeFragmentSms",
            kind(SentCodeType::FragmentSms(t::SentCodeTypeFragmentSms {
                url: Str::from_static("https://fragment.com/…"),
                length: 5,
            })),
        ),
        (
            "auth.sentCodeTypeFirebaseSms",
            format!(
                "with another way: {}; without: {}",
                sees(&after_phone(sent(firebase(), Some(CodeType::Sms), None))),
                kind(firebase())
            ),
        ),
        (
            "auth.sentCodeTypeSmsWord",
            kind(SentCodeType::SmsWord(t::SentCodeTypeSmsWord { beginning: Some(text()) })),
        ),
        (
            "auth.sentCodeTypeSmsPhrase",
            kind(SentCodeType::SmsPhrase(t::SentCodeTypeSmsPhrase { beginning: Some(text()) })),
        ),
        ("auth.codeTypeSms", next(CodeType::Sms)),
        ("auth.codeTypeCall", next(CodeType::Call)),
        ("auth.codeTypeFlashCall", next(CodeType::FlashCall)),
        ("auth.codeTypeMissedCall", next(CodeType::MissedCall)),
        ("auth.codeTypeFragmentSms", next(CodeType::FragmentSms)),
        ("auth.authorization", sign_in(authorization_of(user()))),
        (
            "auth.authorizationSignUpRequired",
            sign_in(Authorization::SignUpRequired(t::AuthorizationSignUpRequired {
                terms_of_service: Some(Box::default()),
            })),
        ),
        (
            "auth.loginToken",
            sees(&after_scan(LoginToken::LoginToken(t::LoginToken {
                expires: i32::try_from(NOW).unwrap(),
                token: bytes::Bytes::from_static(b"x"),
            }))),
        ),
        (
            "auth.loginTokenMigrateTo",
            sees(&after_scan(LoginToken::MigrateTo(t::LoginTokenMigrateTo {
                dc_id: 4,
                ..Default::default()
            }))),
        ),
        (
            "auth.loginTokenSuccess",
            sees(&after_scan(LoginToken::Success(t::LoginTokenSuccess {
                authorization: authorization_of(user()),
            }))),
        ),
        (
            "account.password",
            format!(
                "with a password: {}; with a recovery address: {}; without a password: {}; with an unknown way of \
                 checking it: {}",
                sees(&after_password((*known).clone())),
                sees(&after_password(types::account::Password { has_recovery: true, ..(*known).clone() })),
                sees(&after_password(types::account::Password { has_password: false, ..(*known).clone() })),
                {
                    let mut run = after_password(types::account::Password {
                        current_algo: Some(Box::new(enums::PasswordKdfAlgo::Unknown)),
                        ..(*known).clone()
                    });
                    run.password("x");
                    sees(&run)
                },
            ),
        ),
        (
            "account.emailVerifiedLogin",
            verified(enums::account::EmailVerified::Login(types::account::EmailVerifiedLogin {
                email: text(),
                sent_code: *sms,
            })),
        ),
        ("account.emailVerified", verified(enums::account::EmailVerified::EmailVerified(Default::default()))),
    ]
}

/// The types whose constructors must all have an outcome.
const TYPES: [&str; 7] = [
    "auth.SentCode",
    "auth.SentCodeType",
    "auth.CodeType",
    "auth.Authorization",
    "auth.LoginToken",
    "account.Password",
    "account.EmailVerified",
];

#[test]
fn every_constructor_has_an_outcome() {
    let listed: BTreeSet<&str> = constructors().into_iter().map(|(name, _)| name).collect();
    let schema = include_str!("../../../tl-schema/api.tl");
    let in_schema: BTreeSet<&str> = schema
        .lines()
        .filter(|line| TYPES.iter().any(|of| line.ends_with(&format!(" = {of};"))))
        .take_while(|line| !line.starts_with("---"))
        .filter_map(|line| line.split_once('#').map(|(name, _)| name))
        // Functions of these types are in the schema, too.
        .filter(|name| {
            name.split_once('.').is_some_and(|(_, name)| {
                ["sent", "code", "authorization", "loginToken", "password", "email"]
                    .iter()
                    .any(|of| name.starts_with(of))
            })
        })
        .collect();
    assert!(in_schema.len() > 25, "{in_schema:?}");
    assert_eq!(listed, in_schema);
}

#[test]
fn the_document_is_what_the_machine_does() {
    let mut answers = "| constructor | what the user sees |\n|---|---|\n".to_owned();
    for (name, sees) in constructors() {
        writeln!(answers, "| {name} | {sees} |").unwrap();
    }
    let mut document = std::fs::read_to_string(DOCUMENT).unwrap();
    let written = document.clone();
    for (name, table) in
        [("answers", answers), ("errors", error_table()), ("errors of any call", any_call_table())]
    {
        let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
        let (before, rest) = document.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
        let (_, after) = rest.split_once(&end).unwrap();
        document = format!("{before}{begin}{table}{end}{after}");
    }
    if std::env::var_os("MTWIRE_WRITE_DOCS").is_some() {
        std::fs::write(DOCUMENT, &document).unwrap();
    }
    assert_eq!(written, document, "MTWIRE_WRITE_DOCS=1 cargo test documented writes it");
}
