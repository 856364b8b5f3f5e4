//! A codec that the schema drives at run time: bytes ↔ tree of named values ↔ JSON, for any type and function.
//!
//! The generated types of [`tl`](crate::tl) are for code that knows what it wants; this is for everything that
//! has to show or build *any* value: `Debug`, the `decode` and `call` commands, annotated traces, fuzzers.
//!
//! ```
//! use mtwire::schema::dynamic::Registry;
//!
//! let registry = Registry::embedded();
//! let node = registry.decode(&[0xec, 0x77, 0xbe, 0x7a, 7, 0, 0, 0, 0, 0, 0, 0]).unwrap();
//! assert_eq!(format!("{node:?}"), "Ping { ping_id: 7 }");
//! assert_eq!(node.value.encode().unwrap().len(), 12);
//! ```
//!
//! Nothing in the input can make it panic, recurse without bound or build more than a fixed multiple of what
//! the input holds; see [`Limits`].

mod cursor;
mod debug;
mod decode;
mod encode;
mod hex;
#[cfg(feature = "json")]
mod json;
mod output;
mod redact;
mod registry;
mod render;
#[cfg(any(test, feature = "fuzzing"))]
mod sample;
mod service;
mod value;

#[cfg(test)]
mod tests;

pub use debug::fmt_debug;
pub use decode::{DecodeError, DecodeErrorKind, Limits};
pub use encode::{EncodeError, EncodeErrorKind};
#[cfg(feature = "json")]
pub use json::{JsonError, JsonErrorKind};
pub use registry::{Combinator, Registry, UnknownType};
pub use render::Tree;
#[cfg(any(test, feature = "fuzzing"))]
pub use sample::Sampler;
pub use value::{Field, Node, Object, RawBytes, Value};
