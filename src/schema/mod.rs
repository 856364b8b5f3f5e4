//! The TL language: text of a schema → tokens → syntax tree, constructor ids, checks.
//!
//! [`parse`] turns text into a [`Schema`](ast::Schema); [`check`](check::check) looks for what is well formed but wrong
//! (an id that is not the CRC32 of its definition, a type that nobody defines).
//! The language is described at <https://core.telegram.org/mtproto/TL>.
//!
//! [`dynamic`] is a codec for any value of a schema, [`rpc_errors`] the table of the errors that calls end with.
//!
//! The build script compiles the modules of the language too, to generate the types before the crate exists: see
//! the list in `build.rs`. So `ast`, `display`, `error`, `generate`, `id`, `lexer` and `parser` use nothing but
//! `std`, `crc32fast` and one another, by `super::` paths.

pub mod ast;
#[cfg(feature = "codegen")]
pub mod check;
mod display;
pub mod dynamic;
pub mod error;
#[cfg(feature = "codegen")]
pub mod generate;
// Without the generator, what `Debug` needs of it: how types are called in Rust.
#[cfg(not(feature = "codegen"))]
#[allow(dead_code)]
#[path = "generate/names.rs"]
mod generate;
pub mod id;
mod lexer;
mod parser;
pub mod rpc_errors;
pub mod wire;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use parser::{MAX_TYPE_DEPTH, parse, parse_type};
