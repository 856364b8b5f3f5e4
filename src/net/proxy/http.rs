//! HTTP CONNECT (RFC 9110, 9.3.6).

use base64ct::{Base64, Encoding};
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use super::{Credentials, ProxyError};
use crate::net::Address;

/// The longest head of an answer, in bytes, and the most header fields in it.
const MAX_HEAD: usize = 16 * 1024;
const MAX_FIELDS: usize = 100;

/// Asks the proxy at the other end of `stream` for a connection to `target`.
pub async fn tunnel(
    stream: &mut TcpStream,
    target: &Address,
    credentials: Option<&Credentials>,
) -> Result<(), ProxyError> {
    let login = credentials.map(basic).transpose()?;
    let login = login.as_ref().map_or("", |login| login.as_str());
    let request = Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{login}\r\n"));
    stream.write_all(request.as_bytes()).await?;
    let mut input = BytesMut::new();
    loop {
        // Nothing is read over the answer's end but what should not be there.
        if stream.read_buf(&mut input).await? == 0 {
            return Err(ProxyError::Closed);
        }
        if accepted(&input)? {
            return Ok(());
        }
        if input.len() > MAX_HEAD {
            return Err(ProxyError::Protocol(format!("an answer of more than {MAX_HEAD} bytes")));
        }
    }
}

/// The header field with name and password (RFC 7617).
fn basic(credentials: &Credentials) -> Result<Zeroizing<String>, ProxyError> {
    let (user, password) = (credentials.expose_user(), credentials.expose_password());
    if user.contains(':') {
        return Err(ProxyError::Credentials("over HTTP no user's name has a colon"));
    }
    let both = Zeroizing::new(format!("{user}:{password}"));
    let encoded = Zeroizing::new(Base64::encode_string(both.as_bytes()));
    Ok(Zeroizing::new(format!("Proxy-Authorization: Basic {}\r\n", *encoded)))
}

/// Whether the answer is a yes; `false` if it does not end yet.
fn accepted(input: &[u8]) -> Result<bool, ProxyError> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let parsed = answer.parse(input).map_err(|error| ProxyError::Protocol(error.to_string()))?;
    let httparse::Status::Complete(len) = parsed else { return Ok(false) };
    match answer.code {
        // A DC does not speak first, so that what follows would be neither's.
        Some(200..=299) if len < input.len() => {
            Err(ProxyError::Protocol("bytes behind its answer".to_owned()))
        }
        Some(200..=299) => Ok(true),
        Some(407) => Err(ProxyError::Login),
        code => {
            let reason: String =
                answer.reason.unwrap_or_default().chars().filter(|c| !c.is_control()).take(100).collect();
            Err(ProxyError::Refused(format!("{} {reason}", code.unwrap_or_default())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let yes = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
        for len in 0..yes.len() {
            assert!(!accepted(&yes[..len]).unwrap(), "{len} bytes");
        }
        assert!(accepted(yes).unwrap());
        assert!(matches!(accepted(b"HTTP/1.0 407 No\r\n\r\n"), Err(ProxyError::Login)));
        match accepted(b"HTTP/1.1 502 Bad Gateway\r\n\r\n") {
            Err(ProxyError::Refused(reason)) => assert_eq!(reason, "502 Bad Gateway"),
            other => panic!("{other:?}"),
        }
        for bytes in [&b"HTTP/1.1 200 OK\r\n\r\nmore"[..], b"SSH-2.0-x\r\n", b"HTTP/1.1 2x0 OK\r\n\r\n"] {
            assert!(matches!(accepted(bytes), Err(ProxyError::Protocol(_))), "{bytes:?}");
        }
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(MAX_FIELDS + 1));
        assert!(matches!(accepted(many.as_bytes()), Err(ProxyError::Protocol(_))));
    }

    #[test]
    fn the_example_of_rfc_7617() {
        let field = basic(&Credentials::new("Aladdin", "open sesame")).unwrap();
        assert_eq!(*field, "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
        assert!(matches!(basic(&Credentials::new("a:b", "c")), Err(ProxyError::Credentials(_))));
    }
}
