//! A client whose store loses the session to somebody else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mtwire::client::{CallStatus, InvokeError};
use mtwire::net::Address;
use mtwire::server::Server;
use mtwire::session::{Change, Error, MemoryStore, SessionStore, State};
use mtwire::tl::functions;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::loopback;

type Tell = Box<dyn FnOnce() + Send>;

/// A store that loses its session when the test says so.
#[derive(Default)]
struct Losable {
    inner: MemoryStore,
    tell: Mutex<Vec<Tell>>,
}

impl std::fmt::Debug for Losable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Losable")
    }
}

impl SessionStore for Losable {
    fn read(&self, look: &mut dyn FnMut(&State)) {
        self.inner.read(look);
    }

    fn apply(&self, changes: &[Change]) -> Result<(), Error> {
        self.inner.apply(changes)
    }

    fn when_lost(&self, tell: Tell) {
        self.tell.lock().unwrap().push(tell);
    }
}

impl Losable {
    fn lose(&self) {
        self.tell.lock().unwrap().drain(..).for_each(|tell| tell());
    }
}

/// Passes bytes on, and counts.
struct Counting {
    address: Address,
    opened: Arc<AtomicUsize>,
    closed: Arc<Notify>,
}

impl Counting {
    async fn start(target: Address) -> Self {
        let target: std::net::SocketAddr = target.literal().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::from(listener.local_addr().unwrap());
        let (opened, closed) = (Arc::<AtomicUsize>::default(), Arc::<Notify>::default());
        let (count, notify) = (Arc::clone(&opened), Arc::clone(&closed));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let mut server = TcpStream::connect(target).await.unwrap();
                // However it ends.
                _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                notify.notify_one();
            }
        });
        Self { address, opened, closed }
    }
}

async fn refused(client: &mtwire::client::Client) -> CallStatus {
    match client.invoke(&functions::help::GetConfig {}).await.unwrap_err() {
        InvokeError::SessionLost { method: "help.getConfig", status } => status,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn it_closes_its_connection_and_makes_no_other() {
    let server = Server::builder().start().await.unwrap();
    let proxy = Counting::start(loopback::address(&server, 2)).await;
    let store = Arc::new(Losable::default());
    let client = loopback::own_store(&server, 2, proxy.address.clone(), Arc::<Losable>::clone(&store))
        .connect()
        .await
        .unwrap();
    assert_eq!(proxy.opened.load(Ordering::SeqCst), 1);
    client.invoke(&functions::help::GetConfig {}).await.unwrap();
    store.lose();
    for _ in 0..3 {
        assert_eq!(refused(&client).await, CallStatus::Queued);
    }
    proxy.closed.notified().await;
    assert_eq!(proxy.opened.load(Ordering::SeqCst), 1);
    client.disconnect().await;
}

#[tokio::test]
async fn lost_while_it_dials_again_it_stops_dialing() {
    let server = Server::builder().start().await.unwrap();
    let address = loopback::address(&server, 2);
    let store = Arc::new(Losable::default());
    let client =
        loopback::own_store(&server, 2, address, Arc::<Losable>::clone(&store)).connect().await.unwrap();
    server.shutdown().await;
    let call = functions::help::GetConfig {};
    let waiting = client.invoke(&call);
    let lose = async {
        tokio::task::yield_now().await;
        store.lose();
    };
    let (ended, ()) = tokio::join!(waiting, lose);
    assert!(matches!(ended.unwrap_err(), InvokeError::SessionLost { .. }));
}

#[tokio::test]
async fn lost_before_it_connects_it_does_not() {
    let server = Server::builder().start().await.unwrap();
    let unreachable = Address::new("127.0.0.1", 1);
    let lost = Lost(MemoryStore::default());
    let error = loopback::own_store(&server, 2, unreachable, Arc::new(lost)).connect().await.unwrap_err();
    assert!(matches!(error, mtwire::client::ConnectError::SessionLost), "{error}");
}

/// A store that has lost its session already.
#[derive(Debug)]
struct Lost(MemoryStore);

impl SessionStore for Lost {
    fn read(&self, look: &mut dyn FnMut(&State)) {
        self.0.read(look);
    }

    fn apply(&self, changes: &[Change]) -> Result<(), Error> {
        self.0.apply(changes)
    }

    fn when_lost(&self, tell: Tell) {
        tell();
    }
}
