//! `help.getConfig` over loopback, against one server process for all clients.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mtwire::crypto::AuthKey;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::bare::{self, Bare};
use crate::measure::{Effort, Side, alternate, process_time};
use crate::process::time_of;
use crate::python::Python;
use crate::row::{Table, Unit};
use crate::server::{DC, Failure, Place, Server};

/// With how many calls in flight, on a runtime of two threads.
const WORKS: [(&str, u64); 2] = [("invoke, 1 in flight", 1), ("invoke, 100 in flight", 100)];
/// The same on a runtime of one thread: no thread wakes another, and one processor is left for the server.
const ON_ONE_THREAD: [(&str, u64); 1] = [("invoke, 100 in flight, on one thread", 100)];

pub fn run(
    table: &mut Table,
    mut effort: Effort,
    runtime: &Runtime,
    server: &Path,
    python: &Result<Python, String>,
) {
    effort.batch = if effort.quick { Duration::from_millis(60) } else { Duration::from_millis(250) };
    some(table, effort, &WORKS, runtime, server, python);
    match Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(one) => some(table, effort, &ON_ONE_THREAD, &one, server, python),
        Err(error) => table.missing(ON_ONE_THREAD[0].0, "all", &error.to_string()),
    }
}

fn some(
    table: &mut Table,
    effort: Effort,
    works: &[(&str, u64)],
    runtime: &Runtime,
    server: &Path,
    python: &Result<Python, String>,
) {
    let cpu: Vec<_> = works.iter().map(|(work, _)| [client_time(work), server_time(work)]).collect();
    let wanted = works.iter().map(|(work, _)| *work).chain(cpu.iter().flatten().map(String::as_str));
    if !table.wants_any(&wanted.collect::<Vec<_>>()) {
        return;
    }
    if let Err(error) = all(table, effort, works, runtime, server, python) {
        for (work, _) in works {
            table.missing(work, "all", &error.to_string());
        }
    }
}

