//! Reading TL values from a packet.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::error::{Error, ErrorKind};
use super::{BOOL_FALSE, BOOL_TRUE, MAX_DEPTH, Str, VECTOR};

/// Reads TL values from a packet, one after the other.
///
/// The reader is *sticky*: when a read fails, that read and every later one gives zero (or an empty
/// string), and the first error stays. So a decoder reads a whole value in one straight line and asks
/// [`check`](Self::check) once at the end. No read panics, whatever the packet holds.
///
/// `bytes` values, and `string`s of more than 14 bytes, are slices of the packet: reading them copies nothing, and each
/// keeps the whole packet in memory for as long as it lives (see [`detach`](super::detach)).
///
/// Source: <https://core.telegram.org/mtproto/serialize>, rules TL-1 to TL-5.
#[derive(Clone, Debug)]
pub struct Reader {
    packet: Bytes,
    /// The packet as its texts share it, once there is one.
    shared: Option<Arc<Bytes>>,
    position: usize,
    depth: u32,
    /// Bytes of memory that vectors and boxes of this packet's values may still take.
    budget: usize,
    error: Option<Error>,
}

/// A value in memory may be this many times as large as its packet, and [`BUDGET_BASE`] more. Four bytes on
/// the wire can be an item of hundreds in memory; of real values none is found that is eight times as large.
const BUDGET_FACTOR: usize = 16;
const BUDGET_BASE: usize = 1 << 20;

impl Reader {
    /// A reader at the beginning of `packet`.
    #[must_use]
    pub fn new(packet: Bytes) -> Self {
        let budget = packet.len().saturating_mul(BUDGET_FACTOR).saturating_add(BUDGET_BASE);
        Self { packet, shared: None, position: 0, depth: 0, budget, error: None }
    }

    /// A reader of nothing that has failed already: every read gives its zero. [`Default`] of the
    /// generated types is what they read from it.
    pub(crate) fn exhausted() -> Self {
        let mut reader = Self::new(Bytes::new());
        reader.fail(ErrorKind::Truncated { needed: 0, left: 0 });
        reader
    }

