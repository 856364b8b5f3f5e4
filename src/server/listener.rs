//! Accepting connections, one listener for each DC.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use super::{DcAddress, Error, connection, hub::Hub};
use crate::handshake::server::Options;

/// How often old sessions and keys are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// Binds the ports of all DCs. `port` is that of DC 1, or 0 for any.
pub(super) async fn bind(
    listen: IpAddr,
    port: u16,
    dcs: u16,
) -> Result<Vec<(DcAddress, TcpListener)>, Error> {
    let fits = (1..=100).contains(&dcs) && (port == 0 || port.checked_add(dcs - 1).is_some());
    if !fits {
        return Err(Error::Ports { dcs, port });
    }
    let mut bound = Vec::new();
    for number in 0..dcs {
        let id = i32::from(number) + 1;
        let address = SocketAddr::new(listen, if port == 0 { 0 } else { port + number });
        let listener =
            TcpListener::bind(address).await.map_err(|source| Error::Listen { dc: id, address, source })?;
        let local = listener.local_addr().map_err(|source| Error::Listen { dc: id, address, source })?;
        bound.push((DcAddress { id, host: listen.to_string(), port: local.port() }, listener));
    }
    Ok(bound)
}

/// Serves all DCs until `stop` says so or is dropped, then ends every connection.
pub(super) async fn run(
    hub: Arc<Hub>,
    listeners: Vec<(i32, TcpListener)>,
    exchange: Options,
    strict_dc: bool,
    mut stop: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    for (dc, listener) in listeners {
        let options = Options { dc: strict_dc.then_some(dc), ..exchange.clone() };
        tasks.spawn(accept(Arc::clone(&hub), dc, Arc::new(options), listener));
    }
    let sweeper = Arc::clone(&hub);
    tasks.spawn(async move {
        loop {
            tokio::time::sleep(SWEEP).await;
            sweeper.sweep();
        }
    });
    let _ = stop.wait_for(|stop| *stop).await;
    tasks.shutdown().await;
    hub.world().sync();
}

async fn accept(hub: Arc<Hub>, dc: i32, options: Arc<Options>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    if hub.connections.fetch_add(1, Ordering::Relaxed) >= hub.limits.connections {
                        hub.connections.fetch_sub(1, Ordering::Relaxed);
                        tracing::warn!(dc, %peer, "too many connections");
                        continue;
                    }
                    let (hub, options) = (Arc::clone(&hub), Arc::clone(&options));
                    connections.spawn(async move {
                        let _open = Open(Arc::clone(&hub));
                        connection::serve(hub, dc, options, stream).await;
                    });
                }
                Err(error) => {
                    // Out of file descriptors, most likely: accepting again at once would only spin.
                    tracing::warn!(dc, %error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended && error.is_panic() {
                    tracing::error!(dc, "a connection ended in a panic");
                }
            }
        }
    }
}

/// Counts a connection for as long as it is there, however it ends.
struct Open(Arc<Hub>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
