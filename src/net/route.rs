//! The way to a DC: which transport, through which proxy.

use std::time::Duration;

use super::{Address, BoxStream, DialError, Framed, Proxy, dial};
use crate::transport::{Codec, Kind};

/// How a client reaches its DCs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The transport.
    pub transport: Kind,
    /// The proxy in between, if any.
    pub proxy: Option<Proxy>,
}

impl Route {
    /// Without a proxy.
    #[must_use]
    pub const fn direct(transport: Kind) -> Self {
        Self { transport, proxy: None }
    }
}

/// Opens a connection to the DC with the number `dc` (as the key exchange carries it: +10000 for test, negative for
/// media), which listens at `address`, within `limit`. Nothing of the transport is sent yet.
///
/// # Errors
/// [`DialError`].
pub async fn connect(
    route: &Route,
    _dc: i32,
    address: &Address,
    limit: Duration,
) -> Result<Framed<BoxStream>, DialError> {
    let stream = dial(address, limit).await?;
    Ok(Framed::new(Box::new(stream), Codec::client(route.transport, &mut rand::rng())))
}
