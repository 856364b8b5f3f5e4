//! The generated codecs by their ids, for tests and fuzzers.

use super::{Bytes, Constructor, Deserialize, Error, Serialize};

/// One generated codec.
#[derive(Clone, Copy, Debug)]
pub struct Combinator {
    /// The constructor id.
    pub id: u32,
    /// The name in the schema.
    pub name: &'static str,
    /// Reads a boxed value and writes it again. Bytes behind the value are an error.
    pub recode: fn(Bytes) -> Result<Bytes, Error>,
}

impl Combinator {
    pub(crate) const fn of<T: Constructor + Serialize + Deserialize>() -> Self {
        Self { id: T::ID, name: T::NAME, recode: |packet| T::from_bytes(packet)?.to_bytes() }
    }
}
