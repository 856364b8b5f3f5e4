//! Connects without logging in and shows what the server tells about itself.
//!
//! `cargo run --example get_config -- API_ID API_HASH` (from <https://my.telegram.org/apps>)

mod loopback;

use mtwire::client::Client;
use mtwire::functions;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut args = std::env::args().skip(1);
    let (Some(api_id), Some(api_hash)) = (args.next(), args.next()) else {
        return Err("usage: get_config API_ID API_HASH".into());
    };
    let client = loopback::reach(Client::new("get_config", api_id.parse()?, api_hash))?.connect().await?;
    let config = client.invoke(&functions::help::GetConfig {}).await?;
    println!("DC {}, server time {}", config.this_dc, config.date);
    for dc in config.dc_options {
        println!("DC {}: {}:{}", dc.id, dc.ip_address, dc.port);
    }
    client.disconnect().await;
    Ok(())
}
