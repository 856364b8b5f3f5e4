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
    use crate::tl::{Bytes, Deserialize, ErrorKind, Serialize, VECTOR, enums, types};

    /// The figures that other libraries miss by a factor of six.
    #[test]
    fn hot_types_stay_small() {
        assert!(size_of::<types::Message>() < 400, "{}", size_of::<types::Message>());
        assert!(size_of::<enums::Message>() <= 408, "{}", size_of::<enums::Message>());
        assert!(size_of::<types::User>() < 400, "{}", size_of::<types::User>());
        assert!(size_of::<enums::Update>() <= 72, "{}", size_of::<enums::Update>());
        assert!(size_of::<enums::InputPeer>() <= 72, "{}", size_of::<enums::InputPeer>());
    }

    /// `views` and `forwards` have one bit: a value for one of them puts both on the wire (TL-6).
    #[test]
    fn fields_that_share_a_bit_are_written_together() {
        let written = |views, forwards| {
            let message = types::Message { views, forwards, message: "text".into(), ..Default::default() };
            let read = types::Message::from_bytes(message.to_bytes().unwrap()).unwrap();
            assert_eq!(&*read.message, "text");
            (read.views, read.forwards)
        };
        assert_eq!(written(None, None), (None, None));
        assert_eq!(written(Some(3), Some(4)), (Some(3), Some(4)));
        assert_eq!(written(Some(3), None), (Some(3), Some(0)));
        assert_eq!(written(None, Some(4)), (Some(0), Some(4)));
    }

    /// Twelve bytes on the wire are four hundred in memory: a packet of nothing else is refused before it has
    /// taken them all.
    #[test]
    fn a_packet_cannot_take_many_times_its_length() {
        let empty = enums::Message::from(types::MessageEmpty { id: 1, peer_id: None }).to_bytes().unwrap();
        let vector = |items: i32| {
            let mut bytes = [VECTOR.to_le_bytes(), items.to_le_bytes()].concat();
            (0..items).for_each(|_| bytes.extend_from_slice(&empty));
            Vec::<enums::Message>::from_bytes(Bytes::from(bytes))
        };
        assert_eq!(vector(1_000).unwrap().len(), 1_000);
        let kind = vector(200_000).unwrap_err().kind;
        assert_eq!(kind, ErrorKind::OutOfBudget);
    }
}
