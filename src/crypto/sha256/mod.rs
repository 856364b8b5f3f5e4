//! SHA-256 block by block, on the compression function of `sha2`: for hashes of a block or two, where what the usual
//! interface does besides compressing costs as much again, and for blocks that lie where they are hashed.
//!
//! Where x86-64 has the instructions, its rounds are taken one by one beside a decryption, and beside those of another hash.

#[cfg(target_arch = "x86_64")]
mod ni;

#[cfg(target_arch = "x86_64")]
pub(super) use ni::{Ni, Rounds};
use sha2::block_api::compress256;
use zeroize::Zeroize;

use super::wiped::Wiped;

/// Bytes of a block.
pub(super) const BLOCK_LEN: usize = 64;

/// Where the length stands in the last block.
const LENGTH_AT: usize = BLOCK_LEN - 8;

/// The start of every hash (FIPS 180-4, section 5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A hash in progress, wiped on drop.
pub(super) struct State([u32; 8]);

impl State {
    pub(super) fn new() -> Self {
        Self(START)
    }

    /// Hashes whole blocks.
    #[inline]
    pub(super) fn compress(&mut self, blocks: &[[u8; BLOCK_LEN]]) {
        compress256(&mut self.0, blocks);
    }

    /// The eight words between two blocks.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn words_mut(&mut self) -> &mut [u32; 8] {
        &mut self.0
    }

    /// Hashes the last bytes, fewer than [`BLOCK_LEN`] in both parts together, and the padding (FIPS 180-4,
    /// section 5.1.1). `total` is the length of everything that was hashed, in bytes.
    ///
    /// # Panics
    /// When the parts are longer.
    pub(super) fn finish(mut self, parts: [&[u8]; 2], total: usize) -> [u8; 32] {
        let used = parts[0].len() + parts[1].len();
        assert!(used < BLOCK_LEN, "whole blocks are hashed before");
        let mut blocks = Wiped::<{ 2 * BLOCK_LEN }>::zero();
        let end = if used < LENGTH_AT { BLOCK_LEN } else { 2 * BLOCK_LEN };
        fill_last(&mut blocks[..end], parts, total);
        self.compress(blocks[..end].as_chunks().0);
        let mut hash = [0; 32];
        self.write(&mut hash);
        hash
    }

    fn write(&self, hash: &mut [u8; 32]) {
        for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(&self.0) {
            *bytes = word.to_be_bytes();
        }
    }
}

/// Writes the last bytes of a message, a head and a tail, and the padding behind them (FIPS 180-4, section 5.1.1) into its
/// last blocks, which are zero. `total` is the length of the whole message, in bytes.
fn fill_last(blocks: &mut [u8], [head, tail]: [&[u8]; 2], total: usize) {
    let used = head.len() + tail.len();
    blocks[..head.len()].copy_from_slice(head);
    blocks[head.len()..used].copy_from_slice(tail);
    blocks[used] = 0x80;
    let length_at = blocks.len() - 8;
    blocks[length_at..].copy_from_slice(&(8 * total as u64).to_be_bytes());
}

/// The hashes of two messages that take one block each, which is each a head and a tail. The rounds of one hash wait for each
/// other; where x86-64 has the instructions, those of the other are taken meanwhile. The hashes are written where they are to
/// stay, as a value that moves leaves copies behind.
///
/// # Panics
/// When a message has 56 bytes or more.
pub(super) fn two_short(messages: [[&[u8]; 2]; 2], hashes: &mut [Wiped<32>; 2]) {
    let mut blocks = [Wiped::zero(), Wiped::zero()];
    for (block, message) in blocks.iter_mut().zip(messages) {
        let length = message[0].len() + message[1].len();
        assert!(length < LENGTH_AT, "length and padding are in the same block");
        fill_last(&mut **block, message, length);
    }
    let mut states = [State::new(), State::new()];
    let [one, other] = &mut states;
    compress_two([one, other], blocks.each_ref().map(|block| std::slice::from_ref(&**block)));
    for (hash, state) in hashes.iter_mut().zip(&states) {
        state.write(hash);
    }
}

/// Hashes blocks of two messages, equally many of each, whose rounds are taken side by side where x86-64 has the instructions.
///
/// # Panics
/// When one has more blocks than the other.
pub(super) fn compress_two(states: [&mut State; 2], blocks: [&[[u8; BLOCK_LEN]]; 2]) {
    assert_eq!(blocks[0].len(), blocks[1].len(), "equally many blocks of each");
    #[cfg(target_arch = "x86_64")]
    if let Some(ni) = Ni::detect() {
        return ni.compress_two(states.map(|state| &mut state.0), blocks);
    }
    compress_each(states, blocks);
}

fn compress_each(states: [&mut State; 2], blocks: [&[[u8; BLOCK_LEN]]; 2]) {
    for (state, blocks) in states.into_iter().zip(blocks) {
        state.compress(blocks);
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::hash::sha256;

    proptest! {
        #[test]
        fn agrees_with_the_usual_interface(data in vec(any::<u8>(), 0..300), cut: prop::sample::Index) {
            let mut state = State::new();
            let (blocks, rest) = data.as_chunks();
            state.compress(blocks);
            let (one, other) = rest.split_at(cut.index(rest.len() + 1));
            prop_assert_eq!(state.finish([one, other], data.len()), sha256(&[&data]));
        }

        #[test]
        fn two_side_by_side_are_what_they_are_alone(
            one in vec(any::<u8>(), 0..56),
            other in vec(any::<u8>(), 0..56),
            cut: prop::sample::Index,
        ) {
            let (head, tail) = one.split_at(cut.index(one.len() + 1));
            let mut hashes = [Wiped::zero(), Wiped::zero()];
            two_short([[head, tail], [&[], &other]], &mut hashes);
            prop_assert_eq!(hashes.each_ref().map(|hash| **hash), [sha256(&[&one]), sha256(&[&other])]);
        }

        #[test]
        fn two_messages_are_compressed_as_by_the_portable_twin(
            words: [[u32; 8]; 2],
            data in vec(prop::array::uniform32(any::<[u8; 4]>()), 0..5),
        ) {
            let (blocks, _) = data.as_flattened().as_flattened().as_chunks();
            let blocks = <[_; 2]>::from(blocks.split_at(data.len()));
            let [mut here, mut portable] = [0, 1].map(|_| words.map(State));
            compress_two(here.each_mut(), blocks);
            compress_each(portable.each_mut(), blocks);
            prop_assert_eq!(here.each_ref().map(|state| state.0), portable.each_ref().map(|state| state.0));
        }
    }
}
