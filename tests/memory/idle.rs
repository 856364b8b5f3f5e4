//! The memory of connections that have nothing to do.

use std::thread::sleep;
use std::time::Duration;

use crate::alone;
use crate::counting::{Side, by_class, live_bytes};
use crate::loopback::Loopback;

/// Connections that are there when counting begins: what is made once for all of them is made then.
const FIRST: usize = 8;
const COUNTED: usize = 64;

/// The most bytes for an idle client with its connection: all of it, its settings, its session in memory and its task
/// included. It has just asked for the configuration.
const CLIENT: i64 = 6_700;
/// The most bytes for an idle connection in the server, with its session and its key.
const SERVER: i64 = 4_300;

/// What is still under way after a connection was made has ended.
fn settled(side: Side) -> (i64, [i64; 32]) {
    let mut before = live_bytes(side);
    loop {
        // Longer than it takes until memory that serves only the traffic is let go.
        sleep(Duration::from_millis(300));
        let now = live_bytes(side);
        if now == before {
            return (now, by_class(side));
        }
        before = now;
    }
}

#[test]
fn an_idle_connection_is_small_on_both_sides() {
    let _alone = alone();
    let loopback = Loopback::start();
    let mut clients: Vec<_> = (0..FIRST).map(|_| loopback.connect()).collect();
    let before = [Side::Client, Side::Server].map(settled);
    clients.extend((0..COUNTED).map(|_| loopback.connect()));
    let after = [Side::Client, Side::Server].map(settled);
    for ((side, most), (before, after)) in
        [(Side::Client, CLIENT), (Side::Server, SERVER)].into_iter().zip(before.into_iter().zip(after))
    {
        let each = (after.0 - before.0) / COUNTED as i64;
        println!("{side:?}: {each} bytes for each connection, of which in pieces of at most");
        for (class, (after, before)) in after.1.iter().zip(before.1).enumerate() {
            let bytes = (after - before) / COUNTED as i64;
            if bytes != 0 {
                println!("  {:>8} bytes: {bytes}", 1_u64 << class);
            }
        }
        assert!(each <= most, "{side:?}: {each} bytes for each connection");
    }
    loopback.client(async move { drop(clients) });
}
