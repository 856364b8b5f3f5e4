//! How people write and share proxies.

use std::borrow::Cow;
use std::str::FromStr;

use super::{Credentials, Proxy, percent};
use crate::net::Address;
use crate::transport::SecretError;

/// Why a text names no proxy. The text itself is not shown: it may hold a password or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyTextError {
    /// Neither a URL of a proxy nor a link to one.
    #[error(
        "this is no proxy: expected socks5://[USER:PASSWORD@]HOST:PORT, http://[USER:PASSWORD@]HOST:PORT, \
         mtproxy://SECRET@HOST:PORT, or a link of tg://proxy, tg://socks, https://t.me/proxy, https://t.me/socks"
    )]
    Form,
    /// The address behind the scheme is none.
    #[error("the proxy's address is no HOST:PORT, with an IPv6 address in brackets")]
    Address,
    /// Something behind the address, which would be left out.
    #[error("there is something behind the proxy's address")]
    Rest,
    /// A link without a part that it needs.
    #[error("the link to the proxy has no `{0}`")]
    Missing(&'static str),
    /// A link that says one thing twice.
    #[error("the link to the proxy has several `{0}`")]
    Twice(&'static str),
    /// The port in a link is no number from 1 to 65535.
    #[error("the proxy's port is no number from 1 to 65535")]
    Port,
    /// A `%` without two hexadecimal digits, or text that no proxy can have.
    #[error("something in the proxy's text is no percent-encoded text")]
    Percent,
    /// The secret of an MTProxy is none.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// The sites whose links open in Telegram's apps.
const SITES: [&str; 3] = ["t.me", "telegram.me", "telegram.dog"];

impl FromStr for Proxy {
    type Err = ProxyTextError;

    fn from_str(text: &str) -> Result<Self, ProxyTextError> {
        let (scheme, rest) = match text.split_once(':') {
            // `tg:` goes without slashes, too.
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest.strip_prefix("//").unwrap_or(rest)),
            None => (String::new(), text),
        };
        match scheme.as_str() {
            "tg" => return link(rest.strip_prefix("//").unwrap_or(rest)),
            // What needs no scheme has a colon only in its query, if at all.
            _ if !text.contains("://") => return site_link(text),
            "https" => return site_link(rest),
            "http" => {
                if let Ok(proxy) = site_link(rest) {
                    return Ok(proxy);
                }
            }
            _ => {}
        }
        let (user, address) = match rest.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, rest),
        };
        let address = plain_address(address)?;
        match (scheme.as_str(), user) {
            ("mtproxy", Some(secret)) => Ok(Self::MtProxy { address, secret: decode(secret)?.parse()? }),
            ("mtproxy", None) => Err(ProxyTextError::Missing("secret")),
            ("socks5", user) => Ok(Self::Socks5 { address, credentials: user.map(user_info).transpose()? }),
            ("http", user) => Ok(Self::Http { address, credentials: user.map(user_info).transpose()? }),
            _ => Err(ProxyTextError::Form),
        }
    }
}

/// `HOST:PORT` and at most a slash.
fn plain_address(text: &str) -> Result<Address, ProxyTextError> {
    let text = text.strip_suffix('/').unwrap_or(text);
    if text.contains(['/', '?', '#']) {
        return Err(ProxyTextError::Rest);
    }
    let address: Address = text.parse().map_err(|_| ProxyTextError::Address)?;
    valid_address(address.host(), address.port())
}

fn valid_address(host: &str, port: u16) -> Result<Address, ProxyTextError> {
    let fits = (1..=255).contains(&host.len())
        && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    match (fits, port) {
        (false, _) => Err(ProxyTextError::Address),
        (_, 0) => Err(ProxyTextError::Port),
        _ => Ok(Address::new(host, port)),
    }
}

fn user_info(text: &str) -> Result<Credentials, ProxyTextError> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    Ok(Credentials::new(decode(user)?, decode(password)?))
}

fn decode(text: &str) -> Result<Cow<'_, str>, ProxyTextError> {
    percent::decode(text).ok_or(ProxyTextError::Percent)
}

/// A link behind `https://`.
fn site_link(text: &str) -> Result<Proxy, ProxyTextError> {
    let (site, rest) = text.split_once('/').ok_or(ProxyTextError::Form)?;
    let site = site.to_ascii_lowercase();
    let site = site.strip_prefix("www.").unwrap_or(&site);
    if SITES.contains(&site) { link(rest) } else { Err(ProxyTextError::Form) }
}

/// `proxy?server=…&port=…&secret=…` or `socks?server=…&port=…[&user=…&pass=…]`.
fn link(text: &str) -> Result<Proxy, ProxyTextError> {
    let (what, query) = text.split_once('?').ok_or(ProxyTextError::Form)?;
    let query = query.split('#').next().unwrap_or_default();
    let value = |name: &'static str| -> Result<Option<Cow<'_, str>>, ProxyTextError> {
        let mut values =
            query.split('&').filter_map(|pair| pair.split_once('=')).filter(|pair| pair.0 == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => decode(value).map(Some),
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(ProxyTextError::Twice(name)),
        }
    };
    let needed = |name| value(name)?.filter(|value| !value.is_empty()).ok_or(ProxyTextError::Missing(name));
    let address = || {
        let (host, port) = (needed("server")?, needed("port")?);
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| digits).ok_or(ProxyTextError::Port)?;
        valid_address(host.trim_start_matches('[').trim_end_matches(']'), port)
    };
    match what.strip_suffix('/').unwrap_or(what) {
        "proxy" => Ok(Proxy::MtProxy { address: address()?, secret: needed("secret")?.parse()? }),
        "socks" => {
            let (user, password) = (value("user")?, value("pass")?);
            let named = user.filter(|user| !user.is_empty());
            let credentials = named.map(|user| Credentials::new(user, password.unwrap_or_default()));
            Ok(Proxy::Socks5 { address: address()?, credentials })
        }
        _ => Err(ProxyTextError::Form),
    }
}
