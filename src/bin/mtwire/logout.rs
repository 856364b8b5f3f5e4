//! `mtwire logout`.

use serde_json::json;

use super::args::OnlineArgs;
use super::failure::Failure;
use super::open;

pub async fn run(args: OnlineArgs) -> Result<(), Failure> {
    open::with(&args, async |client| Ok(client.log_out().await?)).await?;
    let path = open::path(&args.session);
    if args.session.json {
        println!("{}", json!({"logged_out": true, "session": path}));
    } else {
        println!("Logged out; {} keeps the API key for the next login", path.display());
    }
    Ok(())
}
