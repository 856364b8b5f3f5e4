//! Key exchanges on one connection.

use bytes::BytesMut;

use super::hub::Hub;
use crate::tl::PacketBuf;

/// Why a key exchange is refused; the client is told transport error -404.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// Not a message of a key exchange.
    #[error("not a message of a key exchange")]
    Foreign,
}

/// The key exchange that runs on a connection.
#[derive(Debug)]
pub(super) struct KeyExchange {
    dc: i32,
}

impl KeyExchange {
    pub fn new(dc: i32) -> Self {
        Self { dc }
    }

    /// Answers a plain message.
    pub async fn handle(&mut self, _hub: &Hub, _packet: BytesMut) -> Result<PacketBuf, Refused> {
        let _ = self.dc;
        Err(Refused::Foreign)
    }
}
