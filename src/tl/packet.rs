//! The buffer that outgoing packets are built in.

use std::fmt;

/// Bytes that [`PacketBuf::new`] leaves in front: enough for the encrypted envelope (8 + 16 + 32 bytes)
/// and the longest transport prefix.
pub const HEADROOM: usize = 128;

/// A growable byte buffer with room in front.
///
/// A message is serialized first and learns its headers later (salt, msg_id, msg_key, frame length), so
/// each layer puts its header in front of what is there instead of copying it behind a new one.
#[derive(Clone)]
pub struct PacketBuf {
    bytes: Vec<u8>,
    head: usize,
}

impl PacketBuf {
    /// An empty buffer with [`HEADROOM`] bytes in front.
    #[must_use]
    pub fn new() -> Self {
        Self::with_headroom(HEADROOM)
    }

    /// An empty buffer with `headroom` bytes in front.
    #[must_use]
    pub fn with_headroom(headroom: usize) -> Self {
        Self::with_capacity(headroom, 0)
    }

    /// An empty buffer with `headroom` bytes in front and space for `capacity` more behind.
    #[must_use]
    pub fn with_capacity(headroom: usize, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(headroom + capacity);
        bytes.resize(headroom, 0);
        Self { bytes, head: headroom }
    }

    /// The content.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.head..]
    }

    /// The content, for work in place.
    #[must_use]
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes[self.head..]
    }

    /// Length of the content in bytes.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.head
    }

    /// Whether there is no content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes left in front.
    #[must_use]
    pub fn headroom(&self) -> usize {
        self.head
    }

    /// How many bytes of memory it takes, what stands in front included.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Puts `header` in front of the content. Moves the content only when the headroom is used up.
    pub fn prepend(&mut self, header: &[u8]) {
        if header.len() > self.head {
            let missing = HEADROOM + header.len() - self.head;
            let len = self.bytes.len();
            self.bytes.resize(len + missing, 0);
            self.bytes.copy_within(..len, missing);
            self.head += missing;
        }
        let start = self.head - header.len();
        self.bytes[start..self.head].copy_from_slice(header);
        self.head = start;
    }

    /// Drops the first `count` bytes of the content (all of it if it is shorter) and leaves their place as
    /// headroom.
    pub fn advance(&mut self, count: usize) {
        self.head = self.bytes.len().min(self.head.saturating_add(count));
    }

    /// Appends `bytes`.
    #[inline]
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Makes the content `len` bytes long, with zeros where it grows.
    pub fn resize(&mut self, len: usize) {
        self.bytes.resize(self.head + len, 0);
    }

    /// Shortens the content to `len` bytes; does nothing when it is not longer.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(self.head.saturating_add(len));
    }

    /// Makes room for `additional` bytes behind the content.
    #[inline]
    pub fn reserve(&mut self, additional: usize) {
        self.bytes.reserve(additional);
    }

    /// Empties the buffer, keeps its memory and restores [`HEADROOM`].
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.resize(HEADROOM, 0);
        self.head = HEADROOM;
    }

    /// The content as a vector of its own.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.as_slice().to_vec()
    }
}

impl Default for PacketBuf {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the length only: the content may be plaintext of a message, or a key exchange.
impl fmt::Debug for PacketBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketBuf").field("len", &self.len()).field("headroom", &self.head).finish()
    }
}

impl From<PacketBuf> for bytes::Bytes {
    /// Takes the content without copying it.
    fn from(packet: PacketBuf) -> Self {
        let head = packet.head;
        Self::from(packet.bytes).split_off(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_go_in_front() {
        let mut packet = PacketBuf::new();
        packet.extend_from_slice(b"body");
        packet.prepend(b"head ");
        assert_eq!(packet.as_slice(), b"head body");
        assert_eq!(packet.headroom(), HEADROOM - 5);
        assert_eq!(bytes::Bytes::from(packet).as_ref(), b"head body");
    }

    #[test]
    fn a_header_longer_than_the_headroom_still_fits() {
        let mut packet = PacketBuf::with_headroom(2);
        packet.extend_from_slice(b"x");
        packet.prepend(b"12345");
        assert_eq!(packet.as_slice(), b"12345x");
        packet.prepend(b"0");
        assert_eq!(packet.as_slice(), b"012345x");
    }

    #[test]
    fn advance_and_truncate_are_bounded() {
        let mut packet = PacketBuf::new();
        packet.extend_from_slice(b"abcdef");
        packet.advance(2);
        packet.truncate(3);
        assert_eq!(packet.as_slice(), b"cde");
        packet.truncate(usize::MAX);
        packet.advance(usize::MAX);
        assert!(packet.is_empty());
        packet.clear();
        assert_eq!(packet.headroom(), HEADROOM);
    }
}
