//! The text of a `string` value.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::str::Utf8Error;
use std::sync::Arc;

use super::Bytes;

/// The text of a `string` value: immutable, short or a slice of the packet it came from, which derefs to `str`.
///
/// Sixteen bytes, also in an `Option`. A text of up to 14 bytes is held in them; a longer one is a counted reference
/// to its packet, which it keeps in memory for as long as it lives (see [`detach`](super::detach)). A clone copies
/// no text.
///
/// A list of messages has hundreds of texts, so this is as small as can be, and not made of a [`Bytes`]: that
/// has four words, and is cloned through a table of functions.
#[derive(Clone)]
pub struct Str(Repr);

/// The variants are told apart by the last byte, where a [`Mark`] has room for them: see
/// `a_text_is_two_words`.
#[derive(Clone)]
enum Repr {
    /// The text itself: the first `len` of `bytes`, which are followed by zeros.
    Short { bytes: [u8; Str::SHORT], len: u8 },
    /// A slice of a packet.
    Slice { packet: Arc<Bytes>, place: Place },
    /// What came from elsewhere, or has no [`Place`].
    Whole(Arc<Bytes>),
}

/// Where a text lies in its packet, in one word.
#[derive(Clone, Copy)]
#[repr(C)]
struct Place {
    /// Offset in bytes.
    start: u32,
    /// Length in bytes, little-endian. A `string` has no more than 24 bits of it.
    len: [u8; 3],
    mark: Mark,
}

/// A byte with one value: the other 255 stand for the variants without a [`Place`], and for the `None` of an `Option`.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Mark {
    Slice,
}

impl Place {
    /// Nothing for an offset behind the first four gigabytes, and for what is too long for a `string`.
    #[inline]
    fn new(start: usize, len: usize) -> Option<Self> {
        let (start, [a, b, c, 0]) = (u32::try_from(start).ok()?, u32::try_from(len).ok()?.to_le_bytes())
        else {
            return None;
        };
        Some(Self { start, len: [a, b, c], mark: Mark::Slice })
    }

    #[inline]
    fn span(self) -> Range<usize> {
        let ([a, b, c], start) = (self.len, self.start as usize);
        start..start + u32::from_le_bytes([a, b, c, 0]) as usize
    }
}

impl Str {
    /// The longest text that is held in place, in bytes: what two words have left besides its length and the variant.
    pub(super) const SHORT: usize = 14;

    /// The empty text.
    #[must_use]
    pub const fn new() -> Self {
        Self(Repr::Short { bytes: [0; Self::SHORT], len: 0 })
    }

    /// A text that is part of the program.
    #[must_use]
    pub fn from_static(text: &'static str) -> Self {
        Self::copied(text).unwrap_or_else(|| Self::whole(Bytes::from_static(text.as_bytes())))
    }

    /// The text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        // SAFETY: a `Place` is made from a range of its packet, and a `len` is no more than there are bytes. All bytes come
        // from a `str` or have been checked, as `long` and `short` do. A `Bytes` does not change.
        #[allow(unsafe_code)]
        unsafe {
            std::str::from_utf8_unchecked(match &self.0 {
                Repr::Short { bytes, len } => bytes.get_unchecked(..usize::from(*len)),
                Repr::Slice { packet, place } => packet.get_unchecked(place.span()),
                Repr::Whole(bytes) => bytes,
            })
        }
    }

    /// The text as bytes: a copy of a short one, of another a slice of its packet.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match &self.0 {
            Repr::Short { .. } => Bytes::copy_from_slice(self.as_bytes()),
            Repr::Slice { packet, place } => packet.slice(place.span()),
            Repr::Whole(bytes) => Bytes::clone(bytes),
        }
    }

    /// The text of the `string` value that `rest` begins with, and the length of that value in bytes, padding included.
    /// Nothing unless the text is short and ASCII, and [`CHUNK`] bytes are there.
    #[inline]
    pub(super) fn short(rest: &[u8]) -> Option<(Self, usize)> {
        let word = u128::from_le_bytes(*rest.first_chunk::<CHUNK>()?);
        let len = usize::from(word as u8);
        if len > Self::SHORT {
            return None;
        }
        let text = word >> 8 & !(u128::MAX << (8 * len));
        if text & ASCII != text {
            return None;
        }
        let bytes = text.to_le_bytes();
        let text = Self(Repr::Short { bytes: *bytes.first_chunk()?, len: len as u8 });
        Some((text, (1 + len).next_multiple_of(4)))
    }

    /// What [`short`](Self::short) reads: the `string` value of a text that is held in place, and its length in bytes.
    #[inline]
    pub(super) fn encoded(&self) -> Option<([u8; CHUNK], usize)> {
        let Repr::Short { bytes, len } = &self.0 else { return None };
        let mut value = [0; CHUNK];
        value[0] = *len;
        value[1..=Self::SHORT].copy_from_slice(bytes);
        Some((value, (1 + usize::from(*len)).next_multiple_of(4)))
    }

    /// The text in `span` of a packet, if it is longer than [`SHORT`](Self::SHORT). Nothing if it is not UTF-8, or has no
    /// [`Place`].
    #[inline(always)]
    pub(super) fn long(packet: &Arc<Bytes>, span: Range<usize>) -> Option<Self> {
        let place = Place::new(span.start, span.len())?;
        is_text(packet, span).then(|| Self(Repr::Slice { packet: packet.clone(), place }))
    }

    /// The text in `span` of a packet, whatever it is: bytes that are not UTF-8 are replaced by U+FFFD.
    #[inline(never)]
    pub(super) fn unusual(packet: &Bytes, span: Range<usize>) -> Self {
        let bytes = packet.get(span.clone()).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::copied(text).unwrap_or_else(|| Self::whole(packet.slice(span))),
            Err(_) => String::from_utf8_lossy(bytes).into(),
        }
    }

    /// A copy of a short text.
    #[inline]
    fn copied(text: &str) -> Option<Self> {
        let mut bytes = [0; Self::SHORT];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self(Repr::Short { bytes, len: text.len() as u8 }))
    }

    /// A text of `bytes`, which are those of a `str`.
    fn whole(bytes: Bytes) -> Self {
        Self(Repr::Whole(Arc::new(bytes)))
    }
}