    /// Offset of the next read in bytes.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Bytes that have not been read.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.packet.len() - self.position
    }

    /// Notes an error at the current position, unless there is an earlier one, and ends all reading.
    #[cold]
    pub fn fail(&mut self, kind: ErrorKind) {
        let offset = self.position;
        self.fail_at(offset, kind);
    }

    #[cold]
    fn fail_at(&mut self, offset: usize, kind: ErrorKind) {
        if self.error.is_none() {
            self.error = Some(Error { offset, kind });
        }
        self.position = self.packet.len();
    }

    /// Whether a read has failed.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// The first error, if any read has failed.
    ///
    /// # Errors
    /// That first error.
    pub fn check(&self) -> Result<(), Error> {
        match self.error {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// Like [`check`](Self::check), and the packet must have been read to its end.
    ///
    /// # Errors
    /// The first error, or [`ErrorKind::TrailingBytes`].
    #[inline(never)]
    pub fn finish(mut self) -> Result<(), Error> {
        if self.remaining() > 0 {
            let left = self.remaining();
            self.fail(ErrorKind::TrailingBytes { left });
        }
        self.check()
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> [u8; N] {
        match self.packet[self.position..].first_chunk() {
            Some(chunk) => {
                self.position += N;
                *chunk
            }
            None => {
                let left = self.remaining();
                self.fail(ErrorKind::Truncated { needed: N, left });
                [0; N]
            }
        }
    }

    /// The next four bytes as a little-endian number, without moving; `None` if there are fewer.
    #[must_use]
    pub fn peek_u32(&self) -> Option<u32> {
        self.packet[self.position..].first_chunk().map(|chunk| u32::from_le_bytes(*chunk))
    }

    /// A constructor id or `#`: 4 bytes, little-endian.
    #[inline]
    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// An `int`: 4 bytes, little-endian.
    #[inline]
    pub fn i32(&mut self) -> i32 {
        i32::from_le_bytes(self.array())
    }

    /// A `long`: 8 bytes, little-endian.
    #[inline]
    pub fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.array())
    }

    /// A `double`: 8 bytes, little-endian IEEE 754.
    #[inline]
    pub fn f64(&mut self) -> f64 {
        f64::from_le_bytes(self.array())
    }

    /// An `int128`: 16 bytes as they stand.
    #[inline]
    pub fn int128(&mut self) -> [u8; 16] {
        self.array()
    }

    /// An `int256`: 32 bytes as they stand.
    #[inline]
    pub fn int256(&mut self) -> [u8; 32] {
        self.array()
    }

    /// A boxed `Bool`: `boolTrue` or `boolFalse`, 4 bytes.
    #[inline]
    pub fn bool(&mut self) -> bool {
        let offset = self.position;
        match self.u32() {
            BOOL_TRUE => true,
            BOOL_FALSE => false,
            id => {
                self.fail_at(offset, ErrorKind::UnknownConstructor { id, expected: "Bool" });
                false
            }
        }
    }

    /// `length` bytes as they stand, as a slice of the packet.
    pub fn raw(&mut self, length: usize) -> Bytes {
        let left = self.remaining();
        if length > left {
            self.fail(ErrorKind::Truncated { needed: length, left });
            return Bytes::new();
        }
        let start = self.position;
        self.position += length;
        self.packet.slice(start..start + length)
    }

    /// All that is left.
    pub fn rest(&mut self) -> Bytes {
        self.raw(self.remaining())
    }

    /// [`rest`](Self::rest), for who has [checked](Self::check) what was read and reads no more: it takes the packet instead of
    /// counting one more owner.
    #[must_use]
    pub(crate) fn into_rest(mut self) -> Bytes {
        self.packet.advance(self.position);
        self.packet
    }

    /// A `bytes` value (TL-2), as a slice of the packet. The bytes that pad it to a multiple of four may
    /// hold anything.
    #[inline]
    pub fn bytes(&mut self) -> Bytes {
        let span = self.span();
        self.packet.slice(span)
    }

    /// Where the content of a `bytes` value lies; nowhere, if there is none.
    #[inline(never)]
    fn span(&mut self) -> Range<usize> {
        let rest = &self.packet[self.position..];
        let (header, length) = match *rest {
            [short @ 0..=253, ..] => (1, usize::from(short)),
            [254, a, b, c, ..] => (4, usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16),
            [255, ..] => {
                self.fail(ErrorKind::StringHeader);
                return 0..0;
            }
            _ => {
                let left = rest.len();
                self.fail(ErrorKind::Truncated { needed: 4, left });
                return 0..0;
            }
        };
        // Below 2^24 + 8, so no overflow on any target.
        let padded = (header + length).next_multiple_of(4);
        if padded > rest.len() {
            let left = rest.len();
            self.fail(ErrorKind::Truncated { needed: padded, left });
            return 0..0;
        }
        let start = self.position + header;
        self.position += padded;
        start..start + length
    }

    /// A `string` value. Bytes that are not UTF-8 are replaced by U+FFFD, which copies the string.
    pub fn string(&mut self) -> Str {
        self.text(|text| text)
    }

    /// Gives a [`string`](Self::string) to `put`.
    ///
    /// Both are compiled into the caller, once for each sort of text, so that its parts are written where they belong. A
    /// text that is given back through memory is copied from there so soon that the copy has to wait for the parts.
    #[inline(always)]
    pub(super) fn text<R>(&mut self, put: impl Fn(Str) -> R) -> R {
        if let Some((text, length)) = Str::short(&self.packet[self.position..]) {
            self.position += length;
            return put(text);
        }
        let span = self.span();
        if span.len() > Str::SHORT {
            if self.shared.is_none() {
                self.share();
            }
            if let Some(text) = self.shared.as_ref().and_then(|packet| Str::long(packet, span.clone())) {
                return put(text);
            }
        }
        put(Str::unusual(&self.packet, span))
    }

    #[cold]
    fn share(&mut self) {
        self.shared = Some(Arc::new(self.packet.clone()));
    }

    /// The count of a bare vector; zero if the rest of the packet cannot hold that many items, which is an
    /// error. Nothing on the wire is shorter than four bytes (TL-1).
    pub(crate) fn count(&mut self) -> usize {
        let offset = self.position;
        let count = self.i32();
        let left = self.remaining();
        match usize::try_from(count) {
            Ok(items) if items <= left / 4 => items,
            _ => {
                self.fail_at(offset, ErrorKind::VectorLength { count, left });
                0
            }
        }
    }

    /// For how many of `count` items of `size` bytes memory is reserved ahead: never more than the packet has bytes
    /// left. A vector of large values with short encodings grows as they really come.
    #[inline]
    pub(crate) fn ahead(&self, count: usize, size: usize) -> usize {
        count.min(self.remaining() / size.max(1))
    }

    /// A boxed `Vector`, its items read one by one with `read`.
    pub fn vector<T>(&mut self, read: fn(&mut Self) -> T) -> Vec<T> {
        self.id(VECTOR, "Vector");
        let count = self.count();
        let mut items = Vec::with_capacity(self.ahead(count, size_of::<T>()));
        for _ in 0..count {
            self.charge(size_of::<T>());
            let value = read(self);
            if self.failed() {
                break;
            }
            items.push(value);
        }
        items
    }

    /// Takes `bytes` of memory from what the packet's values may have; [`ErrorKind::OutOfBudget`] when it is used
    /// up.
    #[inline]
    pub(crate) fn charge(&mut self, bytes: usize) {
        match self.budget.checked_sub(bytes) {
            Some(left) => self.budget = left,
            None => self.fail(ErrorKind::OutOfBudget),
        }
    }

    /// The constructor id `id` of `expected`; any other is an error.
    #[inline]
    pub fn id(&mut self, id: u32, expected: &'static str) {
        let offset = self.position;
        let found = self.u32();
        if found != id {
            self.fail_at(offset, ErrorKind::UnknownConstructor { id: found, expected });
        }
    }

    /// Reads one level deeper with `read`; at [`MAX_DEPTH`] gives what a failed reader gives.
    ///
    /// Types that can contain themselves go through here, so that a packet of nested values cannot
    /// exhaust the stack.
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            self.fail(ErrorKind::TooDeep);
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Notes that `id`, which was just read, is no constructor of `expected`.
    #[cold]
    pub fn unknown(&mut self, id: u32, expected: &'static str) {
        let offset = self.position.saturating_sub(4);
        self.fail_at(offset, ErrorKind::UnknownConstructor { id, expected });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_the_same_with_and_without_the_reader() {
        let packet = Bytes::from_static(&[1, 2, 3, 4, 5, 6, 7, 8]);
        for read in 0..=3 {
            let mut reader = Reader::new(packet.clone());
            for _ in 0..read {
                reader.u32();
            }
            assert_eq!(reader.failed(), read == 3);
            let rest = reader.clone().rest();
            assert_eq!(rest, packet[(4 * read).min(8)..]);
            assert_eq!(reader.into_rest(), rest);
        }
    }
}
