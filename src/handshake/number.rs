//! `pq`, `p` and `q` on the wire: big-endian, minimal when written (TL-2).

use bytes::Bytes;

/// The minimal big-endian bytes of a number.
pub(super) fn to_bytes(number: u64) -> Bytes {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Bytes::copy_from_slice(&bytes[zeros..])
}

/// Reads at most 8 bytes; leading zeros are free, because some clients write `p` and `q` with a fixed width.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<u64> {
    let mut fixed = [0; 8];
    let start = fixed.len().checked_sub(bytes.len())?;
    fixed[start..].copy_from_slice(bytes);
    Some(u64::from_be_bytes(fixed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_minimal_read_generously() {
        assert_eq!(to_bytes(0x0012_3456).as_ref(), [0x12, 0x34, 0x56]);
        assert_eq!(from_bytes(&[0, 0x12, 0x34, 0x56]), Some(0x0012_3456));
        assert_eq!(from_bytes(&[0xff; 8]), Some(u64::MAX));
        assert_eq!(from_bytes(&[]), Some(0));
        assert_eq!(from_bytes(&[0; 9]), None);
    }
}
