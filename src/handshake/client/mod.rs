//! The client's side.
//!
//! ```
//! # #[cfg(any(feature = "server", feature = "simulation"))] {
//! use mtwire::handshake::{client, plain};
//! # fn send_and_receive(_: mtwire::tl::PacketBuf) -> Option<bytes::Bytes> { None }
//! # fn run(now: mtwire::clock::Now, rng: &mut dyn rand::CryptoRng) -> Option<mtwire::handshake::Established> {
//! let options = client::Options::permanent(mtwire::crypto::keys::production().to_vec(), 2);
//! let (request, exchange) = client::Exchange::start(options, rng);
//! let (request, exchange) = exchange.res_pq(send_and_receive(request)?, rng).ok()?;
//! let (request, mut exchange) = exchange.dh_params(send_and_receive(request)?, now, rng).ok()?;
//! let mut answer = send_and_receive(request)?;
//! loop {
//!     match exchange.dh_gen(answer, rng).ok()? {
//!         client::Outcome::Established(key) => return Some(key),
//!         client::Outcome::Retry(request, next) => {
//!             exchange = next;
//!             answer = send_and_receive(request)?;
//!         }
//!     }
//! }
//! # } }
//! ```
//!
//! Requests and answers are bodies of [plain](super::plain) messages. Randomness is drawn in this order: `nonce`
//! (16 bytes), `new_nonce` (32), what [`PublicKey::encrypt`] needs, `b` (256, or more if `g_b` is out of range),
//! the padding of `client_DH_inner_data` (0 to 15).

mod checks;
mod error;

pub use error::Error;

use std::fmt;

use bytes::Bytes;
use zeroize::{Zeroize, Zeroizing};

use super::checks as both;
use super::{Established, Message, Nonces, dh_data, number};
use crate::clock::Now;
use crate::crypto::aes::IgeKey;
use crate::crypto::dh::{Group, KeyPair, PublicValue};
use crate::crypto::nonces::{self, DhGen};
use crate::crypto::rsa::PublicKey;
use crate::tl::mtproto::enums::{PQInnerData, ServerDhParams, SetClientDhParamsAnswer};
use crate::tl::mtproto::{functions, types};
use crate::tl::{Deserialize, PacketBuf, Serialize, Writer};

/// How often a client follows `dh_gen_retry` before it gives up.
pub const MAX_RETRIES: u32 = 5;

/// More bytes than any inner data has: the longest, `client_DH_inner_data`, has 304.
const MAX_INNER_DATA: usize = 512;

/// What key a client wants, and whom it trusts.
#[derive(Clone, Debug)]
pub struct Options {
    /// The RSA keys of the DC that are trusted.
    pub keys: Vec<PublicKey>,
    /// Number of the DC; plus 10000 for a test DC, negative for a media DC.
    pub dc: i32,
    /// For a temporary key, after how many seconds it ends (PF-1).
    pub expires_in: Option<i32>,
}

impl Options {
    /// A permanent key.
    #[must_use]
    pub fn permanent(keys: Vec<PublicKey>, dc: i32) -> Self {
        Self { keys, dc, expires_in: None }
    }

    /// A temporary key that ends after `expires_in` seconds.
    #[must_use]
    pub fn temporary(keys: Vec<PublicKey>, dc: i32, expires_in: i32) -> Self {
        Self { keys, dc, expires_in: Some(expires_in) }
    }
}

/// A key exchange that waits for the answer that its state names: [`AwaitResPq`], [`AwaitDhParams`] or
/// [`AwaitDhGen`].
#[must_use = "a key exchange that is dropped has no key"]
pub struct Exchange<State>(Box<State>);

/// Shows the state and no secret.
impl<State> fmt::Debug for Exchange<State> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<Self>())
    }
}

/// What the last step gives.
#[derive(Debug)]
pub enum Outcome {
    /// The key is ready.
    Established(Established),
    /// The server wants another `g_b`: send this request and wait again.
    Retry(PacketBuf, Exchange<AwaitDhGen>),
}

/// `req_pq_multi` was sent.
pub struct AwaitResPq {
    options: Options,
    nonce: [u8; 16],
}

/// `req_DH_params` was sent.
pub struct AwaitDhParams {
    nonces: Nonces,
    new_nonce: Zeroizing<[u8; 32]>,
    expires_in: Option<i32>,
    prepared: Option<KeyPair>,
}

/// `set_client_DH_params` was sent.
pub struct AwaitDhGen {
    nonces: Nonces,
    new_nonce: Zeroizing<[u8; 32]>,
    tmp_aes: IgeKey,
    g_a: PublicValue,
    // What will be handed out when the server agrees.
    candidate: Established,
    group: Group,
    retries: u32,
}

impl Exchange<AwaitResPq> {
    /// Step 1: gives `req_pq_multi`.
    pub fn start(options: Options, rng: &mut dyn rand::CryptoRng) -> (PacketBuf, Self) {
        let mut nonce = [0; 16];
        rng.fill_bytes(&mut nonce);
        (packet(&functions::ReqPqMulti { nonce }), Self(Box::new(AwaitResPq { options, nonce })))
    }

