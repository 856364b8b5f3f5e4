//! Many logins at one time, through this one process and one `mtwire serve`, which it starts for itself.
//!
//! ```sh
//! cargo build --release --features cli --bin mtwire --example login_load
//! target/release/examples/login_load target/release/mtwire 10000
//! ```
//!
//! A second number bounds how many are under way at one time; all, by default. Half of the logins are bots; of the users
//! one in ten has a 2FA password and another one in ten makes a new account. First all connect, each with a key exchange
//! of its own, and then all log in, so that the two can be told apart; at the end each is asked who it is, over the
//! connections that are all still open.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mtwire::client::{Client, SignInStep, Timing};
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::session::MemoryStore;
use mtwire::{enums, functions};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

const DCS: usize = 3;
const PASSWORD: &str = "correct horse";

/// What is logged in by login number `n`.
#[derive(Clone)]
enum Who {
    Bot { token: String },
    User { phone: String, code: String },
}

fn dc(n: usize) -> usize {
    1 + n / 2 % DCS
}

fn who(n: usize) -> Who {
    let dc = dc(n);
    if n % 2 == 1 {
        return Who::Bot { token: format!("{}:load", 1000 + n) };
    }
    let code = dc.to_string().repeat(5);
    Who::User { phone: format!("+99966{dc}{:04}", n / 2 / DCS), code }
}

fn has_password(n: usize) -> bool {
    n.is_multiple_of(20)
}

fn is_new(n: usize) -> bool {
    n % 20 == 2
}

/// The arguments that tell the server of login number `n`.
fn registration(n: usize) -> Option<[String; 2]> {
    Some(match who(n) {
        Who::Bot { token } => ["--bot".to_owned(), format!("{token},dc={}", dc(n))],
        Who::User { phone, .. } if has_password(n) => {
            ["--account".to_owned(), format!("{phone},name=User,password={PASSWORD}")]
        }
        Who::User { .. } if is_new(n) => return None,
        Who::User { phone, .. } => ["--account".to_owned(), format!("{phone},name=User")],
    })
}

/// The server's process and how to reach it.
struct Server {
    child: Child,
    addresses: Vec<Address>,
    key: PublicKey,
}

