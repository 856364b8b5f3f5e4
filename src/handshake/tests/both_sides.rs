//! Client and server agree.

use std::cell::RefCell;
use std::rc::Rc;

use rand::Rng;

use super::wire::{KEY, NOW, Wire, changed, client_options};
use crate::crypto::hash::sha1;
use crate::handshake::client::{self, MAX_RETRIES};
use crate::handshake::number;
use crate::handshake::server::{self, Fault};
use crate::tl::mtproto::enums::PQInnerData;
use crate::tl::mtproto::{functions, types};
use crate::tl::{Deserialize, Serialize};

#[test]
fn both_sides_have_the_same_key() {
    for seed in 0..20 {
        let mut wire = Wire::new(seed);
        let (client, retries) = wire.run(client_options()).unwrap();
        assert_eq!(retries, 0);
        assert_eq!(Some(&client), wire.established.as_ref());
        assert_eq!(i64::from(client.server_time), NOW.unix.as_secs().cast_signed());
        assert_eq!(client.expires_at, None);
    }
}

#[test]
fn a_temporary_key_ends() {
    let mut wire = Wire::new(1);
    let options = client::Options { expires_in: Some(86400), ..client_options() };
    let (client, _) = wire.run(options).unwrap();
    assert_eq!(client.expires_at, Some(client.server_time + 86400));
    assert_eq!(Some(client), wire.established);
}

#[test]
fn g_b_may_be_prepared() {
    let mut wire = Wire::new(1);
    let (request, mut exchange) = wire.await_dh_params(client_options());
    exchange.prepare(&mut wire.rng);
    let answer = wire.ask(request).unwrap();
    let (request, exchange) = exchange.dh_params(answer, NOW, &mut wire.rng).unwrap();
    let answer = wire.ask(request).unwrap();
    let outcome = exchange.dh_gen(answer, &mut wire.rng).unwrap();
    let client::Outcome::Established(client) = outcome else { panic!("{outcome:?}") };
    assert_eq!(Some(client), wire.established);
}

#[test]
fn the_client_tries_again_when_asked_to() {
    let mut wire = Wire::new(1);
    wire.options.fault = Some(Fault::Retry(MAX_RETRIES));
    let (client, retries) = wire.run(client_options()).unwrap();
    assert_eq!(retries, MAX_RETRIES);
    assert_eq!(Some(client), wire.established);
}

#[test]
fn but_not_for_ever() {
    let mut wire = Wire::new(1);
    wire.options.fault = Some(Fault::Retry(MAX_RETRIES + 1));
    assert_eq!(wire.run(client_options()), Err(client::Error::TooManyRetries(MAX_RETRIES)));
}

#[test]
fn a_key_that_exists_is_not_given_again() {
    let mut wire = Wire::new(1);
    let refused = Rc::new(RefCell::new(Vec::new()));
    let refusing = Rc::clone(&refused);
    wire.taken = Box::new(move |id| {
        let mut refused = refusing.borrow_mut();
        let taken = refused.len() < 2;
        if taken {
            refused.push(id);
        }
        taken
    });
    let (client, retries) = wire.run(client_options()).unwrap();
    assert_eq!((retries, refused.borrow().len()), (2, 2));
    assert!(!refused.borrow().contains(&client.auth_key.id()));

    // When all ids are taken, the server gives up.
    wire.taken = Box::new(|_| true);
    wire.established = None;
    assert_eq!(wire.run(client_options()), Err(client::Error::DhGenFail));
}

#[test]
fn the_server_may_fail() {
    let mut wire = Wire::new(1);
    wire.options.fault = Some(Fault::Fail);
    assert_eq!(wire.run(client_options()), Err(client::Error::DhGenFail));
    // The next exchange on this connection can do better.
    wire.options.fault = None;
    assert!(wire.run(client_options()).is_ok());
}

#[test]
fn a_repeated_message_gets_the_same_answer() {
    let mut wire = Wire::new(1);
    let (start, exchange) = client::Exchange::start(client_options(), &mut wire.rng);
    let res_pq = wire.ask(start.clone()).unwrap();
    assert_eq!(wire.ask(start.clone()).unwrap(), res_pq);
    let (req_dh, exchange) = exchange.res_pq(res_pq.clone(), &mut wire.rng).unwrap();
    let dh_params = wire.ask(req_dh.clone()).unwrap();
    assert_eq!(wire.ask(req_dh.clone()).unwrap(), dh_params);
    assert_eq!(wire.ask(start).unwrap(), res_pq);
    let (set_dh, exchange) = exchange.dh_params(dh_params.clone(), NOW, &mut wire.rng).unwrap();
    let dh_gen = wire.ask(set_dh.clone()).unwrap();
    assert_eq!(wire.ask(set_dh).unwrap(), dh_gen);
    assert_eq!(wire.ask(req_dh).unwrap(), dh_params);
    assert!(exchange.dh_gen(dh_gen, &mut wire.rng).is_ok());
}

