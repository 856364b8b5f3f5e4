//! What all generated types do in one way: by their encoding.

use std::fmt;

use super::{Deserialize, Reader, Serialize};

/// Whether two values have the same encoding.
pub(crate) fn equal(a: &dyn Serialize, b: &dyn Serialize) -> bool {
    match (a.to_packet(), b.to_packet()) {
        (Ok(a), Ok(b)) => a.as_slice() == b.as_slice(),
        // A string of 16 MiB or more has no encoding.
        _ => false,
    }
}

/// Shows a value as the embedded schema describes its encoding.
pub(crate) fn debug(value: &dyn Serialize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value.to_packet() {
        Ok(packet) => write!(f, "{} bytes", packet.len()),
        Err(error) => write!(f, "(cannot be encoded: {error})"),
    }
}

pub(crate) fn clone<T: Serialize + Deserialize + Default>(value: &T) -> T {
    match value.to_bytes() {
        Ok(bytes) => T::deserialize(&mut Reader::new(bytes)),
        Err(_) => T::default(),
    }
}
