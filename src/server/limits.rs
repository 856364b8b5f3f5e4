//! Bounds on what one peer can use up.

use std::time::Duration;

/// The limits of a server that its owner can set.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// Most connections at one time.
    pub connections: usize,
    /// A connection that has been silent for so long is closed.
    pub idle: Duration,
}

/// How long a new connection may take until its first packet under a known key has come in.
pub(super) const GREETING: Duration = Duration::from_secs(60);

/// How long a peer may take to accept what it is sent.
pub(super) const WRITE: Duration = Duration::from_secs(60);

/// For how long nothing has come or gone on a connection when memory is let go that serves only the traffic.
pub(super) const QUIET: Duration = Duration::from_millis(100);

/// How long a peer that is told off is listened to, so that it can read that.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// Bytes waiting to be written above which nothing more is read from a connection.
pub(super) const OUTPUT: usize = 1 << 20;

/// Sessions that one connection may carry.
pub(super) const SESSIONS_PER_CONNECTION: usize = 32;

/// Messages of key exchanges that one connection may send: enough for a dozen exchanges.
pub(super) const PLAIN_PER_CONNECTION: u32 = 48;

/// How long it may take to reach the site to which strangers are passed on.
pub(super) const SITE: Duration = Duration::from_secs(10);

/// How long a stranger may talk to that site over one connection.
pub(super) const STRANGER: Duration = Duration::from_secs(300);
