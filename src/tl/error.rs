//! What can be wrong with TL bytes.

use std::fmt;

/// Why some bytes are not the TL value they should be, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Offset in bytes from the beginning of the packet at which the offending item starts.
    pub offset: usize,
    /// What is wrong there.
    pub kind: ErrorKind,
}

/// What is wrong at an [`Error`]'s offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The packet ends before the item does.
    Truncated {
        /// Bytes that the item still needs.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// No constructor of the expected type has this id.
    UnknownConstructor {
        /// The id that was read.
        id: u32,
        /// Name of the boxed type that was expected.
        expected: &'static str,
    },
    /// A vector's count is negative or larger than the rest of the packet can hold.
    VectorLength {
        /// The count that was read.
        count: i32,
        /// Bytes that are left for the items.
        left: usize,
    },
    /// The first byte of a string is 255, which begins no string (TL-2).
    StringHeader,
    /// Values nest deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep,
    /// The value is complete, but bytes follow it.
    TrailingBytes {
        /// How many bytes follow.
        left: usize,
    },
    /// The value would take more memory than a packet of this length may: many times what honest ones take.
    OutOfBudget,
    /// A string or vector is too long to be written: its length does not fit in the field for it.
    TooLong {
        /// Length in bytes (strings) or items (vectors).
        length: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: ", self.offset)?;
        match self.kind {
            ErrorKind::Truncated { needed, left } => {
                write!(f, "{needed} bytes needed, {left} left")
            }
            ErrorKind::UnknownConstructor { id, expected } => {
                write!(f, "{id:08x} is no constructor of {expected}")
            }
            ErrorKind::VectorLength { count, left } => {
                write!(f, "a vector of {count} items cannot fit in the {left} bytes left")
            }
            ErrorKind::StringHeader => f.write_str("no string begins with byte 255"),
            ErrorKind::TooDeep => write!(f, "values nest deeper than {} levels", super::MAX_DEPTH),
            ErrorKind::TrailingBytes { left } => write!(f, "{left} bytes follow the value"),
            ErrorKind::OutOfBudget => {
                f.write_str("the value takes too much memory for the length of its packet")
            }
            ErrorKind::TooLong { length } => write!(f, "a length of {length} cannot be written"),
        }
    }
}

impl std::error::Error for Error {}
