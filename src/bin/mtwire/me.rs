//! `mtwire me`: who is logged in.

use mtwire::client::Client;
use mtwire::session::User;
use serde_json::{Value, json};

use super::args::{NameArgs, OnlineArgs};
use super::failure::Failure;
use super::open;

pub async fn run(online: OnlineArgs) -> Result<(), Failure> {
    let args = &online.session;
    open::with(&online, async |client| show(client, args).await).await
}

async fn show(client: &Client, args: &NameArgs) -> Result<(), Failure> {
    // Asked, and not read from the session: a session that was imported may not know, and a name may have changed.
    let user = client.get_me().await?;
    let user = user.ok_or_else(|| Failure::new("the server does not say who is logged in"))?;
    let path = open::path(args);
    if args.json {
        println!("{}", json!({"user": json(&user), "dc": client.home_dc(), "session": path}));
    } else {
        println!("{}, DC {}, session {}", words(&user), client.home_dc(), path.display());
    }
    Ok(())
}

/// A user in one line.
pub fn words(user: &User) -> String {
    if user.id == 0 {
        return "somebody is logged in; `mtwire me` asks who".to_owned();
    }
    let id = format!("{} {}", if user.bot { "bot" } else { "user" }, user.id);
    // An import may know the number of a user and nothing else.
    let phone = user.phone.as_ref().map(|phone| format!("+{phone}"));
    let known = [Some(user.names()).filter(|names| !names.is_empty()), Some(id), phone];
    known.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A user for programs.
pub fn json(user: &User) -> Value {
    json!({
        "id": user.id,
        "bot": user.bot,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "username": user.username,
        "phone": user.phone,
    })
}
