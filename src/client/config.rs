//! What a client can be told about itself, its patience and its deadlines.

use std::time::Duration;

use crate::message::client::Options;
use crate::net::http;
use crate::transport::Kind;

/// What `initConnection` tells the server about the program; users see it in their list of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The machine, e.g. `Desktop`.
    pub device_model: String,
    /// The operating system.
    pub system_version: String,
    /// The version of the program.
    pub app_version: String,
    /// The language of the system, e.g. `en`.
    pub system_lang_code: String,
    /// The language of the program's texts, e.g. `en`.
    pub lang_code: String,
}

impl Default for DeviceInfo {
    fn default() -> Self {
        Self {
            device_model: "Desktop".to_owned(),
            system_version: std::env::consts::OS.to_owned(),
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            system_lang_code: "en".to_owned(),
            lang_code: "en".to_owned(),
        }
    }
}

/// How much the client does by itself before a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Waits that a server asks for (420) up to this long are slept through and the call repeated; longer ones are
    /// returned as [`InvokeError::Wait`](super::InvokeError::Wait). One minute by default; zero never sleeps.
    pub flood_sleep_threshold: Duration,
    /// How often a call is repeated after an internal error of the server (5xx). 3 by default.
    pub server_errors: u32,
    /// The pause before the first of these repetitions; it doubles. One second by default.
    pub server_error_pause: Duration,
    /// How many 303 answers in a row one call follows. 3 by default.
    pub migrations: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            flood_sleep_threshold: Duration::from_secs(60),
            server_errors: 3,
            server_error_pause: Duration::from_secs(1),
            migrations: 3,
        }
    }
}

/// Deadlines and intervals of connections and calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long opening a TCP connection may take. 10 s by default.
    pub dial: Duration,
    /// How long the whole key exchange may take, its connection not included. 30 s by default (10…60 s are advised).
    pub exchange: Duration,
    /// How long [`connect`](super::ClientBuilder::connect) may take altogether. 60 s by default.
    pub connect: Duration,
    /// How long one call may take, reconnections included; sleeping through a flood wait stops this clock. 60 s by
    /// default.
    pub call: Duration,
    /// How many times [`connect`](super::ClientBuilder::connect) tries where a later try may help. 3 by default.
    pub connect_attempts: usize,
    /// How long a connection may be silent before a `ping_delay_disconnect` goes out. 30 s by default.
    pub ping: Duration,
    /// How long after a ping nothing at all may come before the connection is cut and made anew. 15 s by default.
    pub pong: Duration,
    /// The first pause before reconnecting; it doubles, with jitter. 250 ms by default.
    pub reconnect_first: Duration,
    /// The longest pause before reconnecting. 30 s by default.
    pub reconnect_max: Duration,
    /// How long a connection to another DC than the home, or one for files, may have nothing to do before it is closed.
    /// 60 s by default.
    pub idle: Duration,
    /// How long a temporary key lives, in whole seconds, if there are any
    /// ([`ClientBuilder::pfs`](super::ClientBuilder::pfs)). It is replaced after three quarters of that. One day by
    /// default.
    pub temp_key: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            dial: Duration::from_secs(10),
            exchange: Duration::from_secs(30),
            connect: Duration::from_secs(60),
            call: Duration::from_secs(60),
            connect_attempts: 3,
            ping: Duration::from_secs(30),
            pong: Duration::from_secs(15),
            reconnect_first: Duration::from_millis(250),
            reconnect_max: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            temp_key: Duration::from_secs(86_400),
        }
    }
}

impl Timing {
    pub(super) fn session_options(&self, transport: Kind) -> Options {
        // A ping over HTTP would tell nothing that the long poll does not, whose answer has a deadline, too.
        let (ping_interval, http_wait) = match transport {
            Kind::Http => (None, Some(http::POLL)),
            _ => (Some(self.ping), None),
        };
        Options { ping_interval, pong_timeout: self.pong, http_wait, ..Options::default() }
    }
}
