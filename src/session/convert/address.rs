//! The home DC's key and address, for writing; and which addresses are test servers', for reading.

use std::net::IpAddr;

use super::{ErrorKind, ExportOptions};
use crate::{
    crypto::AuthKey,
    session::{Dc, DcAddress, Network, State},
};

/// Telegram's test DCs (tdlib's built-in list): the forms with an address do not say otherwise which network it is.
const TEST: [&str; 6] = [
    "149.154.175.10",
    "149.154.167.40",
    "149.154.175.117",
    "2001:b28:f23d:f001::e",
    "2001:67c:4e8:f002::e",
    "2001:b28:f23d:f003::e",
];

/// Test or production, by the address.
pub(super) fn network_of(host: &str) -> Network {
    let ip: Option<IpAddr> = host.parse().ok();
    let is_test = ip.is_some_and(|ip| TEST.iter().any(|known| known.parse() == Ok(ip)));
    if is_test { Network::Test } else { Network::Production }
}

/// The key to write.
pub(super) fn home_key(state: &State) -> Result<&AuthKey, ErrorKind> {
    let missing = ErrorKind::Missing { what: "auth key of its home DC", hint: "log in first" };
    let key = state.home().and_then(|dc| dc.auth_key.as_ref()).ok_or(missing)?;
    // A key that only carried a login halfway opens nothing in another program.
    if state.user.is_none() {
        return Err(ErrorKind::Missing { what: "user", hint: "log in first" });
    }
    Ok(key)
}

/// The home DC's number in one byte, as strings have it.
pub(super) fn home_dc_byte(state: &State) -> Result<u8, ErrorKind> {
    let problem = "one byte holds it there";
    let dc = u8::try_from(state.home_dc).ok().filter(|&dc| dc != 0);
    dc.ok_or(ErrorKind::Unfit { what: "the number of the home DC", problem })
}

/// The addresses of the home DC that calls can go to, best first.
pub(super) fn home_addresses<'a>(state: &'a State, options: &'a ExportOptions) -> Vec<&'a DcAddress> {
    let known = state.home().map(|dc: &Dc| dc.addresses.as_slice()).unwrap_or_default();
    let plain = |at: &&DcAddress| !at.cdn && !at.media_only && !at.obfuscated_only && at.secret.is_none();
    let mut found: Vec<_> = known.iter().filter(plain).collect();
    if found.is_empty() {
        found.extend(&options.fallback_address);
    }
    found
}

/// The first of them.
pub(super) fn home_address<'a>(
    state: &'a State,
    options: &'a ExportOptions,
) -> Result<&'a DcAddress, ErrorKind> {
    let missing = ErrorKind::Missing { what: "address of its home DC", hint: "connect once (`mtwire me`)" };
    home_addresses(state, options).first().copied().ok_or(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "client")]
    fn the_test_servers_are_those_of_the_address_book() {
        let book: Vec<String> = crate::client::TEST.iter().map(|known| known.ip.to_string()).collect();
        assert_eq!(book, TEST);
    }

    #[test]
    fn a_long_form_of_an_address_is_the_same_address() {
        assert_eq!(network_of("2001:067c:04e8:f002:0:0:0:e"), Network::Test);
        assert_eq!(network_of("149.154.167.51"), Network::Production);
        assert_eq!(network_of("localhost"), Network::Production);
    }
}
