//! Every check of the server, each against a client that fails it and nothing else.

use bytes::Bytes;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::wire::{KEY, NOW, Wire, changed, client_options};
use crate::crypto::aes::IgeKey;
use crate::crypto::dh::PublicValueError;
use crate::crypto::nonces;
use crate::crypto::rsa::unpad;
use crate::handshake::checks::NonceError;
use crate::handshake::client::{self, Exchange};
use crate::handshake::dh_data::{self, DataError};
use crate::handshake::server::Error;
use crate::handshake::{Message, number};
use crate::tl::mtproto::enums::PQInnerData;
use crate::tl::mtproto::{functions, types};
use crate::tl::{Deserialize, Serialize};

#[test]
fn messages_out_of_order() {
    let mut wire = Wire::new(1);
    let (request, _) = wire.await_dh_gen(client_options());
    let mut fresh = Wire::new(1);
    assert_eq!(fresh.ask(request.clone()), Err(Error::Unexpected(0xf504_5f1f)));
    // What has failed stays failed.
    assert_eq!(fresh.ask(request), Err(Error::Over));
    assert_eq!(Wire::new(1).ask(Bytes::new()), Err(Error::Unexpected(0)));
    assert_eq!(Error::Over.transport_code(), -404);
}

#[test]
fn req_pq_cut_short() {
    let request = functions::ReqPqMulti { nonce: [1; 16] }.to_bytes().unwrap();
    let answer = Wire::new(1).ask(request.slice(..19));
    assert!(matches!(answer, Err(Error::Malformed { message: Message::ReqPq, .. })));
}

/// What the server says to `req_DH_params` with a change.
fn to_req_dh(change: impl FnOnce(&mut functions::ReqDhParams)) -> Error {
    let mut wire = Wire::new(1);
    let (request, _) = wire.await_dh_params(client_options());
    wire.ask(changed(request, change)).unwrap_err()
}

#[test]
fn req_dh_params() {
    let message = Message::ReqDhParams;
    assert_eq!(to_req_dh(|r| r.nonce[0] ^= 1), NonceError::Nonce(message).into());
    assert_eq!(to_req_dh(|r| r.server_nonce[0] ^= 1), NonceError::ServerNonce(message).into());
    assert_eq!(to_req_dh(|r| std::mem::swap(&mut r.p, &mut r.q)), Error::Factors(message));
    assert_eq!(to_req_dh(|r| r.p = Bytes::new()), Error::Factors(message));
    assert_eq!(to_req_dh(|r| r.q = Bytes::from_static(&[1; 9])), Error::Factors(message));
    assert_eq!(to_req_dh(|r| r.public_key_fingerprint = 7), Error::UnknownKey(7));
    assert_eq!(to_req_dh(|r| r.encrypted_data = Bytes::new()), Error::Rsa);
    assert_eq!(to_req_dh(|r| r.encrypted_data = Bytes::from_static(&[0xff; 256])), Error::Rsa);
    assert_eq!(to_req_dh(|r| r.encrypted_data = Bytes::from_static(&[1; 257])), Error::Rsa);
    assert_eq!(to_req_dh(|r| r.encrypted_data = Bytes::from_static(&[1; 256])), Error::Rsa);
}

/// What the server says to encrypted inner data with a change.
fn to_inner(change: impl FnOnce(&mut types::PQInnerDataTempDc)) -> Error {
    let options = client::Options { expires_in: Some(60), ..client_options() };
    let mut wire = Wire::new(1);
    let (request, _) = wire.await_dh_params(options);
    let rng = &mut StdRng::seed_from_u64(2);
    let request = changed::<functions::ReqDhParams>(request, |request| {
        let block = KEY.raw(request.encrypted_data.as_ref().try_into().unwrap(), rng).unwrap();
        let data = Bytes::copy_from_slice(&*unpad(&block).unwrap());
        let mut inner = types::PQInnerDataTempDc::from_prefix(data).unwrap();
        change(&mut inner);
        let encrypted = KEY.public().encrypt(&inner.to_bytes().unwrap(), rng);
        request.encrypted_data = Bytes::copy_from_slice(&encrypted);
    });
    wire.ask(request).unwrap_err()
}

#[test]
fn pq_inner_data() {
    let message = Message::PqInnerData;
    assert_eq!(to_inner(|i| i.nonce[0] ^= 1), NonceError::Nonce(message).into());
    assert_eq!(to_inner(|i| i.server_nonce[0] ^= 1), NonceError::ServerNonce(message).into());
    assert_eq!(to_inner(|i| i.pq = number::to_bytes(15)), Error::Factors(message));
    assert_eq!(to_inner(|i| i.p = number::to_bytes(3)), Error::Factors(message));
    assert_eq!(to_inner(|i| i.q = Bytes::new()), Error::Factors(message));
    assert_eq!(to_inner(|i| i.expires_in = 0), Error::ExpiresIn(0));
    assert_eq!(to_inner(|i| i.expires_in = -5), Error::ExpiresIn(-5));
}

#[test]
fn something_else_encrypted() {
    let mut wire = Wire::new(1);
    let (request, _) = wire.await_dh_params(client_options());
    let request = changed::<functions::ReqDhParams>(request, |request| {
        let encrypted = KEY.public().encrypt(b"not TL", &mut StdRng::seed_from_u64(2));
        request.encrypted_data = Bytes::copy_from_slice(&encrypted);
    });
    let error = wire.ask(request).unwrap_err();
    assert!(matches!(error, Error::Malformed { message: Message::PqInnerData, .. }));
}

