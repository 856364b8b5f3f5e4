//! What a key exchange costs both sides together, without a network. `cargo bench --bench handshake`.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use mtwire::clock::Now;
use mtwire::crypto::rsa::PrivateKey;
use mtwire::handshake::{Established, client, server};
use rand::SeedableRng;
use rand::rngs::StdRng;

const NOW: Now = Now { monotonic: Duration::ZERO, unix: Duration::from_secs(1_800_000_000) };

fn exchange(client: &client::Options, server: &server::Options, rng: &mut StdRng) -> Established {
    let mut dc = server::Exchange::new();
    let mut answer = |request: mtwire::tl::PacketBuf, rng: &mut StdRng| {
        bytes::Bytes::from(dc.handle(request.into(), server, NOW, rng, &|_| false).unwrap().packet)
    };
    let (request, exchange) = client::Exchange::start(client.clone(), rng);
    let (request, exchange) = exchange.res_pq(answer(request, rng), rng).unwrap();
    let (request, exchange) = exchange.dh_params(answer(request, rng), NOW, rng).unwrap();
    match exchange.dh_gen(answer(request, rng), rng).unwrap() {
        client::Outcome::Established(established) => established,
        client::Outcome::Retry(..) => unreachable!("this server never asks for a retry"),
    }
}

fn handshake(c: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(1);
    let key = PrivateKey::generate(&mut rng).unwrap();
    let client = client::Options::permanent(vec![key.public().clone()], 2);
    let server = server::Options::new(vec![key]);
    c.bench_function("key exchange, both sides", |b| b.iter(|| exchange(&client, &server, &mut rng)));
}

criterion_group!(benches, handshake);
criterion_main!(benches);
