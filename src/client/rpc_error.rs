//! What a server answers when it refuses a call (RE-1), and what it means for the caller.

use std::time::Duration;

/// `rpc_error`: the server refused a call.
///
/// Error texts hold a number at the end or inside (`FLOOD_WAIT_17`, `FILE_PART_3_MISSING`); [`name`](Self::name) has it
/// replaced by `n`, [`value`](Self::value) is the number, and [`text`](Self::text) is the whole as it came.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{method}: the server answered {code} {text}")]
pub struct RpcError {
    code: i32,
    text: String,
    name: String,
    value: Option<u64>,
    method: &'static str,
}

impl RpcError {
    /// An error of its parts; `method` is the TL name of the refused function.
    #[must_use]
    pub fn new(code: i32, text: impl Into<String>, method: &'static str) -> Self {
        let text = text.into();
        let (name, value) = split(&text);
        Self { code, text, name, value, method }
    }

    /// The class of the error in the manner of HTTP: 303 other DC, 400 bad call, 401 not authorized, 403, 406,
    /// 420 wait, 500 try again.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.code
    }

    /// The text with its number replaced by `n`: `FLOOD_WAIT_n`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number inside the text: seconds, a DC id, a part number.
    #[must_use]
    pub fn value(&self) -> Option<u64> {
        self.value
    }

    /// The text exactly as the server sent it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The TL name of the refused function, `raw` for a call of bytes.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// Whether the error has this name, `n` standing for the number.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// How long the server asks to wait before the same call (420 `…_WAIT_n`, `TAKEOUT_INIT_DELAY_n`).
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        let waits = self.code == 420 && (self.name.contains("_WAIT_n") || self.name.contains("_DELAY_n"));
        self.value.filter(|_| waits).map(Duration::from_secs)
    }

    /// The DC to which a 303 error sends the caller (AU-8).
    #[must_use]
    pub fn migrate(&self) -> Option<i32> {
        let moves = self.code == 303 && self.name.ends_with("_MIGRATE_n");
        self.value.filter(|_| moves).and_then(|dc| i32::try_from(dc).ok())
    }
}

/// Replaces the first run of digits that stands between underscores or at the end by `n`.
fn split(text: &str) -> (String, Option<u64>) {
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let Some(number) = text.split('_').skip(1).find(is_number) else {
        return (text.to_owned(), None);
    };
    let value = number.parse().ok();
    let mut replaced = false;
    let name: Vec<&str> = text
        .split('_')
        .enumerate()
        .map(|(index, part)| {
            if index > 0 && !replaced && is_number(&part) {
                replaced = true;
                return "n";
            }
            part
        })
        .collect();
    (name.join("_"), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_out_of_the_text() {
        for (text, name, value) in [
            ("FLOOD_WAIT_17", "FLOOD_WAIT_n", Some(17)),
            ("FILE_PART_3_MISSING", "FILE_PART_n_MISSING", Some(3)),
            ("PHONE_CODE_INVALID", "PHONE_CODE_INVALID", None),
            ("2FA_CONFIRM_WAIT_600", "2FA_CONFIRM_WAIT_n", Some(600)),
            ("", "", None),
        ] {
            let error = RpcError::new(400, text, "raw");
            assert_eq!((error.name(), error.value(), error.text()), (name, value, text));
        }
    }

    #[test]
    fn waits_and_moves_are_told_by_code_and_name() {
        assert_eq!(RpcError::new(420, "FLOOD_WAIT_3", "raw").wait(), Some(Duration::from_secs(3)));
        assert_eq!(RpcError::new(420, "FROZEN_METHOD_INVALID", "raw").wait(), None);
        assert_eq!(RpcError::new(400, "FLOOD_WAIT_3", "raw").wait(), None);
        assert_eq!(RpcError::new(303, "PHONE_MIGRATE_2", "raw").migrate(), Some(2));
        assert_eq!(RpcError::new(400, "PHONE_MIGRATE_2", "raw").migrate(), None);
        assert_eq!(RpcError::new(303, "PHONE_MIGRATE_99999999999", "raw").migrate(), None);
    }

    #[test]
    fn a_number_too_large_for_any_use_is_no_value() {
        assert_eq!(RpcError::new(420, "FLOOD_WAIT_99999999999999999999999", "raw").wait(), None);
    }
}
