//! Every check of the client, each against a server that fails it and nothing else.

use bytes::Bytes;
use proptest::prelude::*;

use super::wire::{KEY, NOW, Wire, changed, client_options};
use crate::crypto::dh::{Group, GroupError, PublicValueError};
use crate::crypto::nonces;
use crate::crypto::rsa::unpad;
use crate::handshake::checks::NonceError;
use crate::handshake::client::{Error, Exchange};
use crate::handshake::dh_data::{self, DataError};
use crate::handshake::{Message, number};
use crate::tl::mtproto::enums::{PQInnerData, ServerDhParams, SetClientDhParamsAnswer};
use crate::tl::mtproto::{functions, types};
use crate::tl::{Deserialize, Serialize};

/// What the client says to `resPQ` with a change.
fn to_res_pq(change: impl FnOnce(&mut types::ResPq)) -> Error {
    let mut wire = Wire::new(1);
    let (request, exchange) = Exchange::start(client_options(), &mut wire.rng);
    let answer = changed(wire.ask(request).unwrap(), change);
    exchange.res_pq(answer, &mut wire.rng).unwrap_err()
}

#[test]
fn res_pq() {
    assert_eq!(to_res_pq(|res| res.nonce[0] ^= 1), NonceError::Nonce(Message::ResPq).into());
    assert_eq!(to_res_pq(|res| res.server_public_key_fingerprints.clear()), Error::UnknownKeys(vec![]));
    assert_eq!(to_res_pq(|res| res.server_public_key_fingerprints = vec![5]), Error::UnknownKeys(vec![5]));
    assert_eq!(to_res_pq(|res| res.pq = Bytes::from_static(&[1; 9])), Error::PqLength(9));
    for pq in [0, 1, 2, 4_294_967_291, 4_294_967_291 * 4_294_967_291, 3 * 5 * 7] {
        assert_eq!(to_res_pq(|res| res.pq = number::to_bytes(pq)), Error::PqNotTwoPrimes(pq));
    }
}

/// What the client says to the answer to `req_DH_params`, made from `new_nonce`, the nonces and the answer of an
/// honest server.
fn to_dh_params(make: impl FnOnce(&[u8; 32], types::ServerDhParamsOk) -> ServerDhParams) -> Error {
    let mut wire = Wire::new(1);
    let (request, exchange) = wire.await_dh_params(client_options());
    let request = Bytes::from(request);
    let honest = ServerDhParams::from_bytes(wire.ask(request.clone()).unwrap()).unwrap();
    let ServerDhParams::Ok(honest) = honest else { panic!("{honest:?}") };
    let answer = make(&new_nonce(request, &mut wire), honest).to_bytes().unwrap();
    exchange.dh_params(answer, NOW, &mut wire.rng).unwrap_err()
}

/// The owner of the RSA key can read it.
fn new_nonce(request: Bytes, wire: &mut Wire) -> [u8; 32] {
    let request = functions::ReqDhParams::from_bytes(request).unwrap();
    let block = KEY.raw(request.encrypted_data.as_ref().try_into().unwrap(), &mut wire.rng).unwrap();
    let inner = PQInnerData::from_prefix(Bytes::copy_from_slice(&*unpad(&block).unwrap())).unwrap();
    let PQInnerData::Dc(inner) = inner else { panic!("{inner:?}") };
    inner.new_nonce
}

#[test]
fn server_dh_params() {
    let message = Message::ServerDhParams;
    let outer = |change: fn(&mut types::ServerDhParamsOk)| {
        to_dh_params(|_, mut ok| {
            change(&mut ok);
            ServerDhParams::Ok(ok)
        })
    };
    assert_eq!(outer(|ok| ok.nonce[0] ^= 1), NonceError::Nonce(message).into());
    assert_eq!(outer(|ok| ok.server_nonce[0] ^= 1), NonceError::ServerNonce(message).into());
    let cut = |ok: &mut types::ServerDhParamsOk, len: usize| ok.encrypted_answer.truncate(len);
    assert_eq!(
        to_dh_params(|_, mut ok| {
            cut(&mut ok, 590);
            ServerDhParams::Ok(ok)
        }),
        DataError::Length(590).into()
    );
    assert_eq!(
        to_dh_params(|_, mut ok| {
            cut(&mut ok, 0);
            ServerDhParams::Ok(ok)
        }),
        DataError::Length(0).into()
    );
    assert_eq!(
        to_dh_params(|_, mut ok| {
            cut(&mut ok, 576);
            ServerDhParams::Ok(ok)
        }),
        DataError::Hash.into()
    );
    let flip = |ok: &mut types::ServerDhParamsOk| {
        let mut bytes = ok.encrypted_answer.to_vec();
        bytes[100] ^= 1;
        ok.encrypted_answer = bytes.into();
    };
    assert_eq!(outer(flip), DataError::Hash.into());
}

