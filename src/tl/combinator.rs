//! The generated codecs by their ids, for tests and fuzzers.

use super::{Bytes, Deserialize, Error, Serialize};

/// One generated codec.
#[derive(Clone, Copy, Debug)]
pub struct Combinator {
    /// The constructor id.
    pub id: u32,
    /// The name in the schema.
    pub name: &'static str,
    /// Reads a boxed value, clones it, and writes the clone. Bytes behind the value are an error.
    pub recode: fn(Bytes) -> Result<Bytes, Error>,
}

impl Combinator {
    /// The codec of a generated struct, or of an enum for a constructor without fields.
    pub(crate) const fn of<T: Serialize + Deserialize + Clone>(id: u32, name: &'static str) -> Self {
        Self { id, name, recode: |packet| T::from_bytes(packet)?.clone().to_bytes() }
    }
}
