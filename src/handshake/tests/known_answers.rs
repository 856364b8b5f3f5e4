//! Published key exchanges, reproduced by the client from their randomness.

use std::time::Duration;

use bytes::Bytes;

use crate::clock::Now;
use crate::crypto::keys;
use crate::crypto::vectors::{Scripted, Vector, each};
use crate::handshake::client::{Exchange, Options, Outcome, inner_data};
use crate::handshake::plain;
use crate::tl::mtproto::enums::PQInnerData;
use crate::tl::mtproto::{functions, types};
use crate::tl::{Deserialize, PacketBuf, Serialize};

#[test]
fn published_exchanges_are_reproduced() {
    let mut run = 0;
    each("auth_key_flow", |id, vector| {
        match id {
            "authkey.docs-sample-2025" => docs_sample(vector),
            "authkey.grammers-flow" => grammers_flow(vector),
            other => panic!("no test for {other}"),
        }
        run += 1;
    });
    assert_eq!(run, 2);
}

fn at(seconds: u64) -> Now {
    Now { monotonic: Duration::ZERO, unix: Duration::from_secs(seconds) }
}

/// The sample of <https://core.telegram.org/mtproto/samples-auth_key>, packet for packet. Only the RSA block
/// cannot be compared: the sample leaves out its temp_key.
fn docs_sample(vector: &Vector<'_>) {
    let script = [
        vector.input("nonce"),
        vector.input("new_nonce"),
        vector.input("rsa_random_padding"),
        vec![0; 32],
        vector.input("b"),
        vector.input("client_random_padding"),
    ];
    let rng = &mut Scripted(script.concat());
    let options = Options::permanent(keys::production().to_vec(), 2);
    assert_eq!(vector.number_input("dc"), 2);

    let expected = vector.input("req_pq_multi_packet");
    let (request, exchange) = Exchange::start(options.clone(), rng);
    assert_eq!(packet_like(&expected, request), expected);

    let (request, exchange) = exchange.res_pq(body(vector.input("resPQ_packet")), rng).unwrap();
    let expected = vector.output("req_DH_params_packet");
    let mut ours = packet_like(&expected, request);
    assert_ne!(ours[80..340], expected[80..340]);
    ours[80..340].copy_from_slice(&expected[80..340]);
    assert_eq!(ours, expected);
    let request = functions::ReqDhParams::from_bytes(body(expected)).unwrap();
    assert_eq!(request.public_key_fingerprint.to_le_bytes()[..], vector.input("chosen_fingerprint_le_hex"));
    let inner = types::PQInnerData {
        pq: crate::handshake::number::to_bytes(vector.number_output("pq")),
        p: request.p,
        q: request.q,
        nonce: vector.fixed_input("nonce"),
        server_nonce: vector.fixed_input("server_nonce"),
        new_nonce: vector.fixed_input("new_nonce"),
    };
    assert_eq!(inner_data(&options, inner).to_bytes().unwrap(), vector.output("p_q_inner_data_dc"));

    let answer = body(vector.input("server_DH_params_ok_packet"));
    let (request, exchange) = exchange.dh_params(answer, at(1_735_910_800), rng).unwrap();
    let expected = vector.output("set_client_DH_params_packet");
    assert_eq!(packet_like(&expected, request), expected);

    let outcome = exchange.dh_gen(body(vector.input("dh_gen_ok_packet")), rng).unwrap();
    let Outcome::Established(established) = outcome else { panic!("{outcome:?}") };
    assert_eq!(established.auth_key.as_bytes()[..], vector.output("auth_key"));
    assert_eq!(established.auth_key.id_bytes()[..], vector.output("auth_key_id_le_hex"));
    assert_eq!(established.auth_key.aux_hash_bytes()[..], vector.output("auth_key_aux_hash"));
    assert_eq!(established.first_salt.to_le_bytes()[..], vector.output("first_server_salt_le_hex"));
    assert_eq!(i64::from(established.server_time), vector.number_output("server_time").cast_signed());
    assert_eq!(established.time_offset, 91);
    assert_eq!(established.expires_at, None);
    assert!(rng.0.is_empty(), "all of the sample's randomness is used");
}

/// A run of grammers with all its randomness, the RSA block included. It has the inner data without a DC number,
/// which we no longer send.
fn grammers_flow(vector: &Vector<'_>) {
    let script = ["nonce", "new_nonce", "rsa_random_padding", "rsa_temp_key", "b", "client_random_padding"];
    let rng = &mut Scripted(script.map(|name| vector.input(name)).concat());
    let fingerprint = vector.fixed_input("rsa_key_fingerprint_le_hex");
    assert_eq!(keys::test()[0].fingerprint(), i64::from_le_bytes(fingerprint));
    let options = Options::permanent(keys::test().to_vec(), 2);

    let (request, exchange) = Exchange::start(options, rng);
    assert_eq!(request.as_slice(), vector.output("req_pq_multi"));

    let without_dc = |_: &Options, inner| PQInnerData::PQInnerData(inner);
    let (request, exchange) = exchange.res_pq_with(without_dc, vector.input("resPQ").into(), rng).unwrap();
    assert_eq!(request.as_slice(), vector.output("req_DH_params"));

    let answer = vector.input("server_DH_params_ok").into();
    let (request, exchange) = exchange.dh_params(answer, at(vector.number_input("now")), rng).unwrap();
    assert_eq!(request.as_slice(), vector.output("set_client_DH_params"));

    let outcome = exchange.dh_gen(vector.input("dh_gen_ok").into(), rng).unwrap();
    let Outcome::Established(established) = outcome else { panic!("{outcome:?}") };
    assert_eq!(established.auth_key.as_bytes()[..], vector.output("auth_key"));
    assert_eq!(established.first_salt.to_le_bytes()[..], vector.output("first_server_salt_le_hex"));
    assert_eq!(i64::from(established.server_time), vector.number_output("server_time").cast_signed());
    assert_eq!(established.time_offset, 0);
    assert!(rng.0.is_empty());
}

/// Our request in a plain message with the `msg_id` of the sample's.
fn packet_like(sample: &[u8], mut request: PacketBuf) -> Vec<u8> {
    let sample = plain::decode(&Bytes::copy_from_slice(sample)).unwrap();
    plain::encode(sample.msg_id, &mut request);
    request.to_vec()
}

fn body(packet: Vec<u8>) -> Bytes {
    plain::decode(&packet.into()).unwrap().body
}
