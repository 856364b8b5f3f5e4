//! `mtwire call`: any API method, with JSON in and out.

use std::io::Read;

use mtwire::client::Client;
use mtwire::schema::dynamic::Registry;
use serde_json::Value;

use super::args::CallArgs;
use super::failure::Failure;
use super::open;

pub async fn run(args: CallArgs) -> Result<(), Failure> {
    let json = args.session.json;
    work(args).await.map_err(|failure| failure.in_json(json))
}

async fn work(args: CallArgs) -> Result<(), Failure> {
    let registry = Registry::embedded();
    if registry.function(&args.method).is_none() {
        return Err(Failure::usage(format_args!(
            "the schema has no method {}; see https://core.telegram.org/methods",
            args.method
        )));
    }
    let arguments: Value = serde_json::from_str(&text(&args.arguments)?)
        .map_err(|error| Failure::usage(format_args!("the arguments are not JSON: {error}")))?;
    let value = registry
        .from_json_as(&args.method, &arguments)
        .map_err(|error| Failure::usage(format_args!("{}: {error}", args.method)))?;
    let body = registry.encode_as(&args.method, &value).map_err(Failure::usage)?;
    let open = open::open(&args.session).await?;
    let answer = answer(&open.client, &args, body).await;
    open.close().await;
    let answer = answer?;
    println!("{}", if args.session.json { answer.to_string() } else { format!("{answer:#}") });
    Ok(())
}

async fn answer(client: &Client, args: &CallArgs, body: mtwire::tl::Bytes) -> Result<Value, Failure> {
    let bytes = client.invoke_raw(body).await?;
    let node = Registry::embedded()
        .decode_result(&args.method, &bytes)
        .map_err(|error| Failure::new(format_args!("{}: the answer cannot be read: {error}", args.method)))?;
    Ok(node.value.to_json())
}

fn text(arguments: &str) -> Result<String, Failure> {
    if arguments != "-" {
        return Ok(arguments.to_owned());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
