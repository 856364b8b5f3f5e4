//! The text of a `string` value.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;
use std::ops::{Deref, Range};
use std::str::Utf8Error;
use std::sync::Arc;

use super::Bytes;

/// The text of a `string` value: an immutable slice of the packet it came from, which derefs to `str`.
///
/// Sixteen bytes, also in an `Option`; a clone counts a reference and copies nothing. A text keeps its whole
/// packet in memory for as long as it lives (see [`detach`](super::detach)).
///
/// A list of messages has hundreds of texts, so this is as small as can be, and not made of a [`Bytes`]: that
/// has four words, and is cloned through a table of functions.
#[derive(Clone, Default)]
pub struct Str {
    /// The packet; none for an empty text.
    packet: Option<Arc<Bytes>>,
    place: Place,
}

/// Where a text lies in its packet, in one word, so that a text is passed in registers: the offset in bytes and
/// one more (so that an `Option` takes no space) in the upper half, the length in bytes in the lower.
#[derive(Clone, Copy)]
struct Place(NonZeroU64);

impl Place {
    /// Nothing for an offset behind the first four gigabytes.
    #[inline]
    fn new(start: usize, len: usize) -> Option<Self> {
        let (start, len) = (u32::try_from(start).ok()?.checked_add(1)?, u32::try_from(len).ok()?);
        NonZeroU64::new(u64::from(start) << 32 | u64::from(len)).map(Self)
    }

    #[inline]
    fn span(self) -> Range<usize> {
        let (start, len) = ((self.0.get() >> 32) as usize - 1, self.0.get() as u32 as usize);
        start..start + len
    }
}

impl Default for Place {
    fn default() -> Self {
        Self(NonZeroU64::MIN.saturating_add(u64::from(u32::MAX)))
    }
}

impl Str {
    /// The empty text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A text that is part of the program.
    #[must_use]
    pub fn from_static(text: &'static str) -> Self {
        Self::whole(Bytes::from_static(text.as_bytes()), kept(text))
    }

    /// The text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        let Some(packet) = &self.packet else { return "" };
        // SAFETY: every way to make a `Str` with a packet takes its place from the packet's length, and its bytes
        // from a `str` or checks them as `slice` does; and a `Bytes` does not change.
        #[allow(unsafe_code)]
        unsafe {
            std::str::from_utf8_unchecked(packet.get_unchecked(self.place.span()))
        }
    }

    /// The text as a slice of its packet.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        let span = self.place.span();
        match &self.packet {
            Some(packet) if span.end <= packet.len() => packet.slice(span),
            _ => Bytes::new(),
        }
    }

    /// The text in `span` of a packet, without a copy; nothing if it is not UTF-8.
    #[inline(always)]
    pub(super) fn slice(packet: &Arc<Bytes>, span: Range<usize>) -> Option<Self> {
        let bytes = packet.get(span.clone()).unwrap_or_default();
        // Most is ASCII, and found to be so many bytes at a time.
        if !bytes.is_ascii() && std::str::from_utf8(bytes).is_err() {
            return None;
        }
        if bytes.is_empty() {
            return Some(Self::new());
        }
        Some(match Place::new(span.start, bytes.len()) {
            Some(place) => Self { packet: Some(packet.clone()), place },
            None => String::from_utf8_lossy(bytes).into(),
        })
    }

    /// The first `len` of `bytes`, which are those of a `str` up to a boundary of it.
    fn whole(bytes: Bytes, len: usize) -> Self {
        match Place::new(0, len) {
            Some(place) if len > 0 => Self { packet: Some(Arc::new(bytes)), place },
            _ => Self::new(),
        }
    }
}

/// How many bytes of a text are kept: all that have a place. No packet can hold a text of sixteen megabytes, and what is
/// cut here is still refused as too long.
fn kept(text: &str) -> usize {
    let most = text.len().min(u32::MAX as usize);
    (most - most.min(3)..=most).rev().find(|&len| text.is_char_boundary(len)).unwrap_or_default()
}

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
        let len = kept(&text);
        Self::whole(text.into(), len)
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self::whole(Bytes::copy_from_slice(text.as_bytes()), kept(text))
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
        let len = std::str::from_utf8(&bytes)?.len();
        Ok(Self::slice(&Arc::new(bytes), 0..len).unwrap_or_default())
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
    use super::*;

    #[test]
    fn a_text_is_two_words() {
        assert_eq!(size_of::<Str>(), 16);
        assert_eq!(size_of::<Option<Str>>(), 16);
    }

    #[test]
    fn texts_of_all_origins_are_equal() {
        let packet = Arc::new(Bytes::from_static("xyz Grüße!".as_bytes()));
        let sliced = Str::slice(&packet, 4..11).unwrap();
        for text in [
            Str::from_static("Grüße"),
            Str::from("Grüße"),
            Str::from(String::from("Grüße")),
            Str::from(Cow::Borrowed("Grüße")),
            Str::try_from(Bytes::from_static("Grüße".as_bytes())).unwrap(),
            sliced.clone(),
        ] {
            assert_eq!(text, sliced);
            assert_eq!(text, "Grüße");
            assert_eq!(text.clone().into_bytes(), "Grüße".as_bytes());
            assert_eq!(format!("{text} {text:?}"), "Grüße \"Grüße\"");
        }
        drop(packet);
        assert_eq!(sliced.len(), 7);
    }

    #[test]
    fn empty_texts_keep_no_packet() {
        let packet = Arc::new(Bytes::from_static(b"abc"));
        for text in [Str::new(), Str::from(""), Str::from_static(""), Str::slice(&packet, 2..2).unwrap()] {
            assert_eq!(text, "");
            assert!(text.packet.is_none());
        }
        assert_eq!(Arc::strong_count(&packet), 1);
    }

    #[test]
    fn what_is_not_utf_8_is_refused() {
        let packet = Arc::new(Bytes::from_static("aü".as_bytes()));
        assert!(Str::slice(&packet, 0..2).is_none());
        assert!(Str::slice(&packet, 2..3).is_none());
        assert!(Str::try_from(Bytes::from_static(&[0xff])).is_err());
        // Out of the packet: nothing, rather than a panic.
        assert_eq!(Str::slice(&packet, 2..9).unwrap(), "");
    }
}
