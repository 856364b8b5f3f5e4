//! How the cost of a call grows: with the number of calls in flight, and with the size of what they carry. Straight lines:
//! the throughput that criterion prints is to stay what it is, once the fixed cost of a packet does not weigh any more.

use std::sync::Arc;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mtwire::client::{Client, InvokeError};
use mtwire::crypto::rsa::PublicKey;
use mtwire::functions;
use mtwire::net::Address;
use mtwire::server::Server;
use mtwire::session::MemoryStore;
use mtwire::tl::Serialize;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

/// Calls in flight at one time.
const IN_FLIGHT: [u64; 4] = [1, 10, 100, 1000];
/// Bytes in a call.
const SIZES: [usize; 6] = [32, 256, 2 << 10, 16 << 10, 128 << 10, 1 << 20];

async fn connect(server: &Server) -> Client {
    let dc = &server.dcs()[1];
    Client::builder("bench")
        .api_id(1)
        .api_hash("0123456789abcdef0123456789abcdef")
        .store(Arc::new(MemoryStore::default()))
        .dc(dc.id, Address::new(&*dc.host, dc.port))
        .trust(PublicKey::from_pem(server.public_key_pem()).expect("the server's own key"))
        .connect()
        .await
        .expect("a loopback connection")
}

async fn small(client: Client) {
    client.invoke(&functions::help::GetNearestDc {}).await.expect("an answer");
}

/// The server does not keep files: it reads all of the call and says so.
async fn large(client: Client, part: Bytes) {
    match client.invoke_raw(part).await {
        Err(InvokeError::Rpc { .. }) => {}
        other => panic!("{other:?}"),
    }
}

/// A call with so many bytes that do not get smaller when they are packed.
fn part(size: usize) -> Bytes {
    let mut state = 1_u32;
    let bytes = (0..size).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let bytes = bytes.collect::<Vec<_>>().into();
    let call = functions::upload::SaveFilePart { file_id: 1, file_part: 0, bytes };
    call.to_bytes().expect("a part is no larger than a string can be")
}

fn scaling(c: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let server = runtime.block_on(Server::builder().start()).expect("a server");
    let client = runtime.block_on(connect(&server));

    let mut group = c.benchmark_group("scaling/in flight");
    for count in IN_FLIGHT {
        group.throughput(Throughput::Elements(count));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| {
                runtime.block_on(async {
                    let mut calls = JoinSet::new();
                    (0..count).for_each(|_| _ = calls.spawn(small(client.clone())));
                    calls.join_all().await
                })
            });
        });
    }
    group.finish();

    let mut group = c.benchmark_group("scaling/size");
    for size in SIZES {
        let part = part(size);
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |b| {
            b.iter(|| runtime.block_on(async { tokio::spawn(large(client.clone(), part.clone())).await }));
        });
    }
    group.finish();
    runtime.block_on(client.disconnect());
    runtime.block_on(server.shutdown());
}

criterion_group!(benches, scaling);
criterion_main!(benches);
