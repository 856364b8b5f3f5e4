//! Which calls may run twice without harm.

use crate::message::client::CallOptions;

/// Calls that carry a `random_id`, by which the server knows a repetition, and parts of files, which overwrite themselves.
const KNOWN_AGAIN: &[&str] = &[
    "messages.sendMessage",
    "messages.sendMedia",
    "messages.sendMultiMedia",
    "messages.forwardMessages",
    "messages.sendInlineBotResult",
    "messages.sendEncrypted",
    "messages.sendEncryptedFile",
    "messages.sendEncryptedService",
    "upload.saveFilePart",
    "upload.saveBigFilePart",
];

/// How the session is to treat a call of `method` whose fate becomes unknown: only what reads, or what the server knows
/// again, is sent a second time.
pub(super) fn options(method: &str) -> CallOptions {
    let verb = method.rsplit_once('.').map_or(method, |(_, verb)| verb);
    CallOptions {
        repeatable: verb.starts_with("get") || KNOWN_AGAIN.contains(&method),
        ..CallOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_and_recognized_calls_are_repeated_and_no_others() {
        assert!(options("help.getConfig").repeatable);
        assert!(options("messages.sendMessage").repeatable);
        assert!(!options("auth.signIn").repeatable);
        assert!(!options("channels.joinChannel").repeatable);
    }
}
