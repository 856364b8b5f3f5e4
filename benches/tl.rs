//! What the codec costs. `cargo bench --bench tl`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mtwire::schema::dynamic::Registry;
use mtwire::tl::{Deserialize, Serialize};
use mtwire::types::messages::Messages;

#[path = "tl/sample.rs"]
mod sample;

fn messages(c: &mut Criterion) {
    let value = sample::messages();
    let bytes = value.to_bytes().expect("a sample can be encoded");
    let mut group = c.benchmark_group("messages.messages");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("encode", |b| b.iter(|| black_box(&value).to_packet()));
    group.bench_function("decode", |b| b.iter(|| Messages::from_bytes(black_box(bytes.clone()))));
    group.bench_function("clone", |b| b.iter(|| black_box(&value).clone()));
    group.bench_function("decode dynamically", |b| b.iter(|| Registry::embedded().decode(black_box(&bytes))));
    group.finish();
}

criterion_group!(benches, messages);
criterion_main!(benches);
