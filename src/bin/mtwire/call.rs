//! `mtwire call`: any API method, with JSON in and out.

use std::io::Read;

use mtwire::client::Client;
use mtwire::schema::dynamic::Registry;
use serde_json::Value;

use super::args::CallArgs;
use super::failure::Failure;
use super::open;

pub async fn run(args: CallArgs) -> Result<(), Failure> {
    let json = args.online.session.json;
    work(args).await.map_err(|failure| failure.in_json(json))
}

async fn work(args: CallArgs) -> Result<(), Failure> {
    let registry = Registry::embedded();
    let Some(function) = registry.function(&args.method) else {
        return Err(Failure::usage(format_args!(
            "the schema has no method {}; see https://core.telegram.org/methods",
            args.method
        )));
    };
    let method = function.definition().name.as_str();
    let arguments: Value = serde_json::from_str(&text(&args.arguments)?)
        .map_err(|error| Failure::usage(format_args!("the arguments are not JSON: {error}")))?;
    let value = registry
        .from_json_as(&args.method, &arguments)
        .map_err(|error| Failure::usage(format_args!("{}: {error}", args.method)))?;
    let body = registry.encode_as(&args.method, &value).map_err(Failure::usage)?;
    let answer = open::with(&args.online, async |client| answer(client, method, body).await).await?;
    println!("{}", if args.online.session.json { answer.to_string() } else { format!("{answer:#}") });
    Ok(())
}

async fn answer(client: &Client, method: &'static str, body: mtwire::tl::Bytes) -> Result<Value, Failure> {
    let bytes = client.invoke_raw_as(method, body).await?;
    let node = Registry::embedded()
        .decode_result(method, &bytes)
        .map_err(|error| Failure::new(format_args!("{method}: the answer cannot be read: {error}")))?;
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
