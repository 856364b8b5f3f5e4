//! Sockets and tasks under the sans-IO core: dialing, framed streams, the key exchange over a fresh
//! connection, and the reconnect pace. Client and server both stand on it.

mod address;
mod alarm;
mod backoff;
mod blocking;
mod clock;
mod connection;
mod dial;
mod erased;
mod exchange;
mod framed;
mod gate;
#[cfg(feature = "server-core")]
mod greet;
pub mod http;
pub mod proxy;
mod race;
mod refusal;
mod route;
mod scratch;
#[cfg(feature = "terminal")]
mod stop;
mod stream;
#[cfg(feature = "websocket")]
pub mod websocket;

pub use address::{Address, AddressError};
pub use alarm::Alarm;
pub use backoff::Backoff;
pub use blocking::off_thread;
#[cfg(feature = "terminal")]
pub use blocking::on_own_thread;
pub use clock::SystemClock;
pub use connection::Connection;
pub use dial::{DialError, dial};
pub(crate) use erased::{BoxFuture, erased};
pub use exchange::{ExchangeError, ExchangeOptions, FreshKey, exchange};
pub use framed::{Framed, FramedError};
pub use gate::exchange_permit;
#[cfg(feature = "server-core")]
pub use greet::{Stranger, Welcome, greet};
#[cfg(feature = "proxy")]
pub use proxy::{Credentials, ProxyTextError};
pub use proxy::{Proxy, ProxyError};
pub use race::race;
pub use refusal::Refusal;
pub use route::{Endpoint, Route, connect};
#[cfg(feature = "terminal")]
pub use stop::Stop;
pub use stream::{BoxStream, Stream};
