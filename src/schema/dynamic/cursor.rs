//! Reading primitives from a region of a byte slice, with offsets that count from the beginning of the slice.

use super::decode::{DecodeError, DecodeErrorKind};

pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
    /// Where the region ends; never behind the end of `bytes`.
    end: usize,
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Cursor { bytes, at: 0, end: bytes.len() }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn remaining(&self) -> usize {
        self.end - self.at
    }

    /// Makes the region end `length` bytes from here and returns where it ended before, for
    /// [`leave`](Self::leave).
    pub(super) fn enter(&mut self, length: usize) -> Result<usize, DecodeError> {
        if length > self.remaining() {
            return Err(self.error(DecodeErrorKind::Truncated { needed: length, left: self.remaining() }));
        }
        Ok(std::mem::replace(&mut self.end, self.at + length))
    }

    /// Goes back to a region that [`enter`](Self::enter) narrowed.
    pub(super) fn leave(&mut self, end: usize) {
        self.end = end;
    }

    /// The rest of the region.
    pub(super) fn rest(&mut self) -> &'b [u8] {
        let rest = self.bytes.get(self.at..self.end).unwrap_or(&[]);
        self.at = self.end;
        rest
    }

    pub(super) fn rewind(&mut self, position: usize) {
        self.at = position.min(self.at);
    }

    pub(super) fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(self.at, kind)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'b [u8], DecodeError> {
        let left = self.remaining();
        if length > left {
            return Err(self.error(DecodeErrorKind::Truncated { needed: length, left }));
        }
        let taken = self.bytes.get(self.at..self.at + length).unwrap_or(&[]);
        self.at += length;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, DecodeError> {
        self.array().map(i32::from_le_bytes)
    }

    /// A `string` or `bytes`, with its padding (TL-2).
    pub(super) fn string(&mut self) -> Result<&'b [u8], DecodeError> {
        let start = self.at;
        let [first] = self.array()?;
        let length = match first {
            255 => {
                self.at = start;
                return Err(self.error(DecodeErrorKind::StringHeader));
            }
            254 => {
                let [a, b, c] = self.array()?;
                u32::from_le_bytes([a, b, c, 0]) as usize
            }
            short => usize::from(short),
        };
        let text = self.take(length)?;
        let padding = (4 - (self.at - start) % 4) % 4;
        self.take(padding)?;
        Ok(text)
    }
}
