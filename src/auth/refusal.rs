//! What the errors of calls around the login mean that no state machine makes: sessions, passwords, tokens.

use thiserror::Error;

use crate::message::RpcError;

/// Why the server refuses to do something with an account's sessions, password, or login tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// `FRESH_RESET_AUTHORISATION_FORBIDDEN`.
    #[error("this session is younger than a day, and may not end others yet; end them from an older one")]
    FreshSession,
    /// `HASH_INVALID`.
    #[error("there is no session with that hash; it may have ended already")]
    NoSuchSession,
    /// `AUTH_TOKEN_EXPIRED`.
    #[error("the QR code has expired; scan the one that is shown now")]
    TokenExpired,
    /// `AUTH_TOKEN_ALREADY_ACCEPTED`.
    #[error("the QR code was scanned already")]
    TokenAccepted,
    /// `AUTH_TOKEN_INVALID`, `AUTH_TOKEN_INVALIDX`, `AUTH_TOKEN_EXCEPTION`.
    #[error("that is not a QR code of a login")]
    TokenInvalid,
    /// `DC_ID_INVALID`.
    #[error("the account lives on that DC, so there is nothing to take there")]
    OwnDc,
    /// `AUTH_BYTES_INVALID`.
    #[error("the exported authorization is void: it was used, is too old, or belongs to another DC")]
    AuthorizationVoid,
    /// `USER_ID_INVALID`.
    #[error("the exported authorization belongs to another user")]
    OtherUser,
    /// `PASSWORD_HASH_INVALID`.
    #[error("the password is wrong")]
    WrongPassword,
    /// `SRP_ID_INVALID`, `SRP_PASSWORD_CHANGED`, twice in a row.
    #[error("the password was changed in the meantime; try again")]
    PasswordChanged,
    /// `PASSWORD_EMPTY`.
    #[error("the account has no password")]
    NoPassword,
    /// `RESET_REQUEST_MISSING`.
    #[error("no removal of the password was asked for")]
    NoResetRequested,
    /// `EMAIL_INVALID`.
    #[error("that is not an e-mail address that the server takes")]
    EmailInvalid,
    /// `EMAIL_UNCONFIRMED`.
    #[error("the e-mail address is not confirmed yet; give the code that was sent to it")]
    EmailUnconfirmed,
    /// `EMAIL_HASH_EXPIRED`.
    #[error("the code for the e-mail address has expired; set the address again")]
    EmailCodeExpired,
    /// `CODE_INVALID`.
    #[error("the code is wrong")]
    WrongCode,
    /// `NEW_SALT_INVALID`, `NEW_SETTINGS_INVALID`, `NEW_SETTINGS_EMPTY`.
    #[error("the server does not take the new password; give another")]
    NewPasswordRefused,
}

impl Refusal {
    /// What `error` means; `None` when it is not one of these.
    #[must_use]
    pub fn of(error: &RpcError) -> Option<Self> {
        Some(match error.name().as_str() {
            "FRESH_RESET_AUTHORISATION_FORBIDDEN" => Self::FreshSession,
            "HASH_INVALID" => Self::NoSuchSession,
            "AUTH_TOKEN_EXPIRED" => Self::TokenExpired,
            "AUTH_TOKEN_ALREADY_ACCEPTED" => Self::TokenAccepted,
            "AUTH_TOKEN_INVALID" | "AUTH_TOKEN_INVALIDX" | "AUTH_TOKEN_EXCEPTION" => Self::TokenInvalid,
            "DC_ID_INVALID" => Self::OwnDc,
            "AUTH_BYTES_INVALID" => Self::AuthorizationVoid,
            "USER_ID_INVALID" => Self::OtherUser,
            "PASSWORD_HASH_INVALID" => Self::WrongPassword,
            "SRP_ID_INVALID" | "SRP_PASSWORD_CHANGED" => Self::PasswordChanged,
            "PASSWORD_EMPTY" => Self::NoPassword,
            "RESET_REQUEST_MISSING" => Self::NoResetRequested,
            "EMAIL_INVALID" => Self::EmailInvalid,
            "EMAIL_UNCONFIRMED" => Self::EmailUnconfirmed,
            "EMAIL_HASH_EXPIRED" => Self::EmailCodeExpired,
            "CODE_INVALID" => Self::WrongCode,
            "NEW_SALT_INVALID" | "NEW_SETTINGS_INVALID" | "NEW_SETTINGS_EMPTY" => Self::NewPasswordRefused,
            _ => return None,
        })
    }
}