impl Server {
    fn start(command: &str, logins: usize) -> Result<Self, Failure> {
        let accounts = (0..logins).filter_map(registration).flatten();
        let mut child = Command::new(command)
            .args(["serve", "--json", "--dcs", &DCS.to_string()])
            .args(accounts)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{command}: {error}"))?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("the server has no output")?).lines();
        let ready: serde_json::Value =
            serde_json::from_str(&lines.next().ok_or("the server ended at once")??)?;
        let dcs = ready["dcs"].as_array().ok_or("no DCs")?;
        let addresses = dcs.iter().map(|dc| {
            let port = dc["port"].as_u64().and_then(|port| u16::try_from(port).ok()).ok_or("no port")?;
            Ok::<_, Failure>(Address::new(dc["host"].as_str().ok_or("no host")?, port))
        });
        let addresses = addresses.collect::<Result<_, _>>()?;
        let key = PublicKey::from_pem(ready["public_key"].as_str().ok_or("no key")?)?;
        // Its events are not wanted, but it must be able to write them.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, addresses, key })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Nothing is to fail because the machine is small.
fn patience() -> Timing {
    let long = Duration::from_secs(1800);
    Timing { dial: long, exchange: long, connect: long, call: long, pong: long, ..Timing::default() }
}

async fn connect(server: Arc<Server>, n: usize) -> Result<Client, Failure> {
    let mut builder = Client::new("load", 1, "0123456789abcdef0123456789abcdef")
        .store(Arc::new(MemoryStore::default()))
        .trust(server.key.clone())
        .timing(patience())
        .start_at(i32::try_from(dc(n))?);
    for (i, address) in server.addresses.iter().enumerate() {
        builder = builder.dc(i32::try_from(i + 1)?, address.clone());
    }
    Ok(builder.connect().await?)
}

async fn log_in(client: Client, n: usize) -> Result<Client, Failure> {
    let (phone, code) = match who(n) {
        Who::Bot { token } => {
            client.sign_in_bot(&token).await?;
            return Ok(client);
        }
        Who::User { phone, code } => (phone, code),
    };
    client.send_code(&phone).await?;
    let step = match client.sign_in(&code).await? {
        SignInStep::PasswordNeeded(_) if has_password(n) => client.check_password(PASSWORD).await?,
        SignInStep::SignUpNeeded { .. } if is_new(n) => client.sign_up("New", "User").await?,
        step if !has_password(n) && !is_new(n) => step,
        step => return Err(format!("did not expect {step:?}").into()),
    };
    match step {
        SignInStep::Done(_) => Ok(client),
        step => Err(format!("did not expect {step:?}").into()),
    }
}

async fn still_there(client: Client, _: usize) -> Result<Client, Failure> {
    let me = functions::users::GetUsers { id: vec![enums::InputUser::InputUserSelf] };
    match &client.invoke(&me).await?[..] {
        [enums::User::User(_)] => Ok(client),
        other => Err(format!("did not expect {other:?}").into()),
    }
}

/// Does `work` with all of `items`, at most `most` at one time, and prints how that went. Gives what was done.
async fn all<T, W, F>(
    title: &str,
    items: Vec<(usize, T)>,
    most: usize,
    server: u32,
    work: W,
) -> Vec<(usize, Client)>
where
    W: Fn(T, usize) -> F,
    F: Future<Output = Result<Client, Failure>> + Send + 'static,
{
    let count = items.len();
    let permits = Arc::new(Semaphore::new(most));
    let (begin, cpu) = (Instant::now(), (cpu_seconds("self"), cpu_seconds(&server.to_string())));
    let mut tasks = JoinSet::new();
    for (n, item) in items {
        let (permits, work) = (Arc::clone(&permits), work(item, n));
        tasks.spawn(async move {
            let _permit = permits.acquire_owned().await;
            let begin = Instant::now();
            (n, work.await, begin.elapsed())
        });
    }
    let (mut done, mut took) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let mut failures = BTreeMap::<String, usize>::new();
    while let Some(task) = tasks.join_next().await {
        match task {
            Ok((n, Ok(client), time)) => {
                done.push((n, client));
                took.push(time);
            }
            Ok((_, Err(error), _)) => *failures.entry(error.to_string()).or_default() += 1,
            Err(error) => *failures.entry(error.to_string()).or_default() += 1,
        }
    }
    let whole = begin.elapsed().as_secs_f64();
    took.sort_unstable();
    let percentile = |p: usize| took.get((took.len() * p / 100).min(took.len().saturating_sub(1))).copied();
    println!(
        "{title}: {} of {count} in {whole:.1} s, {:.0} a second; each took {:.2?}, 99 % less than {:.2?}",
        done.len(),
        done.len() as f64 / whole,
        percentile(50).unwrap_or_default(),
        percentile(99).unwrap_or_default(),
    );
    for (process, name, before) in [("self", "client", cpu.0), (server.to_string().as_str(), "server", cpu.1)]
    {
        println!(
            "  {name}: {:.2} ms of CPU each, {} MiB",
            (cpu_seconds(process) - before) * 1000.0 / count as f64,
            resident_mib(process)
        );
    }
    for (error, times) in failures.iter().take(10) {
        println!("  failed {times} times: {error}");
    }
    done
}

/// User and system time of a process until now; the kernel counts in hundredths of a second.
fn cpu_seconds(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name of the program, in brackets, may have anything in it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn resident_mib(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// Each login is a socket here and another one in the server, which inherits the limit.
fn allow_files(logins: usize) -> Result<(), Failure> {
    let needed = logins as u64 + 100;
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|maximum| maximum < needed) {
        return Err(
            format!("{needed} files must be open at one time: raise the hard limit (ulimit -Hn)").into()
        );
    }
    let current = limit.current.map(|current| current.max(needed));
    Ok(setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum })?)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, logins, most) = match args.as_slice() {
        [command, logins] => (command, logins.parse()?, Semaphore::MAX_PERMITS),
        [command, logins, most] => (command, logins.parse()?, most.parse()?),
        _ => return Err("usage: login_load MTWIRE LOGINS [AT_ONE_TIME]".into()),
    };
    if logins > 16_000 {
        return Err("a server takes 16,384 connections".into());
    }
    allow_files(logins)?;
    let begin = Instant::now();
    let server = Arc::new(Server::start(command, logins)?);
    println!("the server is there after {:.1} s", begin.elapsed().as_secs_f64());
    let pid = server.child.id();
    let begin = Instant::now();
    let items = (0..logins).map(|n| (n, Arc::clone(&server))).collect();
    let clients = all("connect", items, most, pid, connect).await;
    let clients = all("log in", clients, most, pid, log_in).await;
    let (whole, count) = (begin.elapsed().as_secs_f64(), clients.len());
    println!("both: {count} logins in {whole:.1} s, {:.0} a second", count as f64 / whole);
    let clients = all("still there", clients, most, pid, still_there).await;
    let there = clients.len();
    if there == logins { Ok(()) } else { Err(format!("{} logins failed", logins - there).into()) }
}
