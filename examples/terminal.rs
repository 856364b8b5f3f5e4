//! Logs a user in at the terminal and prints the messages that come, until Ctrl-C. A second run asks nothing.
//!
//! `cargo run --example terminal -- API_ID API_HASH` (from <https://my.telegram.org/apps>)

mod loopback;

use mtwire::client::{Client, Update};
use mtwire::enums::{Message, Update as Change, Updates};

/// The texts of an update's messages.
fn texts(update: &Update) -> Vec<String> {
    let changes = match update.parse() {
        Ok(Some(Updates::UpdateShortMessage(message))) => return vec![message.message.to_string()],
        Ok(Some(Updates::UpdateShortChatMessage(message))) => return vec![message.message.to_string()],
        Ok(Some(Updates::Updates(updates))) => updates.updates,
        _ => return Vec::new(),
    };
    let text = |change| match change {
        Change::NewMessage(new) => match new.message {
            Message::Message(message) => Some(message.message.to_string()),
            _ => None,
        },
        _ => None,
    };
    changes.into_iter().filter_map(text).collect()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut args = std::env::args().skip(1);
    let (Some(api_id), Some(api_hash)) = (args.next(), args.next()) else {
        return Err("usage: terminal API_ID API_HASH".into());
    };
    let client = loopback::reach(Client::new("my_account", api_id.parse()?, api_hash))?;
    client
        .run_with(|_, update| async move {
            for text in texts(&update) {
                println!("> {text}");
            }
        })
        .await?;
    Ok(())
}
