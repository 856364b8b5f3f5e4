//! Everything that the dialogue says, but for the notices, which say themselves what they are.

use std::path::Path;

use crate::{
    auth::{CodeSent, Success},
    session::{CodeVia, Terms},
};

pub(super) const PHONE: &str = "Enter phone number: ";
pub(super) const CODE: &str = "Enter phone code: ";
pub(super) const MAIL_CODE: &str = "Enter e-mail code: ";
pub(super) const FIRST_NAME: &str = "Enter first name: ";
pub(super) const LAST_NAME: &str = "Enter last name (may be empty): ";
pub(super) const ACCEPT_TERMS: &str = "Do you accept these terms of service? (y/n): ";
pub(super) const LOGGED_IN: &str = "Logged in successfully";
pub(super) const NO_ACCOUNT: &str = "This number has no Telegram account yet; one is made now.";
pub(super) const HAS_PASSWORD: &str = "The account is protected by a password (two-step verification).";
pub(super) const DO_NOT_FORWARD: &str =
    "Type it here only: a code that is sent on in any chat is void at once.";
pub(super) const NO_QR: &str =
    "Login by QR code is not in this version; type the code, or b for another number.";

pub(super) fn confirm(phone: &str) -> String {
    format!("Is \"{phone}\" correct? (y/n): ")
}

pub(super) fn password(hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("Enter password (hint: {hint}): "),
        None => "Enter password: ".to_owned(),
    }
}

/// Where the code is.
pub(super) fn sent(sent: &CodeSent) -> String {
    let phone = &sent.phone;
    let digits = sent.length.map(|length| format!(" ({length} digits)")).unwrap_or_default();
    let hint = sent.hint.as_deref();
    match sent.via {
        CodeVia::App => format!(
            "The code{digits} is in your Telegram app: look for a message from Telegram on a device where you are logged in."
        ),
        CodeVia::Sms | CodeVia::Firebase => format!("The code{digits} comes to {phone} in a text message."),
        CodeVia::Call => format!("The code{digits} is read to you in a call to {phone}."),
        CodeVia::FlashCall => format!(
            "{phone} gets a short call from a number{}; that number is the code.",
            hint.map(|pattern| format!(" like {pattern}")).unwrap_or_default(),
        ),
        CodeVia::MissedCall => format!(
            "{phone} gets a missed call from a number{}; the last {} digits of that number are the code.",
            hint.map(|prefix| format!(" that begins with {prefix}")).unwrap_or_default(),
            sent.length.map_or_else(|| "few".to_owned(), |length| length.to_string()),
        ),
        CodeVia::Email => format!(
            "The code{digits} was sent by e-mail{}.",
            hint.map(|address| format!(" to {address}")).unwrap_or_default(),
        ),
        CodeVia::EmailSetup => "The account needs a login e-mail address first.".to_owned(),
        CodeVia::Fragment => {
            format!("The code{digits} is shown at {}.", hint.unwrap_or("https://fragment.com"))
        }
        CodeVia::Word => format!(
            "{phone} gets a text message with a word{}; that word is the code.",
            hint.map(|beginning| format!(" that begins with \"{beginning}\"")).unwrap_or_default(),
        ),
        CodeVia::Phrase => format!(
            "{phone} gets a text message with a phrase{}; that phrase is the code.",
            hint.map(|beginning| format!(" that begins with \"{beginning}\"")).unwrap_or_default(),
        ),
    }
}

/// What can be typed besides the code.
pub(super) fn commands(sent: &CodeSent) -> String {
    match (sent.next, sent.resend_in) {
        (None, _) => "Or type b for another number.".to_owned(),
        (Some(next), 0) => format!("Or type r to get a code {}, b for another number.", by(next)),
        (Some(next), seconds) => {
            format!("Or type r to get a code {} (in {seconds} s), b for another number.", by(next))
        }
    }
}

fn by(via: CodeVia) -> &'static str {
    match via {
        CodeVia::App => "in the Telegram app",
        CodeVia::Sms | CodeVia::Firebase | CodeVia::Word | CodeVia::Phrase => "by text message",
        CodeVia::Call => "by a call",
        CodeVia::FlashCall | CodeVia::MissedCall => "by a missed call",
        CodeVia::Email | CodeVia::EmailSetup => "by e-mail",
        CodeVia::Fragment => "on fragment.com",
    }
}

pub(super) fn terms(terms: &Terms) -> String {
    match terms.min_age {
        Some(age) => {
            format!("{}\nBy accepting you confirm that you are at least {age} years old.", terms.text)
        }
        None => terms.text.clone(),
    }
}

pub(super) fn who_and_where(success: &Success, dc: i32, session: Option<&Path>) -> String {
    let user = &success.user;
    let mut line = format!("{} {}", user.first_name, user.last_name).trim().to_owned();
    if let Some(username) = &user.username {
        line.push_str(&format!(" (@{username})"));
    }
    if user.bot {
        line.push_str(", bot");
    }
    line.push_str(&format!(", DC {dc}"));
    if let Some(path) = session {
        line.push_str(&format!(", session {}", path.display()));
    }
    line
}
