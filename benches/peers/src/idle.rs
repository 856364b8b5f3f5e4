//! Bytes that a connection takes while nothing happens on it: what the resident memory of a process grows by, with so
//! many clients in it, divided by their number. Each figure is from a fresh process; the server is in another one.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use mtwire::crypto::AuthKey;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::measure::Effort;
use crate::process::Process;
use crate::python::Python;
use crate::row::{Table, Unit};
use crate::server::{DC, Failure, Place, Server};

const CLIENT: &str = "idle connection, client side";
const SERVER: &str = "idle connection, server side";
/// What was asked of the system, touched or not.
const RESERVED: &str = "idle connection, client side, memory asked for";
const LIMIT: f64 = 24.0 * 1024.0;

/// What every client has for a connection, and nothing besides.
const BARE: &str = "a task, its socket, a channel and a key";

/// Sessions that one key has at one time: the server takes 64.
const PER_KEY: usize = 50;
/// Connects that are under way at one time.
const AT_ONE_TIME: usize = 50;
/// For how long a process is left alone before it is measured.
const SETTLE: Duration = Duration::from_secs(3);

pub fn run(table: &mut Table, effort: Effort, runtime: &Runtime, server: &Path, interpreter: Option<&Path>) {
    if !table.wants_any(&[CLIENT, RESERVED, SERVER]) {
        return;
    }
    let wanted = if effort.quick { [500, 200, 50] } else { [10_000, 1_000, 300] };
    let most = allow_files().saturating_sub(200);
    let [ours, theirs, telethon] = wanted.map(|count| count.min(most));
    if ours < wanted[0] {
        eprintln!("  only {ours} connections: the limit of open files does not allow {}", wanted[0]);
    }
    eprintln!("  {CLIENT}, {ours} connections");
    let measured = |library, count: usize| {
        let server = Server::start(server)?;
        let keys = runtime.block_on(make_keys(&server.place, count.div_ceil(PER_KEY)))?;
        child(library, &server, &keys, count)
    };
    let own = match measured("mtwire", ours) {
        Ok(own) => own,
        Err(error) => {
            [CLIENT, RESERVED, SERVER].iter().for_each(|work| table.missing(work, "all", &error.to_string()));
            return;
        }
    };
    let grammers_name = format!("grammers, {theirs} connections");
    let ferogram_name = format!("ferogram, {theirs} connections");
    let telethon_name = format!("Telethon, {telethon} connections");
    let bare_name = format!("{BARE}, {ours} connections");
    let peers = [
        (grammers_name.as_str(), Some(10.0), measured("grammers", theirs).map_err(|error| error.to_string())),
        (ferogram_name.as_str(), None, measured("ferogram", theirs).map_err(|error| error.to_string())),
        (bare_name.as_str(), None, measured(BARE, ours).map_err(|error| error.to_string())),
        (telethon_name.as_str(), None, idle_telethon(runtime, server, interpreter, telethon)),
    ];
    let work = format!("{CLIENT}, {ours} connections");
    table.row(&work, Unit::Bytes, own.client.resident, ("limit: 24 KiB", LIMIT), Some(1.0));
    for (name, goal, peer) in &peers {
        match peer {
            Ok(peer) => {
                table.row(&work, Unit::Bytes, own.client.resident, (name, peer.client.resident), *goal);
                table.row(RESERVED, Unit::Bytes, own.client.reserved, (name, peer.client.reserved), *goal);
            }
            Err(reason) => table.missing(&work, name, reason),
        }
    }
    table.ours(&format!("{SERVER}, {ours} connections"), Unit::Bytes, own.server.resident);
}

/// A process of its own, which has done nothing else.
fn idle_telethon(
    runtime: &Runtime,
    server: &Path,
    interpreter: Option<&Path>,
    count: usize,
) -> Result<Idle, String> {
    let python = Python::start(interpreter)?;
    let connected = || {
        let server = Server::start(server)?;
        let keys = runtime.block_on(make_keys(&server.place, count.div_ceil(PER_KEY)))?;
        Ok::<_, Failure>((server.place.to_json(&keys), server))
    };
    let (mut request, server) = connected().map_err(|error| error.to_string())?;
    request["do"] = json!("idle");
    request["count"] = json!(1);
    python.ask(&request)?;
    let before = [Memory::of(python.id()), Memory::of(server.id())];
    request["count"] = json!(count);
    python.ask(&request)?;
    let client = Memory::of(python.id()).growth(before[0], count);
    let server = Memory::of(server.id()).growth(before[1], count);
    // It would see its connections break.
    drop(python);
    Ok(Idle { client, server })
}

/// What one connection takes.
struct Idle {
    client: Memory,
    server: Memory,
}

/// Of a process, or of one connection in it: bytes.
#[derive(Clone, Copy)]
struct Memory {
    /// That has been touched (`VmRSS`).
    resident: f64,
    /// That is there to be written to (`VmData`).
    reserved: f64,
}

