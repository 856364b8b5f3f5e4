//! What each fuzz target does with its input, apart from the fuzzer: `tests/fuzz_corpus.rs` of the main package
//! includes this module too and replays the kept corpora with it on a stable toolchain.
//!
//! A body panics on a finding and takes any bytes.

mod fake_tls;
mod handshake;
mod http;
mod input;
mod message;
mod schema_parse;
mod session_convert;
mod session_file;
mod session_sealed;
mod tl_api;
mod transport;

/// A fuzz target.
pub struct Target {
    /// The name of the target and of its directory under `corpus/`.
    pub name: &'static str,
    /// What it does with an input.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "fake_tls_client", run: fake_tls::client },
    Target { name: "fake_tls_server", run: fake_tls::server },
    Target { name: "handshake_client", run: handshake::client },
    Target { name: "message_client", run: message::client },
    Target { name: "message_server", run: message::server },
    Target { name: "schema_parse", run: schema_parse::run },
    Target { name: "session_convert", run: session_convert::run },
    Target { name: "session_file", run: session_file::run },
    Target { name: "session_sealed", run: session_sealed::run },
    Target { name: "tl_api", run: tl_api::run },
    Target { name: "transport_abridged", run: transport::abridged },
    Target { name: "transport_detect", run: transport::detect },
    Target { name: "transport_full", run: transport::full },
    Target { name: "transport_http_client", run: http::client },
    Target { name: "transport_http_server", run: http::server },
    Target { name: "transport_intermediate", run: transport::intermediate },
    Target { name: "transport_obfuscated", run: transport::obfuscated },
    Target { name: "transport_padded", run: transport::padded },
];
