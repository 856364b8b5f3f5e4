//! What all generated types do in one way: by their encoding.

use std::fmt;

use super::Serialize;

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
        Ok(packet) => crate::schema::dynamic::fmt_debug(packet.as_slice(), f),
        Err(error) => write!(f, "(cannot be encoded: {error})"),
    }
}

#[cfg(all(test, feature = "api"))]
mod tests {
    use crate::tl::{enums, types};

    /// The figures that other libraries miss by a factor of six.
    #[test]
    fn hot_types_stay_small() {
        assert!(size_of::<types::Message>() < 400, "{}", size_of::<types::Message>());
        assert!(size_of::<enums::Message>() <= 408, "{}", size_of::<enums::Message>());
        assert!(size_of::<types::User>() < 400, "{}", size_of::<types::User>());
        assert!(size_of::<enums::Update>() <= 72, "{}", size_of::<enums::Update>());
        assert!(size_of::<enums::InputPeer>() <= 72, "{}", size_of::<enums::InputPeer>());
    }
}
