//! `mtwire decode`: TL bytes as a tree.

use std::io::Read;

use mtwire::schema::dynamic::{Registry, Tree};

use super::args::DecodeArgs;
use super::failure::Failure;

pub fn run(args: &DecodeArgs) -> Result<(), Failure> {
    let bytes = bytes(&args.input)?;
    let registry = Registry::embedded();
    let node = match &args.as_type {
        Some(name) => registry.decode_as(name, &bytes),
        None => registry.decode(&bytes),
    };
    let node = node.map_err(|error| Failure::new(error).in_json(args.json))?;
    if args.json {
        println!("{:#}", node.value.to_json());
    } else {
        println!("{}", Tree(&node).to_string().trim_end());
    }
    Ok(())
}

/// What the argument stands for: digits, or the content of a file.
fn bytes(input: &str) -> Result<Vec<u8>, Failure> {
    if let Some(bytes) = hex(input.as_bytes()) {
        return Ok(bytes);
    }
    let mut content = Vec::new();
    if input == "-" {
        std::io::stdin().read_to_end(&mut content)?;
    } else {
        content = std::fs::read(input).map_err(|error| {
            Failure::usage(format_args!(
                "{input} is neither hexadecimal digits nor a file that can be read: {error}"
            ))
        })?;
    }
    Ok(hex(&content).unwrap_or(content))
}

/// The bytes that hexadecimal digits stand for; white space between them is skipped.
fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len().is_multiple_of(2))?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
