//! Where a DC is dialed: which of the known addresses, in which order (TC-1).

use std::sync::Arc;

use super::core::Core;
use super::dcs::PORT;
use super::link::Lane;
use crate::net::{Address, BoxFuture, Endpoint, Proxy, Route, erased};
use crate::session::{self, DcAddress};
use crate::tl::types;
use crate::transport::{Kind, ProxySecret, Tagged};

/// Where the DCs listen, too, unless they say otherwise.
const OTHER_PORTS: [u16; 2] = [80, 5222];

/// How often in a row connecting may fail before another transport is tried, where none was asked for.
const FAILURES: usize = 2;

/// How many DCs of a configuration are kept: a server whose list is longer is not to be believed.
const MOST_DCS: usize = 100;

/// One way to a DC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub endpoint: Endpoint,
    pub media_only: bool,
}

impl Core {
    /// The transport and proxy for the next connection, after so many in a row that came to nothing.
    ///
    /// A transport that was asked for is kept. Otherwise abridged, the lightest, takes turns with an obfuscated one: what
    /// stands on the way may know the first by its shape, and let nothing through that it knows.
    pub(super) fn route(&self, failures: usize) -> Route {
        let mut route = self.config.route.clone();
        if self.config.any_transport && failures / FAILURES % 2 == 1 {
            route.transport = Kind::Obfuscated(Tagged::Padded);
        }
        route
    }

    /// Where to dial a DC, best first.
    pub(super) fn places(&self, dc: i32, lane: Lane, route: &Route) -> Vec<Place> {
        if let Some((address, _)) = route.proxy.as_ref().and_then(Proxy::mtproxy) {
            // It is told the number of the DC alone.
            return vec![Place { endpoint: address.clone().into(), media_only: false }];
        }
        if let Some(address) = self.config.address(dc) {
            return vec![Place { endpoint: address.clone().into(), media_only: false }];
        }
        let known = self.dc(dc).map(|dc| dc.addresses).unwrap_or_default();
        let mut places = in_order(&known, lane, route);
        if let Some(network) = self.config.built_in {
            places.extend(
                network.addresses(dc).map(|address| Place { endpoint: address.into(), media_only: false }),
            );
            for port in OTHER_PORTS {
                let elsewhere: Vec<_> = known
                    .iter()
                    .filter(|known| usable(known, lane, route) && !known.this_port_only && known.port == PORT)
                    .filter_map(|known| place(known, port))
                    .collect();
                places.extend(elsewhere);
            }
        }
        let mut seen = Vec::new();
        places.retain(|place| {
            let new = !seen.contains(&place.endpoint);
            if new {
                seen.push(place.endpoint.clone());
            }
            new
        });
        places
    }

    /// Keeps the addresses that `help.getConfig` tells, for the next start and for other DCs.
    pub(super) fn learn_addresses<'a>(
        self: &'a Arc<Self>,
        options: Vec<types::DcOption>,
    ) -> BoxFuture<'a, Result<(), session::Error>> {
        let mut found: Vec<(i32, Vec<DcAddress>)> = Vec::new();
        let mut too_many = false;
        for option in options {
            let Ok(port) = u16::try_from(option.port) else { continue };
            if self.config.address(option.id).is_some() {
                continue;
            }
            let address = DcAddress {
                host: option.ip_address.to_string(),
                port,
                media_only: option.media_only,
                obfuscated_only: option.tcpo_only,
                cdn: option.cdn,
                is_static: option.r#static,
                this_port_only: option.this_port_only,
                secret: option.secret.map(|secret| secret.as_ref().into()),
            };
            match found.iter().position(|(dc, _)| *dc == option.id) {
                Some(at) => found[at].1.push(address),
                None if found.len() < MOST_DCS => found.push((option.id, vec![address])),
                None => too_many = true,
            }
        }
        if too_many {
            tracing::warn!(kept = MOST_DCS, "the server tells of more DCs than are kept");
        }
        erased(async move {
            for (dc, addresses) in found {
                self.change_dc(dc, |dc| dc.addresses = addresses).await?;
            }
            Ok(())
        })
    }
}

/// Whether a connection of this kind can be made there. Nothing here speaks to CDN DCs, whose keys are others.
fn usable(known: &DcAddress, lane: Lane, route: &Route) -> bool {
    let spoken = match known.secret {
        // Obfuscates by itself what can be.
        Some(_) => route.transport.tagged().is_some(),
        None => matches!(route.transport, Kind::Obfuscated(_)) || !known.obfuscated_only,
    };
    !known.cdn && spoken && (!known.media_only || lane != Lane::Main)
}

/// `None` if the address has a secret that is none.
#[inline(never)]
fn place(known: &DcAddress, port: u16) -> Option<Place> {
    let secret = known.secret.as_ref().map(|secret| ProxySecret::from_bytes(secret.expose()));
    let endpoint = Endpoint { address: Address::new(&*known.host, port), secret: secret.transpose().ok()? };
    Some(Place { endpoint, media_only: known.media_only })
}

/// The addresses that can be used: for files those that are for nothing else, behind a proxy those that do not change,
/// and IPv4 and IPv6 in turns, so that a network where one of them leads nowhere costs one address.
fn in_order(known: &[DcAddress], lane: Lane, route: &Route) -> Vec<Place> {
    let rank = |known: &DcAddress| (route.proxy.is_some() && !known.is_static, !known.media_only);
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for wanted in [(false, false), (false, true), (true, false), (true, true)] {
        for known in known {
            if rank(known) == wanted && usable(known, lane, route) {
                let kind = if known.is_ipv6() { &mut v6 } else { &mut v4 };
                kind.extend(place(known, known.port));
            }
        }
    }
    let (mut v4, mut v6) = (v4.into_iter(), v6.into_iter());
    let mut places = Vec::new();
    loop {
        let (first, second) = (v4.next(), v6.next());
        if first.is_none() && second.is_none() {
            return places;
        }
        places.extend(first);
        places.extend(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(known: &[DcAddress], lane: Lane, route: &Route) -> Vec<String> {
        in_order(known, lane, route).iter().map(|place| place.endpoint.address.host().to_owned()).collect()
    }

    #[test]
    fn tc_1_each_address_is_used_for_what_it_is_for() {
        let at = |host: &str| DcAddress::new(host, 443);
        let known = [
            DcAddress { media_only: true, ..at("media") },
            DcAddress { cdn: true, ..at("cdn") },
            DcAddress { obfuscated_only: true, ..at("hidden") },
            DcAddress { secret: Some([7; 16].as_slice().into()), obfuscated_only: true, ..at("secret") },
            DcAddress { secret: Some("s".into()), ..at("nonsense") },
            at("plain"),
        ];
        let (plain, hidden) =
            (Route::direct(Kind::Abridged), Route::direct(Kind::Obfuscated(Tagged::Padded)));
        assert_eq!(hosts(&known, Lane::Main, &plain), ["secret", "plain"]);
        assert_eq!(hosts(&known, Lane::Main, &hidden), ["hidden", "secret", "plain"]);
        assert_eq!(hosts(&known, Lane::Media(0), &plain), ["media", "secret", "plain"]);
    }

    #[test]
    fn ipv4_and_ipv6_take_turns() {
        let known = ["::1", "::2", "4a", "4b", "4c"].map(|host| DcAddress::new(host, 443));
        let route = Route::direct(Kind::Abridged);
        assert_eq!(hosts(&known, Lane::Main, &route), ["4a", "::1", "4b", "::2", "4c"]);
    }
}
