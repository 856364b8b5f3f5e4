//! Writing TL values into a packet.

use super::error::{Error, ErrorKind};
use super::packet::PacketBuf;
use super::{BOOL_FALSE, BOOL_TRUE, Bytes, Str, VECTOR};

/// The length of a string is 24 bits wide (TL-2).
const MAX_STRING: usize = (1 << 24) - 1;

/// Writes TL values into a [`PacketBuf`], one behind the other.
///
/// Like [`Reader`](super::Reader) it is sticky: a value that cannot be written (a string of 16 MiB and
/// more) is left out, the first such error stays, and [`finish`](Self::finish) reports it.
#[derive(Debug, Default)]
pub struct Writer {
    packet: PacketBuf,
    error: Option<Error>,
}

impl Writer {
    /// A writer into an empty [`PacketBuf`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer that appends to `packet`.
    #[must_use]
    pub fn append(packet: PacketBuf) -> Self {
        Self { packet, error: None }
    }

    /// A writer of bytes that are shared, so that headers would have no use for room in front of them. Apart, like
    /// [`into_bytes`](Self::into_bytes), as both would be compiled into the encoder of each type.
    #[inline(never)]
    pub(super) fn for_bytes() -> Self {
        // Most calls fit.
        Self::append(PacketBuf::with_capacity(0, 128))
    }

    /// What was written.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    #[inline(never)]
    pub(super) fn into_bytes(self) -> Result<Bytes, Error> {
        self.finish().map(Bytes::from)
    }

    /// Length of what stands in the packet, in bytes.
    #[must_use]
    #[inline]
    pub fn position(&self) -> usize {
        self.packet.len()
    }

    /// The packet.
    ///
    /// # Errors
    /// [`ErrorKind::TooLong`] if a string or vector was too long to be written.
    pub fn finish(self) -> Result<PacketBuf, Error> {
        match self.error {
            None => Ok(self.packet),
            Some(error) => Err(error),
        }
    }

    /// A constructor id or `#`.
    #[inline]
    pub fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    /// Words as they stand, in little-endian order: ids, `#`, `int`s, and `long`s in halves, of which the lower
    /// comes first.
    #[inline]
    pub fn words<const N: usize>(&mut self, words: [u32; N]) {
        self.raw(words.map(u32::to_le_bytes).as_flattened());
    }

    /// An `int`.
    #[inline]
    pub fn i32(&mut self, value: i32) {
        self.raw(&value.to_le_bytes());
    }

    /// A `long`.
    #[inline]
    pub fn i64(&mut self, value: i64) {
        self.raw(&value.to_le_bytes());
    }

    /// A `double`.
    #[inline]
    pub fn f64(&mut self, value: f64) {
        self.raw(&value.to_le_bytes());
    }

    /// A boxed `Bool`.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.u32(if value { BOOL_TRUE } else { BOOL_FALSE });
    }

    /// Makes room for `items` more like the one that was written from `start` on.
    pub(crate) fn expect_like(&mut self, start: usize, items: usize) {
        // The others may be much smaller than the first.
        const MOST: usize = 64 << 10;
        self.packet.reserve((self.position() - start).saturating_mul(items).min(MOST));
    }

    /// Bytes as they stand: `int128`, `int256`, or something serialized already.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.packet.extend_from_slice(bytes);
    }

    /// A `bytes` or `string` value in the shortest form, padded with zeros (TL-2).
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        let length = bytes.len();
        if length > MAX_STRING {
            self.fail(length);
            return;
        }
        let (header, word) = if length < 254 { (1, length) } else { (4, 254 | length << 8) };
        self.part(&(word as u32).to_le_bytes(), header);
        self.raw(bytes);
        self.part(&[0; 4], (header + length).wrapping_neg() % 4);
    }

    /// Appends the first `len` of `bytes`. What is more is taken back: how long strings are nobody can predict, and a copy
    /// of unknown length is a call.
    #[inline]
    fn part<const N: usize>(&mut self, bytes: &[u8; N], len: usize) {
        let end = self.position() + len;
        self.raw(bytes);
        self.packet.truncate(end);
    }

    /// A `string` value.
    pub fn string(&mut self, string: &str) {
        self.bytes(string.as_bytes());
    }

    /// A `string` value that is a [`Str`]: one call, where its text would be found out at each place of use.
    #[inline(never)]
    pub(crate) fn text(&mut self, text: &Str) {
        match text.encoded() {
            Some((bytes, len)) => self.part(&bytes, len),
            None => self.bytes(text.as_bytes()),
        }
    }

    /// The count of a bare vector.
    pub fn count(&mut self, items: usize) {
        match i32::try_from(items) {
            Ok(count) => self.i32(count),
            Err(_) => self.fail(items),
        }
    }

    /// A boxed `Vector`, each item written with `write`.
    #[inline]
    pub fn vector<T>(&mut self, items: &[T], write: impl Fn(&T, &mut Self)) {
        self.u32(VECTOR);
        self.count(items.len());
        for item in items {
            write(item, self);
        }
    }

    #[cold]
    fn fail(&mut self, length: usize) {
        let offset = self.position();
        self.error.get_or_insert(Error { offset, kind: ErrorKind::TooLong { length } });
    }
}
