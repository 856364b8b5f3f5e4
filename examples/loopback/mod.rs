//! How the examples are tried without Telegram: against `mtwire serve`.

use std::error::Error;

use mtwire::client::ClientBuilder;
use mtwire::crypto::rsa::PublicKey;

/// With `MTWIRE_DC=HOST:PORT,N,KEY.pem` in the environment the client begins at DC N of the servers with that public key,
/// which has this address; else it talks to Telegram.
///
/// `mtwire serve --public-key KEY.pem` writes such a file and prints the addresses; any API key will do there.
pub fn reach(builder: ClientBuilder) -> Result<ClientBuilder, Box<dyn Error + Send + Sync>> {
    let Ok(dc) = std::env::var("MTWIRE_DC") else { return Ok(builder) };
    let mut parts = dc.splitn(3, ',');
    let (Some(address), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("MTWIRE_DC must be HOST:PORT,N,KEY.pem".into());
    };
    let pem = std::fs::read_to_string(key).map_err(|error| format!("{key}: {error}"))?;
    Ok(builder.dc(id.parse()?, address.parse()?).trust(PublicKey::from_pem(&pem)?))
}
