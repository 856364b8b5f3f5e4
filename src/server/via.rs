//! The ways on which a login code travels (AU-2).

/// A way. The order in which a number's ways are walked is its scenario's, or [`DEFAULT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// As a message in the account's other sessions.
    App,
    /// As a text message.
    Sms,
    /// Spoken in a call.
    Call,
    /// The calling number is the code.
    FlashCall,
    /// The last digits of the calling number are the code.
    MissedCall,
    /// To the account's login e-mail.
    Email,
    /// No code yet: an e-mail address has to be set up first.
    EmailSetup,
    /// To the owner of an anonymous number, at Fragment.
    Fragment,
    /// As a text message to an official app that has proven to be one.
    Firebase,
    /// A word in a text message.
    Word,
    /// A phrase in a text message.
    Phrase,
    /// No code yet: it has to be paid for first.
    PaymentRequired,
}

/// The ways of a number that nothing else is said about; `App` only if the account is logged in elsewhere.
pub(super) const DEFAULT: &[Via] = &[Via::App, Via::Sms, Via::Call];

const NAMES: &[(Via, &str)] = &[
    (Via::App, "app"),
    (Via::Sms, "sms"),
    (Via::Call, "call"),
    (Via::FlashCall, "flash_call"),
    (Via::MissedCall, "missed_call"),
    (Via::Email, "email"),
    (Via::EmailSetup, "email_setup"),
    (Via::Fragment, "fragment"),
    (Via::Firebase, "firebase"),
    (Via::Word, "word"),
    (Via::Phrase, "phrase"),
    (Via::PaymentRequired, "payment_required"),
];

impl Via {
    /// Its name in scenarios and in the journal.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(via, _)| *via == self).map_or("", |(_, name)| name)
    }

    /// The way with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, own)| *own == name).map(|(via, _)| *via)
    }

    /// The names of all ways, for messages.
    pub fn names() -> String {
        NAMES.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    }

    /// Whether a code travels at all: the others are steps before one does.
    pub fn carries_code(self) -> bool {
        !matches!(self, Self::EmailSetup | Self::PaymentRequired)
    }

    /// Whether the code is text and not digits.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Word | Self::Phrase)
    }

    /// Whether `auth.resendCode` can come to it: `auth.CodeType` must have a name for it.
    pub fn can_follow(self) -> bool {
        !matches!(self, Self::App | Self::Email | Self::EmailSetup | Self::PaymentRequired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_has_a_name_of_its_own() {
        for (via, name) in NAMES {
            assert_eq!((via.name(), Via::from_name(name)), (*name, Some(*via)));
        }
        assert_eq!(Via::from_name("pigeon"), None);
    }
}
