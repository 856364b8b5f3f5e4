//! The TL language: text of a schema → tokens → syntax tree, constructor ids, checks.
//!
//! [`parse`] turns text into a [`Schema`](ast::Schema); [`check`](check::check) looks for what is well formed but wrong
//! (an id that is not the CRC32 of its definition, a type that nobody defines).
//! The language is described at <https://core.telegram.org/mtproto/TL>.
//!
//! The build script compiles these files too, to generate the types, before the crate exists. So the modules
//! of the language use nothing but `std`, `crc32fast` and one another, by `super::` paths.

pub mod ast;
pub mod check;
mod display;
pub mod error;
pub mod generate;
pub mod id;
mod lexer;
mod parser;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use parser::parse;
