//! A TCP proxy that cuts connections at chosen bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use mtwire::net::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// A way that bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

#[derive(Default)]
struct Plan {
    /// Let so many more bytes pass this way, then close both sides.
    cut: Option<(Way, usize)>,
    cuts: usize,
}

/// Passes bytes on, until told to cut.
pub struct CuttingProxy {
    address: Address,
    plan: Arc<Mutex<Plan>>,
}

impl CuttingProxy {
    pub async fn start(target: Address) -> Self {
        let target: SocketAddr = target.literal().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::from(listener.local_addr().unwrap());
        let plan = Arc::<Mutex<Plan>>::default();
        let shared = Arc::clone(&plan);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(target).await.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                let over = Arc::new(Notify::new());
                tokio::spawn(pass(Way::Up, from_client, to_server, Arc::clone(&shared), Arc::clone(&over)));
                tokio::spawn(pass(Way::Down, from_server, to_client, Arc::clone(&shared), over));
            }
        });
        Self { address, plan }
    }

    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// Cuts the connection that is open after `bytes` more bytes `way`; later connections live.
    pub fn cut_after(&self, way: Way, bytes: usize) {
        self.plan.lock().unwrap().cut = Some((way, bytes));
    }

    /// How often a connection was cut.
    pub fn cuts(&self) -> usize {
        self.plan.lock().unwrap().cuts
    }
}

async fn pass(
    way: Way,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    plan: Arc<Mutex<Plan>>,
    over: Arc<Notify>,
) {
    let mut buffer = vec![0; 4096];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or(0),
            () = over.notified() => 0,
        };
        let (pass, cut) = allowance(&plan, way, read);
        if read == 0 || to.write_all(&buffer[..pass]).await.is_err() || cut {
            over.notify_one();
            return;
        }
    }
}

/// How many of `read` bytes may pass, and whether the connection ends behind them.
fn allowance(plan: &Mutex<Plan>, way: Way, read: usize) -> (usize, bool) {
    let mut plan = plan.lock().unwrap();
    match &mut plan.cut {
        Some((cut_way, left)) if *cut_way == way && read > 0 => {
            if read <= *left {
                *left -= read;
                return (read, false);
            }
            let pass = *left;
            plan.cut = None;
            plan.cuts += 1;
            (pass, true)
        }
        _ => (read, false),
    }
}
