//! The same calls to the loopback DC over every transport: a hundred small ones at a time, and large ones that carry
//! 256 KiB to the server. `docs/performance.md` gives them as ratios to plain intermediate.

mod loopback;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mtwire::client::{Client, InvokeError};
use mtwire::functions;
use mtwire::net::{Address, Proxy};
use mtwire::server::Server;
use mtwire::tl::Serialize;
use mtwire::transport::{Kind, ProxySecret};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use loopback::client;

const PIPELINED: u64 = 100;
/// Too large to be packed.
const PART: usize = 256 << 10;
const PARTS: u64 = 8;

const PLAIN: &str = "00112233445566778899aabbccddeeff";
const PADDED: &str = "dd102132435465768798a9bacbdcedfe0f";
/// The site is `site.example`.
const FAKE_TLS: &str = "ee2031425364758697a8b9cadbecfd0e1f736974652e6578616d706c65";

/// A way to reach the server, and its name.
struct Way {
    name: String,
    transport: Kind,
    secret: Option<&'static str>,
}

fn ways() -> Vec<Way> {
    let direct = Kind::ALL.into_iter().filter(|kind| *kind != Kind::WebSocketTls).map(|transport| Way {
        name: transport.name().to_owned(),
        transport,
        secret: None,
    });
    let through = [("plain", PLAIN), ("dd", PADDED), ("ee", FAKE_TLS)].map(|(name, secret)| {
        let name = format!("MTProxy secret, {name}");
        Way { name, transport: Kind::Padded, secret: Some(secret) }
    });
    direct.chain(through).collect()
}

async fn connect(server: &Server, way: &Way) -> Client {
    let mut builder = client(server).transport(way.transport);
    if let Some(secret) = way.secret {
        let dc = &server.dcs()[1];
        let address = Address::new(&*dc.host, dc.port);
        builder = builder.proxy(Proxy::MtProxy { address, secret: secret.parse().expect("a secret") });
    }
    builder.connect().await.expect("a loopback connection")
}

async fn small(client: Client) {
    client.invoke(&functions::help::GetConfig {}).await.expect("an answer");
}

/// The server does not keep files: it reads all of the call and says so.
async fn large(client: Client, part: Bytes) {
    match client.invoke_raw(part).await {
        Err(InvokeError::Rpc { .. }) => {}
        other => panic!("{other:?}"),
    }
}

fn part() -> Bytes {
    let bytes = (0..PART).map(|at| (at % 251) as u8).collect::<Vec<_>>().into();
    let call = functions::upload::SaveFilePart { file_id: 1, file_part: 0, bytes };
    call.to_bytes().expect("a part is no larger than a string can be")
}

fn transports(c: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let secrets = [PLAIN, PADDED, FAKE_TLS].map(|secret| secret.parse::<ProxySecret>().expect("a secret"));
    let builder = secrets.into_iter().fold(Server::builder(), mtwire::server::Builder::secret);
    let server = runtime.block_on(builder.start()).expect("a server");
    let clients: Vec<_> =
        ways().into_iter().map(|way| (runtime.block_on(connect(&server, &way)), way)).collect();

    let mut group = c.benchmark_group("transports/small");
    group.throughput(Throughput::Elements(PIPELINED));
    for (client, way) in &clients {
        group.bench_function(&way.name, |b| {
            b.iter(|| {
                runtime.block_on(async {
                    let mut calls = JoinSet::new();
                    (0..PIPELINED).for_each(|_| _ = calls.spawn(small(client.clone())));
                    calls.join_all().await
                })
            });
        });
    }
    group.finish();

    let part = part();
    let mut group = c.benchmark_group("transports/large");
    group.throughput(Throughput::Bytes(PARTS * PART as u64));
    for (client, way) in &clients {
        group.bench_function(&way.name, |b| {
            b.iter(|| {
                runtime.block_on(async {
                    let mut calls = JoinSet::new();
                    (0..PARTS).for_each(|_| _ = calls.spawn(large(client.clone(), part.clone())));
                    calls.join_all().await
                })
            });
        });
    }
    group.finish();
    for (client, _) in clients {
        runtime.block_on(client.disconnect());
    }
    runtime.block_on(server.shutdown());
}

criterion_group!(benches, transports);
criterion_main!(benches);
