//! Secret bytes on the stack that are wiped when they go.

use std::ops::{Deref, DerefMut};

use zeroize::Zeroize;

/// So many secret bytes, wiped on drop.
pub(super) struct Wiped<const N: usize>([u8; N]);

impl<const N: usize> Wiped<N> {
    /// All zero, to be filled in.
    pub(super) fn zero() -> Self {
        Self([0; N])
    }
}

/// Wipes bytes as a slice: `zeroize` takes an array byte by byte, which for the blocks of a small packet's hashes took as
/// long as one of the hashes.
pub(super) fn wipe(bytes: &mut [u8]) {
    bytes.zeroize();
}

impl<const N: usize> Deref for Wiped<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> DerefMut for Wiped<N> {
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for Wiped<N> {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_wiped_in_the_end() {
        let mut bytes = Wiped([0xa5; 128]);
        wipe(&mut *bytes);
        assert_eq!(*bytes, [0; 128]);
        assert!(std::mem::needs_drop::<Wiped<128>>());
    }
}
