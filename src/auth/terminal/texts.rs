//! Everything that the dialogue says, but for the notices, which say themselves what they are.

use std::path::Path;

use crate::{
    auth::{CodeSent, EmailReset, PasswordInfo, Success, date::utc, whereabouts::plain},
    session::Terms,
};

pub(super) const PHONE: &str = "Enter phone number: ";
pub(super) const CODE: &str = "Enter phone code: ";
pub(super) const MAIL_CODE: &str = "Enter e-mail code: ";
pub(super) const FIRST_NAME: &str = "Enter first name: ";
pub(super) const LAST_NAME: &str = "Enter last name (may be empty): ";
pub(super) const ACCEPT_TERMS: &str = "Do you accept these terms of service? (y/n): ";
pub(in crate::auth) const LOGGED_IN: &str = "Logged in successfully";
pub(super) const NO_ACCOUNT: &str =
    "This number has no Telegram account yet. One can be made now; or type b for another number.";
pub(super) const HAS_PASSWORD: &str =
    "The account is protected by a password (two-step verification). Press Enter alone if it is forgotten.";
pub(super) const RECOVERY_CODE: &str = "Enter recovery code: ";
pub(super) const NEW_PASSWORD: &str = "Enter new password (Enter alone: none): ";
pub(super) const NEW_PASSWORD_AGAIN: &str = "Enter new password again: ";
pub(super) const THEY_DIFFER: &str = "The two differ.";
pub(super) const NEW_HINT: &str = "Enter hint (may be empty, seen by whoever has a login code): ";
pub(super) const NO_PASSWORD_WARNING: &str =
    "Two-step verification goes then: whoever gets a login code gets the account.";
pub(super) const NO_PASSWORD: &str = "Go on without a password? (y/n): ";
pub(super) const RESET_WARNING: &str = "This deletes the account with all its chats, contacts and files, for ever; the number can then make a new one. \
     The server may ask for a wait of days first, in which whoever has the password can prevent it.";
pub(super) const RESET: &str = "Delete the account? (y/n): ";
pub(in crate::auth) const NEEDS_EMAIL: &str =
    "The account must get a login e-mail address before a code is sent. Type it, or b for another number.";
pub(super) const EMAIL: &str = "Enter e-mail address: ";
pub(super) const SCAN: &str = "Scan this with the Telegram app: Settings, Devices, Link Desktop Device.";
pub(super) const RESET_EMAIL: &str = "Reset the login e-mail address of the account? (y/n): ";
pub(super) const NONE_OF_THESE: &str = "That is none of these.";
pub(super) const DO_NOT_FORWARD: &str =
    "Type it here only: a code that is sent on in any chat is void at once.";

pub(super) fn confirm(phone: &str) -> String {
    format!("Is \"{phone}\" correct? (y/n): ")
}

pub(super) fn password(hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("Enter password (hint: {}): ", plain(hint)),
        None => "Enter password: ".to_owned(),
    }
}

/// What can be typed besides the code.
pub(in crate::auth) fn commands(sent: &CodeSent) -> String {
    let mut line = match (sent.next, sent.resend_in) {
        (None, _) => "Or type ".to_owned(),
        (Some(next), 0) => format!("Or type r to get a code {}, ", next.how()),
        (Some(next), seconds) => format!("Or type r to get a code {} (in {seconds} s), ", next.how()),
    };
    match sent.email_reset {
        None => {}
        Some(EmailReset::After(0)) => line.push_str("e if the mailbox is lost, "),
        Some(EmailReset::After(seconds)) => {
            line.push_str(&format!(
                "e if the mailbox is lost (the address is then reset {}), ",
                after(seconds)
            ));
        }
        Some(EmailReset::At(at)) => {
            line.push_str(&format!("e to see when the address is reset ({} UTC), ", utc(at)));
        }
    }
    line.push_str("b for another number, q for a QR code.");
    line
}

fn after(seconds: u32) -> String {
    match seconds {
        0..7200 => format!("after {} minutes", seconds.div_ceil(60)),
        7200..172_800 => format!("after {} hours", seconds.div_ceil(3600)),
        _ => format!("after {} days", seconds.div_ceil(86_400)),
    }
}

pub(super) fn email_code_sent(address: &str, length: Option<u32>) -> String {
    let length = length.map(|length| format!(" ({length} characters)")).unwrap_or_default();
    let address = plain(address);
    format!("A code{length} was sent to {address}. Or type r for another code, b for another address.")
}

pub(super) fn recovery_code_sent(pattern: &str) -> String {
    let pattern = plain(pattern);
    format!(
        "A code to recover the password was sent to {pattern}. Or type r for another code, b to type the password."
    )
}

/// The question of those who have not typed the password.
pub(super) fn forgotten(info: &PasswordInfo) -> String {
    let recover = if info.can_recover { "r to recover it by e-mail, " } else { "" };
    format!(
        "Type {recover}d to delete the account and make a new one, b for another number; Enter alone asks for the password again: "
    )
}

pub(super) fn password_goes(at: i64) -> String {
    format!("It was asked to be removed, which is done at {} UTC.", utc(at))
}

pub(super) fn set_password(days: u32) -> String {
    format!(
        "The server wants the account to have a password (two-step verification): without one this login ends in {days} days."
    )
}

pub(super) fn scan_help(expires_in: u32) -> String {
    format!("Good for {expires_in} s, then another follows. Or type b to give a phone number.")
}

pub(super) fn terms(terms: &Terms) -> String {
    let text: Vec<String> = terms.text.lines().map(plain).collect();
    let text = text.join("\n");
    match terms.min_age {
        Some(age) => format!("{text}\nBy accepting you confirm that you are at least {age} years old."),
        None => text,
    }
}

pub(super) fn who_and_where(success: &Success, dc: i32, session: Option<&Path>) -> String {
    let user = &success.user;
    let mut line = plain(&user.names());
    if user.bot {
        line.push_str(", bot");
    }
    line.push_str(&format!(", DC {dc}"));
    if let Some(path) = session {
        line.push_str(&format!(", session {}", path.display()));
    }
    line
}
