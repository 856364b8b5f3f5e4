//! The chain of states, each of which takes one message of the client.

use bytes::Bytes;
use zeroize::Zeroizing;

use super::{Error, Fault, MAX_RETRIES, Options, checks, inner};
use crate::clock::Now;
use crate::crypto::AuthKey;
use crate::crypto::aes::IgeKey;
use crate::crypto::dh::{Group, KeyPair};
use crate::crypto::factor;
use crate::crypto::nonces::{self, DhGen};
use crate::handshake::{Established, Message, Nonces, checks as both, dh_data, number};
use crate::tl::mtproto::enums::{ServerDhParams, SetClientDhParamsAnswer};
use crate::tl::mtproto::{functions, types};
use crate::tl::{Constructor, Deserialize, PacketBuf, Serialize};

/// `resPQ` was sent.
pub(super) struct AwaitReqDhParams {
    nonces: Nonces,
    factors: (u64, u64),
}

/// `server_DH_params_ok` was sent.
pub(super) struct AwaitSetClientDhParams {
    nonces: Nonces,
    new_nonce: Zeroizing<[u8; 32]>,
    tmp_aes: IgeKey,
    pair: KeyPair,
    server_time: i32,
    expires_at: Option<i32>,
    // 0, or the auth_key_aux_hash of the key that was refused
    retry_id: i64,
    retries: u32,
}

/// How the last step ends.
pub(super) enum Verdict {
    Established(Established),
    Retry(Box<AwaitSetClientDhParams>),
    Failed,
}

/// Steps 1 and 2: `req_pq_multi`, or `req_pq` of old clients, gives `resPQ`.
pub(super) fn req_pq(
    message: Bytes,
    options: &Options,
    rng: &mut dyn rand::CryptoRng,
) -> Result<(PacketBuf, AwaitReqDhParams), Error> {
    let client = match constructor(&message) {
        functions::ReqPq::ID => parse::<functions::ReqPq>(Message::ReqPq, message)?.nonce,
        _ => parse::<functions::ReqPqMulti>(Message::ReqPq, message)?.nonce,
    };
    let mut nonces = Nonces { client, server: [0; 16] };
    rng.fill_bytes(&mut nonces.server);
    let factors = different_primes(rng);
    let answer = types::ResPq {
        nonce: nonces.client,
        server_nonce: nonces.server,
        pq: number::to_bytes(factors.0 * factors.1),
        server_public_key_fingerprints: options.keys.iter().map(|key| key.public().fingerprint()).collect(),
    };
    Ok((packet(&answer), AwaitReqDhParams { nonces, factors }))
}

impl AwaitReqDhParams {
    /// Steps 5 and 6: `req_DH_params` gives `server_DH_params_ok`.
    pub(super) fn req_dh_params(
        self,
        message: Bytes,
        options: &Options,
        now: Now,
        rng: &mut dyn rand::CryptoRng,
    ) -> Result<(PacketBuf, AwaitSetClientDhParams), Error> {
        let Self { nonces, factors } = self;
        let request: functions::ReqDhParams = parse(Message::ReqDhParams, message)?;
        both::nonces(Message::ReqDhParams, &nonces, &request.nonce, &request.server_nonce)?;
        checks::factors(Message::ReqDhParams, factors, &request.p, &request.q)?;
        let key = checks::own_key(&options.keys, request.public_key_fingerprint)?;
        let inner = inner::decrypt(key, &request.encrypted_data, options, rng)?;
        let common = &inner.common;
        both::nonces(Message::PqInnerData, &nonces, &common.nonce, &common.server_nonce)?;
        checks::inner_numbers(factors, &inner)?;
        checks::dc(options, &inner)?;
        checks::expires_in(&inner)?;

        let new_nonce = Zeroizing::new(common.new_nonce);
        let tmp_aes = nonces::tmp_aes(&new_nonce, &nonces.server);
        let pair = KeyPair::generate(&Group::well_known(), rng);
        let server_time = i32::try_from(now.unix.as_secs()).unwrap_or(i32::MAX);
        let data = types::ServerDhInnerData {
            nonce: nonces.client,
            server_nonce: nonces.server,
            g: pair.group().generator().cast_signed(),
            dh_prime: Bytes::copy_from_slice(pair.group().prime()),
            g_a: Bytes::copy_from_slice(pair.public()),
            server_time,
        };
        let answer = ServerDhParams::Ok(types::ServerDhParamsOk {
            nonce: nonces.client,
            server_nonce: nonces.server,
            encrypted_answer: dh_data::seal(&tmp_aes, packet(&data).as_slice(), rng),
        });
        let expires_at = inner.expires_in.map(|expires_in| server_time.saturating_add(expires_in));
        let next = AwaitSetClientDhParams {
            nonces,
            new_nonce,
            tmp_aes,
            pair,
            server_time,
            expires_at,
            retry_id: 0,
            retries: 0,
        };
        Ok((packet(&answer), next))
    }
}

