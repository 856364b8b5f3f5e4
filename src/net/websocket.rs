//! A WebSocket as a byte stream (WS-1).

use std::time::Duration;

use super::{Address, BoxStream, DialError};
use crate::transport::Kind;

/// Opens a WebSocket over `stream`.
pub(super) async fn open(
    kind: Kind,
    _address: &Address,
    _stream: BoxStream,
    _dc: i32,
    _limit: Duration,
) -> Result<BoxStream, DialError> {
    Err(DialError::NotBuilt { transport: kind, feature: "websocket" })
}
