//! The names of the transports.

use std::{fmt, str::FromStr};

/// A framing that the obfuscation header can name, with the tag that names it (OB-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tagged {
    /// Abridged, tag byte `ef` (four times in the obfuscation header).
    Abridged,
    /// Intermediate, tag `eeeeeeee`.
    Intermediate,
    /// Padded intermediate, tag `dddddddd`.
    Padded,
}

impl Tagged {
    /// Every framing that has a tag.
    pub const ALL: [Self; 3] = [Self::Abridged, Self::Intermediate, Self::Padded];

    /// The bytes with which a client begins a connection without obfuscation (TR-1 to TR-3).
    #[must_use]
    pub const fn tag(self) -> &'static [u8] {
        match self {
            Self::Abridged => &[0xef],
            Self::Intermediate => &[0xee; 4],
            Self::Padded => &[0xdd; 4],
        }
    }

    /// The tag as it stands in the obfuscation header.
    #[must_use]
    pub const fn obfuscated_tag(self) -> [u8; 4] {
        match self {
            Self::Abridged => [0xef; 4],
            Self::Intermediate => [0xee; 4],
            Self::Padded => [0xdd; 4],
        }
    }

    /// The framing that a tag in the obfuscation header names.
    #[must_use]
    pub fn from_obfuscated_tag(tag: [u8; 4]) -> Option<Self> {
        Self::ALL.into_iter().find(|tagged| tagged.obfuscated_tag() == tag)
    }
}

/// A transport as the user names it: `abridged`, `intermediate`, `padded`, `full`, `obfuscated` (abridged
/// inside), `obfuscated-intermediate`, `obfuscated-padded`, `http`, `websocket`, `websocket-tls`. [`FromStr`] and
/// [`fmt::Display`] use these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The shortest framing: one byte in front of most packets (TR-1).
    Abridged,
    /// A 4-byte length in front (TR-2).
    Intermediate,
    /// Intermediate with 0 to 15 random bytes behind each packet (TR-3).
    Padded,
    /// Length, frame number and CRC32 (TR-4).
    Full,
    /// One of the tagged framings under the obfuscation, without a proxy secret (OB-1 to OB-5).
    Obfuscated(Tagged),
    /// Each packet is the body of a `POST /api`, and each answer's body is one or none (HT-1).
    Http,
    /// Obfuscated abridged in the binary frames of a WebSocket, without TLS (WS-1).
    WebSocket,
    /// The same under TLS: `wss`.
    WebSocketTls,
}

/// A name that is no transport's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no transport is called {0:?}; there are abridged, intermediate, padded, full, obfuscated, \
         obfuscated-intermediate, obfuscated-padded, http, websocket and websocket-tls"
)]
pub struct UnknownKind(pub String);

impl Kind {
    /// Every transport.
    pub const ALL: [Self; 10] = [
        Self::Abridged,
        Self::Intermediate,
        Self::Padded,
        Self::Full,
        Self::Obfuscated(Tagged::Abridged),
        Self::Obfuscated(Tagged::Intermediate),
        Self::Obfuscated(Tagged::Padded),
        Self::Http,
        Self::WebSocket,
        Self::WebSocketTls,
    ];

    /// The transports that stand on a byte stream with nothing around it, so that a server knows them by their first
    /// bytes ([`detect`](super::detect)).
    pub const FRAMED: [Self; 7] = [
        Self::Abridged,
        Self::Intermediate,
        Self::Padded,
        Self::Full,
        Self::Obfuscated(Tagged::Abridged),
        Self::Obfuscated(Tagged::Intermediate),
        Self::Obfuscated(Tagged::Padded),
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Abridged => "abridged",
            Self::Intermediate => "intermediate",
            Self::Padded => "padded",
            Self::Full => "full",
            Self::Obfuscated(Tagged::Abridged) => "obfuscated",
            Self::Obfuscated(Tagged::Intermediate) => "obfuscated-intermediate",
            Self::Obfuscated(Tagged::Padded) => "obfuscated-padded",
            Self::Http => "http",
            Self::WebSocket => "websocket",
            Self::WebSocketTls => "websocket-tls",
        }
    }

    /// The tagged framing of a transport, obfuscated or not.
    #[must_use]
    pub const fn tagged(self) -> Option<Tagged> {
        match self {
            Self::Abridged => Some(Tagged::Abridged),
            Self::Intermediate => Some(Tagged::Intermediate),
            Self::Padded => Some(Tagged::Padded),
            Self::Obfuscated(tagged) => Some(tagged),
            _ => None,
        }
    }

    /// Whether a packet can ask for a quick ack: everywhere but in the full transport and over HTTP (TR-7, HT-1).
    #[must_use]
    pub const fn has_quick_acks(self) -> bool {
        !matches!(self, Self::Full | Self::Http)
    }

    /// Whether it is under the obfuscation by itself.
    #[must_use]
    pub const fn is_obfuscated(self) -> bool {
        matches!(self, Self::Obfuscated(_))
    }

    /// What is spoken within the WebSocket, if it is one.
    #[must_use]
    pub const fn within(self) -> Self {
        match self {
            // The web's servers take nothing that is not obfuscated (WS-1).
            Self::WebSocket | Self::WebSocketTls => Self::Obfuscated(Tagged::Abridged),
            other => other,
        }
    }
}

impl From<Tagged> for Kind {
    /// The framing without obfuscation.
    fn from(tagged: Tagged) -> Self {
        match tagged {
            Tagged::Abridged => Self::Abridged,
            Tagged::Intermediate => Self::Intermediate,
            Tagged::Padded => Self::Padded,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}
