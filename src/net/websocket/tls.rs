//! The TLS of `wss`, by `rustls` and the roots of the web.

use std::io;
use std::sync::{Arc, LazyLock};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

static CONFIG: LazyLock<Result<Arc<ClientConfig>, rustls::Error>> =
    LazyLock::new(|| trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() }));

fn trusting(roots: RootCertStore) -> Result<Arc<ClientConfig>, rustls::Error> {
    // By name: a program may have other providers beside this one.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// TLS with the server `host`, a name or an IP address, which its certificate has to name.
pub(super) async fn connect<S>(host: &str, stream: S) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    with(CONFIG.clone().map_err(io::Error::other)?, host, stream).await
}

async fn with<S>(config: Arc<ClientConfig>, host: &str, stream: S) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(config).connect(name, stream).await
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

    use super::*;
    use crate::net::{self, Address, DialError, Route};
    use crate::transport::Kind;

    macro_rules! data {
        ($name:literal) => {
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls/", $name))
        };
    }

    /// A server with a certificate for `localhost`, which opens every WebSocket and then repeats what it is told.
    async fn server() -> SocketAddr {
        let certificate = CertificateDer::from_pem_slice(data!("cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(data!("key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let socket = tokio_tungstenite::accept_hdr_async(stream, confirm).await.unwrap();
                let (mut from, mut to) = tokio::io::split(super::super::WsStream::new(socket));
                let _ = tokio::io::copy(&mut from, &mut to).await;
            }
        });
        address
    }

    #[expect(clippy::result_large_err, clippy::unnecessary_wraps, reason = "the callback is of this form")]
    fn confirm(
        request: &tokio_tungstenite::tungstenite::handshake::server::Request,
        mut response: tokio_tungstenite::tungstenite::handshake::server::Response,
    ) -> Result<
        tokio_tungstenite::tungstenite::handshake::server::Response,
        tokio_tungstenite::tungstenite::handshake::server::ErrorResponse,
    > {
        const PROTOCOL: &str = "Sec-WebSocket-Protocol";
        response.headers_mut().insert(PROTOCOL, request.headers()[PROTOCOL].clone());
        Ok(response)
    }

    fn own() -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(data!("ca.pem")).unwrap()).unwrap();
        trusting(roots).unwrap()
    }

    #[tokio::test]
    async fn bytes_pass_under_tls_to_who_has_the_name() {
        let address = server().await;
        for host in ["localhost", "127.0.0.1"] {
            let stream = with(own(), host, TcpStream::connect(address).await.unwrap()).await.unwrap();
            let mut socket = super::super::open(&format!("wss://{host}/apiws"), stream).await.unwrap();
            socket.write_all(b"there and back").await.unwrap();
            socket.flush().await.unwrap();
            let mut back = [0; 14];
            socket.read_exact(&mut back).await.unwrap();
            assert_eq!(&back, b"there and back");
        }
        let other = with(own(), "example.org", TcpStream::connect(address).await.unwrap()).await;
        assert!(other.unwrap_err().to_string().contains("not valid for name"));
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_refused() {
        let address = Address::new("localhost", server().await.port());
        let route = Route::direct(Kind::WebSocketTls);
        let error = net::connect(&route, 2, &address.into(), Duration::from_secs(10)).await.unwrap_err();
        let DialError::WebSocket { reason, .. } = error else { panic!("{error}") };
        assert!(reason.contains("certificate"), "{reason}");
    }
}
