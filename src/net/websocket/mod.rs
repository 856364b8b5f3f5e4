//! A WebSocket as a byte stream (WS-1, RFC 6455), for both sides.
//!
//! What MTProto needs of it is little: the sub-protocol `binary`, and bytes in binary frames, whose borders mean
//! nothing. Frames, masks, fragments, pings and the closing are `tungstenite`'s.

mod stream;
#[cfg(feature = "websocket-tls")]
mod tls;

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, http::header::SEC_WEBSOCKET_PROTOCOL};

pub use self::stream::WsStream;
use super::{Address, BoxStream, DialError};
use crate::transport::http::Upgrade;
use crate::transport::{Kind, MAX_FRAME};

/// The sub-protocol that must be asked for and confirmed.
const SUB_PROTOCOL: &str = "binary";

/// The numbers of test DCs in the key exchange begin above this.
const TEST: i32 = 10_000;

/// The longest message that is taken: the longest packet with what the framing puts around it.
fn config() -> WebSocketConfig {
    let longest = Some(MAX_FRAME + 64);
    WebSocketConfig::default().max_message_size(longest).max_frame_size(longest)
}

/// Opens a WebSocket to a DC over `stream`, under TLS if the transport says so, within `limit`.
///
/// # Errors
/// [`DialError::WebSocket`], [`DialError::TimedOut`], [`DialError::NotBuilt`].
pub(super) async fn connect(
    kind: Kind,
    dc: i32,
    address: &Address,
    stream: BoxStream,
    limit: Duration,
) -> Result<BoxStream, DialError> {
    let path = if dc.unsigned_abs() > TEST.unsigned_abs() { "/apiws_test" } else { "/apiws" };
    let opened = async {
        match kind {
            #[cfg(feature = "websocket-tls")]
            Kind::WebSocketTls => {
                let stream = tls::connect(address.host(), stream).await;
                let stream: BoxStream = Box::new(stream.map_err(|error| refused(address, &error))?);
                open(&format!("wss://{address}{path}"), stream).await
            }
            #[cfg(not(feature = "websocket-tls"))]
            Kind::WebSocketTls => {
                return Err(DialError::NotBuilt { transport: kind, feature: "websocket-tls" });
            }
            _ => open(&format!("ws://{address}{path}"), stream).await,
        }
        .map_err(|error| refused(address, &error))
    };
    match timeout(limit, opened).await {
        Ok(opened) => Ok(Box::new(opened?)),
        Err(_) => Err(DialError::TimedOut { address: address.clone(), after: limit }),
    }
}

fn refused(address: &Address, error: &dyn std::fmt::Display) -> DialError {
    DialError::WebSocket { address: address.clone(), reason: error.to_string() }
}

/// The client's side: asks at `url` for a WebSocket with the sub-protocol `binary`, over a connection that is open.
///
/// # Errors
/// The server does not confirm it.
pub async fn open<S>(url: &str, stream: S) -> Result<WsStream<S>, tungstenite::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = url.into_client_request()?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUB_PROTOCOL));
    // It refuses an answer without the sub-protocol, or with another one.
    let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config())).await?;
    Ok(WsStream::new(socket))
}

/// The server's side: confirms the wish, which was found right. `input` is what was read behind the request.
///
/// # Errors
/// When the network fails.
pub async fn accept(mut stream: BoxStream, input: BytesMut, upgrade: &Upgrade) -> io::Result<BoxStream> {
    let key = derive_accept_key(upgrade.key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {key}\r\nSec-WebSocket-Protocol: {SUB_PROTOCOL}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await?;
    let (role, config) = (Role::Server, Some(config()));
    let socket = WebSocketStream::from_partially_read(stream, input.to_vec(), role, config).await;
    Ok(Box::new(WsStream::new(socket)))
}
