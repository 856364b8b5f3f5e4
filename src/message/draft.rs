//! Packets between being built and being encrypted, so that several can be encrypted side by side.

use std::fmt;

use super::event::RequestId;
use crate::tl::PacketBuf;

/// A packet that a session has built and numbered, and not encrypted yet. Only its session makes a packet of it that can be
/// sent.
pub struct Draft {
    pub(super) packet: PacketBuf,
    /// The calls in it that want a quick ack.
    pub(super) quick: Vec<RequestId>,
}

impl Draft {
    /// Length of the packet without its framing, in bytes; its header of 24 is yet to come.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "none is empty")]
    pub fn len(&self) -> usize {
        self.packet.len()
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("len", &self.packet.len()).finish_non_exhaustive()
    }
}
