//! The API calls of a login.

use std::fmt;

use crate::tl::{
    Constructor, enums,
    functions::{account, auth},
    types,
};

/// A call that the login wants to be made.
#[derive(Clone)]
pub enum Call {
    /// `auth.sendCode`.
    SendCode(auth::SendCode),
    /// `auth.resendCode`.
    ResendCode(auth::ResendCode),
    /// `auth.cancelCode`.
    CancelCode(auth::CancelCode),
    /// `auth.signIn`.
    SignIn(auth::SignIn),
    /// `auth.signUp`.
    SignUp(auth::SignUp),
    /// `account.getPassword`.
    GetPassword(account::GetPassword),
    /// `auth.checkPassword`.
    CheckPassword(auth::CheckPassword),
    /// `auth.importBotAuthorization`.
    ImportBot(auth::ImportBotAuthorization),
    /// `auth.resetLoginEmail`.
    ResetLoginEmail(auth::ResetLoginEmail),
    /// `account.sendVerifyEmailCode`, for the login e-mail address.
    SendVerifyEmail(account::SendVerifyEmailCode),
    /// `account.verifyEmail`, likewise.
    VerifyEmail(account::VerifyEmail),
    /// `auth.requestPasswordRecovery`.
    RequestRecovery(auth::RequestPasswordRecovery),
    /// `auth.checkRecoveryPassword`.
    CheckRecovery(auth::CheckRecoveryPassword),
    /// `auth.recoverPassword`.
    Recover(Box<auth::RecoverPassword>),
    /// `account.deleteAccount`, because its password is lost.
    DeleteAccount(account::DeleteAccount),
    /// `auth.exportLoginToken`.
    ExportToken(auth::ExportLoginToken),
    /// `auth.importLoginToken`.
    ImportToken(auth::ImportLoginToken),
}

impl Call {
    /// The method's name in the schema.
    #[must_use]
    pub fn method(&self) -> &'static str {
        fn name<T: Constructor>(_: &T) -> &'static str {
            T::NAME
        }
        match self {
            Self::SendCode(call) => name(call),
            Self::ResendCode(call) => name(call),
            Self::CancelCode(call) => name(call),
            Self::SignIn(call) => name(call),
            Self::SignUp(call) => name(call),
            Self::GetPassword(call) => name(call),
            Self::CheckPassword(call) => name(call),
            Self::ImportBot(call) => name(call),
            Self::ResetLoginEmail(call) => name(call),
            Self::SendVerifyEmail(call) => name(call),
            Self::VerifyEmail(call) => name(call),
            Self::RequestRecovery(call) => name(call),
            Self::CheckRecovery(call) => name(call),
            Self::Recover(call) => name(&**call),
            Self::DeleteAccount(call) => name(call),
            Self::ExportToken(call) => name(call),
            Self::ImportToken(call) => name(call),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The arguments are phone numbers, codes, tokens and the application's hash.
        write!(f, "Call({})", self.method())
    }
}

/// The server's answer to a [`Call`] that it did not refuse.
#[derive(Clone)]
pub enum Reply {
    /// To `auth.sendCode`, `auth.resendCode` and `auth.resetLoginEmail`.
    SentCode(Box<enums::auth::SentCode>),
    /// To `auth.cancelCode`, `auth.checkRecoveryPassword` and `account.deleteAccount`.
    Bool(bool),
    /// To `auth.signIn`, `auth.signUp`, `auth.checkPassword`, `auth.recoverPassword` and `auth.importBotAuthorization`.
    Authorization(Box<enums::auth::Authorization>),
    /// To `account.getPassword`.
    Password(Box<types::account::Password>),
    /// To `account.sendVerifyEmailCode`.
    SentEmailCode(types::account::SentEmailCode),
    /// To `account.verifyEmail`.
    EmailVerified(Box<enums::account::EmailVerified>),
    /// To `auth.requestPasswordRecovery`.
    Recovery(types::auth::PasswordRecovery),
    /// To `auth.exportLoginToken` and `auth.importLoginToken`.
    LoginToken(Box<enums::auth::LoginToken>),
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Inside are the code's hash and the user's data.
        f.write_str(match self {
            Self::SentCode(_) => "Reply(auth.SentCode)",
            Self::Bool(_) => "Reply(Bool)",
            Self::Authorization(_) => "Reply(auth.Authorization)",
            Self::Password(_) => "Reply(account.Password)",
            Self::SentEmailCode(_) => "Reply(account.SentEmailCode)",
            Self::EmailVerified(_) => "Reply(account.EmailVerified)",
            Self::Recovery(_) => "Reply(auth.PasswordRecovery)",
            Self::LoginToken(_) => "Reply(auth.LoginToken)",
        })
    }
}
