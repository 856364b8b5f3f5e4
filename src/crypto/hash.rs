//! Hashes over the concatenation of several slices, so that no caller has to build the concatenation.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// SHA-1 (FIPS 180-4) of the concatenation of `parts`: 20 bytes.
///
/// MTProto uses it for key ids and inside the key exchange, where collisions do not help an attacker.
#[must_use]
pub fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    digest::<Sha1>(parts).into()
}

/// SHA-256 (FIPS 180-4) of the concatenation of `parts`: 32 bytes.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    digest::<Sha256>(parts).into()
}

/// SHA-512 (FIPS 180-4) of the concatenation of `parts`: 64 bytes.
#[must_use]
pub fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    digest::<Sha512>(parts).into()
}

fn digest<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut state = D::new();
    for part in parts {
        state.update(part);
    }
    state.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The "abc" examples of FIPS 180-4.
    #[test]
    fn abc() {
        let parts: &[&[u8]] = &[b"a", b"", b"bc"];
        assert_eq!(sha1(parts)[..4], [0xa9, 0x99, 0x3e, 0x36]);
        assert_eq!(sha256(parts)[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(sha512(parts)[..4], [0xdd, 0xaf, 0x35, 0xa1]);
    }
}
