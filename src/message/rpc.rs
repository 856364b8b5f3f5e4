//! Errors of the API, as an `rpc_result` carries them (RE-1).

use std::fmt;

use crate::tl::{Error, Reader, Str, Writer};

/// Constructor id of `rpc_result`.
pub(crate) const RPC_RESULT: u32 = 0xf35c_6d01;
/// Constructor id of `rpc_error`.
pub(crate) const RPC_ERROR: u32 = 0x2144_ca19;

/// The server's refusal of a call: `rpc_error#2144ca19 error_code:int error_message:string`.
///
/// Source: <https://core.telegram.org/api/errors>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// The class of the error, alike to an HTTP status: 303 (wrong DC), 400, 401, 403, 404, 406, 420 (wait),
    /// 500; the server also uses negative ones.
    pub code: i32,
    /// The message as sent, for example `FLOOD_WAIT_17` or `FILE_PART_3_MISSING`.
    pub message: Str,
}

impl RpcError {
    /// An error to be sent.
    #[must_use]
    pub fn new(code: i32, message: impl Into<Str>) -> Self {
        Self { code, message: message.into() }
    }

    /// The message without its number: `FLOOD_WAIT` for `FLOOD_WAIT_17`, `FILE_PART_MISSING` for
    /// `FILE_PART_3_MISSING`.
    ///
    /// Only a part that consists of digits counts as a number, so `2FA_CONFIRM_WAIT_9` is `2FA_CONFIRM_WAIT`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.number() {
            None => self.message.to_string(),
            Some((before, _, after)) => [before, after].concat(),
        }
    }

    /// The number in the message: 17 for `FLOOD_WAIT_17`.
    ///
    /// What it counts depends on the error: seconds for `FLOOD_WAIT`, a DC for `PHONE_MIGRATE`.
    #[must_use]
    pub fn value(&self) -> Option<u32> {
        self.number().map(|(_, value, _)| value)
    }

    /// Whether the error has this name, the number left out.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        match self.number() {
            None => *self.message == *name,
            Some((before, _, after)) => {
                name.len() == before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
            }
        }
    }

    /// The text before the number with its last `_` cut off, the number, and the text after it.
    fn number(&self) -> Option<(&str, u32, &str)> {
        let message: &str = &self.message;
        let mut start = 0;
        for part in message.split('_') {
            let end = start + part.len();
            if start > 0 && part.bytes().all(|byte| byte.is_ascii_digit()) {
                if let Ok(value) = part.parse() {
                    return Some((&message[..start - 1], value, &message[end..]));
                }
            }
            start = end + 1;
        }
        None
    }

    /// Reads the error, with its constructor id.
    pub(crate) fn read(reader: &mut Reader) -> Result<Self, Error> {
        match reader.u32() {
            RPC_ERROR => {}
            id => reader.unknown(id, "RpcError"),
        }
        let error = Self { code: reader.i32(), message: reader.string() };
        reader.check()?;
        Ok(error)
    }

    /// Writes the error, with its constructor id.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u32(RPC_ERROR);
        writer.i32(self.code);
        writer.string(&self.message);
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {})", &*self.message, self.code)
    }
}

impl std::error::Error for RpcError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(message: &'static str) -> (String, Option<u32>) {
        let error = RpcError::new(400, message);
        assert!(error.is(&error.name()), "{message}");
        (error.name(), error.value())
    }

    #[test]
    fn re_1_the_number_is_split_out_of_the_message() {
        assert_eq!(split("FLOOD_WAIT_17"), ("FLOOD_WAIT".into(), Some(17)));
        assert_eq!(split("FILE_PART_3_MISSING"), ("FILE_PART_MISSING".into(), Some(3)));
        assert_eq!(split("2FA_CONFIRM_WAIT_9"), ("2FA_CONFIRM_WAIT".into(), Some(9)));
        assert_eq!(split("PHONE_CODE_INVALID"), ("PHONE_CODE_INVALID".into(), None));
        assert_eq!(split("Timeout"), ("Timeout".into(), None));
        assert_eq!(split(""), (String::new(), None));
        assert_eq!(split("_"), ("_".into(), None));
        assert_eq!(split("17"), ("17".into(), None));
        assert_eq!(
            split("X_99999999999"),
            ("X_99999999999".into(), None),
            "a number that fits no u32 is text"
        );
    }

    #[test]
    fn is_does_not_match_by_overlap() {
        assert!(!RpcError::new(420, "AB_1_B").is("AB"));
        assert!(!RpcError::new(420, "FLOOD_WAIT_17").is("FLOOD_WAIT_17"));
    }
}
