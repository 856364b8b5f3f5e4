//! The client's side of a key exchange: all that is computed from the first byte to the key.
//!
//! Both clients talk to the same server, which is not timed. It needs no private key, because it is told the client's
//! `new_nonce`: ours comes from a generator that remembers what it gave, that of grammers is read from its state. So
//! both encrypt with the same published RSA key, and grammers runs as it is, through its public functions.

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use grammers_mtproto::authentication;
use grammers_tl_types::{Deserializable, Serializable, enums, types};
use mtwire::clock::Now;
use mtwire::crypto::dh::Group;
use mtwire::crypto::keys;
use mtwire::handshake::client::{Exchange, Options, Outcome};
use num_bigint::BigUint;
use rand::{Rng, TryCryptoRng, TryRng};
use sha1::{Digest, Sha1};

use crate::measure::{Effort, Side, Stopwatch, alternate};
use crate::row::{Table, Unit};

pub const WORK: &str = "key exchange, client side, all computation";

pub fn run(table: &mut Table, mut effort: Effort) {
    if !table.wants(WORK) {
        return;
    }
    // One sample is one pass over a few numbers.
    effort.batch *= 5;
    let numbers = crate::factor::numbers(64);
    let (mut a, mut b) = (numbers.iter().cycle(), numbers.iter().cycle());
    let (mut first, mut second) = (Server::new(), Server::new());
    let took = alternate(
        effort,
        vec![
            Side::timed("mtwire", |times| {
                (0..times).map(|_| ours(&mut first, *a.next().expect("endless"))).sum()
            }),
            Side::timed("grammers", |times| {
                (0..times).map(|_| theirs(&mut second, *b.next().expect("endless"))).sum()
            }),
        ],
    );
    // With the multiplication of 52-bit digits, powers are several times faster.
    let goal = if has_ifma() { 6.0 } else { 2.0 };
    table.rows(WORK, Unit::Milliseconds, &took, |_| Some(goal));
}

fn has_ifma() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512ifma");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Adds up what is timed.
#[derive(Default)]
struct Sum(Duration);

impl Sum {
    fn run<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let begun = Stopwatch::start();
        let result = work();
        self.0 += begun.elapsed();
        result
    }
}

/// As the client does it, `g_b` ahead of the answer.
fn ours(server: &mut Server, pq: u64) -> Duration {
    let mut time = Sum::default();
    let unix = SystemTime::UNIX_EPOCH.elapsed().expect("a clock that is set");
    let now = Now { monotonic: Duration::ZERO, unix };
    let options = Options::permanent(keys::production().to_vec(), 2);
    let mut rng = Remembering { longest: Vec::new() };
    let (request, exchange) = time.run(|| Exchange::start(options, &mut rng));
    let answer = Bytes::from(server.res_pq(request.as_slice(), pq));
    rng.longest.clear();
    let (request, exchange) = time.run(|| exchange.res_pq(answer, &mut rng)).expect("a good answer");
    let new_nonce =
        rng.longest.first().and_then(|drawn| drawn[..].try_into().ok()).expect("new_nonce is drawn first");
    let answer = Bytes::from(server.dh_params(request.as_slice(), new_nonce));
    let (request, exchange) = time
        .run(|| {
            let mut exchange = exchange;
            exchange.prepare(&mut rand::rng());
            exchange.dh_params(answer, now, &mut rand::rng())
        })
        .expect("a good answer");
    let answer = Bytes::from(server.dh_gen(request.as_slice()));
    let Ok(Outcome::Established(key)) = time.run(|| exchange.dh_gen(answer, &mut rand::rng())) else {
        panic!("the server agrees");
    };
    assert!(key.auth_key.as_bytes()[..] == server.auth_key, "both have the same key");
    time.0
}

fn theirs(server: &mut Server, pq: u64) -> Duration {
    let mut time = Sum::default();
    let (request, state) = time.run(|| {
        let (request, state) = authentication::step1().expect("no answer yet");
        (request.to_bytes(), state)
    });
    let answer = server.res_pq(&request, pq);
    let (request, state) = time.run(|| {
        let answer = enums::ResPq::from_bytes(&answer).expect("a good answer");
        let (request, state) = authentication::step2(state, answer).expect("a good answer");
        (request.to_bytes(), state)
    });
    let new_nonce = server.new_nonce_in(&state);
    let answer = server.dh_params(&request, new_nonce);
    let (request, state) = time.run(|| {
        let answer = enums::ServerDhParams::from_bytes(&answer).expect("a good answer");
        let (request, state) = authentication::step3(state, answer).expect("a good answer");
        (request.to_bytes(), state)
    });
    let answer = server.dh_gen(&request);
    let key = time.run(|| {
        let answer = enums::SetClientDhParamsAnswer::from_bytes(&answer).expect("a good answer");
        authentication::create_key(state, answer).expect("the server agrees")
    });
    assert!(key.auth_key[..] == server.auth_key, "both have the same key");
    time.0
}

/// The thread's generator, which remembers the 32 bytes it gave at one time.
struct Remembering {
    longest: Vec<Vec<u8>>,
}

