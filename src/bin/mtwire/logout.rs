//! `mtwire logout`.

use serde_json::json;

use super::args::NameArgs;
use super::failure::Failure;
use super::open;

pub async fn run(args: NameArgs) -> Result<(), Failure> {
    work(&args).await.map_err(|failure| failure.in_json(args.json))
}

async fn work(args: &NameArgs) -> Result<(), Failure> {
    let open = open::open(args).await?;
    let done = open.client.log_out().await;
    open.close().await;
    done?;
    let path = open::path(args);
    if args.json {
        println!("{}", json!({"logged_out": true, "session": path}));
    } else {
        println!("Logged out; {} keeps the API key for the next login", path.display());
    }
    Ok(())
}
