//! One number for a peer of any kind, as the Bot API, Telethon and Pyrogram have it
//! (<https://core.telegram.org/api/bots/ids>): users are positive, chats negative, channels `-1000000000000` and below.

use crate::session::{PeerKey, PeerKind};

const ZERO_CHANNEL: i64 = -1_000_000_000_000;
const MAX_CHAT: i64 = 999_999_999_999;
const MIN_CHAT: i64 = -MAX_CHAT;
const MAX_USER: i64 = (1 << 40) - 1;
/// Secret chats are around -2000000000000, where the ids of channels have a gap.
const MAX_CHANNEL: i64 = 1_000_000_000_000 - (1 << 31);
const MIN_MONOFORUM: i64 = 1_000_000_000_000 + (1 << 31) + 1;
const MAX_MONOFORUM: i64 = 3_000_000_000_000;

/// The peer that a marked id means; `None` for secret chats and ids that mean nothing.
pub(super) fn unmark(marked: i64) -> Option<PeerKey> {
    let (kind, id) = match marked {
        1..=MAX_USER => (PeerKind::User, marked),
        MIN_CHAT..=-1 => (PeerKind::Chat, -marked),
        _ => (PeerKind::Channel, ZERO_CHANNEL.checked_sub(marked)?),
    };
    let known = kind != PeerKind::Channel || is_channel(id);
    known.then_some(PeerKey { kind, id })
}

/// The marked id of a peer; `None` when its id is outside the range of its kind.
pub(super) fn mark(key: PeerKey) -> Option<i64> {
    match key.kind {
        PeerKind::User => Some(key.id).filter(|id| (1..=MAX_USER).contains(id)),
        PeerKind::Chat => Some(key.id).filter(|id| (1..=MAX_CHAT).contains(id)).map(|id| -id),
        PeerKind::Channel => is_channel(key.id).then(|| ZERO_CHANNEL - key.id),
    }
}

/// The channel of a row of an update state: Telethon has bare ids there, Kurigram marked ones.
pub(super) fn channel(id: i64) -> Option<i64> {
    if id > 0 {
        return is_channel(id).then_some(id);
    }
    unmark(id).filter(|key| key.kind == PeerKind::Channel).map(|key| key.id)
}

fn is_channel(id: i64) -> bool {
    (1..=MAX_CHANNEL).contains(&id) || (MIN_MONOFORUM..=MAX_MONOFORUM).contains(&id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_documented_examples() {
        assert_eq!(unmark(1234), Some(PeerKey { kind: PeerKind::User, id: 1234 }));
        assert_eq!(unmark(-1234), Some(PeerKey { kind: PeerKind::Chat, id: 1234 }));
        assert_eq!(unmark(-1_000_000_001_234), Some(PeerKey { kind: PeerKind::Channel, id: 1234 }));
        assert_eq!((unmark(0), unmark(ZERO_CHANNEL), unmark(-2_000_000_000_001)), (None, None, None));
        assert_eq!((channel(5), channel(-1_000_000_000_005), channel(-5)), (Some(5), Some(5), None));
    }

    proptest! {
        #[test]
        fn every_number_that_means_a_peer_is_written_back_the_same(marked: i64) {
            for marked in [marked, marked % 4_100_000_000_000, marked % 1000] {
                if let Some(key) = unmark(marked) {
                    prop_assert_eq!(mark(key), Some(marked));
                }
            }
        }
    }
}
