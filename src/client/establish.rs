//! Getting a connection to a DC, with a key for it.

use std::sync::Arc;
use std::time::Duration;

use super::ConnectError;
use super::core::Core;
use crate::crypto::AuthKey;
use crate::message::ServerTime;
use crate::net::{Address, Backoff, Connection, ExchangeOptions, connect, exchange, exchange_permit};
use crate::session::Salt;

/// The least pause after a server has asked for patience (-429).
pub(super) const FLOOD_PAUSE: Duration = Duration::from_secs(1);

/// A connection over which a session can go on, and what a new session would need.
pub(super) struct Established {
    pub connection: Connection,
    pub address: Address,
    pub auth_key: Arc<AuthKey>,
    pub salt: i64,
    pub time: ServerTime,
}

/// One try: dials the address whose turn it is, and makes and saves a key if the session has none for this DC.
pub(super) async fn establish(
    core: &Arc<Core>,
    dc: i32,
    attempt: usize,
) -> Result<Established, ConnectError> {
    if core.is_lost() {
        return Err(ConnectError::SessionLost);
    }
    let addresses = core.addresses(dc);
    let turn = attempt.checked_rem(addresses.len()).and_then(|turn| addresses.get(turn));
    let endpoint = turn.cloned().ok_or(ConnectError::UnknownDc { dc })?;
    let address = endpoint.address.clone();
    let config = &core.config;
    let known = core.dc(dc).unwrap_or_default();
    // Before it dials: a server does not wait long for the first packet.
    let _permit = match known.auth_key {
        Some(_) => None,
        None => exchange_permit(&address).await,
    };
    let mut connection = connect(&config.route, core.wire_dc(dc), &endpoint, config.timing.dial).await?;
    let now = core.clock.now();
    if let Some(auth_key) = known.auth_key.clone() {
        let time = ServerTime::from_offset(known.time_offset, now);
        let salt =
            i64::try_from(time.unix(now).as_secs()).ok().and_then(|unix| known.salt_at(unix)).unwrap_or(0);
        return Ok(Established { connection, address, auth_key: Arc::new(auth_key), salt, time });
    }
    tracing::info!(dc, %address, "making an auth key");
    let options =
        ExchangeOptions { dc: core.wire_dc(dc), keys: config.keys.clone(), limit: config.timing.exchange };
    let fresh = exchange(&mut connection, &core.clock, options)
        .await
        .map_err(|source| ConnectError::Exchange { dc, address: address.clone(), source })?;
    let auth_key = Arc::new(fresh.auth_key);
    let (saved, salt) = (AuthKey::clone(&auth_key), fresh.salt);
    let time_offset = fresh.time.offset_seconds(core.clock.now());
    core.change_dc(dc, move |dc| {
        dc.auth_key = Some(saved);
        dc.salts = vec![Salt::undated(salt)];
        dc.time_offset = time_offset;
    })
    .await?;
    Ok(Established { connection, address, auth_key, salt, time: fresh.time })
}

/// Several tries with growing pauses, as long as another one could help.
pub(super) async fn establish_patiently(core: &Arc<Core>, dc: i32) -> Result<Established, ConnectError> {
    let timing = &core.config.timing;
    let mut backoff = Backoff::new(timing.reconnect_first, timing.reconnect_max);
    let mut attempt = 0;
    loop {
        let error = match establish(core, dc, attempt).await {
            Ok(established) => return Ok(established),
            Err(error) => error,
        };
        attempt += 1;
        let elsewhere = attempt < core.addresses(dc).len();
        if !error.may_pass(elsewhere) || attempt >= timing.connect_attempts {
            return Err(error);
        }
        tracing::warn!(dc, %error, "connecting again");
        if error.is_flood() {
            backoff.at_least(FLOOD_PAUSE);
        }
        let pause = backoff.pause(&mut rand::rng());
        tokio::time::sleep(pause).await;
    }
}
