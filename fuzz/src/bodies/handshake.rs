//! The client's side of the key exchange. The harness is a server that does everything right, and the fuzzer changes its
//! messages, also inside of the encryption: it knows the client's secret `new_nonce`, because it gave the randomness.
//!
//! Input: a change (see [`change`]) for each of: `resPQ`, `server_DH_inner_data`, `server_DH_params_ok`, then, as long as
//! the client asks for more, a byte (0 ok, 1 retry, 2 fail) and the change for the last answer.

use std::time::Duration;

use bytes::Bytes;
use mtwire::{
    clock::Now,
    crypto::{
        dh::{Group, KeyPair},
        hash::sha1,
        keys,
        nonces::{self, DhGen},
    },
    handshake::{
        client::{Exchange, MAX_RETRIES, Options, Outcome},
        plain,
    },
    tl::{
        Deserialize, Serialize,
        mtproto::{functions, types},
    },
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::input::Input;

const NOW: Now = Now { monotonic: Duration::ZERO, unix: Duration::from_secs(1_800_000_000) };
const SERVER_NONCE: [u8; 16] = [7; 16];

/// What the fuzzer makes of a message: a byte that is 0 to leave it, 1 to put other bytes (their number in two bytes, then
/// they) in its place, 2 to cut it to a length of two bytes, else the number of changes, each a place (2 bytes) and what is
/// xored there.
fn change(input: &mut Input<'_>, honest: &[u8]) -> Bytes {
    let mut bytes = honest.to_vec();
    match input.u8() {
        0 => {}
        1 => {
            let len = input.u16();
            bytes = input.take(len.into()).to_vec();
        }
        2 => bytes.truncate(input.u16().into()),
        count => {
            for _ in 2..count {
                let (at, xor) = (usize::from(input.u16()), input.u8());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= xor;
                }
            }
        }
    }
    bytes.into()
}

fn bytes(value: &dyn Serialize) -> Bytes {
    value.to_bytes().expect("short strings")
}

pub fn client(data: &[u8]) {
    let _ = plain::decode(&Bytes::copy_from_slice(data));
    let mut input = Input::new(data);
    let step = |number| StdRng::seed_from_u64(number);

    let keys = keys::production().to_vec();
    let fingerprint = keys[0].fingerprint();
    let (request, exchange) = Exchange::start(Options::permanent(keys, 2), &mut step(1));
    let nonce = functions::ReqPqMulti::from_bytes(request.into()).expect("own request").nonce;
    let res_pq = bytes(&types::ResPq {
        nonce,
        server_nonce: SERVER_NONCE,
        pq: Bytes::from_static(&[0x17, 0xed, 0x48, 0x94, 0x1a, 0x08, 0xf9, 0x81]),
        server_public_key_fingerprints: vec![fingerprint],
    });
    let Ok((request, exchange)) = exchange.res_pq(change(&mut input, &res_pq), &mut step(2)) else { return };
    let request = functions::ReqDhParams::from_bytes(request.into()).expect("own request");
    let server_nonce = request.server_nonce;

    // The first that the client draws in this step.
    let mut new_nonce = [0; 32];
    step(2).fill_bytes(&mut new_nonce);
    let tmp_aes = nonces::tmp_aes(&new_nonce, &server_nonce);
    let group = Group::well_known();
    let pair = KeyPair::generate(&group, &mut step(9));
    let inner = bytes(&types::ServerDhInnerData {
        nonce,
        server_nonce,
        g: 3,
        dh_prime: Bytes::copy_from_slice(group.prime()),
        g_a: Bytes::copy_from_slice(pair.public()),
        server_time: 1_800_000_100,
    });
    let inner = change(&mut input, &inner);
    let mut encrypted = [&sha1(&[&inner])[..], &inner].concat();
    encrypted.resize(encrypted.len().next_multiple_of(16), 0);
    tmp_aes.encrypt(&mut encrypted);
    let params = bytes(&types::ServerDhParamsOk { nonce, server_nonce, encrypted_answer: encrypted.into() });
    let params = change(&mut input, &params);
    let Ok((mut request, mut exchange)) = exchange.dh_params(params, NOW, &mut step(3)) else { return };

    for round in 0.. {
        assert!(round <= MAX_RETRIES, "it tries for ever");
        let sent = functions::SetClientDhParams::from_bytes(request.into()).expect("own request");
        let mut plain = sent.encrypted_data.to_vec();
        tmp_aes.decrypt(&mut plain);
        let sent = types::ClientDhInnerData::from_prefix(Bytes::from(plain).slice(20..)).expect("own data");
        let key = pair.agree(&group.check_public(&sent.g_b).expect("a good g_b"));
        let (kind, id) = match input.u8() % 3 {
            0 => (DhGen::Ok, 0x3bcb_f734_u32),
            1 => (DhGen::Retry, 0x46dc_1fb9),
            _ => (DhGen::Fail, 0xa69d_ae02),
        };
        let hash = nonces::new_nonce_hash(&new_nonce, kind, &key);
        let answer = [&id.to_le_bytes()[..], &nonce, &server_nonce, &hash].concat();
        match exchange.dh_gen(change(&mut input, &answer), &mut step(4 + u64::from(round))) {
            Ok(Outcome::Established(established)) => {
                assert_eq!(established.auth_key, key);
                return;
            }
            Ok(Outcome::Retry(next, again)) => (request, exchange) = (next, again),
            Err(_) => return,
        }
    }
}
