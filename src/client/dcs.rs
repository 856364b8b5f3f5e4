//! The address book: where the DCs are when the session does not say.
//!
//! The addresses are those built into published clients, named at each list, as collected in November 2026. They are
//! only the way to the first `help.getConfig`, whose list goes before them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::net::Address;

/// A built-in address of one DC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DcAddress {
    /// The number of the DC, 1 to 5.
    pub id: i32,
    /// Its address.
    pub ip: IpAddr,
}

/// The port that every DC listens on; 80 and 5222 are the alternatives.
pub const PORT: u16 = 443;

/// The DC where a client without a session starts, in production and in test (tdlib).
pub const FIRST_DC: i32 = 2;

const fn v4(id: i32, a: u8, b: u8, c: u8, d: u8) -> DcAddress {
    DcAddress { id, ip: IpAddr::V4(Ipv4Addr::new(a, b, c, d)) }
}

const fn v6(id: i32, site: u16, subnet: u16, host: u16) -> DcAddress {
    // All IPv6 addresses of the DCs share the shape 2001:SITE:SUBNET:f00N::HOST.
    let cluster = 0xf000 + id as u16;
    DcAddress { id, ip: IpAddr::V6(Ipv6Addr::new(0x2001, site, subnet, cluster, 0, 0, 0, host)) }
}

/// The production DCs (tdlib's built-in list).
pub const PRODUCTION: &[DcAddress] = &[
    v4(1, 149, 154, 175, 50),
    v4(2, 149, 154, 167, 51),
    v4(3, 149, 154, 175, 100),
    v4(4, 149, 154, 167, 91),
    v4(5, 149, 154, 171, 5),
    v4(2, 95, 161, 76, 100),
    v6(1, 0xb28, 0xf23d, 0xa),
    v6(2, 0x67c, 0x4e8, 0xa),
    v6(3, 0xb28, 0xf23d, 0xa),
    v6(4, 0x67c, 0x4e8, 0xa),
    v6(5, 0xb28, 0xf23f, 0xa),
];

/// The test DCs (tdlib's built-in list; the same in gotd and Pyrogram).
pub const TEST: &[DcAddress] = &[
    v4(1, 149, 154, 175, 10),
    v4(2, 149, 154, 167, 40),
    v4(3, 149, 154, 175, 117),
    v6(1, 0xb28, 0xf23d, 0xe),
    v6(2, 0x67c, 0x4e8, 0xe),
    v6(3, 0xb28, 0xf23d, 0xe),
];

/// The networks whose addresses are built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BuiltIn {
    Production,
    Test,
}

impl BuiltIn {
    /// The addresses of one DC in the order of the list: IPv4 first, as it works wherever either does.
    pub(super) fn addresses(self, dc: i32) -> impl Iterator<Item = Address> {
        let book = match self {
            Self::Production => PRODUCTION,
            Self::Test => TEST,
        };
        book.iter().filter(move |known| known.id == dc).map(|known| Address::new(known.ip.to_string(), PORT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_spelled_as_published() {
        let has =
            |book: &[DcAddress], id, ip: &str| book.iter().any(|e| e.id == id && e.ip.to_string() == ip);
        assert!(has(PRODUCTION, 5, "2001:b28:f23f:f005::a"));
        assert!(has(PRODUCTION, 4, "2001:67c:4e8:f004::a"));
        assert!(has(TEST, 3, "2001:b28:f23d:f003::e"));
    }

    #[test]
    fn every_dc_has_an_address() {
        assert!((1..=5).all(|dc| BuiltIn::Production.addresses(dc).next().is_some()));
        assert!((1..=3).all(|dc| BuiltIn::Test.addresses(dc).next().is_some()));
        assert_eq!(BuiltIn::Test.addresses(4).next(), None);
    }
}
