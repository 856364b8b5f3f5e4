//! `help.getConfig` against the loopback DC: one call after the other, and many at a time on one connection.

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mtwire::client::Client;
use mtwire::crypto::rsa::PublicKey;
use mtwire::functions;
use mtwire::net::Address;
use mtwire::server::Server;
use mtwire::session::MemoryStore;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

const PIPELINED: u64 = 100;

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

async fn call(client: &Client) {
    client.invoke(&functions::help::GetConfig {}).await.expect("an answer");
}

fn invoke(c: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let server = runtime.block_on(Server::builder().start()).expect("a server");
    let client = runtime.block_on(connect(&server));
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
