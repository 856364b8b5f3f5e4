//! Getting a connection to a DC, with a key for it.

use std::sync::Arc;
use std::time::Duration;

use super::ConnectError;
use super::addresses::Place;
use super::core::Core;
use super::link::Lane;
use super::temp_key::TempKey;
use crate::crypto::AuthKey;
use crate::message::ServerTime;
use crate::net::{
    Address, Backoff, BoxFuture, Connection, ExchangeOptions, FreshKey, erased, exchange, exchange_permit,
    race,
};
use crate::session::{Dc, Salt};

/// The least pause after a server has asked for patience (-429).
pub(super) const FLOOD_PAUSE: Duration = Duration::from_secs(1);

/// A connection over which a session can go on, and what a new session would need.
pub(super) struct Established {
    pub connection: Connection,
    pub address: Address,
    /// The key of the session: the permanent one, or a temporary one that may have to be bound.
    pub auth_key: Arc<AuthKey>,
    pub salt: i64,
    pub time: ServerTime,
    /// The id of the permanent key.
    pub permanent: i64,
    /// The temporary key, if that is the session's.
    pub temp: Option<Arc<TempKey>>,
}

/// One try: dials the DC, and makes the keys that are missing: a permanent one, which is saved,
/// and with forward secrecy a temporary one.
///
/// `failures` says how many tries in a row came to nothing before.
pub(super) fn establish(
    core: &Arc<Core>,
    place: (i32, Lane),
    failures: usize,
) -> BoxFuture<'_, Result<Established, ConnectError>> {
    erased(try_once(core, place, failures))
}

async fn try_once(
    core: &Arc<Core>,
    (dc, lane): (i32, Lane),
    failures: usize,
) -> Result<Established, ConnectError> {
    if core.is_lost() {
        return Err(ConnectError::SessionLost);
    }
    // Most links that have a key need none.
    let mut slot = None;
    let mut making = None;
    let mut known = core.dc(dc).unwrap_or_default();
    let mut temp = usable(core, dc, &known);
    if known.auth_key.is_none() || core.config.pfs && temp.is_none() {
        // Links that begin together make one key; what the first has made is there for the others.
        let slot = slot.insert(core.temp_keys.slot(dc));
        making = Some(slot.making.lock().await);
        known = core.dc(dc).unwrap_or_default();
        temp = usable(core, dc, &known);
    }
    let complete = known.auth_key.is_some() && (temp.is_some() || !core.config.pfs);
    let mut dialed = dial(core, (dc, lane), failures, !complete).await?;
    let permanent = match &known.auth_key {
        Some(key) => Arc::new(key.clone()),
        None => {
            let fresh = dialed.exchange(core, dc, None).await?;
            known.time_offset = fresh.time.offset_seconds(core.clock.now());
            known.salts = vec![Salt::undated(fresh.salt)];
            save_key(core, dc, &fresh, known.time_offset).await?;
            let key = Arc::new(fresh.auth_key);
            if !core.config.pfs {
                core.temp_keys.forget(dc);
                return Ok(dialed.with_permanent(key, fresh.salt, fresh.time));
            }
            key
        }
    };
    if core.config.pfs && temp.is_none() {
        let made = Arc::new(dialed.temporary(core, dc, &permanent).await?);
        core.temp_keys.slot(dc).install(Arc::clone(&made));
        temp = Some(made);
    }
    drop(making);
    Ok(match temp {
        Some(temp) => dialed.with(temp),
        None => {
            let now = core.clock.now();
            let time = ServerTime::from_offset(known.time_offset, now);
            let unix = i64::try_from(time.unix(now).as_secs()).unwrap_or(i64::MAX);
            dialed.with_permanent(permanent, known.salt_at(unix).unwrap_or(0), time)
        }
    })
}

/// A connection of its own with another temporary key for the same permanent one; the key in use stays.
pub(super) fn next_temporary(
    core: Arc<Core>,
    (dc, lane): (i32, Lane),
    permanent: Arc<AuthKey>,
) -> BoxFuture<'static, Result<Established, ConnectError>> {
    erased(async move {
        let mut dialed = dial(&core, (dc, lane), 0, true).await?;
        let made = dialed.temporary(&core, dc, &permanent).await?;
        Ok(dialed.with(Arc::new(made)))
    })
}

fn usable(core: &Core, dc: i32, known: &Dc) -> Option<Arc<TempKey>> {
    let permanent = known.auth_key.as_ref().filter(|_| core.config.pfs)?;
    core.temp_keys.slot(dc).usable(permanent.id(), core.clock.now())
}

