//! How the cost of a call grows: with the number of calls in flight, with the size of what they carry, and with the number
//! of connections. Straight lines: the throughput that criterion prints is to stay what it is, once the fixed cost of a
//! packet does not weigh any more.

mod loopback;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mtwire::client::{Client, ConnectError, InvokeError};
use mtwire::functions;
use mtwire::server::Server;
use mtwire::tl::Serialize;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use loopback::client;

/// Calls in flight at one time.
const IN_FLIGHT: [u64; 4] = [1, 10, 100, 1000];
/// Connections, each with a client, a session and a key of its own. Both ends are in this process, so that ten thousand would
/// take more files than a process may commonly have open; `examples/login_load.rs` makes as many, with a server of its own.
/// These take 8,000 (`ulimit -n`).
const CONNECTIONS: [usize; 5] = [1, 10, 100, 1000, 4000];
/// Of that many, so many are called at one time, always the same ones or all in turn: the difference is what it costs that
/// the memory of a connection has not been touched since the round before.
const AT_A_TIME: usize = 100;
/// As many are made when the benches are only tried.
const TRIED: usize = 100;
/// How many connect at one time: one after the other would take long, all at once is not what is measured here.
const CONNECTING: usize = 32;
/// Bytes in a call.
const SIZES: [usize; 6] = [32, 256, 2 << 10, 16 << 10, 128 << 10, 1 << 20];

async fn small(client: Client) {
    client.invoke(&functions::help::GetNearestDc {}).await.expect("an answer");
}

async fn one_call_each(clients: &[Client]) {
    clients.iter().cloned().map(small).collect::<JoinSet<_>>().join_all().await;
}

/// The server does not keep files: it reads all of the call and says so.
async fn large(client: Client, part: Bytes) {
    match client.invoke_raw(part).await {
        Err(InvokeError::Rpc { .. }) => {}
        other => panic!("{other:?}"),
    }
}

/// Connects until there are so many.
async fn connect_up_to(count: usize, clients: &mut Vec<Client>, server: &Server) {
    let mut connecting = JoinSet::<Result<Client, ConnectError>>::new();
    for _ in clients.len()..count {
        if connecting.len() == CONNECTING {
            clients.extend(
                connecting.join_next().await.map(|joined| joined.expect("a task").expect("a connection")),
            );
        }
        connecting.spawn(client(server).connect());
    }
    clients.extend(connecting.join_all().await.into_iter().map(|client| client.expect("a connection")));
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
    let one = runtime.block_on(client(&server).connect()).expect("a connection");

    let mut group = c.benchmark_group("scaling/in flight");
    for count in IN_FLIGHT {
        group.throughput(Throughput::Elements(count));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| {
                runtime.block_on(async {
                    let mut calls = JoinSet::new();
                    (0..count).for_each(|_| _ = calls.spawn(small(one.clone())));
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
            b.iter(|| runtime.block_on(async { tokio::spawn(large(one.clone(), part.clone())).await }));
        });
    }
    group.finish();

    let mut clients = vec![one];
    let most = if std::env::args().any(|arg| arg == "--test") { TRIED } else { usize::MAX };
    for count in CONNECTIONS.into_iter().filter(|&count| count <= most) {
        runtime.block_on(connect_up_to(count, &mut clients, &server));
        let mut group = c.benchmark_group("scaling/connections");
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| runtime.block_on(one_call_each(&clients)));
        });
        group.finish();
        if count < AT_A_TIME {
            continue;
        }
        let mut group = c.benchmark_group("scaling/a hundred of the connections");
        group.throughput(Throughput::Elements(AT_A_TIME as u64));
        group.bench_function(BenchmarkId::new("the same", count), |b| {
            b.iter(|| runtime.block_on(one_call_each(&clients[..AT_A_TIME])));
        });
        let mut turns = clients.chunks(AT_A_TIME).cycle();
        group.bench_function(BenchmarkId::new("in turn", count), |b| {
            b.iter(|| runtime.block_on(one_call_each(turns.next().expect("a cycle"))));
        });
        group.finish();
    }
    runtime.block_on(async {
        for client in clients {
            client.disconnect().await;
        }
    });
    runtime.block_on(server.shutdown());
}

criterion_group!(benches, scaling);
criterion_main!(benches);