#[test]
fn answers_are_forgotten_only_when_the_exchange_is_over() {
    let mut wire = Wire::new(1);
    let (start, exchange) = client::Exchange::start(client_options(), &mut wire.rng);
    let res_pq = wire.ask(start.clone()).unwrap();
    wire.server.forget_answers();
    assert_eq!(wire.ask(start.clone()).unwrap(), res_pq);
    let (req_dh, exchange) = exchange.res_pq(res_pq, &mut wire.rng).unwrap();
    let dh_params = wire.ask(req_dh).unwrap();
    let (set_dh, _) = exchange.dh_params(dh_params, NOW, &mut wire.rng).unwrap();
    wire.ask(set_dh.clone()).unwrap();
    wire.server.forget_answers();
    assert!(wire.ask(set_dh).is_err());
}

#[test]
fn dc_numbers_are_checked_only_when_told_to() {
    for (own, wanted, good) in [
        (None, 77, true),
        (Some(2), 2, true),
        (Some(2), 10002, true),
        (Some(2), -2, true),
        (Some(2), -10002, true),
        (Some(2), 3, false),
    ] {
        let mut wire = Wire::new(1);
        wire.options.dc = own;
        let (request, _) = wire.await_dh_params(client::Options { dc: wanted, ..client_options() });
        let answer = wire.ask(request);
        let refused = server::Error::WrongDc { got: wanted, own: 2 };
        assert_eq!(answer.err(), (!good).then_some(refused), "{own:?} {wanted}");
        assert_eq!(refused.transport_code(), -444);
    }
}

/// What Telethon and Pyrogram send: `req_pq`, the inner data without a DC, the SHA-1 padding, and factors of a
/// fixed width.
fn old_client(
    wire: &mut Wire,
    inner: fn(types::PQInnerData) -> PQInnerData,
) -> Result<bytes::Bytes, server::Error> {
    let nonce = [9; 16];
    let answer = wire.ask(functions::ReqPq { nonce }.to_bytes().unwrap()).unwrap();
    let res = types::ResPq::from_bytes(answer).unwrap();
    let (p, q) = crate::crypto::factor::factor(number::from_bytes(&res.pq).unwrap()).unwrap();
    let fixed = |number: u64| bytes::Bytes::copy_from_slice(&[&[0][..], &number.to_be_bytes()[4..]].concat());
    let server_nonce = res.server_nonce;
    let data =
        types::PQInnerData { pq: res.pq, p: fixed(p), q: fixed(q), nonce, server_nonce, new_nonce: [8; 32] };
    let data = inner(data).to_bytes().unwrap();
    let mut block = [0; 256];
    wire.rng.fill_bytes(&mut block[1..]);
    block[1..21].copy_from_slice(&sha1(&[&data]));
    block[21..21 + data.len()].copy_from_slice(&data);
    let encrypted = KEY.public().raw(&block).unwrap();
    let request = functions::ReqDhParams {
        nonce,
        server_nonce,
        p: fixed(p),
        q: fixed(q),
        public_key_fingerprint: KEY.public().fingerprint(),
        encrypted_data: bytes::Bytes::copy_from_slice(&encrypted),
    };
    wire.ask(request.to_bytes().unwrap())
}

#[test]
fn old_clients_are_served_unless_forbidden() {
    let kinds: [fn(types::PQInnerData) -> PQInnerData; 4] = [
        PQInnerData::PQInnerData,
        |i| {
            let types::PQInnerData { pq, p, q, nonce, server_nonce, new_nonce } = i;
            PQInnerData::Dc(types::PQInnerDataDc { pq, p, q, nonce, server_nonce, new_nonce, dc: 1 })
        },
        |i| {
            let types::PQInnerData { pq, p, q, nonce, server_nonce, new_nonce } = i;
            let expires_in = 60;
            PQInnerData::Temp(types::PQInnerDataTemp { pq, p, q, nonce, server_nonce, new_nonce, expires_in })
        },
        |i| {
            let types::PQInnerData { pq, p, q, nonce, server_nonce, new_nonce } = i;
            let (dc, expires_in) = (1, 60);
            PQInnerData::TempDc(types::PQInnerDataTempDc {
                pq,
                p,
                q,
                nonce,
                server_nonce,
                new_nonce,
                dc,
                expires_in,
            })
        },
    ];
    for kind in kinds {
        let mut wire = Wire::new(1);
        assert!(old_client(&mut wire, kind).is_ok());
        let mut strict = Wire::new(1);
        strict.options.accept_sha1_padding = false;
        assert_eq!(old_client(&mut strict, kind), Err(server::Error::Rsa));
    }
}

#[test]
fn bytes_behind_the_object_are_ignored() {
    let mut wire = Wire::new(1);
    let (start, exchange) = client::Exchange::start(client_options(), &mut wire.rng);
    let padded = |message: &[u8]| bytes::Bytes::from([message, &[0xaa; 104]].concat());
    let answer = wire.ask(padded(start.as_slice())).unwrap();
    assert!(exchange.res_pq(padded(&answer), &mut wire.rng).is_ok());
}

#[test]
fn the_first_trusted_key_is_taken() {
    let mut wire = Wire::new(1);
    let (start, exchange) = client::Exchange::start(client_options(), &mut wire.rng);
    let answer = changed::<types::ResPq>(wire.ask(start).unwrap(), |res| {
        res.server_public_key_fingerprints.insert(0, 1);
    });
    let (request, _) = exchange.res_pq(answer, &mut wire.rng).unwrap();
    let request = functions::ReqDhParams::from_bytes(request.into()).unwrap();
    assert_eq!(request.public_key_fingerprint, KEY.public().fingerprint());
}