/// A connection on which nothing has happened yet.
struct Dialed {
    connection: Connection,
    address: Address,
    /// The number of the DC as this connection has to name it.
    wire_dc: i32,
    /// Held until the exchanges are over.
    permit: Option<tokio::sync::OwnedSemaphorePermit>,
}

/// Dials a DC wherever it may listen, beginning elsewhere after each failure.
fn dial(
    core: &Arc<Core>,
    (dc, lane): (i32, Lane),
    failures: usize,
    for_exchange: bool,
) -> BoxFuture<'_, Result<Dialed, ConnectError>> {
    erased(async move {
        let route = core.route(failures);
        let mut places = core.places(dc, lane, &route);
        let turn = failures.checked_rem(places.len()).ok_or(ConnectError::UnknownDc { dc })?;
        places.rotate_left(turn);
        let mut targets: Vec<_> = places
            .into_iter()
            .map(|Place { endpoint, media_only }| (endpoint, core.wire_dc(dc, media_only)))
            .collect();
        // Before it dials: a server does not wait long for the first packet.
        let permit = match targets.first() {
            Some((endpoint, _)) if for_exchange => exchange_permit(&endpoint.address).await,
            _ => None,
        };
        let (won, connection) = race(&route, &targets, core.config.timing.dial).await?;
        let (endpoint, wire_dc) = targets.swap_remove(won);
        Ok(Dialed { connection, address: endpoint.address, wire_dc, permit })
    })
}

impl Dialed {
    fn exchange<'a>(
        &'a mut self,
        core: &'a Arc<Core>,
        dc: i32,
        expires_in: Option<i32>,
    ) -> BoxFuture<'a, Result<FreshKey, ConnectError>> {
        erased(async move {
            let (config, address) = (&core.config, &self.address);
            tracing::info!(dc, %address, temporary = expires_in.is_some(), "making an auth key");
            let (keys, limit) = (core.trusted_keys(), config.timing.exchange);
            let options = ExchangeOptions { dc: self.wire_dc, keys, limit, expires_in };
            let fresh = exchange(&mut self.connection, &core.clock, options).await;
            fresh.map_err(|source| ConnectError::Exchange { dc, address: self.address.clone(), source })
        })
    }

    async fn temporary(
        &mut self,
        core: &Arc<Core>,
        dc: i32,
        permanent: &Arc<AuthKey>,
    ) -> Result<TempKey, ConnectError> {
        let life = i32::try_from(core.config.timing.temp_key.as_secs()).unwrap_or(i32::MAX).max(1);
        let fresh = self.exchange(core, dc, Some(life)).await?;
        Ok(TempKey::new(fresh, life, Arc::clone(permanent), core.clock.now(), &mut rand::rng()))
    }

    fn with(self, temp: Arc<TempKey>) -> Established {
        let Self { connection, address, permit, .. } = self;
        drop(permit);
        Established {
            connection,
            address,
            auth_key: Arc::clone(&temp.auth_key),
            salt: temp.salt,
            time: temp.time,
            permanent: temp.permanent.id(),
            temp: Some(temp),
        }
    }

    fn with_permanent(self, auth_key: Arc<AuthKey>, salt: i64, time: ServerTime) -> Established {
        let Self { connection, address, permit, .. } = self;
        drop(permit);
        let permanent = auth_key.id();
        Established { connection, address, auth_key, salt, time, permanent, temp: None }
    }
}

async fn save_key(core: &Arc<Core>, dc: i32, fresh: &FreshKey, time_offset: i64) -> Result<(), ConnectError> {
    let (key, salt) = (fresh.auth_key.clone(), fresh.salt);
    core.note_new_key(key.id());
    core.change_dc(dc, move |dc| {
        dc.auth_key = Some(key);
        dc.authorized = false;
        dc.salts = vec![Salt::undated(salt)];
        dc.time_offset = time_offset;
    })
    .await?;
    Ok(())
}

/// Several tries with growing pauses, as long as another one could help.
pub(super) fn establish_patiently(
    core: &Arc<Core>,
    place: (i32, Lane),
) -> BoxFuture<'_, Result<Established, ConnectError>> {
    erased(try_patiently(core, place))
}

async fn try_patiently(core: &Arc<Core>, (dc, lane): (i32, Lane)) -> Result<Established, ConnectError> {
    let timing = &core.config.timing;
    let mut backoff = Backoff::new(timing.reconnect_first, timing.reconnect_max);
    let mut failures = 0;
    loop {
        let error = match establish(core, (dc, lane), failures).await {
            Ok(established) => return Ok(established),
            Err(error) => error,
        };
        failures += 1;
        // Every place was tried, but not with every transport.
        if !error.may_pass(core.config.any_transport) || failures >= timing.connect_attempts {
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
