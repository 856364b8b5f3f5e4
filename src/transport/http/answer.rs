//! What a server says.

use crate::tl::PacketBuf;

/// The kinds of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200, with what the buffer holds: a packet, or nothing.
    Packet,
    /// A transport error (TR-6): its code as the body, and as the status, where it is the negative of one.
    TransportError(i32),
    /// "Go on": no answer yet.
    Continue,
    /// A page of a browser may post here.
    Preflight,
    /// An error of HTTP, without a body.
    Status(u16),
}

/// What becomes of the connection behind the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It stays.
    KeepAlive,
    /// It is closed.
    Close,
}

/// What pages of browsers are told, for the paths with a `w` are theirs; it does no harm to others.
const CORS: &str = "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: POST, OPTIONS\r\n\
                    Access-Control-Allow-Headers: origin, content-type\r\nAccess-Control-Max-Age: 1728000\r\n";

/// Turns what `out` holds into an answer, in place. Everything but [`Answer::Packet`] replaces what it holds.
pub fn answer(out: &mut PacketBuf, answer: Answer, connection: Connection) {
    if answer != Answer::Packet {
        out.clear();
    }
    let status = match answer {
        Answer::Packet | Answer::Preflight => 200,
        Answer::TransportError(code) => {
            out.extend_from_slice(&code.to_le_bytes());
            code.checked_neg()
                .and_then(|code| u16::try_from(code).ok())
                .filter(|code| (400..600).contains(code))
                .unwrap_or(500)
        }
        Answer::Continue => {
            out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            return;
        }
        Answer::Status(status) => status,
    };
    let close = match connection {
        Connection::KeepAlive => "",
        Connection::Close => "Connection: close\r\n",
    };
    let cors = match answer {
        Answer::Packet | Answer::TransportError(_) => "Access-Control-Allow-Origin: *\r\n",
        Answer::Preflight => CORS,
        Answer::Continue | Answer::Status(_) => "",
    };
    let extra = match status {
        405 => "Allow: POST, OPTIONS\r\n",
        // RFC 9110: who is told to switch must be told to what.
        426 => "Upgrade: websocket\r\nConnection: Upgrade\r\n",
        _ => "",
    };
    let len = out.len();
    let reason = reason(status);
    // The length comes last: that is where one client (Telethon) looks for it.
    let head = format!("HTTP/1.1 {status} {reason}\r\n{close}{cors}{extra}Content-Length: {len}\r\n\r\n");
    out.prepend(head.as_bytes());
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        _ => "Error",
    }
}
