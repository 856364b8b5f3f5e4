//! Stand-in for `tl::PacketBuf` until it lands.

/// A growable byte buffer with headroom in front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketBuf {
    bytes: Vec<u8>,
    start: usize,
}

impl PacketBuf {
    /// An empty buffer with `head` bytes of room in front.
    #[must_use]
    pub fn with_headroom(head: usize) -> Self {
        Self { bytes: vec![0; head], start: head }
    }
    /// Puts `data` in front.
    pub fn prepend(&mut self, data: &[u8]) {
        if self.start < data.len() {
            let more = data.len() - self.start;
            self.bytes.splice(0..0, std::iter::repeat_n(0, more));
            self.start += more;
        }
        self.bytes[self.start - data.len()..self.start].copy_from_slice(data);
        self.start -= data.len();
    }
    /// Puts `data` behind.
    pub fn extend_from_slice(&mut self, data: &[u8]) {
        self.bytes.extend_from_slice(data);
    }
    /// The content.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
    /// The content.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }
    /// The content's length.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }
    /// Whether there is no content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
