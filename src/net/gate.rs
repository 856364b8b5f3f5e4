//! How many key exchanges a process makes at one time.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::thread::available_parallelism;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Address;

/// Exchanges at one time with one address, for each core. An exchange takes about 10 ms of a core and a few round trips:
/// so many keep the cores busy on a slow network, and none of them waits so long for a core that the server takes it for
/// dead. Without a bound a thousand that begin together go on in step, and all of them are late.
const EACH_CORE: usize = 32;

/// By address, so that a server which does not answer holds up nobody but its own clients.
static GATES: LazyLock<Mutex<HashMap<Address, Weak<Semaphore>>>> = LazyLock::new(Mutex::default);

/// Waits until there is room for one more exchange with `address`; there is until the permit is dropped.
pub async fn exchange_permit(address: &Address) -> Option<OwnedSemaphorePermit> {
    let gate = gate(address);
    // Nobody closes it.
    gate.acquire_owned().await.ok()
}

fn gate(address: &Address) -> Arc<Semaphore> {
    // The map is whole after every statement.
    let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(gate) = gates.get(address).and_then(Weak::upgrade) {
        return gate;
    }
    gates.retain(|_, gate| gate.strong_count() > 0);
    let cores = available_parallelism().map_or(1, usize::from);
    let gate = Arc::new(Semaphore::new(cores * EACH_CORE));
    gates.insert(address.clone(), Arc::downgrade(&gate));
    gate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_more_waits_for_its_own_address_only() {
        let (busy, other) = (Address::new("127.0.0.1", 1), Address::new("127.0.0.1", 2));
        let room = gate(&busy).available_permits();
        let mut held = Vec::new();
        for _ in 0..room {
            held.push(exchange_permit(&busy).await.unwrap());
        }
        let mut late = Box::pin(exchange_permit(&busy));
        assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(late.as_mut().poll(cx).is_pending())).await);
        drop(exchange_permit(&other).await.unwrap());
        held.pop();
        drop(late.await.unwrap());
        drop(held);
        assert_eq!(gate(&other).available_permits(), room, "what nobody holds begins anew");
    }
}
