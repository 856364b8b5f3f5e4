//! Message identifiers: what they say, and how a side makes its own (ID-1).

use std::fmt;
use std::time::Duration;

use crate::crypto::Side;

/// What the two low bits of a msg_id say about a message (ID-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `00`: a message of a client.
    FromClient,
    /// `01`: a server's answer to a message of the client.
    Answer,
    /// `11`: any other message of a server.
    Notice,
}

/// The identifier of a message: its sender's clock in units of 2^-32 s since the Unix epoch, with the kind of
/// the message in the two low bits.
///
/// On the wire it is a `long`; here it is unsigned, so that ids compare like the times they stand for also
/// after 2038.
///
/// Source: <https://core.telegram.org/mtproto/description#message-identifier-msg-id>, ID-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MsgId(u64);

impl MsgId {
    /// The id as it stands in a TL `long`.
    #[must_use]
    pub const fn from_wire(long: i64) -> Self {
        Self(long.cast_unsigned())
    }

    /// The id as a TL `long`.
    #[must_use]
    pub const fn to_wire(self) -> i64 {
        self.0.cast_signed()
    }

    /// The first id of its kind that stands for the moment `unix` (time since the epoch).
    ///
    /// Times that do not fit the 32 bits for the seconds (after the year 2106) give the last moment that does.
    #[must_use]
    pub fn at(unix: Duration, kind: Kind) -> Self {
        let seconds = u64::from(u32::try_from(unix.as_secs()).unwrap_or(u32::MAX));
        let fraction = (u64::from(unix.subsec_nanos()) << 32) / 1_000_000_000;
        Self((seconds << 32 | fraction) & !3 | kind.bits())
    }

    /// The moment that the id stands for: time since the Unix epoch by its sender's clock.
    #[must_use]
    pub fn unix(self) -> Duration {
        let nanos = ((self.0 & 0xffff_ffff) * 1_000_000_000) >> 32;
        Duration::new(self.0 >> 32, u32::try_from(nanos).unwrap_or(0))
    }

    /// What the two low bits say; `None` for `10`, which no message has.
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self.0 & 3 {
            0 => Some(Kind::FromClient),
            1 => Some(Kind::Answer),
            3 => Some(Kind::Notice),
            _ => None,
        }
    }

    /// The next lower number.
    pub(super) const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Whether a message with this id can come from `side`.
    #[must_use]
    pub fn is_from(self, side: Side) -> bool {
        match self.kind() {
            Some(Kind::FromClient) => side == Side::Client,
            Some(Kind::Answer | Kind::Notice) => side == Side::Server,
            None => false,
        }
    }
}

impl fmt::Display for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MsgId({self})")
    }
}

impl Kind {
    const fn bits(self) -> u64 {
        match self {
            Self::FromClient => 0,
            Self::Answer => 1,
            Self::Notice => 3,
        }
    }
}

/// Gives out the ids of one session, each larger than all before (ID-1).
#[derive(Clone, Debug, Default)]
pub struct Generator {
    last: MsgId,
}

impl Generator {
    /// The next id for a message sent at `unix`, the time since the epoch by the server's clock.
    ///
    /// When the clock stands still or goes back, the ids go on from the last one: they must grow within a
    /// session, whatever the clock does.
    pub fn next(&mut self, unix: Duration, kind: Kind) -> MsgId {
        let by_clock = MsgId::at(unix, kind);
        self.last = if by_clock.0 & !3 > self.last.0 {
            by_clock
        } else {
            MsgId((self.last.0 & !3).saturating_add(4) | kind.bits())
        };
        self.last
    }

    /// The last id given out; zero before the first.
    #[must_use]
    pub fn last(&self) -> MsgId {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_1_published_ids_read_as_their_source_says() {
        let file = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors.json"));
        let vectors: serde_json::Value = serde_json::from_str(file).unwrap();
        let mut seen = 0;
        for vector in vectors["vectors"].as_array().unwrap() {
            if vector["kind"] != "msg_id" {
                continue;
            }
            seen += 1;
            let outputs = &vector["outputs"];
            let id = match outputs["value_hex"].as_str() {
                Some(hex) => MsgId(u64::from_str_radix(hex, 16).unwrap()),
                None => MsgId(outputs["value"].as_u64().unwrap()),
            };
            assert_eq!(id.unix().as_secs(), outputs["unixtime"].as_u64().unwrap(), "{}", vector["id"]);
            let kind = match outputs["mod4"].as_u64().unwrap() {
                0 => Kind::FromClient,
                1 => Kind::Answer,
                _ => Kind::Notice,
            };
            assert_eq!(id.kind(), Some(kind), "{}", vector["id"]);
        }
        assert_eq!(seen, 7);
    }

    #[test]
    fn id_1_ids_grow_though_the_clock_stands_still_or_goes_back() {
        let mut generator = Generator::default();
        let mut last = MsgId::default();
        for unix in [1000, 1000, 999, 1000, 1, 1001] {
            for kind in [Kind::FromClient, Kind::Answer, Kind::Notice] {
                let id = generator.next(Duration::from_secs(unix), kind);
                assert!(id > last);
                assert_eq!(id.kind(), Some(kind));
                last = id;
            }
        }
        assert_eq!(last.unix().as_secs(), 1001);
    }

    #[test]
    fn id_1_the_moment_survives_the_round_trip_to_a_nanosecond() {
        for nanos in [0, 1, 4, 999_999_999, 500_000_000] {
            let unix = Duration::new(1_800_000_000, nanos);
            let back = MsgId::at(unix, Kind::FromClient).unix();
            assert!(unix.abs_diff(back) <= Duration::from_nanos(2), "{unix:?} {back:?}");
        }
    }

    #[test]
    fn id_1_parity_tells_the_sides_apart() {
        let at = |kind| MsgId::at(Duration::from_secs(5), kind);
        assert!(at(Kind::FromClient).is_from(Side::Client));
        assert!(at(Kind::Answer).is_from(Side::Server));
        assert!(at(Kind::Notice).is_from(Side::Server));
        assert!(!at(Kind::FromClient).is_from(Side::Server));
        assert!(!at(Kind::Answer).is_from(Side::Client));
        let none = MsgId(2);
        assert!(!none.is_from(Side::Client) && !none.is_from(Side::Server));
    }

    #[test]
    fn ids_after_2038_are_larger_than_ids_before() {
        let before = MsgId::at(Duration::from_secs(0x7fff_ffff), Kind::FromClient);
        let after = MsgId::at(Duration::from_secs(0x8000_0000), Kind::FromClient);
        assert!(after > before);
        assert_eq!(MsgId::from_wire(after.to_wire()), after);
    }
}
