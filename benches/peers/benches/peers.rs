//! The same work by mtwire and by grammers 0.11, which is of the same layer (230), so that both decode the
//! same bytes. `cd benches/peers && cargo bench`.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use grammers_tl_types::{Deserializable, Serializable};
use mtwire::crypto::kdf::Side;
use mtwire::crypto::packet::seal_in_place;
use mtwire::crypto::{AuthKey, aes, factor, open};
use mtwire::tl::{Deserialize, Serialize};
use rand::SeedableRng;
use rand::rngs::StdRng;

#[path = "../../tl/sample.rs"]
mod sample;

const MIB: usize = 1 << 20;

fn ige(c: &mut Criterion) {
    let mut group = c.benchmark_group("ige 1 MiB");
    group.throughput(Throughput::Bytes(MIB as u64));
    let (key, iv) = ([1; 32], [2; 32]);
    let mut data = vec![3; MIB];
    group.bench_function("encrypt/mtwire", |b| b.iter(|| aes::ige_encrypt(&key, &iv, black_box(&mut data))));
    group.bench_function("encrypt/grammers", |b| {
        b.iter(|| grammers_crypto::aes::ige_encrypt(black_box(&mut data), &key, &iv));
    });
    group.bench_function("decrypt/mtwire", |b| b.iter(|| aes::ige_decrypt(&key, &iv, black_box(&mut data))));
    group.bench_function("decrypt/grammers", |b| {
        b.iter(|| grammers_crypto::aes::ige_decrypt(black_box(&mut data), &key, &iv));
    });
    group.finish();
}

fn packets(c: &mut Criterion) {
    let mut group = c.benchmark_group("open 512 KiB");
    let len = 512 << 10;
    group.throughput(Throughput::Bytes(len as u64));
    let secret = [7; 256];
    let ours = AuthKey::from_bytes(secret);
    let theirs = grammers_crypto::AuthKey::from_bytes(secret);
    let mut packet = vec![5; 24 + len];
    let header = seal_in_place(&ours, Side::Server, &mut packet[24..]).header;
    packet[..24].copy_from_slice(&header);
    group.bench_function("mtwire", |b| {
        b.iter_batched_ref(
            || packet.clone(),
            |packet| open(&ours, Side::Server, packet).expect("our own seal").len(),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("grammers", |b| {
        b.iter_batched_ref(
            || packet.clone(),
            |packet| grammers_crypto::decrypt_data_v2(packet, &theirs).expect("our own seal").len(),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn factorization(c: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(1);
    let numbers: Vec<u64> =
        (0..50).map(|_| factor::random_prime(31, &mut rng) * factor::random_prime(32, &mut rng)).collect();
    let mut group = c.benchmark_group("factor 50 pq");
    group.sample_size(10);
    group.bench_function("mtwire", |b| {
        b.iter(|| numbers.iter().filter_map(|&pq| factor::factor(black_box(pq))).count());
    });
    group.bench_function("grammers", |b| {
        b.iter(|| numbers.iter().map(|&pq| grammers_crypto::factorize(black_box(pq)).0).max());
    });
    group.finish();
}

fn tl(c: &mut Criterion) {
    type Ours = mtwire::types::messages::Messages;
    type Theirs = grammers_tl_types::enums::messages::Messages;
    let ours = sample::messages();
    let bytes = ours.to_bytes().expect("a sample can be encoded");
    let theirs = Theirs::from_bytes(&bytes).expect("both are of layer 230");
    assert_eq!(theirs.to_bytes(), bytes);
    println!(
        "{} bytes; size_of Message: mtwire {}, grammers {}",
        bytes.len(),
        size_of::<mtwire::types::Message>(),
        size_of::<grammers_tl_types::types::Message>()
    );
    let mut group = c.benchmark_group("messages.messages");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    // What is decoded is dropped too, by both.
    group.bench_function("decode/mtwire", |b| b.iter(|| Ours::from_bytes(black_box(bytes.clone()))));
    group.bench_function("decode/grammers", |b| b.iter(|| Theirs::from_bytes(black_box(&bytes))));
    group.bench_function("encode/mtwire", |b| b.iter(|| black_box(&ours).to_packet()));
    group.bench_function("encode/grammers", |b| b.iter(|| black_box(&theirs).to_bytes()));
    group.finish();
}

criterion_group!(benches, ige, packets, factorization, tl);
criterion_main!(benches);
