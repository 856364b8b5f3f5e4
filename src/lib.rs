//! mtwire: a from-scratch MTProto 2.0 stack, from the TL language to a client that is logged in.
//!
//! ```no_run
//! # #[cfg(feature = "client")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use mtwire::client::Client;
//! use mtwire::functions::help::GetConfig;
//!
//! let client = Client::builder("my_account").api_id(12345).api_hash("0123456789abcdef").connect().await?;
//! if client.user().is_none() {
//!     client.sign_in_bot("4200:the-token").await?;
//! }
//! let config = client.invoke(&GetConfig {}).await?;
//! println!("DC {}, server time {}", config.this_dc, config.date);
//! client.disconnect().await;
//! # Ok(())
//! # }
//! ```
//!
//! `README.md` shows the login of a user, the command and the loopback DC; `docs/architecture.md` follows one call from
//! the typed function to the socket and back.
//!
//! # Layers
//! Each uses only those below it. The feature in brackets switches a layer on.
//!
//! | layer | what it is | what it follows |
//! |---|---|---|
//! | `client` (`client`) | a connected client: typed calls, updates, reconnecting | [invoking](https://core.telegram.org/api/invoking), [errors](https://core.telegram.org/api/errors) |
//! | `simulation` (`simulation`) | many clients and servers on a virtual network with faults, and what must hold | `docs/simulation.md` |
//! | `server` (`server`) | the loopback DC: several DCs in one process, for any client | [datacenter](https://core.telegram.org/api/datacenter) |
//! | `auth` (`client`) | the login as a state machine | [auth](https://core.telegram.org/api/auth), [srp](https://core.telegram.org/api/srp) |
//! | `net` (`client`, `server`) | sockets and tasks under the core | |
//! | [`session`] | what survives a restart, its file and other stores | `docs/session-format.md`, `docs/stores.md` |
//! | [`message`] | the encrypted session: msg_id, seqno, salts, acks, containers, resending | [description](https://core.telegram.org/mtproto/description), [service messages](https://core.telegram.org/mtproto/service_messages) |
//! | [`handshake`] | how two peers come to share an auth key | [auth_key](https://core.telegram.org/mtproto/auth_key) |
//! | [`transport`] | packets in a byte stream | [transports](https://core.telegram.org/mtproto/mtproto-transports) |
//! | [`crypto`] | ciphers, hashes, RSA, Diffie-Hellman, SRP | [security guidelines](https://core.telegram.org/mtproto/security_guidelines) |
//! | [`tl`] | the codec and the generated types | [serialization](https://core.telegram.org/mtproto/serialize) |
//! | [`schema`] | the TL language: parser, checks, generator, dynamic codec | [TL](https://core.telegram.org/mtproto/TL) |
//!
//! Features that add to a layer: `proxy`, `fake-tls` and `websocket` to the ways to a DC, `encrypted-session` to the
//! session file, `pem` to the RSA keys, `server-core` the other end of the core, `codegen` the generator to [`schema`]. The
//! README has all of them.
//!
//! Tags such as EN-3 or SA-1 in the documentation of an item name the rules of `docs/protocol.md`.
//!
//! # No I/O in the core
//! [`schema`], [`tl`], [`crypto`], [`handshake`], [`message`] and [`transport`] take bytes, the time ([`clock::Now`]) and
//! a random number generator, and give bytes and events. They open no socket, start no task, ask no clock and draw no
//! randomness of their own. So the same code serves the client, the server, the simulator and the fuzzers, and a run
//! can be repeated from its seed.
//!
//! # What is promised
//! - Nothing that a peer or a file says makes this crate panic, loop without bound, or take memory far beyond what was
//!   sent: lengths, nesting, unpacked sizes and queues have limits, and what breaks them is a typed error.
//! - Every check of the security guidelines is made, and a failed one ends the key exchange or drops the packet before
//!   anything of it is used. A packet that cannot be opened says nothing about why.
//! - Arithmetic on secret numbers takes a time that does not depend on them. Keys and passwords are wiped when they are
//!   dropped, compared in constant time, and never shown by `Debug`, errors or logs.
//! - `unsafe` code is in five places: the instructions of x86-64 for AES (`crypto::aes`), SHA-256 (`crypto::sha256`) and large numbers
//!   (`crypto::modular`), each with a portable twin; short texts (`tl::text`); and the interpreter of the type tables in
//!   `tl::table`, which states what it relies on; the generated tables make the promise by an `unsafe impl` for each type.
//!
//! `SECURITY.md` says what is not promised.
#![deny(missing_docs, unsafe_code)]

/// The examples of the README, compiled as tests of the documentation.
#[cfg(all(doctest, feature = "terminal"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The same of the page on stores.
#[cfg(doctest)]
#[doc = include_str!("../docs/stores.md")]
struct Stores;

pub mod clock;
pub mod crypto;
pub mod handshake;
// Here and in `transport`, what both ends share has parts that only the other end uses.
#[cfg_attr(not(feature = "server-core"), allow(dead_code))]
pub mod message;
pub mod schema;
pub mod session;
pub mod tl;
#[cfg_attr(not(feature = "server-core"), allow(dead_code))]
pub mod transport;

#[cfg(feature = "client")]
pub mod auth;
#[cfg(feature = "client")]
pub mod client;
#[cfg(any(feature = "client", feature = "server"))]
pub mod net;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "simulation")]
pub mod simulation;

#[cfg(feature = "client")]
pub use client::Client;
#[cfg(feature = "api")]
pub use tl::{enums, functions, types};
