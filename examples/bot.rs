//! Logs a bot in and prints the updates that it gets, until Ctrl-C.
//!
//! `cargo run --example bot -- API_ID API_HASH BOT_TOKEN`

mod loopback;

use mtwire::client::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut args = std::env::args().skip(1);
    let (Some(api_id), Some(api_hash), Some(token)) = (args.next(), args.next(), args.next()) else {
        return Err("usage: bot API_ID API_HASH BOT_TOKEN".into());
    };
    let bot = Client::new("bot", api_id.parse()?, api_hash).bot_token(token);
    loopback::reach(bot)?
        .run_with(|_, update| async move {
            match update.parse() {
                Ok(Some(update)) => println!("{update:?}"),
                Ok(None) => println!("(some updates may be missing)"),
                Err(error) => println!("(an update of another layer: {error})"),
            }
        })
        .await?;
    Ok(())
}