#[test]
fn server_dh_params_fail() {
    let fail = |change: fn(&mut types::ServerDhParamsFail)| {
        to_dh_params(|new_nonce, ok| {
            let mut fail = types::ServerDhParamsFail {
                nonce: ok.nonce,
                server_nonce: ok.server_nonce,
                new_nonce_hash: nonces::params_fail_hash(new_nonce),
            };
            change(&mut fail);
            ServerDhParams::Fail(fail)
        })
    };
    let message = Message::ServerDhParams;
    assert_eq!(fail(|_| ()), Error::Refused);
    assert_eq!(fail(|fail| fail.new_nonce_hash[0] ^= 1), Error::NewNonceHash(message));
    assert_eq!(fail(|fail| fail.nonce[0] ^= 1), NonceError::Nonce(message).into());
    assert_eq!(fail(|fail| fail.server_nonce[0] ^= 1), NonceError::ServerNonce(message).into());
}

/// What the client says to encrypted inner data with a change.
fn to_inner(change: impl FnOnce(types::ServerDhInnerData) -> Vec<u8>) -> Error {
    to_dh_params(|new_nonce, mut ok| {
        let key = nonces::tmp_aes(new_nonce, &ok.server_nonce);
        let data = dh_data::open(&key, &ok.encrypted_answer).unwrap();
        let data = change(types::ServerDhInnerData::from_bytes(data).unwrap());
        ok.encrypted_answer = dh_data::seal(&key, &data, &mut Wire::new(2).rng);
        ServerDhParams::Ok(ok)
    })
}

#[test]
fn server_dh_inner_data() {
    let message = Message::ServerDhInnerData;
    let inner = |change: fn(&mut types::ServerDhInnerData)| {
        to_inner(|mut inner| {
            change(&mut inner);
            inner.to_bytes().unwrap().to_vec()
        })
    };
    assert_eq!(inner(|i| i.nonce[0] ^= 1), NonceError::Nonce(message).into());
    assert_eq!(inner(|i| i.server_nonce[0] ^= 1), NonceError::ServerNonce(message).into());
    assert_eq!(inner(|i| i.g = 2), GroupError::GeneratorResidue(2).into());
    assert_eq!(inner(|i| i.g = -3), GroupError::GeneratorRange(-3).into());
    assert_eq!(inner(|i| i.g = 8), GroupError::GeneratorRange(8).into());
    assert_eq!(inner(|i| i.dh_prime.truncate(255)), GroupError::PrimeSize.into());
    let other_prime = |i: &mut types::ServerDhInnerData| {
        let mut prime = i.dh_prime.to_vec();
        prime[255] ^= 2;
        i.dh_prime = prime.into();
        i.g = 4;
    };
    assert_eq!(inner(other_prime), GroupError::NotPrime.into());
    assert_eq!(inner(|i| i.g_a = Bytes::new()), PublicValueError::Degenerate.into());
    assert_eq!(inner(|i| i.g_a = Bytes::from_static(&[1])), PublicValueError::Degenerate.into());
    assert_eq!(inner(|i| i.g_a = i.dh_prime.clone()), PublicValueError::Degenerate.into());
    let minus_one = |i: &mut types::ServerDhInnerData| {
        let mut value = *Group::well_known().prime();
        value[255] -= 1;
        i.g_a = Bytes::copy_from_slice(&value);
    };
    assert_eq!(inner(minus_one), PublicValueError::Degenerate.into());
    assert_eq!(inner(|i| i.g_a = Bytes::from_static(&[2])), PublicValueError::NearEnds.into());
    // Not parsed before the hash fits, and nothing may follow.
    assert!(matches!(
        to_inner(|_| vec![0; 50]),
        Error::Malformed { message: Message::ServerDhInnerData, .. }
    ));
    let longer = to_inner(|i| [&i.to_bytes().unwrap()[..], &[0; 4]].concat());
    assert!(matches!(longer, Error::Malformed { message: Message::ServerDhInnerData, .. }));
}

