//! The frame of the file: header, records, checksums, and the rule that tells a torn tail from damage.

use thiserror::Error as ThisError;

use crate::session::State;

/// Where and why bytes are not a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[error("at byte {offset}: {kind}; the file was left as it was")]
pub struct FormatError {
    /// Offset in the file, in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub kind: FormatErrorKind,
}

/// What can be wrong with the bytes of a session file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum FormatErrorKind {
    /// To come.
    #[error("to come")]
    Foreign,
}

/// Reads the whole content of a session file. Total: any bytes give a state or an error.
///
/// # Errors
/// When it is not a session, is newer than this version, or is damaged elsewhere than in its torn tail.
pub fn decode(_file: &[u8]) -> Result<State, FormatError> {
    todo!()
}
