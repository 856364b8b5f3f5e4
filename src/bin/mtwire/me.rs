//! `mtwire me`: who is logged in.

use mtwire::session::User;
use mtwire::{enums, functions};
use serde_json::{Value, json};

use super::args::NameArgs;
use super::failure::Failure;
use super::open::{self, Open};

pub async fn run(args: NameArgs) -> Result<(), Failure> {
    let open = open::open(&args).await.map_err(|failure| failure.in_json(args.json))?;
    let done = show(&open, &args).await.map_err(|failure| failure.in_json(args.json));
    open.close().await;
    done
}

async fn show(open: &Open, args: &NameArgs) -> Result<(), Failure> {
    let client = &open.client;
    let users =
        client.invoke(&functions::users::GetUsers { id: vec![enums::InputUser::InputUserSelf] }).await?;
    let Some(enums::User::User(user)) = users.into_iter().next() else {
        return Err(Failure::new("the server does not say who is logged in"));
    };
    let owned = |text: Option<mtwire::tl::Str>| text.map(|text| text.to_string());
    let user = User {
        id: user.id,
        bot: user.bot,
        first_name: owned(user.first_name).unwrap_or_default(),
        last_name: owned(user.last_name).unwrap_or_default(),
        username: owned(user.username),
        phone: owned(user.phone),
    };
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