impl Default for Str {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a span is one of the packet, and UTF-8.
#[inline(never)]
fn is_text(packet: &Bytes, span: Range<usize>) -> bool {
    // Most is ASCII, and found to be so many bytes at a time.
    packet.get(span).is_some_and(|bytes| is_ascii(bytes) || std::str::from_utf8(bytes).is_ok())
}

/// What `<[u8]>::is_ascii` says, which goes through what is left of 64 bytes by words and then by bytes. Here the last
/// chunk overlaps the one before.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<CHUNK>() else { return bytes.is_ascii() };
    let (chunks, _) = bytes.as_chunks::<CHUNK>();
    let seen =
        chunks.iter().fold(u128::from_ne_bytes(*last), |seen, chunk| seen | u128::from_ne_bytes(*chunk));
    seen & ASCII == seen
}

/// How much of a packet is looked at to find a short text: its length, the text, and a byte more for a round number.
const CHUNK: usize = 16;

/// The bits that an ASCII text can have.
const ASCII: u128 = u128::from_le_bytes([0x7f; CHUNK]);

impl Deref for Str {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        self
    }
}

impl AsRef<[u8]> for Str {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Self::copied(&text).unwrap_or_else(|| Self::whole(text.into()))
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self::copied(text).unwrap_or_else(|| Self::whole(Bytes::copy_from_slice(text.as_bytes())))
    }
}

impl From<&String> for Str {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Box<str>> for Str {
    fn from(text: Box<str>) -> Self {
        String::from(text).into()
    }
}

impl From<Cow<'_, str>> for Str {
    fn from(text: Cow<'_, str>) -> Self {
        text.into_owned().into()
    }
}

impl From<Str> for String {
    fn from(text: Str) -> Self {
        text.as_str().to_owned()
    }
}

impl From<Str> for Bytes {
    fn from(text: Str) -> Self {
        text.into_bytes()
    }
}

impl TryFrom<Bytes> for Str {
    type Error = Utf8Error;

