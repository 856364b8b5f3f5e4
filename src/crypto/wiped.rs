//! Secret bytes on the stack that are wiped when they go.

use std::ops::{Deref, DerefMut};

use zeroize::{DefaultIsZeroes, Zeroize};

/// So many secret bytes, wiped on drop in a few wide stores. An array is wiped byte by byte, which for the blocks of a
/// small packet's hashes took as long as one of the hashes.
pub(super) struct Wiped<const N: usize>(Plain<N>);

#[derive(Clone, Copy)]
struct Plain<const N: usize>([u8; N]);

impl<const N: usize> Default for Plain<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> DefaultIsZeroes for Plain<N> {}

impl<const N: usize> Wiped<N> {
    /// All zero, to be filled in.
    pub(super) fn zero() -> Self {
        Self(Plain::default())
    }
}

impl<const N: usize> Deref for Wiped<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0.0
    }
}

impl<const N: usize> DerefMut for Wiped<N> {
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.0.0
    }
}

impl<const N: usize> Drop for Wiped<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_wiped() {
        let mut bytes = Plain([0xa5_u8; 128]);
        bytes.zeroize();
        assert_eq!(bytes.0, [0; 128]);
    }
}
