//! How the servers are reached: the transport and the proxy.

use std::path::PathBuf;

use clap::Args;
use mtwire::auth::terminal::Presets;
use mtwire::client::ClientBuilder;
use mtwire::net::Proxy;
use mtwire::transport::Kind;

use super::failure::Failure;

/// The options of every command that connects.
#[derive(Args, Clone)]
pub struct Reach {
    /// abridged, intermediate, padded, full, obfuscated, obfuscated-intermediate, obfuscated-padded, http, websocket, or
    /// websocket-tls where it is built in.
    #[arg(long, value_name = "T", default_value = "abridged")]
    pub transport: Kind,
    /// Proxy: socks5://[USER:PASSWORD@]HOST:PORT, http://[USER:PASSWORD@]HOST:PORT, mtproxy://SECRET@HOST:PORT, or a link
    /// of Telegram's apps, as in 'https://t.me/proxy?…'. The list of processes and the shell's history show it.
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
    /// File whose first line is the proxy.
    #[arg(long, value_name = "F", conflicts_with = "proxy")]
    pub proxy_file: Option<PathBuf>,
}

impl Reach {
    /// Tells a client the way.
    pub fn show(&self, builder: ClientBuilder) -> Result<ClientBuilder, Failure> {
        let builder = builder.transport(self.transport);
        Ok(match self.proxy()? {
            Some(proxy) => builder.proxy(proxy),
            None => builder,
        })
    }

    /// Fails before anything is done if the proxy is none.
    pub fn check(&self) -> Result<(), Failure> {
        self.proxy().map(drop)
    }

    /// Parsed here and not by clap, which would repeat what it refuses, and with it a password.
    fn proxy(&self) -> Result<Option<Proxy>, Failure> {
        let parse = |source: &str, text: &str| {
            text.parse().map(Some).map_err(|error| Failure::usage(format_args!("{source}: {error}")))
        };
        match (&self.proxy, &self.proxy_file) {
            (Some(text), _) => parse("--proxy", text),
            (None, Some(path)) => {
                let name = path.display().to_string();
                let line = Presets::read_password(path)
                    .map_err(|error| Failure::new(format_args!("{name}: {error}")))?;
                parse(&name, line.expose_str().unwrap_or_default())
            }
            (None, None) => Ok(None),
        }
    }
}