fn all(
    table: &mut Table,
    effort: Effort,
    works: &[(&str, u64)],
    runtime: &Runtime,
    server: &Path,
    python: &Result<Python, String>,
) -> Result<(), Failure> {
    let server = Server::start(server)?;
    let keys = runtime.block_on(async {
        Ok::<_, Failure>([
            server.place.make_key().await?,
            server.place.make_key().await?,
            server.place.make_key().await?,
            server.place.make_key().await?,
        ])
    })?;
    let (ours, _) = runtime.block_on(server.place.connect(Some(&keys[0])))?;
    let pool = runtime.block_on(async { server.place.grammers(&keys[1]) });
    runtime.spawn(pool.runner.run());
    let theirs = pool.handle.thin.clone();
    runtime.block_on(theirs.invoke_in_dc(DC, &grammers_tl_types::functions::help::GetConfig {}))?;
    let ferogram = runtime.block_on(server.place.ferogram(&keys[2]))?;
    let telethon = connect_telethon(python, &server.place, &keys[3]);

    let bare = Bare::start(runtime)?;

    let our_calls = |times, width| {
        let client = ours.clone();
        many(runtime, times, width, move || {
            let client = client.clone();
            async move { drop(client.invoke(&mtwire::functions::help::GetConfig {}).await.expect("an answer")) }
        })
    };
    let their_calls = |times, width| {
        let client = theirs.clone();
        many(runtime, times, width, move || {
            let client = client.clone();
            let call = grammers_tl_types::functions::help::GetConfig {};
            async move { drop(client.invoke_in_dc(DC, &call).await.expect("an answer")) }
        })
    };
    let calls_of_ferogram = |times, width| {
        let client = ferogram.clone();
        many(runtime, times, width, move || {
            let client = client.clone();
            let call = ferogram_tl_types::functions::help::GetConfig {};
            async move { drop(client.invoke(&call).await.expect("an answer")) }
        })
    };
    let calls_of_bare = |times, width| {
        let calls = bare.calls.clone();
        many(runtime, times, width, move || bare::call(calls.clone()))
    };
    for &(work, width) in works {
        if table.wants(work) {
            let mut sides = vec![
                Side::timed("mtwire", |times| our_calls(times, width)),
                Side::timed("grammers", |times| their_calls(times, width)),
                Side::timed("ferogram", |times| calls_of_ferogram(times, width)),
                Side::timed(bare::NAME, |times| bare.exchange(runtime, times, width)),
                Side::timed(bare::BY_TASKS, |times| calls_of_bare(times, width)),
            ];
            match &telethon {
                Ok(python) => sides.push(Side::timed("Telethon", move |times| {
                    let took = python.seconds(&json!({"do": "invoke", "times": times, "width": width}));
                    Duration::from_secs_f64(took.unwrap_or(f64::from(u32::MAX)))
                })),
                Err(reason) => table.missing(work, "Telethon", reason),
            }
            let took = alternate(effort, sides);
            let goal = |peer: &str| match peer {
                "grammers" => Some(3.0),
                "Telethon" => Some(20.0),
                _ => None,
            };
            table.rows(work, Unit::CallsPerSecond, &took, goal);
        }
        // What each of the two processes does for a round trip.
        let of_client = client_time(work);
        if table.wants(&of_client) {
            let sides = vec![
                Side::timed("mtwire", |times| used(process_time, || our_calls(times, width))),
                Side::timed("grammers", |times| used(process_time, || their_calls(times, width))),
                Side::timed("ferogram", |times| used(process_time, || calls_of_ferogram(times, width))),
                Side::timed(bare::NAME, |times| used(process_time, || bare.exchange(runtime, times, width))),
                Side::timed(bare::BY_TASKS, |times| used(process_time, || calls_of_bare(times, width))),
            ];
            table.rows(&of_client, Unit::Microseconds, &alternate(effort, sides), |_| None);
        }
        let of_server = server_time(work);
        if table.wants(&of_server) {
            let time = || time_of(server.id());
            let sides = vec![
                Side::timed("mtwire", |times| used(time, || our_calls(times, width))),
                Side::timed("grammers", |times| used(time, || their_calls(times, width))),
                Side::timed("ferogram", |times| used(time, || calls_of_ferogram(times, width))),
            ];
            table.rows(&of_server, Unit::Microseconds, &alternate(effort, sides), |_| None);
        }
    }
    runtime.block_on(ours.disconnect());
    theirs.quit();
    ferogram.disconnect();
    if let Ok(python) = &telethon {
        python.ask(&json!({"do": "disconnect"}))?;
    }
    Ok(())
}

/// `times` calls, `width` of them in flight.
fn many<F>(
    runtime: &Runtime,
    times: u64,
    width: u64,
    call: impl Fn() -> F + Clone + Send + 'static,
) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let begun = Instant::now();
    runtime.block_on(async {
        let left = Arc::new(AtomicU64::new(times));
        let mut callers = JoinSet::new();
        for _ in 0..width.min(times) {
            let (left, call) = (Arc::clone(&left), call.clone());
            callers.spawn(async move {
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    call().await;
                }
            });
        }
        callers.join_all().await;
    });
    begun.elapsed()
}

fn client_time(work: &str) -> String {
    format!("{work}, CPU time of the client's process")
}

fn server_time(work: &str) -> String {
    format!("{work}, CPU time of the server's process")
}

/// What a process uses meanwhile.
fn used(time: impl Fn() -> Duration, work: impl FnOnce() -> Duration) -> Duration {
    let before = time();
    work();
    time().saturating_sub(before)
}

fn connect_telethon<'p>(
    python: &'p Result<Python, String>,
    place: &Place,
    key: &AuthKey,
) -> Result<&'p Python, String> {
    let python = python.as_ref().map_err(Clone::clone)?;
    let mut request = place.to_json(std::slice::from_ref(key));
    request["do"] = json!("connect");
    python.ask(&request)?;
    python.seconds(&json!({"do": "invoke", "times": 3, "width": 1}))?;
    Ok(python)
}
