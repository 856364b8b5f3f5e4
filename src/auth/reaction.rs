//! What is done about each error of the server (spec section 11, the table of errors).

use super::{Call, LoginError, Notice, PhoneRefusal};
use crate::message::RpcError;

/// What to do about a refused call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Ask for the phone number again.
    AskPhone(PhoneRefusal),
    /// Ask for the code again; it was wrong.
    AskCode,
    /// Ask for the code again; nothing was sent.
    KeepCode(Notice),
    /// Send another code, or begin anew where there was none.
    NewCode(Notice),
    /// Ask for the login e-mail address again.
    AskEmail(Notice),
    /// Send another code to the new login e-mail address.
    NewEmailCode,
    /// Send another code to recover the password.
    NewRecoveryCode,
    /// Ask for the password; it cannot be avoided.
    KeepPassword(Notice),
    /// Ask for the new password again; it was not taken.
    AskNewPassword,
    /// Show another QR code.
    NewToken,
    /// The account has a 2FA password.
    NeedPassword,
    /// Ask for the password again; it was wrong.
    AskPassword,
    /// The numbers for the check are not good any more: fetch others and try once more.
    FreshChallenge,
    /// The number has no account.
    SignUp,
    /// The number has an account after all.
    SignIn,
    /// Ask for the name again.
    AskName,
    /// Make the same call at another DC.
    Migrate(i32),
    /// Pass over it.
    Ignore,
    /// Stop.
    Fail(LoginError),
}

pub(super) fn react(call: &Call, error: &RpcError, unix: i64) -> Reaction {
    // Whatever becomes of it, the code is not used.
    if matches!(call, Call::CancelCode(_)) {
        return Reaction::Ignore;
    }
    if let Some(reaction) = by_class(call, error, unix) {
        return reaction;
    }
    let name = error.name();
    match (name.as_str(), call) {
        ("PHONE_NUMBER_INVALID", _) => Reaction::AskPhone(PhoneRefusal::Invalid),
        ("PHONE_NUMBER_BANNED", _) => refused(PhoneRefusal::Banned),
        ("PHONE_NUMBER_FLOOD", _) => refused(PhoneRefusal::Flood),
        ("PHONE_PASSWORD_FLOOD", _) => refused(PhoneRefusal::PasswordFlood),
        ("PHONE_PASSWORD_PROTECTED", _) => refused(PhoneRefusal::PasswordProtected),
        ("PHONE_NUMBER_APP_SIGNUP_FORBIDDEN", _) => refused(PhoneRefusal::AppSignUpForbidden),
        ("API_ID_INVALID" | "API_ID_PUBLISHED_FLOOD", _) => {
            Reaction::Fail(LoginError::ApiKeyRefused { error: error.clone() })
        }
        ("UPDATE_APP_TO_LOGIN", _) => Reaction::Fail(LoginError::UpdateRequired),
        ("SMS_CODE_CREATE_FAILED", _) => Reaction::Fail(LoginError::CodeNotSent),
        ("PHONE_CODE_INVALID" | "PHONE_CODE_EMPTY" | "CODE_INVALID", Call::SignIn(_)) => Reaction::AskCode,
        ("CODE_INVALID" | "CODE_EMPTY", Call::VerifyEmail(_) | Call::CheckRecovery(_) | Call::Recover(_)) => {
            Reaction::AskCode
        }
        ("SEND_CODE_UNAVAILABLE" | "EMAIL_INSTALL_MISSING", Call::ResendCode(_)) => {
            Reaction::KeepCode(Notice::NoResend)
        }
        ("EMAIL_INSTALL_MISSING", Call::ResetLoginEmail(_)) => Reaction::KeepCode(Notice::NoEmailReset),
        ("TASK_ALREADY_EXISTS", Call::ResetLoginEmail(_)) => {
            Reaction::KeepCode(Notice::EmailResetScheduled { at: None })
        }
        ("EMAIL_INVALID", Call::SendVerifyEmail(_) | Call::VerifyEmail(_)) => {
            Reaction::AskEmail(Notice::EmailRefused)
        }
        ("EMAIL_NOT_ALLOWED", Call::SendVerifyEmail(_) | Call::VerifyEmail(_)) => {
            Reaction::AskEmail(Notice::EmailNotAllowed)
        }
        // The server does not wait for an address any more.
        ("EMAIL_NOT_SETUP", Call::SendVerifyEmail(_)) => Reaction::NewCode(Notice::Restarted),
        ("EMAIL_VERIFY_EXPIRED", Call::VerifyEmail(_)) => Reaction::NewEmailCode,
        ("PASSWORD_RECOVERY_EXPIRED", Call::CheckRecovery(_) | Call::Recover(_)) => Reaction::NewRecoveryCode,
        ("PASSWORD_RECOVERY_NA", Call::RequestRecovery(_) | Call::CheckRecovery(_) | Call::Recover(_)) => {
            Reaction::KeepPassword(Notice::NoRecovery)
        }
        ("PASSWORD_EMPTY", Call::RequestRecovery(_) | Call::CheckRecovery(_) | Call::Recover(_)) => {
            Reaction::NewCode(Notice::PasswordGone)
        }
        ("NEW_SETTINGS_INVALID" | "NEW_SALT_INVALID", Call::Recover(_)) => Reaction::AskNewPassword,
        (
            "AUTH_TOKEN_EXPIRED"
            | "AUTH_TOKEN_INVALID"
            | "AUTH_TOKEN_INVALIDX"
            | "AUTH_TOKEN_ALREADY_ACCEPTED",
            Call::ImportToken(_),
        ) => Reaction::NewToken,
        // At another call than signIn an invalid code or hash means that the code of this login is lost.
        (
            "PHONE_CODE_EXPIRED"
            | "PHONE_CODE_HASH_EMPTY"
            | "PHONE_HASH_EXPIRED"
            | "PHONE_CODE_INVALID"
            | "PHONE_CODE_EMPTY",
            Call::SignIn(_)
            | Call::SignUp(_)
            | Call::ResendCode(_)
            | Call::ResetLoginEmail(_)
            | Call::SendVerifyEmail(_)
            | Call::VerifyEmail(_),
        ) => Reaction::NewCode(Notice::CodeExpired),
        ("AUTH_RESTART" | "SIGN_IN_FAILED" | "PASSKEY_AUTH_RESTART", call) => match call {
            Call::SendCode(_)
            | Call::SignIn(_)
            | Call::SignUp(_)
            | Call::ResendCode(_)
            | Call::CheckPassword(_)
            | Call::ResetLoginEmail(_)
            | Call::SendVerifyEmail(_)
            | Call::VerifyEmail(_)
            | Call::RequestRecovery(_)
            | Call::CheckRecovery(_)
            | Call::Recover(_)
            | Call::DeleteAccount(_) => Reaction::NewCode(Notice::Restarted),
            Call::ExportToken(_) | Call::ImportToken(_) => Reaction::NewToken,
            Call::CancelCode(_) | Call::GetPassword(_) | Call::ImportBot(_) => other(call, error),
        },
        ("PHONE_NUMBER_UNOCCUPIED", Call::SignIn(_)) => Reaction::SignUp,
        ("PHONE_NUMBER_OCCUPIED", Call::SignUp(_)) => Reaction::SignIn,
        ("FIRSTNAME_INVALID" | "LASTNAME_INVALID", Call::SignUp(_)) => Reaction::AskName,
        ("PASSWORD_HASH_INVALID", Call::CheckPassword(_) | Call::DeleteAccount(_)) => Reaction::AskPassword,
        ("SRP_ID_INVALID" | "SRP_PASSWORD_CHANGED" | "AUTH_KEY_UNSYNCHRONIZED", Call::CheckPassword(_)) => {
            Reaction::FreshChallenge
        }
        ("ACCESS_TOKEN_INVALID" | "ACCESS_TOKEN_EXPIRED", Call::ImportBot(_)) => {
            Reaction::Fail(LoginError::BotTokenRefused { error: error.clone() })
        }
        _ => other(call, error),
    }
}

