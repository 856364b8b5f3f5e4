//! Big-endian fields of a decoded string or a `QDataStream`.

use zeroize::Zeroizing;

use super::ErrorKind;
use crate::crypto::AuthKey;

/// The key of so many bytes, without leaving a copy; `None` when they are not 256, or all zero.
pub(super) fn auth_key(bytes: &[u8]) -> Option<AuthKey> {
    let key: Zeroizing<[u8; 256]> = Zeroizing::new(bytes.try_into().ok()?);
    key.iter().any(|&byte| byte != 0).then(|| AuthKey::from_bytes(*key))
}

/// Reads fields in order; every failure names the field and where it began.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The file, for messages.
    file: Option<&'a str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, file: None }
    }

    pub(super) fn of_file(bytes: &'a [u8], file: &'a str) -> Self {
        Self { bytes, at: 0, file: Some(file) }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// An error about the field that began at `offset`.
    pub(super) fn bad(&self, what: &'static str, offset: usize, problem: &'static str) -> ErrorKind {
        ErrorKind::Field { what, offset, file: self.file.map(str::to_owned), problem }
    }

    pub(super) fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], ErrorKind> {
        let end = self.at.checked_add(len);
        let found = end.and_then(|end| self.bytes.get(self.at..end));
        let found = found.ok_or_else(|| self.bad(what, self.at, "the data end before it does"))?;
        self.at += len;
        Ok(found)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], ErrorKind> {
        let found = self.take(N, what)?;
        Ok(*found.first_chunk().expect("N bytes were taken"))
    }

    pub(super) fn u8(&mut self, what: &'static str) -> Result<u8, ErrorKind> {
        self.array(what).map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self, what: &'static str) -> Result<u16, ErrorKind> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, ErrorKind> {
        self.array(what).map(u32::from_be_bytes)
    }

    pub(super) fn i32(&mut self, what: &'static str) -> Result<i32, ErrorKind> {
        self.array(what).map(i32::from_be_bytes)
    }

    pub(super) fn i64(&mut self, what: &'static str) -> Result<i64, ErrorKind> {
        self.array(what).map(i64::from_be_bytes)
    }

    /// A `?` of Python's `struct`, which writes 0 or 1 and takes anything.
    pub(super) fn flag(&mut self, what: &'static str) -> Result<bool, ErrorKind> {
        let at = self.at;
        match self.u8(what)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.bad(what, at, "neither 0 nor 1")),
        }
    }

    /// The 256 bytes of an auth key, which are not all zero.
    pub(super) fn key(&mut self, what: &'static str) -> Result<AuthKey, ErrorKind> {
        auth_key(self.take(256, what)?).ok_or(ErrorKind::NoKey)
    }

    pub(super) fn end(&self) -> Result<(), ErrorKind> {
        match self.remaining() {
            0 => Ok(()),
            _ => Err(self.bad("the end", self.at, "more follows")),
        }
    }
}
