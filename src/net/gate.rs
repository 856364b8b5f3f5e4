//! How many key exchanges a process makes at one time.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Address;

/// Exchanges at one time with one address, for each worker of the runtime that asks first, of which there is one for each
/// core where a program says nothing else; several runtimes of a process share them. An exchange takes a few ms of a core
/// and a few round trips: so many keep the cores busy on a slow network, and none of them waits so long for one that the
/// server takes it for dead. Without a bound a thousand that begin together go on in step, and all of them are late.
const EACH_WORKER: usize = 32;

/// By address, so that a server which does not answer holds up nobody but its own clients.
static GATES: Mutex<Vec<(Address, Weak<Semaphore>)>> = Mutex::new(Vec::new());

/// Waits until there is room for one more exchange with `address`; there is until the permit is dropped.
pub async fn exchange_permit(address: &Address) -> Option<OwnedSemaphorePermit> {
    let gate = gate(address);
    // Nobody closes it.
    gate.acquire_owned().await.ok()
}

fn gate(address: &Address) -> Arc<Semaphore> {
    // The list is whole after every statement.
    let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
    let known = gates.iter().find(|(known, _)| known == address);
    if let Some(gate) = known.and_then(|(_, gate)| gate.upgrade()) {
        return gate;
    }
    gates.retain(|(_, gate)| gate.strong_count() > 0);
    let workers = Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
    let gate = Arc::new(Semaphore::new(workers * EACH_WORKER));
    gates.push((address.clone(), Arc::downgrade(&gate)));
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
