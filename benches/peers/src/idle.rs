//! Bytes that a connection takes while nothing happens on it: what the resident memory of a process grows by, with so
//! many clients in it, divided by their number. Each figure is from a fresh process; the server is in another one.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mtwire::crypto::AuthKey;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::measure::Effort;
use crate::python::Python;
use crate::row::{Table, Unit};
use crate::server::{DC, Failure, Place, Server};

const CLIENT: &str = "idle connection, client side";
const SERVER: &str = "idle connection, server side";
const LIMIT: f64 = 24.0 * 1024.0;

/// Sessions that one key has at one time: the server takes 64.
const PER_KEY: usize = 50;
/// Connects that are under way at one time.
const AT_ONE_TIME: usize = 50;
/// For how long a process is left alone before it is measured.
const SETTLE: Duration = Duration::from_secs(3);

pub fn run(
    table: &mut Table,
    effort: Effort,
    runtime: &Runtime,
    server: &Path,
    interpreter: Option<&Path>,
) {
    if !table.wants_any(&[CLIENT, SERVER]) {
        return;
    }
    let wanted = if effort.quick { [500, 200, 50] } else { [10_000, 1_000, 300] };
    let most = most_files().saturating_sub(200);
    let [ours, grammers, telethon] = wanted.map(|count| count.min(most));
    if ours < wanted[0] {
        eprintln!("  only {ours} connections: the limit of open files does not allow {}", wanted[0]);
    }
    let works = [CLIENT, SERVER].map(|work| format!("{work}, {ours} connections"));
    eprintln!("  {}", works[0]);
    let own = Server::start(server).and_then(|server| {
        let keys = runtime.block_on(make_keys(&server.place, ours.div_ceil(PER_KEY)))?;
        child("mtwire", &server, &keys, ours)
    });
    let (client, server_side) = match own {
        Ok(both) => both,
        Err(error) => {
            works.iter().for_each(|work| table.missing(work, "all", &error.to_string()));
            return;
        }
    };
    table.row(&works[0], Unit::Bytes, client, ("limit: 24 KiB", LIMIT), Some(1.0));
    let peer = Server::start(server).and_then(|server| {
        let keys = runtime.block_on(make_keys(&server.place, grammers.div_ceil(PER_KEY)))?;
        child("grammers", &server, &keys, grammers)
    });
    match peer {
        Ok((bytes, _)) => {
            table.row(&works[0], Unit::Bytes, client, (&format!("grammers, {grammers} connections"), bytes), Some(10.0));
        }
        Err(error) => table.missing(&works[0], "grammers", &error.to_string()),
    }
    let peer = Server::start(server).map_err(|error| error.to_string()).and_then(|server| {
        let keys = runtime.block_on(make_keys(&server.place, telethon.div_ceil(PER_KEY)));
        // A process of its own, which has done nothing else.
        let python = Python::start(interpreter)?;
        let mut request = server.place.to_json(&keys.map_err(|error| error.to_string())?);
        request["do"] = json!("idle");
        request["count"] = json!(1);
        python.ask(&request)?;
        let before = resident(python.id());
        request["count"] = json!(telethon);
        python.ask(&request)?;
        Ok((resident(python.id()) - before) / telethon as f64)
    });
    match peer {
        Ok(bytes) => {
            table.row(&works[0], Unit::Bytes, client, (&format!("Telethon, {telethon} connections"), bytes), None);
        }
        Err(reason) => table.missing(&works[0], "Telethon", &reason),
    }
    table.ours(&works[1], Unit::Bytes, server_side);
}

async fn make_keys(place: &Place, count: usize) -> Result<Vec<AuthKey>, Failure> {
    let mut keys = Vec::with_capacity(count);
    for _ in 0..count {
        keys.push(place.make_key().await?);
    }
    Ok(keys)
}

/// Bytes of each connection at the client and at the server. The server has had connections before, for the keys.
fn child(library: &str, server: &Server, keys: &[AuthKey], count: usize) -> Result<(f64, f64), Failure> {
    let before = resident(server.id());
    let mut child = Command::new(std::env::current_exe()?)
        .args(["idle", library, &count.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let input = child.stdin.take().ok_or("no input")?;
    serde_json::to_writer(input, &server.place.to_json(keys))?;
    let mut output = String::new();
    // The child closes its output when it has measured itself, and stays until it is told to end.
    child.stdout.take().ok_or("no output")?.read_to_string(&mut output)?;
    let after = resident(server.id());
    let _ = child.kill();
    child.wait()?;
    let bytes: f64 = output.trim().parse().map_err(|_| format!("{library}: no figure, but {output:?}"))?;
    Ok((bytes, (after - before) / count as f64))
}

/// The child's part: connects, measures itself, prints that, and waits to be ended.
pub fn measure(library: &str, count: usize) -> Result<(), Failure> {
    let most = most_files();
    setrlimit(Resource::Nofile, Rlimit { current: Some(most as u64), ..getrlimit(Resource::Nofile) })?;
    let place: Value = serde_json::from_reader(std::io::stdin())?;
    let (place, keys) = Place::from_json(&place)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        // What is there once for all is there before.
        let first = connect(library, place.clone(), keys.first().cloned().ok_or("no key")?).await?;
        tokio::time::sleep(SETTLE).await;
        let before = resident(std::process::id());
        let permits = Arc::new(Semaphore::new(AT_ONE_TIME));
        let mut connecting = JoinSet::new();
        for n in 0..count {
            let (place, key, permits) = (place.clone(), keys[n / PER_KEY].clone(), Arc::clone(&permits));
            let library = library.to_owned();
            connecting.spawn(async move {
                let _permit = permits.acquire_owned().await;
                connect(&library, place, key).await
            });
        }
        let mut clients = Vec::with_capacity(count);
        let mut failures = BTreeMap::<String, usize>::new();
        while let Some(done) = connecting.join_next().await {
            match done? {
                Ok(client) => clients.push(client),
                Err(error) => *failures.entry(error.to_string()).or_default() += 1,
            }
        }
        drop(connecting);
        if let Some((error, times)) = failures.first_key_value() {
            return Err(format!("{times} of {count} did not connect: {error}").into());
        }
        tokio::time::sleep(SETTLE).await;
        println!("{}", (resident(std::process::id()) - before) / count as f64);
        // So that who started this process sees the end of its output, with all connections still open.
        rustix::stdio::dup2_stdout(std::fs::File::open("/dev/null")?)?;
        std::future::pending::<()>().await;
        drop((first, clients));
        Ok(())
    })
}

/// A connection that is kept as long as this is.
trait Kept: Send {}
impl<T: Send> Kept for T {}

async fn connect(library: &str, place: Place, key: AuthKey) -> Result<Box<dyn Kept>, Failure> {
    if library == "mtwire" {
        return Ok(Box::new(place.connect(Some(&key)).await?));
    }
    let pool = place.grammers(&key);
    tokio::spawn(pool.runner.run());
    let handle = pool.handle.thin;
    handle.invoke_in_dc(DC, &grammers_tl_types::functions::help::GetConfig {}).await?;
    Ok(Box::new((handle, pool.updates)))
}

/// Resident memory of a process in bytes.
fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1024.0
}

/// How many files a process may have open at one time, when it asks for it.
fn most_files() -> usize {
    getrlimit(Resource::Nofile).maximum.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX))
}
