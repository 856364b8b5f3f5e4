//! `mtwire me`: who is logged in.

use mtwire::session::User;
use serde_json::{Value, json};

use super::args::{NameArgs, OnlineArgs};
use super::failure::Failure;
use super::open::{self, Open};

pub async fn run(online: OnlineArgs) -> Result<(), Failure> {
    let args = &online.session;
    let open = open::open(&online).await.map_err(|failure| failure.in_json(args.json))?;
    let done = show(&open, args).await.map_err(|failure| failure.in_json(args.json));
    open.close().await;
    done
}

async fn show(open: &Open, args: &NameArgs) -> Result<(), Failure> {
    let client = &open.client;
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
    let mut line = format!("{} {}", user.first_name, user.last_name).trim().to_owned();
    if let Some(username) = &user.username {
        line.push_str(&format!(" (@{username})"));
    }
    line.push_str(if user.bot { ", bot" } else { ", user" });
    line.push_str(&format!(" {}", user.id));
    if let Some(phone) = &user.phone {
        line.push_str(&format!(", +{phone}"));
    }
    line
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
