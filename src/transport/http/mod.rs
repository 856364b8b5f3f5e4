//! Packets as the bodies of HTTP requests and answers (HT-1), without I/O.
//!
//! A client sends each packet as a `POST /api`; the server answers each request once, with a packet, with nothing, or
//! with a status that stands for a transport error. The server can say something of its own accord only in an answer, so
//! a client always keeps one request waiting: its packet holds an `http_wait` (HW-1).
//!
//! [`Codec::http`](super::Codec::http) is the client's side of one connection, [`Requests`] the server's, with
//! [`answer`] to write what it says. Heads are read by `httparse`; here is what is taken from them, and the bounds.

#[cfg(feature = "server-core")]
mod answer;
mod client;
mod fault;
mod head;
#[cfg(feature = "server-core")]
mod requests;
#[cfg(test)]
mod tests;

#[cfg(feature = "server-core")]
pub use answer::{Answer, Connection, answer};
pub(super) use client::Http;
pub use fault::Fault;
#[cfg(feature = "server-core")]
pub use requests::{Request, Requests, Upgrade, refusal};

/// The longest head of a request or an answer, in bytes.
pub const MAX_HEAD: usize = 8 * 1024;

/// The most header fields of a head.
const MAX_FIELDS: usize = 64;