    /// Steps 2 to 5: takes `resPQ`, gives `req_DH_params`.
    ///
    /// # Errors
    /// [`Error`] says which check the answer failed.
    pub fn res_pq(
        self,
        answer: Bytes,
        rng: &mut dyn rand::CryptoRng,
    ) -> Result<(PacketBuf, Exchange<AwaitDhParams>), Error> {
        self.res_pq_with(inner_data, answer, rng)
    }

    pub(super) fn res_pq_with(
        self,
        inner_data: fn(&Options, types::PQInnerData) -> PQInnerData,
        answer: Bytes,
        rng: &mut dyn rand::CryptoRng,
    ) -> Result<(PacketBuf, Exchange<AwaitDhParams>), Error> {
        let AwaitResPq { options, nonce } = *self.0;
        let res: types::ResPq = parse(Message::ResPq, answer)?;
        both::nonce(Message::ResPq, &nonce, &res.nonce)?;
        let key = checks::trusted_key(&options.keys, &res.server_public_key_fingerprints)?;
        let (p, q) = checks::factors(&res.pq)?;
        let nonces = Nonces { client: nonce, server: res.server_nonce };
        let mut new_nonce = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *new_nonce);

        let (p, q) = (number::to_bytes(p), number::to_bytes(q));
        let inner = types::PQInnerData {
            pq: res.pq,
            p: p.clone(),
            q: q.clone(),
            nonce,
            server_nonce: nonces.server,
            new_nonce: [0; 32],
        };
        let mut inner = inner_data(&options, inner);
        // Set last, in the value that is written and wiped: each move before would leave a copy behind.
        new_nonce_of(&mut inner).copy_from_slice(&*new_nonce);
        let encrypted_data = key.encrypt(&secret_bytes(&inner), rng);
        new_nonce_of(&mut inner).zeroize();
        let request = functions::ReqDhParams {
            nonce,
            server_nonce: nonces.server,
            p,
            q,
            public_key_fingerprint: key.fingerprint(),
            encrypted_data: Bytes::copy_from_slice(&encrypted_data),
        };
        let expires_in = options.expires_in;
        let state = AwaitDhParams { nonces, new_nonce, expires_in, prepared: None };
        Ok((packet(&request), Exchange(Box::new(state))))
    }
}

impl Exchange<AwaitDhParams> {
    /// Computes `g_b` ahead, for the prime that all known servers use: a use for the time in which the answer is
    /// on its way. Nothing depends on it.
    pub fn prepare(&mut self, rng: &mut dyn rand::CryptoRng) {
        self.0.prepared = Some(KeyPair::generate(&Group::well_known(), rng));
    }

    /// Steps 6 and 7: takes `server_DH_params_ok`, gives `set_client_DH_params`.
    ///
    /// # Errors
    /// [`Error`] says which check the answer failed.
    pub fn dh_params(
        self,
        answer: Bytes,
        now: Now,
        rng: &mut dyn rand::CryptoRng,
    ) -> Result<(PacketBuf, Exchange<AwaitDhGen>), Error> {
        let AwaitDhParams { nonces, new_nonce, expires_in, prepared } = *self.0;
        let encrypted_answer = encrypted_answer(answer, &nonces, &new_nonce)?;
        let tmp_aes = nonces::tmp_aes(&new_nonce, &nonces.server);
        let data = dh_data::open(&tmp_aes, &encrypted_answer)?;
        let message = Message::ServerDhInnerData;
        let inner = types::ServerDhInnerData::from_bytes(data)
            .map_err(|error| Error::Malformed { message, error })?;
        both::nonces(message, &nonces, &inner.nonce, &inner.server_nonce)?;
        let group = Group::check(&inner.dh_prime, inner.g, rng)?;
        let g_a = group.check_public(&inner.g_a)?;

        let local = i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX);
        let pair =
            prepared.filter(|pair| pair.group() == &group).unwrap_or_else(|| KeyPair::generate(&group, rng));
        let candidate = Established {
            auth_key: pair.agree(&g_a),
            first_salt: nonces::first_salt(&new_nonce, &nonces.server),
            server_time: inner.server_time,
            time_offset: i64::from(inner.server_time).saturating_sub(local),
            expires_at: expires_in.map(|expires_in| inner.server_time.saturating_add(expires_in)),
        };
        let state = AwaitDhGen { nonces, new_nonce, tmp_aes, g_a, candidate, group, retries: 0 };
        Ok((state.request(0, pair.public(), rng), Exchange(Box::new(state))))
    }
}

