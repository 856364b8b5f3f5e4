//! What a key exchange costs each side, without a network. `cargo bench --bench handshake`.
//!
//! The client's side is everything that it computes: the factorization, RSA_PAD, `g^b` (which
//! [`prepare`](client::Exchange::prepare) takes while the server's answer travels), the checks, `g_a^b`.

use std::cell::RefCell;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use mtwire::clock::Now;
use mtwire::crypto::rsa::PrivateKey;
use mtwire::handshake::{Established, client, server};
use mtwire::tl::PacketBuf;
use rand::SeedableRng;
use rand::rngs::StdRng;

const NOW: Now = Now { monotonic: Duration::ZERO, unix: Duration::from_secs(1_800_000_000) };

/// A server that answers one client.
struct Dc<'a>(server::Exchange, &'a server::Options, StdRng);

impl<'a> Dc<'a> {
    fn new(options: &'a server::Options) -> Self {
        Self(server::Exchange::new(), options, StdRng::seed_from_u64(2))
    }

    fn answer(&mut self, request: PacketBuf) -> Bytes {
        let Self(exchange, options, rng) = self;
        exchange.handle(request.into(), options, NOW, rng, &|_| false).unwrap().packet.into()
    }
}

fn established(outcome: client::Outcome) -> Established {
    match outcome {
        client::Outcome::Established(established) => established,
        client::Outcome::Retry(..) => unreachable!("this server never asks for a retry"),
    }
}

fn exchange(client: &client::Options, server: &server::Options, rng: &mut StdRng) -> Established {
    let mut dc = Dc::new(server);
    let (request, exchange) = client::Exchange::start(client.clone(), rng);
    let (request, mut exchange) = exchange.res_pq(dc.answer(request), rng).unwrap();
    exchange.prepare(rng);
    let (request, exchange) = exchange.dh_params(dc.answer(request), NOW, rng).unwrap();
    established(exchange.dh_gen(dc.answer(request), rng).unwrap())
}

fn handshake(c: &mut Criterion) {
    let mut group = c.benchmark_group("key exchange");
    let mut rng = StdRng::seed_from_u64(1);
    let key = PrivateKey::generate(&mut rng).unwrap();
    let client = client::Options::permanent(vec![key.public().clone()], 2);
    let server = server::Options::new(vec![key]);
    // What a process does once.
    exchange(&client, &server, &mut rng);

    let sides = RefCell::new(StdRng::seed_from_u64(3));
    group.bench_function("both sides", |b| b.iter(|| exchange(&client, &server, &mut sides.borrow_mut())));
    // The answers depend on the requests, so each step is timed on its own.
    let first = |rng: &mut StdRng| {
        let mut dc = Dc::new(&server);
        let (request, exchange) = client::Exchange::start(client.clone(), rng);
        let answer = dc.answer(request);
        (dc, answer, exchange)
    };
    group.bench_function("client: pq and RSA_PAD", |b| {
        b.iter_batched(
            || first(&mut sides.borrow_mut()),
            |(_, answer, exchange)| exchange.res_pq(answer, &mut sides.borrow_mut()).unwrap(),
            BatchSize::SmallInput,
        );
    });
    let second = |rng: &mut StdRng| {
        let (mut dc, answer, exchange) = first(rng);
        let (request, exchange) = exchange.res_pq(answer, rng).unwrap();
        let answer = dc.answer(request);
        (dc, answer, exchange)
    };
    group.bench_function("client: g^b, while the answer travels", |b| {
        b.iter_batched_ref(
            || second(&mut sides.borrow_mut()),
            |(_, _, exchange)| exchange.prepare(&mut sides.borrow_mut()),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("client: after the answer", |b| {
        b.iter_batched(
            || {
                let mut state = second(&mut sides.borrow_mut());
                state.2.prepare(&mut sides.borrow_mut());
                state
            },
            |(_, answer, exchange)| exchange.dh_params(answer, NOW, &mut sides.borrow_mut()).unwrap(),
            BatchSize::SmallInput,
        );
    });
    // One message of the client after the other, as recorded; the server's part of a whole exchange.
    group.bench_function("server: pq", |b| {
        b.iter_batched(
            || client::Exchange::start(client.clone(), &mut sides.borrow_mut()).0,
            |request| Dc::new(&server).answer(request),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("server: RSA and g^a", |b| {
        b.iter_batched_ref(
            || {
                let (dc, answer, exchange) = first(&mut sides.borrow_mut());
                (dc, exchange.res_pq(answer, &mut sides.borrow_mut()).unwrap().0)
            },
            |(dc, request)| dc.answer(request.clone()),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("server: g_b^a", |b| {
        b.iter_batched_ref(
            || {
                let (dc, answer, exchange) = second(&mut sides.borrow_mut());
                (dc, exchange.dh_params(answer, NOW, &mut sides.borrow_mut()).unwrap().0)
            },
            |(dc, request)| dc.answer(request.clone()),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, handshake);
criterion_main!(benches);