/// What the client says to the last answer with a change.
fn to_dh_gen(change: impl FnOnce(&mut types::DhGenOk)) -> Error {
    let mut wire = Wire::new(1);
    let (request, exchange) = wire.await_dh_gen(client_options());
    let answer = changed(wire.ask(request).unwrap(), change);
    exchange.dh_gen(answer, &mut wire.rng).unwrap_err()
}

#[test]
fn dh_gen() {
    let message = Message::DhGen;
    assert_eq!(to_dh_gen(|ok| ok.nonce[0] ^= 1), NonceError::Nonce(message).into());
    assert_eq!(to_dh_gen(|ok| ok.server_nonce[0] ^= 1), NonceError::ServerNonce(message).into());
    assert_eq!(to_dh_gen(|ok| ok.new_nonce_hash1[15] ^= 1), Error::NewNonceHash(message));
}

/// Somebody who cannot know the key can neither make the client try again nor make it give up in silence.
#[test]
fn dh_gen_of_another_kind_needs_its_own_hash() {
    let kinds: [fn(types::DhGenOk) -> SetClientDhParamsAnswer; 2] = [
        |ok| {
            let types::DhGenOk { nonce, server_nonce, new_nonce_hash1 } = ok;
            let new_nonce_hash2 = new_nonce_hash1;
            SetClientDhParamsAnswer::DhGenRetry(types::DhGenRetry { nonce, server_nonce, new_nonce_hash2 })
        },
        |ok| {
            let types::DhGenOk { nonce, server_nonce, new_nonce_hash1 } = ok;
            let new_nonce_hash3 = new_nonce_hash1;
            SetClientDhParamsAnswer::DhGenFail(types::DhGenFail { nonce, server_nonce, new_nonce_hash3 })
        },
    ];
    for kind in kinds {
        let mut wire = Wire::new(1);
        let (request, exchange) = wire.await_dh_gen(client_options());
        let ok = types::DhGenOk::from_bytes(wire.ask(request).unwrap()).unwrap();
        let answer = kind(ok).to_bytes().unwrap();
        let error = exchange.dh_gen(answer, &mut wire.rng).unwrap_err();
        assert_eq!(error, Error::NewNonceHash(Message::DhGen));
    }
}

/// Cuts an honest answer short, or replaces it.
fn garbage() -> impl Strategy<Value = Garbage> {
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Garbage::Cut),
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, value)| Garbage::Set(at, value)),
        prop::collection::vec(any::<u8>(), 0..700).prop_map(Garbage::Other),
    ]
}

#[derive(Clone, Debug)]
pub(super) enum Garbage {
    Cut(prop::sample::Index),
    Set(prop::sample::Index, u8),
    Other(Vec<u8>),
}

impl Garbage {
    pub(super) fn of(self, honest: &[u8]) -> Bytes {
        let mut bytes = honest.to_vec();
        match self {
            Self::Cut(at) => bytes.truncate(at.index(honest.len())),
            Self::Set(at, value) => bytes[at.index(honest.len())] = value,
            Self::Other(other) => bytes = other,
        }
        bytes.into()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_never_panics_and_never_gives_a_key(garbage in garbage(), step in 0..3) {
        let mut wire = Wire::new(1);
        match step {
            0 => {
                let (request, exchange) = Exchange::start(client_options(), &mut wire.rng);
                let honest = wire.ask(request).unwrap();
                let _ = exchange.res_pq(garbage.of(&honest), &mut wire.rng);
            }
            1 => {
                let (request, exchange) = wire.await_dh_params(client_options());
                let honest = wire.ask(request).unwrap();
                let answer = garbage.of(&honest);
                let same = answer == honest;
                prop_assert_eq!(exchange.dh_params(answer, NOW, &mut wire.rng).is_ok(), same);
            }
            _ => {
                let (request, exchange) = wire.await_dh_gen(client_options());
                let honest = wire.ask(request).unwrap();
                let answer = garbage.of(&honest);
                let same = answer == honest;
                prop_assert_eq!(exchange.dh_gen(answer, &mut wire.rng).is_ok(), same);
            }
        }
    }
}
