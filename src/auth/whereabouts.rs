//! Where a code is, in words for the user.

use std::fmt;

use super::CodeSent;
use crate::session::CodeVia;

/// A sentence for the user: where to look for the code.
impl fmt::Display for CodeSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&whereabouts(self))
    }
}

/// Text of the server's or of other users, which must not draw on a terminal.
pub(super) fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

fn whereabouts(sent: &CodeSent) -> String {
    let phone = &sent.phone;
    let digits = sent.length.map(|length| format!(" ({length} digits)")).unwrap_or_default();
    let hint = sent.hint.as_deref().map(plain);
    let hint = hint.as_deref();
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

impl CodeVia {
    /// The way as the end of a sentence, as in "another code can be sent by text message".
    #[must_use]
    pub fn how(self) -> &'static str {
        match self {
            Self::App => "in the Telegram app",
            Self::Sms | Self::Firebase | Self::Word | Self::Phrase => "by text message",
            Self::Call => "by a call",
            Self::FlashCall | Self::MissedCall => "by a missed call",
            Self::Email | Self::EmailSetup => "by e-mail",
            Self::Fragment => "on fragment.com",
        }
    }
}
