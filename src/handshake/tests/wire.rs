//! A client and a server in one process, and hands on the wire between them.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::clock::Now;
use crate::crypto::rsa::PrivateKey;
use crate::handshake::{Established, client, server};
use crate::tl::{Deserialize, PacketBuf, Serialize};

pub(super) static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(&mut StdRng::seed_from_u64(1)).unwrap());

pub(super) const NOW: Now = Now { monotonic: Duration::ZERO, unix: Duration::from_secs(1_800_000_000) };

pub(super) fn client_options() -> client::Options {
    client::Options::permanent(vec![KEY.public().clone()], 2)
}

pub(super) fn server_options() -> server::Options {
    server::Options::new(vec![KEY.clone()])
}

/// Both sides of one run.
pub(super) struct Wire {
    pub rng: StdRng,
    pub server: server::Exchange,
    pub options: server::Options,
    /// What the server says about the id of a new key.
    pub taken: Box<dyn Fn(i64) -> bool>,
    /// The key as the server has it.
    pub established: Option<Established>,
}

impl Wire {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            server: server::Exchange::new(),
            options: server_options(),
            taken: Box::new(|_| false),
            established: None,
        }
    }

    /// The server's answer.
    pub(super) fn ask(&mut self, message: impl Into<Bytes>) -> Result<Bytes, server::Error> {
        let answer = self.server.handle(message.into(), &self.options, NOW, &mut self.rng, &self.taken)?;
        if answer.established.is_some() {
            assert!(self.established.is_none(), "a key is given once");
            self.established = answer.established;
        }
        Ok(answer.packet.into())
    }

    /// The client after `resPQ`, and its request.
    pub(super) fn await_dh_params(
        &mut self,
        options: client::Options,
    ) -> (PacketBuf, client::Exchange<client::AwaitDhParams>) {
        let (request, exchange) = client::Exchange::start(options, &mut self.rng);
        let answer = self.ask(request).unwrap();
        exchange.res_pq(answer, &mut self.rng).unwrap()
    }

    /// The client after `server_DH_params_ok`, and its request.
    pub(super) fn await_dh_gen(
        &mut self,
        options: client::Options,
    ) -> (PacketBuf, client::Exchange<client::AwaitDhGen>) {
        let (request, exchange) = self.await_dh_params(options);
        let answer = self.ask(request).unwrap();
        exchange.dh_params(answer, NOW, &mut self.rng).unwrap()
    }

    /// A whole run; gives the client's key and how often it was asked for another `g_b`.
    pub(super) fn run(&mut self, options: client::Options) -> Result<(Established, u32), client::Error> {
        let (mut request, mut exchange) = self.await_dh_gen(options);
        let mut retries = 0;
        loop {
            let answer = self.ask(request).unwrap();
            match exchange.dh_gen(answer, &mut self.rng)? {
                client::Outcome::Established(established) => return Ok((established, retries)),
                client::Outcome::Retry(again, next) => (request, exchange) = (again, next),
            }
            retries += 1;
        }
    }
}

/// A message with one thing about it changed.
pub(super) fn changed<T: Serialize + Deserialize>(
    message: impl Into<Bytes>,
    change: impl FnOnce(&mut T),
) -> Bytes {
    let mut object = T::from_bytes(message.into()).unwrap();
    change(&mut object);
    object.to_bytes().unwrap()
}
