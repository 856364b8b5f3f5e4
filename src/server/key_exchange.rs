//! Key exchanges on one connection, and what becomes of the keys.

use std::sync::Arc;

use bytes::BytesMut;

use super::{hub::Hub, keys::KeyEntry, limits::PLAIN_PER_CONNECTION};
use crate::{
    handshake::{
        plain::{self, PlainError},
        server::{self, Exchange, Options},
    },
    message::msg_id::{Generator, Kind},
    net::off_thread,
    tl::PacketBuf,
};

/// Why a plain message is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// Not a plain message.
    #[error(transparent)]
    Plain(#[from] PlainError),
    /// A check of the exchange failed.
    #[error(transparent)]
    Exchange(#[from] server::Error),
    /// The connection has sent too many plain messages.
    #[error("too many messages of key exchanges on one connection")]
    TooMany,
}

impl Refused {
    /// The transport error that the client gets.
    pub fn transport_code(&self) -> i32 {
        match self {
            Self::Exchange(error) => error.transport_code(),
            Self::Plain(_) => -404,
            Self::TooMany => -429,
        }
    }
}

/// The key exchanges of a connection, one after the other.
#[derive(Debug)]
pub(super) struct KeyExchange {
    dc: i32,
    options: Arc<Options>,
    exchange: Exchange,
    ids: Generator,
    messages: u32,
}

impl KeyExchange {
    /// For a new connection at this DC.
    pub fn new(dc: i32, options: Arc<Options>) -> Self {
        Self { dc, options, exchange: Exchange::new(), ids: Generator::default(), messages: 0 }
    }

    /// The client goes on with its key.
    pub fn forget_answers(&mut self) {
        self.exchange.forget_answers();
    }

    /// Answers a plain message. The arithmetic runs off the I/O thread.
    pub async fn handle(&mut self, hub: &Arc<Hub>, packet: BytesMut) -> Result<PacketBuf, Refused> {
        self.messages += 1;
        if self.messages > PLAIN_PER_CONNECTION {
            return Err(Refused::TooMany);
        }
        let body = plain::decode(&packet.freeze())?.body;
        let now = hub.clock.now();
        let mut exchange = std::mem::take(&mut self.exchange);
        let (options, keys) = (Arc::clone(&self.options), Arc::clone(hub));
        let (exchange, answer) = off_thread(move || {
            let is_taken = |id| keys.world().keys.contains(id);
            let answer = exchange.handle(body, &options, now, &mut rand::rng(), &is_taken);
            (exchange, answer)
        })
        .await;
        self.exchange = exchange;
        let answer = answer?;
        if let Some(new) = answer.established {
            let entry = KeyEntry::new(
                new.auth_key,
                self.dc,
                i64::from(new.server_time),
                new.expires_at.map(i64::from),
                new.first_salt,
            );
            hub.world().put_key(Arc::new(entry));
        }
        let mut packet = answer.packet;
        plain::encode(self.ids.next(now.unix, Kind::Answer).to_wire(), &mut packet);
        Ok(packet)
    }
}
