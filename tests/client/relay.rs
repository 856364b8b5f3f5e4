//! A TCP relay whose target a test can change, and which remembers what clients have sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use mtwire::net::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes bytes on.
pub struct Relay {
    address: Address,
    target: watch::Sender<SocketAddr>,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Relay {
    pub async fn start(target: Address) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::from(listener.local_addr().unwrap());
        let (target, targets) = watch::channel(target.literal().unwrap());
        let sent = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let record = Arc::clone(&sent);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, targets.clone(), Arc::clone(&record)));
            }
        });
        Self { address, target, sent }
    }

    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// Cuts all connections; the next ones go there.
    pub fn lead_to(&self, target: Address) {
        self.target.send_replace(target.literal().unwrap());
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// Whether clients have sent these bytes, in any connection.
    pub fn saw(&self, bytes: &[u8]) -> bool {
        self.sent.lock().unwrap().iter().any(|sent| sent.windows(bytes.len()).any(|window| window == bytes))
    }
}

async fn pass(
    mut client: TcpStream,
    mut targets: watch::Receiver<SocketAddr>,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
) {
    let target = *targets.borrow_and_update();
    let number = {
        let mut sent = sent.lock().unwrap();
        sent.push(Vec::new());
        sent.len() - 1
    };
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let (mut up, mut down) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(read) if read > 0 => {
                    sent.lock().unwrap()[number].extend_from_slice(&up[..read]);
                    if server.write_all(&up[..read]).await.is_err() { return }
                }
                _ => return,
            },
            read = server.read(&mut down) => match read {
                Ok(read) if read > 0 => if client.write_all(&down[..read]).await.is_err() { return },
                _ => return,
            },
            _ = targets.changed() => return,
        }
    }
}
