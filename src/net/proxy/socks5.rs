//! SOCKS5 (RFC 1928, RFC 1929).

use tokio::net::TcpStream;
use tokio_socks::tcp::Socks5Stream;
use tokio_socks::{Error, TargetAddr};

use super::{Credentials, ProxyError};
use crate::net::Address;

/// Asks the proxy at the other end of `stream` for a connection to `target`. A host name is resolved there, so that the
/// names that a client asks for do not show here either.
pub async fn tunnel(
    stream: TcpStream,
    target: &Address,
    credentials: Option<&Credentials>,
) -> Result<TcpStream, ProxyError> {
    let target = match target.literal() {
        Some(address) => TargetAddr::Ip(address),
        None => TargetAddr::Domain(target.host().into(), target.port()),
    };
    let connected = match credentials {
        None => Socks5Stream::connect_with_socket(stream, target).await,
        Some(known) => {
            let (user, password) = (known.expose_user(), known.expose_password());
            Socks5Stream::connect_with_password_and_socket(stream, target, user, password).await
        }
    };
    connected.map(Socks5Stream::into_inner).map_err(|error| match error {
        Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => ProxyError::Closed,
        Error::Io(error) => ProxyError::Io(error),
        Error::PasswordAuthFailure(_) | Error::NoAcceptableAuthMethods | Error::AuthorizationRequired => {
            ProxyError::Login
        }
        Error::InvalidAuthValues(why) => ProxyError::Credentials(why),
        Error::GeneralSocksServerFailure
        | Error::ConnectionNotAllowedByRuleset
        | Error::NetworkUnreachable
        | Error::HostUnreachable
        | Error::ConnectionRefused
        | Error::TtlExpired
        | Error::CommandNotSupported
        | Error::AddressTypeNotSupported => ProxyError::Refused(error.to_string()),
        error => ProxyError::Protocol(error.to_string()),
    })
}