impl TryRng for Remembering {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(rand::rng().next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(rand::rng().next_u64())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        rand::rng().fill_bytes(out);
        if out.len() == 32 {
            self.longest.push(out.to_vec());
        }
        Ok(())
    }
}

impl TryCryptoRng for Remembering {}

/// The server's side, for one exchange after the other.
struct Server {
    prime: BigUint,
    a: BigUint,
    g_a: Vec<u8>,
    nonce: [u8; 16],
    server_nonce: [u8; 16],
    new_nonce: [u8; 32],
    auth_key: Vec<u8>,
}

const G: i32 = 3;

impl Server {
    fn new() -> Self {
        let prime = BigUint::from_bytes_be(Group::well_known().prime());
        let mut secret = [0; 256];
        rand::rng().fill_bytes(&mut secret);
        let a = BigUint::from_bytes_be(&secret);
        let g_a = bytes_256(&BigUint::from(G.cast_unsigned()).modpow(&a, &prime));
        Self {
            prime,
            a,
            g_a,
            nonce: [0; 16],
            server_nonce: [0; 16],
            new_nonce: [0; 32],
            auth_key: Vec::new(),
        }
    }

    /// The answer to `req_pq_multi`.
    fn res_pq(&mut self, request: &[u8], pq: u64) -> Vec<u8> {
        self.nonce.copy_from_slice(&request[4..20]);
        rand::rng().fill_bytes(&mut self.server_nonce);
        enums::ResPq::from(types::ResPq {
            nonce: self.nonce,
            server_nonce: self.server_nonce,
            pq: pq.to_be_bytes().to_vec(),
            server_public_key_fingerprints: vec![keys::production()[0].fingerprint()],
        })
        .to_bytes()
    }

    /// `Step2` is three byte arrays: two that the server knows, and the one that it wants to know.
    fn new_nonce_in(&self, state: &authentication::Step2) -> [u8; 32] {
        assert_eq!((size_of::<authentication::Step2>(), align_of::<authentication::Step2>()), (64, 1));
        // SAFETY: 64 bytes with the fields of 16, 16 and 32 bytes have no padding, so all of them are initialised.
        let bytes: [u8; 64] = unsafe { std::mem::transmute_copy(state) };
        let place =
            |part: &[u8; 16]| bytes.windows(16).position(|window| window == part).expect("it is in there");
        let known = [place(&self.nonce), place(&self.server_nonce)];
        let unknown = (0..64).filter(|at| known.iter().all(|start| !(*start..start + 16).contains(at)));
        let left: Vec<u8> = unknown.map(|at| bytes[at]).collect();
        left.try_into().expect("32 bytes are left")
    }

    /// The answer to `req_DH_params`.
    fn dh_params(&mut self, _: &[u8], new_nonce: [u8; 32]) -> Vec<u8> {
        self.new_nonce = new_nonce;
        let server_time = SystemTime::UNIX_EPOCH.elapsed().expect("a clock that is set").as_secs();
        let inner = enums::ServerDhInnerData::from(types::ServerDhInnerData {
            nonce: self.nonce,
            server_nonce: self.server_nonce,
            g: G,
            dh_prime: self.prime.to_bytes_be(),
            g_a: self.g_a.clone(),
            server_time: i32::try_from(server_time).expect("a time before 2038"),
        })
        .to_bytes();
        let mut encrypted_answer = [&Sha1::digest(&inner)[..], &inner].concat();
        encrypted_answer.resize(encrypted_answer.len().next_multiple_of(16), 0);
        let (key, iv) = grammers_crypto::generate_key_data_from_nonce(&self.server_nonce, &self.new_nonce);
        grammers_crypto::aes::ige_encrypt(&mut encrypted_answer, &key, &iv);
        enums::ServerDhParams::from(types::ServerDhParamsOk {
            nonce: self.nonce,
            server_nonce: self.server_nonce,
            encrypted_answer,
        })
        .to_bytes()
    }

    /// The answer to `set_client_DH_params`.
    fn dh_gen(&mut self, request: &[u8]) -> Vec<u8> {
        let request =
            grammers_tl_types::functions::SetClientDhParams::from_bytes(&request[4..]).expect("a request");
        let mut inner = request.encrypted_data;
        let (key, iv) = grammers_crypto::generate_key_data_from_nonce(&self.server_nonce, &self.new_nonce);
        grammers_crypto::aes::ige_decrypt(&mut inner, &key, &iv);
        let enums::ClientDhInnerData::Data(inner) =
            enums::ClientDhInnerData::from_bytes(&inner[20..]).expect("the inner data");
        self.auth_key = bytes_256(&BigUint::from_bytes_be(&inner.g_b).modpow(&self.a, &self.prime));
        let key = grammers_crypto::AuthKey::from_bytes(self.auth_key[..].try_into().expect("256 bytes"));
        enums::SetClientDhParamsAnswer::from(types::DhGenOk {
            nonce: self.nonce,
            server_nonce: self.server_nonce,
            new_nonce_hash1: key.calc_new_nonce_hash(&self.new_nonce, 1),
        })
        .to_bytes()
    }
}

fn bytes_256(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; 256 - bytes.len()], bytes].concat()
}