/// What is the same for every call: moves, waits, and the two kinds of 401.
fn by_class(call: &Call, error: &RpcError, unix: i64) -> Option<Reaction> {
    match error.code {
        // By its name: the documentation gives it different codes.
        _ if error.is("SESSION_PASSWORD_NEEDED") => match call {
            Call::SendCode(_)
            | Call::ResendCode(_)
            | Call::SignIn(_)
            | Call::SignUp(_)
            | Call::ResetLoginEmail(_)
            | Call::VerifyEmail(_)
            | Call::ExportToken(_)
            | Call::ImportToken(_) => Some(Reaction::NeedPassword),
            Call::CancelCode(_)
            | Call::GetPassword(_)
            | Call::CheckPassword(_)
            | Call::ImportBot(_)
            | Call::SendVerifyEmail(_)
            | Call::RequestRecovery(_)
            | Call::CheckRecovery(_)
            | Call::Recover(_)
            | Call::DeleteAccount(_) => None,
        },
        420 if error.is("2FA_CONFIRM_WAIT") => error.value().map(|seconds| {
            let at = unix.saturating_add(seconds.into());
            Reaction::KeepPassword(Notice::AccountResetScheduled { at })
        }),
        303 => {
            let moves =
                ["PHONE_MIGRATE", "NETWORK_MIGRATE", "USER_MIGRATE"].iter().any(|name| error.is(name));
            let dc = error.value().and_then(|dc| i32::try_from(dc).ok());
            dc.filter(|&dc| moves && dc > 0).map(Reaction::Migrate)
        }
        // What was sent before is still good.
        420 if matches!(call, Call::ResendCode(_) | Call::ResetLoginEmail(_)) => {
            error.value().map(|seconds| Reaction::KeepCode(Notice::ResendLater { seconds }))
        }
        420 if matches!(call, Call::RequestRecovery(_)) => {
            error.value().map(|seconds| Reaction::KeepPassword(Notice::ResendLater { seconds }))
        }
        420 => error.value().map(|seconds| {
            let until = unix.saturating_add(seconds.into());
            Reaction::Fail(LoginError::Wait { seconds, until, error: error.clone() })
        }),
        401 => Some(Reaction::Fail(LoginError::SessionEnded { error: error.clone() })),
        _ => None,
    }
}

fn refused(why: PhoneRefusal) -> Reaction {
    Reaction::Fail(LoginError::PhoneRefused(why))
}

fn other(call: &Call, error: &RpcError) -> Reaction {
    Reaction::Fail(LoginError::Rpc { method: call.method(), error: error.clone() })
}
