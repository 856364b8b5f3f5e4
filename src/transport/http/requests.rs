//! The server's side of one connection: the requests of a client, one after the other.

use bytes::{Buf, BytesMut};

use super::{Fault, head, head::RequestHead};
use crate::transport::checks::check_body;
use crate::transport::{Error, ErrorKind};

/// Where packets are posted. The `w` is for pages of browsers, which want to be told that they may ask (CORS).
const PATHS: [&str; 4] = ["/api", "/apiw", "/api_test", "/apiw_test"];

/// Where WebSockets begin (WS-1).
const WEBSOCKET_PATHS: [&str; 2] = ["/apiws", "/apiws_test"];

/// One request of a client. Each wants one [`answer`](super::answer), in their order, but `Continue`.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// A packet, plain or encrypted.
    Packet {
        /// Its bytes.
        payload: BytesMut,
        /// The client wants the connection closed behind the answer.
        close: bool,
    },
    /// The client waits for [`Answer::Continue`](super::Answer::Continue) before it sends the body.
    Continue,
    /// A browser asks whether a page may post here: [`Answer::Preflight`](super::Answer::Preflight).
    Preflight {
        /// The client wants the connection closed behind the answer.
        close: bool,
    },
    /// The connection is to become a WebSocket (WS-1).
    Upgrade(Upgrade),
    /// Something that is not served here, with the status that says so.
    Refused {
        /// 404, 405 or 426.
        status: u16,
        /// The client wants the connection closed behind the answer.
        close: bool,
    },
}

/// The wish for a WebSocket, found right: GET, version 13, sub-protocol `binary`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// `Sec-WebSocket-Key`, from which the answer's `Sec-WebSocket-Accept` is made (RFC 6455, section 4.2.2).
    pub key: String,
}

/// Cuts what a client sends into requests.
#[derive(Debug, Default)]
pub struct Requests {
    /// The request whose head has been read, and what of its body is still to come.
    open: Option<Open>,
    received: u64,
    broken: Option<Error>,
}

#[derive(Debug)]
struct Open {
    /// What it will be when its body is there; `None` for a packet.
    request: Option<Request>,
    close: bool,
    left: usize,
}

impl Requests {
    /// For a new connection, of which nothing was taken yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next request off the front of `input`, to whose end the caller adds what the socket gives. `None`: no
    /// whole request yet, read more.
    ///
    /// # Errors
    /// The connection cannot be followed any further, and every later call says the same: answer with
    /// [`refusal`], and close.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Request>, Error> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let before = input.len();
        let result = self.next(input).map_err(|kind| Error { offset: self.received, kind });
        self.received += (before - input.len()) as u64;
        self.broken = result.as_ref().err().copied();
        result
    }

    fn next(&mut self, input: &mut BytesMut) -> Result<Option<Request>, ErrorKind> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => {
                let Some((head, len)) = head::request(input)? else { return Ok(None) };
                input.advance(len);
                let expects = head.fields.expects;
                let open = begin(head)?;
                if expects && open.request.is_none() && input.is_empty() {
                    self.open = Some(open);
                    return Ok(Some(Request::Continue));
                }
                open
            }
        };
        if open.request.is_some() {
            // Nobody reads the body of what is refused; it is let go as it comes.
            let gone = open.left.min(input.len());
            input.advance(gone);
            open.left -= gone;
        }
        let missing = if open.request.is_some() { open.left > 0 } else { input.len() < open.left };
        if missing {
            self.open = Some(open);
            return Ok(None);
        }
        let Open { request, close, left } = open;
        Ok(Some(request.unwrap_or_else(|| Request::Packet { payload: input.split_to(left), close })))
    }
}

/// The status with which a connection whose requests cannot be read is given up.
#[must_use]
pub const fn refusal(error: &Error) -> u16 {
    match error.kind {
        ErrorKind::BadHttp(fault) => fault.status(),
        ErrorKind::TooLarge { .. } => 413,
        _ => 400,
    }
}

/// What a request is, by its head.
fn begin(head: RequestHead) -> Result<Open, ErrorKind> {
    let RequestHead { method, path, is_1_1, fields } = head;
    let close = fields.close || (!is_1_1 && !fields.keep_alive);
    let left = match (method.as_str(), fields.length) {
        ("POST", None) => return Err(Fault::NoLength.into()),
        (_, None | Some(0)) => 0,
        (_, Some(length)) => {
            let length = u32::try_from(length).map_err(|_| ErrorKind::TooLarge { len: length })?;
            // A body of one to three bytes is no packet, and the session of nobody: it is refused further up.
            check_body(length.max(4))?.min(length as usize)
        }
    };
    let request = match (method.as_str(), path.as_str()) {
        ("POST", path) if PATHS.contains(&path) => None,
        ("OPTIONS", path) if PATHS.contains(&path) => Some(Request::Preflight { close }),
        ("GET", path) if WEBSOCKET_PATHS.contains(&path) => Some(upgrade(fields, is_1_1, close)),
        (_, path) if PATHS.contains(&path) || WEBSOCKET_PATHS.contains(&path) => {
            Some(Request::Refused { status: 405, close })
        }
        _ => Some(Request::Refused { status: 404, close }),
    };
    Ok(Open { request, close, left })
}

/// RFC 6455, section 4.2.1, and WS-1.
fn upgrade(fields: head::Fields, is_1_1: bool, close: bool) -> Request {
    let version = fields.websocket_version.as_deref() == Some("13");
    // 16 bytes in Base64.
    let key = fields.websocket_key.filter(|key| key.len() == 24 && key.ends_with("=="));
    match key {
        _ if !(fields.upgrades && fields.websocket && is_1_1) => Request::Refused { status: 426, close },
        Some(key) if version && fields.binary => Request::Upgrade(Upgrade { key }),
        _ => Request::Refused { status: 400, close },
    }
}
