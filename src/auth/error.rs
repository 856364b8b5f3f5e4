//! How a login ends without success.

use thiserror::Error;

use super::date::utc;
use crate::{crypto::srp::SrpError, message::RpcError};

/// Why the server does not take a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PhoneRefusal {
    /// `PHONE_NUMBER_INVALID`.
    #[error("it is not a valid phone number; write it with the country code, like +1-123-456-7890")]
    Invalid,
    /// `PHONE_NUMBER_BANNED`.
    #[error("it is banned; write to recover@telegram.org if that is a mistake")]
    Banned,
    /// `PHONE_NUMBER_FLOOD`.
    #[error("codes were asked for too often with it; try again in a day")]
    Flood,
    /// `PHONE_PASSWORD_FLOOD`.
    #[error("passwords were tried too often with it; try again in a day")]
    PasswordFlood,
    /// `PHONE_PASSWORD_PROTECTED`.
    #[error("it is protected by a password and cannot be used for this")]
    PasswordProtected,
    /// `PHONE_NUMBER_APP_SIGNUP_FORBIDDEN`.
    #[error("it has no account, and this application may not make one; sign up in the Telegram app first")]
    AppSignUpForbidden,
}

/// Why a login stopped. What was reached until then is saved, and the next login goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The server does not take the phone number.
    #[error("the server refuses the phone number: {0}")]
    PhoneRefused(PhoneRefusal),
    /// `API_ID_INVALID`, `API_ID_PUBLISHED_FLOOD`.
    #[error("the server refuses the API key ({error}); get your own at https://my.telegram.org/apps")]
    ApiKeyRefused {
        /// The server's words.
        error: RpcError,
    },
    /// `UPDATE_APP_TO_LOGIN`: the server wants a newer layer of the API.
    #[error("the server wants a newer version of the application; update mtwire")]
    UpdateRequired,
    /// `SMS_CODE_CREATE_FAILED`.
    #[error("the server could not send a code; try again later")]
    CodeNotSent,
    /// `auth.sentCodePaymentRequired`.
    #[error(
        "the server wants {amount} {currency} (in the smallest unit) for a code by SMS, which only official apps can pay; log in to the Telegram app first, or write to {support_email}"
    )]
    PaymentRequired {
        /// ISO 4217 code.
        currency: String,
        /// In the smallest unit of the currency.
        amount: i64,
        /// Where to ask for help.
        support_email: String,
    },
    /// `auth.sentCodeTypeFirebaseSms` without another way.
    #[error(
        "the server would send the code in a way that only official apps can ask for; log in to the Telegram app first, the code then comes there"
    )]
    FirebaseOnly,
    /// `ACCESS_TOKEN_INVALID`, `ACCESS_TOKEN_EXPIRED`.
    #[error("the server refuses the bot token ({error}); get the current one from @BotFather")]
    BotTokenRefused {
        /// The server's words.
        error: RpcError,
    },
    /// The user does not accept the terms of service; no account was made.
    #[error("the terms of service were not accepted, so no account was made")]
    TermsDeclined,
    /// One thing was tried too often.
    #[error("{what} too often; run the login again to go on")]
    TooManyAttempts {
        /// What was done, as "a wrong code was typed".
        what: &'static str,
    },
    /// The server asks to wait (420).
    #[error("the server asks to wait {seconds} s, until {} UTC ({error})", utc(*until))]
    Wait {
        /// How long, in seconds.
        seconds: u32,
        /// Until when, seconds since 1970 by the local clock.
        until: i64,
        /// The server's words.
        error: RpcError,
    },
    /// The account's password is hashed in a way that this version does not know.
    #[error("the password is checked in a way that this version does not know; update mtwire")]
    UnknownPasswordAlgorithm,
    /// The server's numbers for the password check are not safe.
    #[error("the password cannot be checked safely: {0}")]
    UnsafePasswordCheck(#[from] SrpError),
    /// The key is not, or not any more, good for a login (401).
    #[error("the server has ended this session ({error}); run the login again")]
    SessionEnded {
        /// The server's words.
        error: RpcError,
    },
    /// Another refusal.
    #[error("{method}: the server answered {error}")]
    Rpc {
        /// The method that was refused.
        method: &'static str,
        /// The server's words.
        error: RpcError,
    },
    /// An answer that makes no sense at this point.
    #[error("{method}: the server's answer makes no sense here: {what}")]
    UnexpectedReply {
        /// The method that was answered.
        method: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The program that drives the login gave it something else than it had asked for.
    #[error("the login was given something else than it had asked for")]
    Misused,
}
