//! A server and clients in one process, each side on threads of its own.

use std::sync::Arc;

use mtwire::client::Client;
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::server::Server;
use mtwire::session::MemoryStore;
use tokio::runtime::{Builder, Runtime};

use crate::counting::{Side, during, enter};

pub struct Loopback {
    server_runtime: Runtime,
    client_runtime: Runtime,
    server: Option<Server>,
}

fn runtime(side: Side) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().on_thread_start(move || enter(side));
    builder.build().expect("a runtime")
}

impl Loopback {
    pub fn start() -> Self {
        let (server_runtime, client_runtime) = (runtime(Side::Server), runtime(Side::Client));
        let server = server_runtime.block_on(Server::builder().start()).expect("a server");
        Self { server_runtime, client_runtime, server: Some(server) }
    }

    /// Runs `work` on the client's thread.
    pub fn client<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let task = self.client_runtime.spawn(work);
        self.client_runtime.block_on(task).expect("no panic")
    }

    /// A client that is connected.
    pub fn connect(&self) -> Client {
        // What is handed to the client's thread is freed there.
        during(Side::Client, || self.connect_here())
    }

    fn connect_here(&self) -> Client {
        let server = self.server.as_ref().expect("a server");
        let dc = server.dcs()[1].clone();
        let key = PublicKey::from_pem(server.public_key_pem()).expect("the server's own key");
        self.client(async move {
            Client::builder("memory")
                .api_id(1)
                .api_hash("0123456789abcdef0123456789abcdef")
                .store(Arc::new(MemoryStore::default()))
                .dc(dc.id, Address::new(&*dc.host, dc.port))
                .trust(key)
                .connect()
                .await
                .expect("a loopback connection")
        })
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.server_runtime.block_on(server.shutdown());
        }
    }
}
