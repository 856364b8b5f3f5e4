//! What the cryptography costs. `cargo bench --bench crypto`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use mtwire::crypto::aes::{self, IgeKey, Stream};
use mtwire::crypto::dh::{Group, KeyPair};
use mtwire::crypto::factor::factor;
use mtwire::crypto::kdf::{self, Side};
use mtwire::crypto::packet::{ToOpen, ToSeal, open_many, seal_in_place, seal_many};
use mtwire::crypto::{AuthKey, keys, open};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const MIB: usize = 1 << 20;

fn ige(c: &mut Criterion) {
    let mut group = c.benchmark_group("ige");
    let key = IgeKey { key: [1; 32], iv: [2; 32] };
    let mut data = vec![3; MIB];
    group.throughput(Throughput::Bytes(MIB as u64));
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("aes") {
        group.bench_function("the chain alone, 1 MiB", |b| b.iter(|| chain::aesenc(MIB / 16)));
    }
    group.bench_function("encrypt 1 MiB", |b| b.iter(|| key.encrypt(black_box(&mut data))));
    group.bench_function("decrypt 1 MiB", |b| b.iter(|| key.decrypt(black_box(&mut data))));

    for count in [4, 8] {
        let keys: Vec<_> = (0..count).map(|i| IgeKey { key: [i; 32], iv: [i; 32] }).collect();
        let mut messages = vec![vec![3; MIB]; usize::from(count)];
        group.throughput(Throughput::Bytes(u64::from(count) * MIB as u64));
        for (name, run) in
            [("encrypt", aes::ige_encrypt_many as fn(&mut [Stream<'_>])), ("decrypt", aes::ige_decrypt_many)]
        {
            group.bench_function(format!("{name} {count} x 1 MiB"), |b| {
                b.iter(|| {
                    let mut streams: Vec<_> =
                        keys.iter().zip(&mut messages).map(|(key, data)| Stream { key, data }).collect();
                    run(black_box(&mut streams));
                });
            });
        }
    }
}

/// What no implementation of IGE can be faster than: for each 16 bytes fourteen AES instructions, each of which waits
/// for the one before it.
#[cfg(target_arch = "x86_64")]
mod chain {
    use std::arch::x86_64::{_mm_aesenc_si128, _mm_cvtsi128_si64, _mm_set1_epi64x};
    use std::hint::black_box;

    pub fn aesenc(blocks: usize) -> i64 {
        // SAFETY: the caller has found the instructions.
        unsafe { run(blocks) }
    }

    #[target_feature(enable = "aes")]
    fn run(blocks: usize) -> i64 {
        let key = _mm_set1_epi64x(black_box(7));
        let mut state = key;
        for _ in 0..blocks {
            for _ in 0..14 {
                state = _mm_aesenc_si128(state, key);
            }
        }
        _mm_cvtsi128_si64(state)
    }
}

fn packets(c: &mut Criterion) {
    let mut group = c.benchmark_group("packet");
    let key = AuthKey::from_bytes([7; 256]);
    for (name, len) in [("128 B", 128), ("512 KiB", 512 << 10)] {
        group.throughput(Throughput::Bytes(len as u64));
        let mut plain = vec![5; len];
        group.bench_function(format!("seal {name}"), |b| {
            b.iter(|| seal_in_place(&key, Side::Client, black_box(&mut plain)));
        });
        // As a message is sealed: with padding from the generator that client and server have.
        let mut rng: StdRng = rand::make_rng();
        group.bench_function(format!("seal {name}, padding included"), |b| {
            b.iter(|| {
                rng.fill_bytes(&mut plain[len - 16..]);
                seal_in_place(&key, Side::Client, black_box(&mut plain))
            });
        });
        let mut four = vec![plain.clone(); 4];
        group.throughput(Throughput::Bytes(4 * len as u64));
        group.bench_function(format!("seal 4 x {name}"), |b| {
            b.iter(|| {
                let plaintexts = black_box(&mut four).iter_mut();
                seal_many(
                    plaintexts
                        .map(|plaintext| ToSeal { key: &key, sender: Side::Client, plaintext })
                        .collect(),
                )
            });
        });
        group.throughput(Throughput::Bytes(len as u64));
        let packet = sealed(&key, len);
        group.bench_function(format!("open {name}"), |b| {
            b.iter_batched_ref(
                || packet.clone(),
                |packet| open(&key, Side::Client, packet).unwrap().len(),
                BatchSize::LargeInput,
            );
        });
        group.throughput(Throughput::Bytes(8 * len as u64));
        group.bench_function(format!("open 8 x {name}"), |b| {
            b.iter_batched_ref(
                || vec![packet.clone(); 8],
                |packets| {
                    let packets = packets.iter_mut();
                    open_many(
                        packets.map(|packet| ToOpen { key: &key, sender: Side::Client, packet }).collect(),
                    )
                    .len()
                },
                BatchSize::LargeInput,
            );
        });
    }
}

fn sealed(key: &AuthKey, len: usize) -> Vec<u8> {
    let mut plain = vec![5; len];
    let sealed = seal_in_place(key, Side::Client, &mut plain);
    [&sealed.header[..], &plain].concat()
}

/// What a small packet is made of, one after the other: 128 bytes, those of session and message among them, with padding as long
/// as grammers', and with 144 bytes of it, whole blocks next to the mean of 136 (EN-2).
fn small_packet(c: &mut Criterion) {
    let mut group = c.benchmark_group("a small packet");
    let key = AuthKey::from_bytes([7; 256]);
    for len in [160, 272] {
        let mut plain = vec![5; len];
        let mut rng: StdRng = rand::make_rng();
        group.bench_function(format!("{len} B, its padding"), |b| {
            b.iter(|| rng.fill_bytes(black_box(&mut plain[128..])));
        });
        group.bench_function(format!("{len} B, its hash"), |b| {
            b.iter(|| kdf::msg_key_large(&key, Side::Client, black_box(&plain)));
        });
        let msg_key = kdf::msg_key_large(&key, Side::Client, &plain).msg_key();
        group.bench_function(format!("{len} B, key and iv"), |b| {
            b.iter(|| kdf::v2(&key, Side::Client, black_box(&msg_key)));
        });
        let aes = kdf::v2(&key, Side::Client, &msg_key);
        group.bench_function(format!("{len} B, its cipher"), |b| {
            b.iter(|| aes.encrypt(black_box(&mut plain)));
        });
        group.bench_function(format!("{len} B, all"), |b| {
            b.iter(|| {
                rng.fill_bytes(&mut plain[128..]);
                seal_in_place(&key, Side::Client, black_box(&mut plain))
            });
        });
    }
}

fn factorization(c: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(1);
    let mut prime = || {
        loop {
            // A number of 31 bits is prime when three times it is a product of two primes.
            let candidate = u64::from(rng.next_u32() >> 1 | 1 << 30 | 1);
            if factor(3 * candidate) == Some((3, candidate)) {
                return candidate;
            }
        }
    };
    let products: Vec<u64> = (0..200).map(|_| prime() * prime()).collect();
    let mut group = c.benchmark_group("factor");
    group.bench_function("200 pq", |b| {
        b.iter(|| products.iter().map(|pq| factor(*pq).unwrap().0).fold(0, u64::wrapping_add));
    });
    // By how long each takes: one of the middle, and one that nineteen of twenty are quicker than.
    let mut by_time: Vec<_> =
        products.iter().map(|pq| (best_of(9, || factor(black_box(*pq))), *pq)).collect();
    by_time.sort_unstable();
    for (name, at) in [("median of 200 pq", 100), ("95th percentile of 200 pq", 190)] {
        let (_, pq) = by_time[at];
        group.bench_function(name, |b| b.iter(|| factor(black_box(pq))));
    }
}

fn best_of<T>(times: usize, work: impl Fn() -> T) -> Duration {
    let time = || {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..times).map(|_| time()).min().unwrap_or_default()
}

fn numbers(c: &mut Criterion) {
    let mut group = c.benchmark_group("2048 bits");
    let dh = Group::well_known();
    let mut rng = StdRng::seed_from_u64(1);
    group.bench_function("g^b", |b| b.iter(|| KeyPair::generate(&dh, &mut rng)));
    let (own, peer) = (KeyPair::generate(&dh, &mut rng), KeyPair::generate(&dh, &mut rng));
    let peer = dh.check_public(peer.public()).unwrap();
    group.bench_function("g_a^b", |b| b.iter(|| own.agree(black_box(&peer))));
    group.bench_function("check the well-known prime", |b| {
        b.iter(|| Group::check(black_box(dh.prime()), 3, &mut rng))
    });
    let mut other = [0xff; 256];
    other[252..].copy_from_slice(&1_942_289u32.wrapping_neg().to_be_bytes());
    group.bench_function("check another safe prime", |b| {
        b.iter(|| Group::check(black_box(&other), 4, &mut rng).unwrap())
    });
    let key = &keys::production()[0];
    group.bench_function("RSA_PAD", |b| b.iter(|| key.encrypt(&[1; 104], &mut rng)));
}

criterion_group!(benches, ige, packets, small_packet, factorization, numbers);
criterion_main!(benches);
