//! The key exchange of an end that has no key.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::client::Saved;
use super::network::Direction;
use super::server::RSA_KEY;
use super::violation::Invariant;
use super::world::{Step, World};
use crate::handshake::client::{AwaitDhGen, AwaitDhParams, AwaitResPq, Exchange, Options, Outcome};
use crate::handshake::plain;
use crate::message::msg_id::Kind;
use crate::message::{MsgId, ServerTime};
use crate::tl::PacketBuf;

/// How far a key exchange has come.
pub(super) enum Exchanging {
    ResPq(Exchange<AwaitResPq>),
    DhParams(Exchange<AwaitDhParams>),
    DhGen(Exchange<AwaitDhGen>),
}

impl World<'_> {
    pub(super) fn begin_exchange(&mut self, end: usize, id: u64) {
        let dc = i32::try_from(self.ends[end].dc).unwrap_or(0) + 1;
        let options = Options::permanent(vec![RSA_KEY.public().clone()], dc);
        let (request, exchange) = Exchange::start(options, self.dice.rng());
        self.ends[end].exchanging = Some(Exchanging::ResPq(exchange));
        self.ask(end, id, request);
        let at = self.now + Self::exchange_limit();
        self.schedule(at, Step::GiveUp { connection: id });
    }

    fn ask(&mut self, end: usize, id: u64, mut request: PacketBuf) {
        let msg_id = MsgId::at(self.client_now(end).unix, Kind::FromClient);
        plain::encode(msg_id.to_wire(), &mut request);
        self.post(id, Direction::ToServer, request.to_vec(), false);
    }

    /// A key exchange takes too long.
    pub(super) fn give_up(&mut self, id: u64) {
        let Some(end) = self.network.get(id).map(|connection| connection.end) else { return };
        if self.ends[end].connection == Some(id) && self.ends[end].exchanging.is_some() {
            self.say(|| format!("end {end}: the key exchange takes too long"));
            self.cut(end);
        }
    }

    pub(super) fn client_exchanges(&mut self, end: usize, id: u64, payload: BytesMut) {
        let Some(exchanging) = self.ends[end].exchanging.take() else { return };
        let body =
            plain::decode(&payload.freeze()).map(|plain| plain.body).map_err(|error| error.to_string());
        let stepped = body.and_then(|body| self.step_exchange(end, id, exchanging, body));
        if let Err(text) = stepped {
            self.alarm(id, &format!("the key exchange fails: {text}"));
            self.client_closes(id);
        }
    }

    fn step_exchange(
        &mut self,
        end: usize,
        id: u64,
        exchanging: Exchanging,
        body: Bytes,
    ) -> Result<(), String> {
        let now = self.client_now(end);
        let (request, next) = match exchanging {
            Exchanging::ResPq(exchange) => {
                let (request, exchange) =
                    exchange.res_pq(body, self.dice.rng()).map_err(|error| error.to_string())?;
                (request, Exchanging::DhParams(exchange))
            }
            Exchanging::DhParams(exchange) => {
                let (request, exchange) =
                    exchange.dh_params(body, now, self.dice.rng()).map_err(|error| error.to_string())?;
                (request, Exchanging::DhGen(exchange))
            }
            Exchanging::DhGen(exchange) => {
                match exchange.dh_gen(body, self.dice.rng()).map_err(|error| error.to_string())? {
                    Outcome::Retry(request, exchange) => (request, Exchanging::DhGen(exchange)),
                    Outcome::Established(made) => {
                        let dc = self.ends[end].dc;
                        let key = Arc::new(made.auth_key);
                        if self.dcs[dc].key(key.id()).is_none_or(|of_server| of_server != &key) {
                            self.ledger.violate(Invariant::SameKey, format!("end {end}, DC {dc}"));
                        }
                        self.say(|| format!("end {end} has the key {:016x}", key.id()));
                        let offset = Some(made.time_offset);
                        self.ends[end].saved = Saved { key: Some(key), salt: made.first_salt, offset };
                        let unix = Duration::from_secs(u64::try_from(made.server_time).unwrap_or(0));
                        self.ends[end].begin(ServerTime::synchronised(unix, now), now, &mut self.dice);
                        if let Some(session) = &mut self.ends[end].session {
                            session.on_connected(now);
                        }
                        return Ok(());
                    }
                }
            }
        };
        self.ends[end].exchanging = Some(next);
        self.ask(end, id, request);
        Ok(())
    }
}
