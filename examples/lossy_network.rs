//! Many calls over a network that loses packets and cuts connections, each to be answered once and carried out once.
//!
//! ```sh
//! cargo build --release --features cli --example lossy_network
//! target/release/examples/lossy_network 10000
//! ```
//!
//! Client and server run in this process and meet over the loopback interface; what the network does to them is the
//! business of whoever runs it. `tests/lossy/run.sh` gives it a network namespace of its own, in which the kernel drops
//! packets and resets connections. The calls are `messages.sendMessage` to the user's own chat, as bytes, so that the
//! client takes them for calls that must not be made twice. A second number bounds how many are under way at one time
//! (50), a third one how many begin in a second (any number).
//!
//! The last line is `{"calls":N,"answered":N,"failed":N,"carried_out":N,"seconds":S,"slowest":S}`; the exit status is 1
//! when a call was lost or made twice.

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use mtwire::client::{Client, SignInStep, Timing};
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::server::Server;
use mtwire::session::MemoryStore;
use mtwire::tl::Serialize;
use mtwire::{enums, functions};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

type Failure = Box<dyn Error + Send + Sync>;

const PHONE: &str = "+9996620001";
const METHOD: &str = "messages.sendMessage";

async fn log_in(server: &Server) -> Result<Client, Failure> {
    let dc = server.dcs().get(1).ok_or("a server has three DCs")?;
    let timing = Timing {
        // On a network like this a call is late, not lost.
        call: Duration::from_secs(600),
        ping: Duration::from_secs(5),
        pong: Duration::from_secs(5),
        reconnect_max: Duration::from_secs(2),
        connect_attempts: 100,
        connect: Duration::from_secs(300),
        ..Timing::default()
    };
    let client = Client::builder("lossy")
        .api_id(1)
        .api_hash("0123456789abcdef0123456789abcdef")
        .store(Arc::new(MemoryStore::default()))
        .dc(dc.id, Address::new(&*dc.host, dc.port))
        .trust(PublicKey::from_pem(server.public_key_pem())?)
        .timing(timing)
        .connect()
        .await?;
    client.send_code(PHONE).await?;
    match client.sign_in("22222").await? {
        SignInStep::Done(_) => Ok(client),
        other => Err(format!("the login wants more: {other:?}").into()),
    }
}

fn message(number: i64) -> Result<Vec<u8>, Failure> {
    Ok(functions::messages::SendMessage {
        peer: enums::InputPeer::InputPeerSelf,
        message: format!("call {number}").into(),
        random_id: number + 1,
        ..Default::default()
    }
    .to_bytes()?
    .to_vec())
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u32>());
    let calls = args.next().ok_or("usage: lossy_network CALLS [AT_ONE_TIME [A_SECOND]]")??;
    let at_one_time = args.next().transpose()?.unwrap_or(50);
    let a_second = args.next().transpose()?;
    let server = Server::builder().account(PHONE.parse()?).start().await?;
    let client = log_in(&server).await?;
    let before = server.carried_out(METHOD);
    let begin = Instant::now();
    let places = Arc::new(Semaphore::new(usize::try_from(at_one_time)?));
    let mut running = JoinSet::new();
    for number in 0..calls {
        let place = Arc::clone(&places).acquire_owned().await?;
        if let Some(rate) = a_second {
            sleep(Duration::from_secs(1) / rate).await;
        }
        let (client, body) = (client.clone(), message(i64::from(number))?);
        running.spawn(async move {
            let made = Instant::now();
            let result = client.invoke_raw(body.into()).await;
            drop(place);
            (result.map(drop), made.elapsed())
        });
    }
    let (mut answered, mut slowest, mut failures) = (0u32, Duration::ZERO, BTreeMap::<String, u32>::new());
    while let Some(done) = running.join_next().await {
        let (result, took) = done?;
        slowest = slowest.max(took);
        match result {
            Ok(()) => answered += 1,
            Err(error) => *failures.entry(error.to_string()).or_default() += 1,
        }
    }
    let (seconds, carried_out) = (begin.elapsed().as_secs_f64(), server.carried_out(METHOD) - before);
    for (error, times) in &failures {
        eprintln!("{times} × {error}");
    }
    println!(
        "{{\"calls\":{calls},\"answered\":{answered},\"failed\":{},\"carried_out\":{carried_out},\
         \"seconds\":{seconds:.1},\"slowest\":{:.1}}}",
        calls - answered,
        slowest.as_secs_f64(),
    );
    client.disconnect().await;
    server.shutdown().await;
    let whole = answered == calls && carried_out == u64::from(calls);
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