impl Exchange<AwaitDhGen> {
    /// Step 9: takes `dh_gen_ok`, `dh_gen_retry` or `dh_gen_fail`.
    ///
    /// # Errors
    /// [`Error`] says which check the answer failed.
    pub fn dh_gen(self, answer: Bytes, rng: &mut dyn rand::CryptoRng) -> Result<Outcome, Error> {
        let Self(mut state) = self;
        let answer: SetClientDhParamsAnswer = parse(Message::DhGen, answer)?;
        let (kind, nonce, server_nonce, hash) = match &answer {
            SetClientDhParamsAnswer::DhGenOk(a) => (DhGen::Ok, &a.nonce, &a.server_nonce, &a.new_nonce_hash1),
            SetClientDhParamsAnswer::DhGenRetry(a) => {
                (DhGen::Retry, &a.nonce, &a.server_nonce, &a.new_nonce_hash2)
            }
            SetClientDhParamsAnswer::DhGenFail(a) => {
                (DhGen::Fail, &a.nonce, &a.server_nonce, &a.new_nonce_hash3)
            }
        };
        both::nonces(Message::DhGen, &state.nonces, nonce, server_nonce)?;
        let expected = nonces::new_nonce_hash(&state.new_nonce, kind, &state.candidate.auth_key);
        if !both::hash(&expected, hash) {
            return Err(Error::NewNonceHash(Message::DhGen));
        }
        match kind {
            DhGen::Ok => Ok(Outcome::Established(state.candidate)),
            DhGen::Fail => Err(Error::DhGenFail),
            DhGen::Retry if state.retries == MAX_RETRIES => Err(Error::TooManyRetries(MAX_RETRIES)),
            DhGen::Retry => {
                let retry_id = state.candidate.auth_key.aux_hash();
                let pair = KeyPair::generate(&state.group, rng);
                state.candidate.auth_key = pair.agree(&state.g_a);
                state.retries += 1;
                let request = state.request(retry_id, pair.public(), rng);
                Ok(Outcome::Retry(request, Self(state)))
            }
        }
    }
}

impl AwaitDhGen {
    /// `set_client_DH_params`.
    fn request(&self, retry_id: i64, g_b: &[u8; 256], rng: &mut dyn rand::CryptoRng) -> PacketBuf {
        let data = types::ClientDhInnerData {
            nonce: self.nonces.client,
            server_nonce: self.nonces.server,
            retry_id,
            g_b: Bytes::copy_from_slice(g_b),
        };
        packet(&functions::SetClientDhParams {
            nonce: self.nonces.client,
            server_nonce: self.nonces.server,
            encrypted_data: dh_data::seal(&self.tmp_aes, &secret_bytes(&data), rng),
        })
    }
}

/// `p_q_inner_data_dc` or, for a temporary key, `p_q_inner_data_temp_dc` (step 4).
pub(super) fn inner_data(options: &Options, inner: types::PQInnerData) -> PQInnerData {
    let types::PQInnerData { pq, p, q, nonce, server_nonce, new_nonce } = inner;
    let dc = options.dc;
    if let Some(expires_in) = options.expires_in {
        let inner = types::PQInnerDataTempDc { pq, p, q, nonce, server_nonce, new_nonce, dc, expires_in };
        PQInnerData::TempDc(inner)
    } else {
        PQInnerData::Dc(types::PQInnerDataDc { pq, p, q, nonce, server_nonce, new_nonce, dc })
    }
}

fn new_nonce_of(inner: &mut PQInnerData) -> &mut [u8; 32] {
    match inner {
        PQInnerData::PQInnerData(inner) => &mut inner.new_nonce,
        PQInnerData::Dc(inner) => &mut inner.new_nonce,
        PQInnerData::Temp(inner) => &mut inner.new_nonce,
        PQInnerData::TempDc(inner) => &mut inner.new_nonce,
    }
}

/// `encrypted_answer` of `server_DH_params_ok`. `server_DH_params_fail` is believed only with the right hash
/// (step 5).
fn encrypted_answer(answer: Bytes, nonces: &Nonces, new_nonce: &[u8; 32]) -> Result<Bytes, Error> {
    let message = Message::ServerDhParams;
    match parse(message, answer)? {
        ServerDhParams::Ok(ok) => {
            both::nonces(message, nonces, &ok.nonce, &ok.server_nonce)?;
            Ok(ok.encrypted_answer)
        }
        ServerDhParams::Fail(fail) => {
            both::nonces(message, nonces, &fail.nonce, &fail.server_nonce)?;
            let genuine = both::hash(&nonces::params_fail_hash(new_nonce), &fail.new_nonce_hash);
            Err(if genuine { Error::Refused } else { Error::NewNonceHash(message) })
        }
    }
}

/// What stands after the object in a plain message is ignored (PL-3).
fn parse<T: Deserialize>(message: Message, body: Bytes) -> Result<T, Error> {
    T::from_prefix(body).map_err(|error| Error::Malformed { message, error })
}

fn packet(request: &dyn Serialize) -> PacketBuf {
    request.to_packet().expect("all strings of a key exchange are short")
}

/// Inner data in TL, wiped after use.
fn secret_bytes(data: &dyn Serialize) -> Zeroizing<Vec<u8>> {
    // With room for all of it: a buffer that grows leaves what it held in the memory that it gives back.
    let mut writer = Writer::append(PacketBuf::with_capacity(0, MAX_INNER_DATA));
    data.serialize(&mut writer);
    let mut packet = writer.finish().expect("all strings of a key exchange are short");
    debug_assert!(packet.len() <= MAX_INNER_DATA);
    let bytes = Zeroizing::new(packet.to_vec());
    packet.as_mut_slice().zeroize();
    bytes
}
