//! The allocations of one call.

use mtwire::client::Client;
use mtwire::functions::help::GetNearestDc;

use crate::alone;
use crate::counting::{Side, allocations};
use crate::loopback::Loopback;

const CALLS: u64 = 200;

/// The most allocations for a call, from the typed function to the typed answer, with the ack of the answer before:
///
/// | how many | for |
/// |---|---|
/// | 2 | the function's bytes: the buffer and its count of references |
/// | 2 | the call on its way to the task, and the way of the answer back |
/// | 1 | the call, as the session keeps it |
/// | 2 | the packet: the list of its messages, and the acks as a `msgs_ack` |
/// | 2 | the answer's bytes, and their count of references |
/// | 2 | the messages of the packet that it came in, whole and as they are read |
///
/// Room in the log of what was sent and in the window of what has come, which is made for several at a time, comes to
/// a part of one more.
const MOST: u64 = 11;

async fn calls(client: &Client) -> u64 {
    let before = allocations(Side::Client);
    for _ in 0..CALLS {
        client.invoke(&GetNearestDc {}).await.expect("an answer");
    }
    allocations(Side::Client) - before
}

#[test]
fn a_round_trip_allocates_little() {
    let _alone = alone();
    let loopback = Loopback::start();
    let client = loopback.connect();
    let (count, client) = loopback.client(async move {
        calls(&client).await;
        (calls(&client).await, client)
    });
    let tenths = count * 10 / CALLS;
    println!("{}.{} allocations for each call", tenths / 10, tenths % 10);
    assert!(tenths <= MOST * 10, "{count} allocations for {CALLS} calls");
    loopback.client(client.disconnect());
}