    fn try_from(bytes: Bytes) -> Result<Self, Utf8Error> {
        let short = Self::copied(std::str::from_utf8(&bytes)?);
        Ok(short.unwrap_or_else(|| Self::whole(bytes)))
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl Eq for Str {}

impl<T: AsRef<str> + ?Sized> PartialEq<T> for Str {
    fn eq(&self, other: &T) -> bool {
        self.as_str() == other.as_ref()
    }
}

impl PartialEq<Str> for str {
    fn eq(&self, other: &Str) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<Str> for &str {
    fn eq(&self, other: &Str) -> bool {
        *self == other.as_str()
    }
}

impl PartialEq<Str> for String {
    fn eq(&self, other: &Str) -> bool {
        self == other.as_str()
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other)
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tl::{Deserialize, ErrorKind, Reader, Serialize};

    #[test]
    fn a_text_is_two_words() {
        assert_eq!(size_of::<Str>(), 16);
        assert_eq!(size_of::<Option<Str>>(), 16);
    }

    /// The `string` value of a text.
    fn written(text: &str) -> Bytes {
        Bytes::copy_from_slice(text.as_bytes()).to_bytes().unwrap()
    }

    #[test]
    fn texts_of_all_origins_are_equal() {
        for (german, len) in [("Grüße", 7), ("Viele herzliche Grüße", 23)] {
            let sliced = Reader::new(written(german)).string();
            for text in [
                Str::from_static(german),
                Str::from(german),
                Str::from(String::from(german)),
                Str::from(Cow::Borrowed(german)),
                Str::try_from(Bytes::from_static(german.as_bytes())).unwrap(),
                sliced.clone(),
            ] {
                assert_eq!(text, sliced);
                assert_eq!(text, german);
                assert_eq!(text.clone().into_bytes(), german.as_bytes());
                assert_eq!(format!("{text} {text:?}"), format!("{german} \"{german}\""));
            }
            assert_eq!(sliced.len(), len);
        }
    }

    #[test]
    fn short_texts_are_held_in_place() {
        for len in 0..40 {
            let text = &"a text that is longer than two words are"[..len];
            let origins = [
                Str::from(text),
                Str::from_static(text),
                Str::from(text.to_owned()),
                Str::try_from(Bytes::copy_from_slice(text.as_bytes())).unwrap(),
                Reader::new(written(text)).string(),
                Reader::new([&written(text)[..], &[0xff; CHUNK]].concat().into()).string(),
            ];
            for origin in origins {
                assert_eq!(origin, text);
                assert_eq!(matches!(origin.0, Repr::Short { .. }), len <= Str::SHORT, "{text}");
                assert_eq!(origin.to_bytes().unwrap(), written(text));
                assert_eq!(origin.clone().into_bytes(), text.as_bytes());
            }
        }
        assert_eq!(Str::new(), "");
    }

    #[test]
    fn only_long_texts_keep_their_packet() {
        let packet = Bytes::from([&written("short")[..], &written("a rather long text")].concat());
        let mut reader = Reader::new(packet.clone());
        let texts = [reader.string(), reader.string()];
        drop(reader);
        assert_eq!(texts, ["short", "a rather long text"]);
        let [_, long] = texts;
        assert!(!packet.is_unique());
        assert_eq!(long.clone().into_bytes().as_ptr(), packet[9..].as_ptr());
        drop(long);
        assert!(packet.is_unique());
    }

    #[test]
    fn what_has_no_place_is_a_text_all_the_same() {
        assert_eq!(Place::new(5, 0xff_ffff).unwrap().span(), 5..0x100_0004);
        assert_eq!(Place::new(u32::MAX as usize, 15).unwrap().span().start, u32::MAX as usize);
        assert!(Place::new(5, 0x100_0000).is_none());
        assert!(Place::new(1 << 32, 15).is_none());
        // Too long for a `string`, which the writer has to find out.
        let text = Str::from("x".repeat(0x100_0000));
        assert_eq!(text.to_bytes().unwrap_err().kind, ErrorKind::TooLong { length: 0x100_0000 });
        let text = Str::from("x".repeat(0xff_ffff));
        let read = Str::from_bytes(text.to_bytes().unwrap()).unwrap();
        assert!(read == text && matches!(read.0, Repr::Slice { .. }));
    }

    #[test]
    fn what_is_not_utf_8_is_refused() {
        assert!(Str::try_from(Bytes::from_static(&[0xff])).is_err());
        let packet = Arc::new(Bytes::from_static("a text of more than 14 bytes, ü".as_bytes()));
        assert!(Str::long(&packet, 3..32).is_some());
        assert!(Str::long(&packet, 3..31).is_none());
        // Out of the packet: nothing, rather than a panic.
        assert!(Str::long(&packet, 3..99).is_none());
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(
            packet in proptest::collection::vec(prop_oneof![9 => 0u8..0x80, 1 => 0x80u8..], 0..80),
            length in prop_oneof![4 => 0u8..20, 1 => any::<u8>()],
        ) {
            let packet = Bytes::from([&[length], &packet[..]].concat());
            let [mut texts, mut bytes] = [(); 2].map(|()| Reader::new(packet.clone()));
            let (text, bytes_read) = (texts.string(), bytes.bytes());
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes_read));
            prop_assert_eq!(texts.position(), bytes.position());
            prop_assert_eq!(texts.check(), bytes.check());
        }

        #[test]
        fn is_written_as_bytes_are(text: String) {
            prop_assert_eq!(Str::from(&text).to_bytes().unwrap(), Bytes::from(text).to_bytes().unwrap());
        }

        #[test]
        fn ascii_is_what_the_standard_library_says(
            bytes in proptest::collection::vec(prop_oneof![30 => 0u8..0x80, 1 => 0x80u8..], 0..80),
        ) {
            prop_assert_eq!(is_ascii(&bytes), bytes.is_ascii());
        }
    }
}
