//! Which fields must not be printed.
//!
//! Chosen by going through every parameter of the three schemas whose type can hold a secret: what lets
//! somebody log in, act as the account, decrypt, or derive a key.

/// Fields that are secret in every combinator that has them.
const ANYWHERE: &[&str] = &[
    // Logging in
    "api_hash",
    "autologin_token",
    "bot_auth_token",
    "future_auth_token",
    "google_token",
    "ios_push_secret",
    "logout_tokens",
    "phone_code",
    "phone_code_hash",
    "play_integrity_token",
    "safety_net_token",
    "token",
    "web_auth_token",
    // Two-step verification
    "A",
    "M1",
    "new_password_hash",
    "secure_secret",
    "tmp_password",
    // Keys and what they are made from
    "encryption_iv",
    "encryption_key",
    "new_nonce",
    "secret",
];

/// Fields whose names mean something harmless elsewhere.
const HERE: &[(&str, &str)] = &[
    ("account.confirmPasswordEmail", "code"),
    ("account.invalidateSignInCodes", "codes"),
    ("auth.checkRecoveryPassword", "code"),
    ("auth.exportedAuthorization", "bytes"),
    ("auth.importAuthorization", "bytes"),
    ("auth.recoverPassword", "code"),
    ("auth.firebasePnvIntent", "digital_credential_payload"),
    ("decryptedMessageMediaAudio", "iv"),
    ("decryptedMessageMediaAudio", "key"),
    ("decryptedMessageMediaAudio8", "iv"),
    ("decryptedMessageMediaAudio8", "key"),
    ("decryptedMessageMediaDocument", "iv"),
    ("decryptedMessageMediaDocument", "key"),
    ("decryptedMessageMediaDocument46", "iv"),
    ("decryptedMessageMediaDocument46", "key"),
    ("decryptedMessageMediaDocument8", "iv"),
    ("decryptedMessageMediaDocument8", "key"),
    ("decryptedMessageMediaPhoto", "iv"),
    ("decryptedMessageMediaPhoto", "key"),
    ("decryptedMessageMediaPhoto8", "iv"),
    ("decryptedMessageMediaPhoto8", "key"),
    ("decryptedMessageMediaVideo", "iv"),
    ("decryptedMessageMediaVideo", "key"),
    ("decryptedMessageMediaVideo23", "iv"),
    ("decryptedMessageMediaVideo23", "key"),
    ("decryptedMessageMediaVideo8", "iv"),
    ("decryptedMessageMediaVideo8", "key"),
    ("emailVerificationCode", "code"),
    // What is packed is shown, with its own secrets hidden.
    ("gzip_packed", "packed_data"),
    ("inputPasskeyResponseLogin", "signature"),
    ("phone.groupCallStreamRtmpUrl", "key"),
    ("phoneConnectionWebrtc", "password"),
    ("secureCredentialsEncrypted", "data"),
    ("server_DH_params_ok", "encrypted_answer"),
];

/// Whether the field `name` of the combinator `of` holds a secret.
pub(super) fn is_secret(of: &str, name: &str) -> bool {
    ANYWHERE.contains(&name) || HERE.contains(&(of, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::dynamic::Registry;

    #[test]
    fn every_name_on_the_lists_is_in_the_schema() {
        let has = |of: Option<&str>, name: &str| {
            Registry::embedded().combinators().map(|combinator| combinator.definition()).any(|definition| {
                of.is_none_or(|of| of == definition.name) && definition.params.iter().any(|p| p.name == name)
            })
        };
        for name in ANYWHERE {
            assert!(has(None, name), "{name}");
        }
        for (of, name) in HERE {
            assert!(has(Some(of), name), "{of}.{name}");
        }
    }
}
