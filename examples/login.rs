//! Logs a user in, code and password typed line by line; a second run finds the session and asks nothing.
//!
//! `cargo run --example login -- API_ID API_HASH`

use std::io::{Write, stdin, stdout};

use mtwire::client::{Client, SignInStep};

fn ask(question: &str) -> std::io::Result<String> {
    print!("{question}: ");
    stdout().flush()?;
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(api_id), Some(api_hash)) = (args.next(), args.next()) else {
        return Err("usage: login API_ID API_HASH".into());
    };
    let client = Client::builder("my_account").api_id(api_id.parse()?).api_hash(api_hash).connect().await?;
    if client.user().is_none() {
        let mut step = client.send_code(&ask("Phone number")?).await?;
        loop {
            step = match step {
                SignInStep::Done(_) => break,
                SignInStep::CodeSent(_) => client.sign_in(&ask("Code")?).await?,
                SignInStep::PasswordNeeded(info) => {
                    let hint = info.hint.map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
                    client.check_password(&ask(&format!("Password{hint}"))?).await?
                }
                SignInStep::SignUpNeeded { .. } => client.sign_up(&ask("First name")?, "").await?,
                other => return Err(format!("cannot go on with {other:?}").into()),
            };
        }
    }
    let user = client.user().ok_or("nobody is logged in")?;
    println!("Logged in as {} {}", user.first_name, user.last_name);
    client.disconnect().await;
    Ok(())
}
