//! Connects and calls `help.getConfig`.

use std::sync::Arc;

use mtwire::client::Client;
use mtwire::functions;
use mtwire::session::MemoryStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let store = Arc::new(MemoryStore::default());
    let client = Client::new("hello", 1, "0123456789abcdef0123456789abcdef").store(store).connect().await?;
    let config = client.invoke(&functions::help::GetConfig {}).await?;
    println!("this is DC {}", config.this_dc);
    Ok(())
}
