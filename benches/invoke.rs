//! `help.getConfig` against the loopback DC: one call after the other, and many at a time on one connection.

mod loopback;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mtwire::client::Client;
use mtwire::functions;
use mtwire::server::Server;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use loopback::client;

const PIPELINED: u64 = 100;

async fn call(client: &Client) {
    client.invoke(&functions::help::GetConfig {}).await.expect("an answer");
}

fn invoke(c: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let server = runtime.block_on(Server::builder().start()).expect("a server");
    let client = runtime.block_on(client(&server).connect()).expect("a connection");
    let mut group = c.benchmark_group("invoke");
    group.throughput(Throughput::Elements(1));
    group.bench_function("sequential", |b| b.iter(|| runtime.block_on(call(&client))));
    group.throughput(Throughput::Elements(PIPELINED));
    group.bench_function("pipelined", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let mut calls = JoinSet::new();
                for _ in 0..PIPELINED {
                    let client = client.clone();
                    calls.spawn(async move { call(&client).await });
                }
                calls.join_all().await
            })
        });
    });
    group.finish();
    runtime.block_on(client.disconnect());
    runtime.block_on(server.shutdown());
}

criterion_group!(benches, invoke);
criterion_main!(benches);
