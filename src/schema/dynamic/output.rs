//! Bytes that grow. Of its own, so that this codec shares nothing with the one that it is the test of.

use bytes::Bytes;

use super::super::wire::{BOOL_FALSE, BOOL_TRUE};

/// The length of a string is 24 bits wide (TL-2).
const MAX_STRING: usize = 0xff_ffff;

/// What has been written so far.
#[derive(Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    too_long: bool,
}

impl Output {
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    pub(super) fn i32(&mut self, value: i32) {
        self.raw(&value.to_le_bytes());
    }

    pub(super) fn i64(&mut self, value: i64) {
        self.raw(&value.to_le_bytes());
    }

    pub(super) fn f64(&mut self, value: f64) {
        self.raw(&value.to_le_bytes());
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.u32(if value { BOOL_TRUE } else { BOOL_FALSE });
    }

    /// A `bytes` or `string` value in the shortest form, padded with zeros.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        match u32::try_from(bytes.len()) {
            Ok(length @ 0..=253) => self.raw(&length.to_le_bytes()[..1]),
            Ok(length) if bytes.len() <= MAX_STRING => self.u32(length << 8 | 254),
            _ => {
                self.too_long = true;
                return;
            }
        }
        self.raw(bytes);
        // Everything before began at a multiple of four.
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    /// The count of a vector.
    pub(super) fn count(&mut self, items: usize) {
        match i32::try_from(items) {
            Ok(count) => self.i32(count),
            Err(_) => self.too_long = true,
        }
    }

    /// The bytes; `None` if something did not fit in the field for its length.
    pub(super) fn finish(self) -> Option<Bytes> {
        (!self.too_long).then(|| self.bytes.into())
    }
}
