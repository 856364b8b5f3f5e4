//! The allocations of one call.

use mtwire::client::Client;
use mtwire::functions::help::GetNearestDc;

use crate::alone;
use crate::counting::{Side, allocations};
use crate::loopback::Loopback;

const CALLS: u64 = 200;

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
    loopback.client(client.disconnect());
}
