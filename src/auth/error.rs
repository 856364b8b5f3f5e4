//! How a login ends without success.

use thiserror::Error;

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
    /// `auth.sentCodeTypeSetUpEmailRequired`.
    #[error("the account must get a login e-mail address first; set it up in the Telegram app")]
    EmailSetupRequired,
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

/// `2026-11-24 20:28:49` for seconds since 1970.
fn utc(unix: i64) -> String {
    let (days, second) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    // Years are counted from March, so that the leap day is the last: then months begin at fixed days.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn moments_are_shown_as_dates() {
        assert_eq!(utc(0), "1970-01-01 00:00:00");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(utc(1_709_251_199), "2024-02-29 23:59:59");
        assert_eq!(utc(1_767_225_599), "2025-12-31 23:59:59");
        assert_eq!(utc(-1), "1969-12-31 23:59:59");
    }
}
