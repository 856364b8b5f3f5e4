//! Connects and calls `help.getConfig`.

use std::sync::Arc;

use grammers_client::{Client, SenderPool, tl};
use grammers_session::storages::MemorySession;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let pool = SenderPool::new(Arc::new(MemorySession::default()), 1);
    let client = Client::new(pool.handle);
    tokio::spawn(pool.runner.run());
    let tl::enums::Config::Config(config) = client.invoke(&tl::functions::help::GetConfig {}).await?;
    println!("this is DC {}", config.this_dc);
    Ok(())
}
