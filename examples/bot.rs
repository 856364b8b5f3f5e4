//! Logs a bot in and prints the updates that it gets, until Ctrl-C.
//!
//! `cargo run --example bot --features cli -- API_ID API_HASH BOT_TOKEN`

use mtwire::client::{Client, Update};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [api_id, api_hash, token] = args.as_slice() else {
        return Err("usage: bot API_ID API_HASH BOT_TOKEN".into());
    };
    let client = Client::builder("bot").api_id(api_id.parse()?).api_hash(api_hash).connect().await?;
    let user = match client.user() {
        Some(user) => user,
        None => client.sign_in_bot(token).await?,
    };
    println!("logged in as {}", user.first_name);
    let updates = client.updates();
    while let Some(update) = updates.next_update().await {
        match update {
            Update::Received(_) => println!("{:?}", update.parse()?),
            Update::Missed => println!("(some updates may be missing)"),
        }
    }
    Ok(())
}