impl Memory {
    fn of(process: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let field = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kilobytes.unwrap_or(f64::NAN) * 1024.0
        };
        Self { resident: field("VmRSS:"), reserved: field("VmData:") }
    }

    fn growth(self, before: Self, count: usize) -> Self {
        let each = |now: f64, before: f64| (now - before) / count as f64;
        Self {
            resident: each(self.resident, before.resident),
            reserved: each(self.reserved, before.reserved),
        }
    }
}

async fn make_keys(place: &Place, count: usize) -> Result<Vec<AuthKey>, Failure> {
    let mut keys = Vec::with_capacity(count);
    for _ in 0..count {
        keys.push(place.make_key().await?);
    }
    Ok(keys)
}

/// With a fresh process of clients. The server has had connections before, for the keys.
fn child(library: &str, server: &Server, keys: &[AuthKey], count: usize) -> Result<Idle, Failure> {
    let before = Memory::of(server.id());
    let child = Command::new(std::env::current_exe()?)
        .args(["idle", library, &count.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut process = Process(child);
    let input = process.0.stdin.take().ok_or("no input")?;
    serde_json::to_writer(input, &server.place.to_json(keys))?;
    let mut output = String::new();
    // The child closes its output when it has measured itself, and stays until it is told to end.
    process.0.stdout.take().ok_or("no output")?.read_to_string(&mut output)?;
    let server = Memory::of(server.id()).growth(before, count);
    drop(process);
    let mut figures = output.split_whitespace().filter_map(|figure| figure.parse().ok());
    let (Some(resident), Some(reserved)) = (figures.next(), figures.next()) else {
        return Err(format!("{library}: no figures, but {output:?}").into());
    };
    Ok(Idle { client: Memory { resident, reserved }, server })
}

/// The child's part: connects, measures itself, prints that, and waits to be ended.
pub fn measure(library: &str, count: usize) -> Result<(), Failure> {
    let place: Value = serde_json::from_reader(std::io::stdin())?;
    let (place, keys) = Place::from_json(&place)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        // What is there once for all is there before.
        let first =
            connect(library.to_owned(), place.clone(), keys.first().cloned().ok_or("no key")?).await?;
        tokio::time::sleep(SETTLE).await;
        let before = Memory::of(std::process::id());
        // A task is made when it may begin, and is small itself: what it leaves behind would count for every side.
        let mut connecting = JoinSet::new();
        let mut clients = Vec::with_capacity(count);
        let mut failures = BTreeMap::<String, usize>::new();
        let mut waiting = keys.iter().flat_map(|key| std::iter::repeat_n(key, PER_KEY)).take(count);
        loop {
            while connecting.len() < AT_ONE_TIME
                && let Some(key) = waiting.next()
            {
                // Clients of one key would share its bytes.
                let key = AuthKey::from_bytes(*key.as_bytes());
                connecting.spawn(Box::pin(connect(library.to_owned(), place.clone(), key)));
            }
            match connecting.join_next().await.transpose()? {
                Some(Ok(client)) => clients.push(client),
                Some(Err(error)) => *failures.entry(error.to_string()).or_default() += 1,
                None => break,
            }
        }
        drop(connecting);
        if let Some((error, times)) = failures.first_key_value() {
            return Err(format!("{times} of {count} did not connect: {error}").into());
        }
        tokio::time::sleep(SETTLE).await;
        let Memory { resident, reserved } = Memory::of(std::process::id()).growth(before, count);
        println!("{resident} {reserved}");
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

async fn connect(library: String, place: Place, key: AuthKey) -> Result<Box<dyn Kept>, Failure> {
    if library == "mtwire" {
        return Ok(Box::new(place.connect(Some(&key)).await?));
    }
    if library == BARE {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, place.port)).await?;
        let (commands, mut receiver) = mpsc::unbounded_channel::<Box<[u8]>>();
        let key = Box::new(key);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    command = receiver.recv() => match command {
                        Some(command) => stream.write_all(&command).await?,
                        None => return Ok::<_, std::io::Error>(key),
                    },
                    readable = stream.readable() => {
                        readable?;
                        if stream.try_read(&mut [0; 512]).is_ok_and(|read| read == 0) {
                            return Ok(key);
                        }
                    }
                }
            }
        });
        return Ok(Box::new(commands));
    }
    if library == "ferogram" {
        return Ok(Box::new(place.ferogram(&key).await?));
    }
    let pool = place.grammers(&key);
    tokio::spawn(pool.runner.run());
    let handle = pool.handle.thin;
    handle.invoke_in_dc(DC, &grammers_tl_types::functions::help::GetConfig {}).await?;
    Ok(Box::new((handle, pool.updates)))
}

/// Lets this process, and those that it starts, open as many files at one time as it may. Gives their number.
fn allow_files() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(1 << 20);
    let allowed = match setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..limit }) {
        Ok(()) => most,
        Err(_) => limit.current.unwrap_or(most),
    };
    usize::try_from(allowed).unwrap_or(usize::MAX)
}
