//! Seals and opens messages, and takes calls through both ends of a session.
//!
//! `cargo bench --bench message`

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mtwire::clock::Now;
use mtwire::crypto::{AuthKey, Side};
use mtwire::message::client::{self, CallOptions};
use mtwire::message::envelope::{self, Header};
use mtwire::message::gzip;
use mtwire::message::server;
use mtwire::message::{ClientEvent, MsgId, SaltSchedule, ServerEvent, ServerTime};
use mtwire::tl::PacketBuf;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const START: Now = Now { monotonic: Duration::from_secs(1), unix: Duration::from_secs(1_800_000_000) };

fn header() -> Header {
    Header { salt: 1, session_id: 2, msg_id: MsgId::from_wire(4), seqno: 1 }
}

fn envelope(c: &mut Criterion) {
    let key = AuthKey::from_bytes(std::array::from_fn(|at| at as u8));
    let mut rng = StdRng::seed_from_u64(1);
    let mut group = c.benchmark_group("envelope");
    for length in [128, 4096, 512 << 10] {
        let body = vec![0x5a; length];
        group.throughput(Throughput::Bytes(length as u64));
        let mut packet = PacketBuf::new();
        group.bench_function(BenchmarkId::new("seal", length), |b| {
            b.iter(|| {
                packet.clear();
                packet.extend_from_slice(&body);
                envelope::seal(&key, Side::Client, header(), &mut rng, &mut packet)
            });
        });
        let sealed = BytesMut::from(packet.as_slice());
        group.bench_function(BenchmarkId::new("open", length), |b| {
            b.iter_batched(
                || sealed.clone(),
                |packet| envelope::open(&key, Side::Client, packet).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
}

/// Both ends of a session, joined by a perfect network.
struct Pair {
    client: client::Session,
    server: server::Session,
    rng: StdRng,
    packet: PacketBuf,
    now: Now,
}

impl Pair {
    fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let auth_key = Arc::new(AuthKey::from_bytes(std::array::from_fn(|at| at as u8)));
        let salts = SaltSchedule::new([1; 32], &auth_key);
        let config = client::Config {
            auth_key: auth_key.clone(),
            salt: salts.current(START.unix),
            time: ServerTime::synchronised(START.unix, START),
            options: client::Options { gzip_from: None, ..client::Options::default() },
        };
        let mut client = client::Session::new(config, START, &mut rng);
        client.on_connected(START);
        let options = server::Options { gzip_from: None, ..server::Options::default() };
        let config = server::Config { auth_key, salts, options };
        let server = server::Session::new(config, client.session_id(), &mut rng);
        Self { client, server, rng, packet: PacketBuf::new(), now: START }
    }

    /// `count` calls at the same time; until all are answered.
    fn calls(&mut self, count: usize, body: &Bytes) {
        self.now = self.now.after(Duration::from_micros(10));
        for _ in 0..count {
            self.client.call(self.now, body.clone(), CallOptions::default()).unwrap();
        }
        let mut answered = 0;
        while answered < count {
            while self.client.poll_transmit(self.now, &mut self.rng, &mut self.packet).is_some() {
                let packet = BytesMut::from(self.packet.as_slice());
                self.server.handle_packet(self.now, packet).unwrap();
            }
            while let Some(event) = self.server.poll_event() {
                if let ServerEvent::Call { msg_id, body } = event {
                    self.server.answer(self.now, msg_id, body).unwrap();
                }
            }
            while self.server.poll_transmit(self.now, &mut self.rng, &mut self.packet) {
                let packet = BytesMut::from(self.packet.as_slice());
                self.client.handle_packet(self.now, packet).unwrap();
            }
            while let Some(event) = self.client.poll_event() {
                if let ClientEvent::Answer { result, .. } = event {
                    black_box(result.unwrap());
                    answered += 1;
                }
            }
        }
    }
}

fn calls(c: &mut Criterion) {
    let mut group = c.benchmark_group("call_to_answer");
    for (count, length) in [(1, 128), (100, 128), (1, 512 << 10)] {
        let body = Bytes::from(vec![0x5a; length]);
        let mut pair = Pair::new();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new(format!("{length}_bytes"), count), |b| {
            b.iter(|| pair.calls(count, &body));
        });
    }
}

/// What it takes to find out that a body does not become smaller, as a part of a file does not.
fn packing(c: &mut Criterion) {
    let mut group = c.benchmark_group("packed in vain");
    let mut noise = vec![0; 64 << 10];
    StdRng::seed_from_u64(1).fill_bytes(&mut noise);
    for length in [1 << 10, 2 << 10, 8 << 10, 64 << 10] {
        group.bench_function(BenchmarkId::from_parameter(length), |b| {
            b.iter(|| assert_eq!(gzip::pack(black_box(&noise[..length]), Some(1024)), None));
        });
    }
}

criterion_group!(benches, envelope, calls, packing);
criterion_main!(benches);
