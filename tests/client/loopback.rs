//! A loopback DC and clients of it.

use std::sync::Arc;
use std::time::Duration;

use mtwire::client::{Client, ClientBuilder, Timing};
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::server::Server;
use mtwire::session::{MemoryStore, SessionStore};

/// Timing for a loopback network: nothing there takes long, and a test should not either.
pub fn timing() -> Timing {
    Timing {
        reconnect_first: Duration::from_millis(10),
        reconnect_max: Duration::from_millis(100),
        ..Timing::default()
    }
}

/// A description of a client of `server`, whose home is to be the DC at `address`.
pub fn builder(server: &Server, id: i32, address: Address) -> ClientBuilder {
    own_store(server, id, address, Arc::new(MemoryStore::default()))
}

/// The same with a store that the test can look into.
pub fn own_store(server: &Server, id: i32, address: Address, store: Arc<dyn SessionStore>) -> ClientBuilder {
    Client::builder("test")
        .api_id(1)
        .api_hash("0123456789abcdef0123456789abcdef")
        .store(store)
        .dc(id, address)
        .trust(PublicKey::from_pem(server.public_key_pem()).unwrap())
        .timing(timing())
}

/// The address of a DC of `server`.
pub fn address(server: &Server, id: i32) -> Address {
    let dc = server.dcs().iter().find(|dc| dc.id == id).unwrap();
    Address::new(&*dc.host, dc.port)
}

/// A client of the server's DC 2, over no detour.
pub async fn connect(server: &Server) -> Client {
    builder(server, 2, address(server, 2)).connect().await.unwrap()
}
