//! Clients of a server in this process.

use std::sync::Arc;

use mtwire::client::{Client, ClientBuilder};
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::server::Server;
use mtwire::session::MemoryStore;

/// A client with a session of its own, yet to be connected.
pub fn client(server: &Server) -> ClientBuilder {
    let dc = &server.dcs()[1];
    Client::builder("bench")
        .api_id(1)
        .api_hash("0123456789abcdef0123456789abcdef")
        .store(Arc::new(MemoryStore::default()))
        .dc(dc.id, Address::new(&*dc.host, dc.port))
        .trust(PublicKey::from_pem(server.public_key_pem()).expect("the server's own key"))
}