/// The key of the exchange to which this `req_DH_params` belongs.
fn tmp_aes(req_dh: Bytes, wire: &mut Wire) -> IgeKey {
    let req_dh = functions::ReqDhParams::from_bytes(req_dh).unwrap();
    let block = KEY.raw(req_dh.encrypted_data.as_ref().try_into().unwrap(), &mut wire.rng).unwrap();
    let inner = PQInnerData::from_prefix(Bytes::copy_from_slice(&*unpad(&block).unwrap())).unwrap();
    let PQInnerData::Dc(inner) = inner else { panic!("{inner:?}") };
    nonces::tmp_aes(&inner.new_nonce, &inner.server_nonce)
}

/// What the server says to `set_client_DH_params`, with a change outside and one inside.
fn to_set_dh(
    outer: impl FnOnce(&mut functions::SetClientDhParams),
    inner: impl FnOnce(types::ClientDhInnerData) -> Vec<u8>,
) -> Error {
    let mut wire = Wire::new(1);
    let (req_dh, exchange) = wire.await_dh_params(client_options());
    let req_dh = Bytes::from(req_dh);
    let answer = wire.ask(req_dh.clone()).unwrap();
    let (request, _) = exchange.dh_params(answer, NOW, &mut wire.rng).unwrap();
    let key = tmp_aes(req_dh, &mut wire);
    let request = changed::<functions::SetClientDhParams>(request, |request| {
        let data = dh_data::open(&key, &request.encrypted_data).unwrap();
        let data = inner(types::ClientDhInnerData::from_bytes(data).unwrap());
        request.encrypted_data = dh_data::seal(&key, &data, &mut wire.rng);
        outer(request);
    });
    let error = wire.ask(request).unwrap_err();
    assert_eq!(wire.established, None);
    error
}

#[test]
fn set_client_dh_params() {
    let message = Message::SetClientDhParams;
    let outer =
        |change: fn(&mut functions::SetClientDhParams)| to_set_dh(change, |i| i.to_bytes().unwrap().to_vec());
    assert_eq!(outer(|r| r.nonce[0] ^= 1), NonceError::Nonce(message).into());
    assert_eq!(outer(|r| r.server_nonce[0] ^= 1), NonceError::ServerNonce(message).into());
    assert_eq!(outer(|r| r.encrypted_data = Bytes::new()), DataError::Length(0).into());
    assert_eq!(outer(|r| r.encrypted_data.truncate(330)), DataError::Length(330).into());
    assert_eq!(outer(|r| r.encrypted_data.truncate(320)), DataError::Hash.into());
}

#[test]
fn client_dh_inner_data() {
    let message = Message::ClientDhInnerData;
    let inner = |change: fn(&mut types::ClientDhInnerData)| {
        to_set_dh(
            |_| (),
            |mut inner| {
                change(&mut inner);
                inner.to_bytes().unwrap().to_vec()
            },
        )
    };
    assert_eq!(inner(|i| i.nonce[0] ^= 1), NonceError::Nonce(message).into());
    assert_eq!(inner(|i| i.server_nonce[0] ^= 1), NonceError::ServerNonce(message).into());
    assert_eq!(inner(|i| i.retry_id = 1), Error::RetryId(1));
    assert_eq!(inner(|i| i.g_b = Bytes::new()), PublicValueError::Degenerate.into());
    assert_eq!(inner(|i| i.g_b = Bytes::from_static(&[0xff; 256])), PublicValueError::Degenerate.into());
    assert_eq!(inner(|i| i.g_b = Bytes::from_static(&[9])), PublicValueError::NearEnds.into());
    let garbage = to_set_dh(|_| (), |_| vec![7; 40]);
    assert!(matches!(garbage, Error::Malformed { message: Message::ClientDhInnerData, .. }));
}

#[test]
fn a_retry_must_name_the_key_that_was_refused() {
    let mut wire = Wire::new(1);
    wire.taken = Box::new(|_| true);
    let (req_dh, exchange) = wire.await_dh_params(client_options());
    let req_dh = Bytes::from(req_dh);
    let answer = wire.ask(req_dh.clone()).unwrap();
    let (request, exchange) = exchange.dh_params(answer, NOW, &mut wire.rng).unwrap();
    let answer = wire.ask(request).unwrap();
    let outcome = exchange.dh_gen(answer, &mut wire.rng).unwrap();
    let client::Outcome::Retry(request, _) = outcome else { panic!("{outcome:?}") };

    let key = tmp_aes(req_dh, &mut wire);
    let request = changed::<functions::SetClientDhParams>(request, |request| {
        let data = dh_data::open(&key, &request.encrypted_data).unwrap();
        let data = changed::<types::ClientDhInnerData>(data, |data| data.retry_id = 0);
        request.encrypted_data = dh_data::seal(&key, &data, &mut wire.rng);
    });
    assert_eq!(wire.ask(request), Err(Error::RetryId(0)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_never_panics_and_never_gives_a_key(
        cut: prop::sample::Index,
        set: prop::sample::Index,
        value: u8,
        other in prop::collection::vec(any::<u8>(), 0..500),
        how in 0..3,
        step in 0..3,
    ) {
        let mut wire = Wire::new(1);
        let honest = match step {
            0 => Exchange::start(client_options(), &mut wire.rng).0,
            1 => wire.await_dh_params(client_options()).0,
            _ => wire.await_dh_gen(client_options()).0,
        }
        .to_vec();
        let mut message = honest.clone();
        match how {
            0 => message.truncate(cut.index(honest.len())),
            1 => message[set.index(honest.len())] = value,
            _ => message = other,
        }
        let changed = message != honest;
        let _ = wire.ask(message);
        prop_assert!(!(changed && wire.established.is_some()));
    }
}