impl AwaitSetClientDhParams {
    /// Steps 8 and 9: `set_client_DH_params` gives `dh_gen_ok`, or `dh_gen_retry` when there is a key with that
    /// id already, or `dh_gen_fail` when that happens again and again.
    pub(super) fn set_client_dh_params(
        self,
        message: Bytes,
        options: &Options,
        is_taken: &dyn Fn(i64) -> bool,
    ) -> Result<(PacketBuf, Verdict), Error> {
        let request: functions::SetClientDhParams = parse(Message::SetClientDhParams, message)?;
        let nonces = self.nonces;
        both::nonces(Message::SetClientDhParams, &nonces, &request.nonce, &request.server_nonce)?;
        let data = dh_data::open(&self.tmp_aes, &request.encrypted_data)?;
        let message = Message::ClientDhInnerData;
        let inner = types::ClientDhInnerData::from_bytes(data)
            .map_err(|error| Error::Malformed { message, error })?;
        both::nonces(message, &nonces, &inner.nonce, &inner.server_nonce)?;
        checks::retry_id(self.retry_id, inner.retry_id)?;
        let auth_key = self.pair.agree(&self.pair.group().check_public(&inner.g_b)?);

        let kind = match options.fault {
            Some(Fault::Fail) => DhGen::Fail,
            Some(Fault::Retry(times)) if self.retries < times => DhGen::Retry,
            _ if !is_taken(auth_key.id()) => DhGen::Ok,
            _ if self.retries < MAX_RETRIES => DhGen::Retry,
            _ => DhGen::Fail,
        };
        let answer = packet(&self.answer(kind, &auth_key, options));
        let verdict = match kind {
            DhGen::Ok => Verdict::Established(Established {
                auth_key,
                first_salt: nonces::first_salt(&self.new_nonce, &nonces.server),
                server_time: self.server_time,
                time_offset: 0,
                expires_at: self.expires_at,
            }),
            DhGen::Retry => Verdict::Retry(Box::new(Self {
                retry_id: auth_key.aux_hash(),
                retries: self.retries.saturating_add(1),
                ..self
            })),
            DhGen::Fail => Verdict::Failed,
        };
        Ok((answer, verdict))
    }

    fn answer(&self, kind: DhGen, key: &AuthKey, options: &Options) -> SetClientDhParamsAnswer {
        let (nonce, server_nonce) = (self.nonces.client, self.nonces.server);
        let mut hash = nonces::new_nonce_hash(&self.new_nonce, kind, key);
        if options.fault == Some(Fault::WrongHash) {
            hash[0] ^= 1;
        }
        match kind {
            DhGen::Ok => SetClientDhParamsAnswer::DhGenOk(types::DhGenOk {
                nonce,
                server_nonce,
                new_nonce_hash1: hash,
            }),
            DhGen::Retry => SetClientDhParamsAnswer::DhGenRetry(types::DhGenRetry {
                nonce,
                server_nonce,
                new_nonce_hash2: hash,
            }),
            DhGen::Fail => SetClientDhParamsAnswer::DhGenFail(types::DhGenFail {
                nonce,
                server_nonce,
                new_nonce_hash3: hash,
            }),
        }
    }
}

/// Two primes of 31 bits, the smaller one first: their product is below 2^63, and they fit in the four bytes
/// that some clients have for each.
fn different_primes(rng: &mut dyn rand::CryptoRng) -> (u64, u64) {
    let (a, b) = (factor::random_prime(31, rng), factor::random_prime(31, rng));
    match a.cmp(&b) {
        std::cmp::Ordering::Less => (a, b),
        std::cmp::Ordering::Greater => (b, a),
        std::cmp::Ordering::Equal => different_primes(rng),
    }
}

/// The id at the head of a message; 0, which is none, when it is too short.
pub(super) fn constructor(message: &Bytes) -> u32 {
    message.first_chunk().map_or(0, |id| u32::from_le_bytes(*id))
}

/// What stands after the object in a plain message is ignored (PL-3).
fn parse<T: Deserialize>(message: Message, body: Bytes) -> Result<T, Error> {
    T::from_prefix(body).map_err(|error| Error::Malformed { message, error })
}

fn packet(answer: &dyn Serialize) -> PacketBuf {
    answer.to_packet().expect("all strings of a key exchange are short")
}
