//! mtwire: a from-scratch MTProto 2.0 stack.
#![deny(missing_docs, unsafe_code)]

pub mod clock;
pub mod crypto;
pub mod handshake;
pub mod message;
pub mod schema;
pub mod session;
pub mod tl;
pub mod transport;

#[cfg(feature = "client")]
pub mod auth;
#[cfg(feature = "client")]
pub mod client;
#[cfg(any(feature = "client", feature = "server"))]
pub mod net;
#[cfg(feature = "server")]
pub mod server;

#[cfg(feature = "client")]
pub use client::Client;
#[cfg(feature = "api")]
pub use tl::{enums, functions, types};
