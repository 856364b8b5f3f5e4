//! IGE with the AES instructions of x86-64, alone or with the rounds of SHA-256 among them. Unsafe for unaligned loads and
//! stores, and for calling functions compiled for these instructions once they are known to be there.
//!
//! What makes it fast: the xors of IGE are folded into the last round key. `AESENCLAST(s, k)` ends with a xor
//! of `k`, so `AESENCLAST(s, k14 ^ last_in)` is the finished block, and `AESENCLAST(s, k14 ^ last_in ^ next_in
//! ^ k0)` is already the state of the next block after its first key addition. The chain from block to block is
//! then fourteen AES instructions and nothing else.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m128i, _mm_aesdec_si128, _mm_aesdeclast_si128, _mm_aesenc_si128, _mm_aesenclast_si128,
    _mm_aesimc_si128, _mm_loadu_si128, _mm_set1_epi32, _mm_setzero_si128, _mm_shuffle_epi8,
    _mm_shuffle_epi32, _mm_slli_si128, _mm_storeu_si128, _mm_xor_si128,
};

use zeroize::Zeroize;

use super::Block;
use crate::crypto::sha256::{self, Rounds};

/// Round keys of AES-256: fourteen rounds and the first key addition.
type RoundKeys = [__m128i; 15];

/// One message in one direction: `out = AES(in ^ last_out) ^ last_in`.
pub(super) struct Ige {
    keys: RoundKeys,
    last_out: __m128i,
    last_in: __m128i,
    encrypt: bool,
}

impl Drop for Ige {
    fn drop(&mut self) {
        self.keys.zeroize();
        self.last_out.zeroize();
        self.last_in.zeroize();
    }
}

/// A message and the blocks of it that are still to do.
pub(super) struct Lane<'a> {
    pub ige: &'a mut Ige,
    pub blocks: &'a mut [Block],
}

/// Proof that this processor has the AES instructions, and SSSE3 with them: it is only made by [`Token::detect`].
#[derive(Clone, Copy)]
pub(super) struct Token {
    /// Proof that it has those of AVX as well.
    avx: bool,
}

impl Token {
    pub(super) fn detect() -> Option<Self> {
        let there =
            std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("ssse3");
        there.then(|| Self { avx: std::arch::is_x86_feature_detected!("avx") })
    }

    /// Decrypts the pieces, and hashes `before` and all pieces but the last.
    pub(super) fn decrypt_hashing(
        self,
        _: sha256::Ni,
        ige: &mut Ige,
        state: &mut [u32; 8],
        before: &Piece,
        pieces: &mut [Piece],
    ) {
        debug_assert!(!ige.encrypt);
        // SAFETY: a `Token` exists only where the AES instructions do, and a `sha256::Ni` only where those of SHA-256 do.
        unsafe { decrypt_hashing(ige, state, before, pieces) }
    }

    /// Encrypts all of a message.
    pub(super) fn encrypt(self, key: &[u8; 32], iv: &[u8; 32], blocks: &mut [Block]) {
        // SAFETY: a `Token` exists only where the AES instructions do, and says where those of AVX do.
        unsafe { if self.avx { encrypt_avx(key, iv, blocks) } else { encrypt(key, iv, blocks) } }
    }

    pub(super) fn encryptor(self, key: &[u8; 32], iv: &[u8; 32]) -> Ige {
        // SAFETY: a `Token` exists only where the AES instructions do.
        unsafe { encryptor(key, iv) }
    }

    pub(super) fn decryptor(self, key: &[u8; 32], iv: &[u8; 32]) -> Ige {
        // SAFETY: a `Token` exists only where the AES instructions do.
        unsafe { decryptor(key, iv) }
    }

    pub(super) fn run(self, ige: &mut Ige, blocks: &mut [Block]) {
        // SAFETY: a `Token` exists only where the AES instructions do, and says where those of AVX do.
        unsafe {
            match (self.avx, ige.encrypt) {
                (true, true) => run_avx::<true>(ige, blocks),
                (true, false) => run_avx::<false>(ige, blocks),
                (false, true) => run::<true>(ige, blocks),
                (false, false) => run::<false>(ige, blocks),
            }
        }
    }

    pub(super) fn encrypt_lanes(self, lanes: &mut [Lane<'_>]) {
        self.all_lanes::<true>(lanes);
    }

    pub(super) fn decrypt_lanes(self, lanes: &mut [Lane<'_>]) {
        self.all_lanes::<false>(lanes);
    }

    /// Decrypts as many blocks of each lane as all of them have.
    pub(super) fn decrypt_together<const N: usize>(self, lanes: &mut [Lane<'_>; N]) {
        debug_assert!(lanes.iter().all(|lane| !lane.ige.encrypt));
        // SAFETY: a `Token` exists only where the AES instructions do.
        unsafe { run_lanes::<N, false>(lanes) }
    }

    /// Runs lanes side by side, as many as the processor has use for, until all are done.
    fn all_lanes<const ENCRYPT: bool>(self, lanes: &mut [Lane<'_>]) {
        debug_assert!(lanes.iter().all(|lane| lane.ige.encrypt == ENCRYPT));
        lanes.chunks_mut(MOST_LANES).for_each(|lanes| self.lanes_together::<ENCRYPT>(lanes));
    }

    /// The longest that are left in each round.
    fn lanes_together<const ENCRYPT: bool>(self, lanes: &mut [Lane<'_>]) {
        let mut left = lanes;
        loop {
            longest_first(left);
            let open = left.iter().take_while(|lane| !lane.blocks.is_empty()).count();
            left = &mut left[..open];
            // SAFETY: a `Token` exists only where the AES instructions do.
            unsafe {
                if let Some(lanes) = left.first_chunk_mut::<MOST_LANES>() {
                    run_lanes::<MOST_LANES, ENCRYPT>(lanes);
                } else if let Some(lanes) = left.first_chunk_mut::<4>() {
                    run_lanes::<4, ENCRYPT>(lanes);
                } else if let Some(lanes) = left.first_chunk_mut::<2>() {
                    run_lanes::<2, ENCRYPT>(lanes);
                } else if let [lane] = left {
                    self.run(lane.ige, std::mem::take(&mut lane.blocks));
                } else {
                    return;
                }
            }
        }
    }
}

/// How many lanes run side by side.
const MOST_LANES: usize = 8;

/// Sorts a few lanes: the library's sort would be several kilobytes of code for these.
fn longest_first(lanes: &mut [Lane<'_>]) {
    for end in 1..lanes.len() {
        let mut at = end;
        while at > 0 && lanes[at - 1].blocks.len() < lanes[at].blocks.len() {
            lanes.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// All of a message, whose keys stay where they are made: a small packet waits as long for them to be moved as for two blocks.
#[target_feature(enable = "aes,ssse3")]
fn encrypt(key: &[u8; 32], iv: &[u8; 32], blocks: &mut [Block]) {
    run::<true>(&mut encryptor(key, iv), blocks);
}

#[target_feature(enable = "aes,avx")]
fn encrypt_avx(key: &[u8; 32], iv: &[u8; 32], blocks: &mut [Block]) {
    run_avx::<true>(&mut encryptor(key, iv), blocks);
}

#[target_feature(enable = "aes,ssse3")]
fn encryptor(key: &[u8; 32], iv: &[u8; 32]) -> Ige {
    let (ciphertext, plaintext) = halves(iv);
    Ige { keys: expand(key), last_out: ciphertext, last_in: plaintext, encrypt: true }
}

#[target_feature(enable = "aes,ssse3")]
fn decryptor(key: &[u8; 32], iv: &[u8; 32]) -> Ige {
    let (ciphertext, plaintext) = halves(iv);
    let mut forward = expand(key);
    // The equivalent inverse cipher of FIPS 197, section 5.3.5.
    let mut keys = forward;
    keys.reverse();
    for key in &mut keys[1..14] {
        *key = _mm_aesimc_si128(*key);
    }
    forward.zeroize();
    Ige { keys, last_out: plaintext, last_in: ciphertext, encrypt: false }
}

/// The key schedule of AES-256 (FIPS 197, section 5.2).
///
/// `SubWord` by a last round of AES: where all four words are equal it moves no byte to a place with another value,
/// and its key is the round constant. The instruction that is meant for this takes three times as long.
#[target_feature(enable = "aes,ssse3")]
fn expand(key: &[u8; 32]) -> RoundKeys {
    let (even, odd) = halves(key);
    // The last word everywhere, its bytes rotated by one place (RotWord).
    let rotated = _mm_set1_epi32(0x0c0f_0e0d);
    let mut keys = [_mm_setzero_si128(); 15];
    keys[0] = even;
    keys[1] = odd;
    for round in 2..15 {
        let last = keys[round - 1];
        let word = if round % 2 == 0 {
            let constant = _mm_set1_epi32(1 << (round / 2 - 1));
            _mm_aesenclast_si128(_mm_shuffle_epi8(last, rotated), constant)
        } else {
            _mm_aesenclast_si128(_mm_shuffle_epi32::<0xff>(last), _mm_setzero_si128())
        };
        keys[round] = _mm_xor_si128(prefix_xor(keys[round - 2]), word);
    }
    keys
}

/// Each 32-bit word xored with all words before it.
#[target_feature(enable = "aes,ssse3")]
#[inline]
fn prefix_xor(words: __m128i) -> __m128i {
    let words = _mm_xor_si128(words, _mm_slli_si128::<4>(words));
    _mm_xor_si128(words, _mm_slli_si128::<8>(words))
}

/// One message, block by block.
///
/// In two forms: each block ends with two last rounds of one state, which instructions with two operands have to copy, and those
/// of AVX do not. The first form reaches 97 % of the chain of AES instructions, the second all but the half of a percent.
macro_rules! run {
    ($name:ident, $features:literal) => {
        #[target_feature(enable = $features)]
        fn $name<const ENCRYPT: bool>(ige: &mut Ige, blocks: &mut [Block]) {
            let keys = ige.keys;
            let Some(first) = blocks.first() else { return };
            let mut input = load(first);
            let mut last_in = ige.last_in;
            let mut last_out = ige.last_out;
            let mut state = _mm_xor_si128(_mm_xor_si128(input, last_out), keys[0]);
            for at in 0..blocks.len() {
                let next = blocks.get(at + 1).map_or(_mm_setzero_si128(), load);
                let last_key = _mm_xor_si128(keys[14], last_in);
                let next_key = _mm_xor_si128(last_key, _mm_xor_si128(next, keys[0]));
                for key in &keys[1..14] {
                    state = round::<ENCRYPT>(state, *key);
                }
                last_out = last_round::<ENCRYPT>(state, last_key);
                state = last_round::<ENCRYPT>(state, next_key);
                store(&mut blocks[at], last_out);
                last_in = input;
                input = next;
            }
            ige.last_in = last_in;
            ige.last_out = last_out;
        }
    };
}

run!(run, "aes,ssse3");
run!(run_avx, "aes,avx");

/// What one block of SHA-256 takes: four blocks of AES.
pub(super) type Piece = [u8; 64];

/// Decrypts pieces, and hashes each while the next one is decrypted: four rounds of SHA-256 after every three or four
/// of AES. Both are chains of instructions that wait for each other, and side by side they take as long as the longer
/// one. Further apart, a processor does not look far enough ahead to see that they are independent.
#[target_feature(enable = "aes,ssse3,sha,sse4.1")]
fn decrypt_hashing(ige: &mut Ige, state: &mut [u32; 8], before: &Piece, pieces: &mut [Piece]) {
    let keys = ige.keys;
    let (mut last_in, mut last_out) = (ige.last_in, ige.last_out);
    let mut rounds = Rounds::new(state);
    let mut message = [0, 16, 32, 48].map(|at| load(before[at..].first_chunk().expect("64 bytes")));
    for piece in pieces {
        rounds.begin(message);
        macro_rules! block {
            ($block:literal: $($quad:literal after $from:literal to $to:literal),*) => {
                let at = piece[16 * $block..].first_chunk_mut().expect("64 bytes");
                let input = load(at);
                let mut aes = _mm_xor_si128(_mm_xor_si128(input, last_out), keys[0]);
                $(
                    for key in &keys[$from..$to] {
                        aes = round::<false>(aes, *key);
                    }
                    rounds.four::<$quad>();
                )*
                last_out = last_round::<false>(aes, _mm_xor_si128(keys[14], last_in));
                last_in = input;
                store(at, last_out);
                message[$block] = last_out;
            };
        }
        block!(0: 0 after 1 to 4, 1 after 4 to 7, 2 after 7 to 11, 3 after 11 to 14);
        block!(1: 4 after 1 to 4, 5 after 4 to 7, 6 after 7 to 11, 7 after 11 to 14);
        block!(2: 8 after 1 to 4, 9 after 4 to 7, 10 after 7 to 11, 11 after 11 to 14);
        block!(3: 12 after 1 to 4, 13 after 4 to 7, 14 after 7 to 11, 15 after 11 to 14);
        rounds.end();
    }
    rounds.write(state);
    ige.last_in = last_in;
    ige.last_out = last_out;
}

/// As many blocks of each lane as all of them have.
#[target_feature(enable = "aes,ssse3")]
#[allow(clippy::needless_range_loop, reason = "several arrays are walked side by side")]
fn run_lanes<const N: usize, const ENCRYPT: bool>(lanes: &mut [Lane<'_>; N]) {
    let count = lanes.iter().map(|lane| lane.blocks.len()).min().unwrap_or(0);
    let mut last_in = lanes.each_ref().map(|lane| lane.ige.last_in);
    let mut last_out = lanes.each_ref().map(|lane| lane.ige.last_out);
    let now = lanes.each_mut().map(|lane| {
        let (now, later) = std::mem::take(&mut lane.blocks).split_at_mut(count);
        lane.blocks = later;
        now
    });
    let keys = lanes.each_ref().map(|lane| &lane.ige.keys);
    for at in 0..count {
        let mut input = [_mm_setzero_si128(); N];
        let mut state = input;
        for lane in 0..N {
            input[lane] = load(&now[lane][at]);
            state[lane] = _mm_xor_si128(_mm_xor_si128(input[lane], last_out[lane]), keys[lane][0]);
        }
        for step in 1..14 {
            for lane in 0..N {
                state[lane] = round::<ENCRYPT>(state[lane], keys[lane][step]);
            }
        }
        for lane in 0..N {
            let last_key = _mm_xor_si128(keys[lane][14], last_in[lane]);
            last_out[lane] = last_round::<ENCRYPT>(state[lane], last_key);
            store(&mut now[lane][at], last_out[lane]);
        }
        last_in = input;
    }
    for (lane, (last_in, last_out)) in lanes.iter_mut().zip(last_in.into_iter().zip(last_out)) {
        lane.ige.last_in = last_in;
        lane.ige.last_out = last_out;
    }
}

#[target_feature(enable = "aes,ssse3")]
#[inline]
fn round<const ENCRYPT: bool>(state: __m128i, key: __m128i) -> __m128i {
    if ENCRYPT { _mm_aesenc_si128(state, key) } else { _mm_aesdec_si128(state, key) }
}

#[target_feature(enable = "aes,ssse3")]
#[inline]
fn last_round<const ENCRYPT: bool>(state: __m128i, key: __m128i) -> __m128i {
    if ENCRYPT { _mm_aesenclast_si128(state, key) } else { _mm_aesdeclast_si128(state, key) }
}

fn halves(bytes: &[u8; 32]) -> (__m128i, __m128i) {
    let (first, second) = bytes.split_at(16);
    (load(first.try_into().expect("16 bytes")), load(second.try_into().expect("16 bytes")))
}

#[inline(always)]
fn load(block: &Block) -> __m128i {
    // SAFETY: the reference is valid for reading 16 bytes, and this load needs no alignment. SSE2 is part of
    // every x86-64 processor.
    unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
}

#[inline(always)]
fn store(block: &mut Block, value: __m128i) {
    // SAFETY: the reference is valid for writing 16 bytes, and this store needs no alignment. SSE2 is part of
    // every x86-64 processor.
    unsafe { _mm_storeu_si128(block.as_mut_ptr().cast(), value) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn without_avx_it_is_the_same(
            key: [u8; 32],
            iv: [u8; 32],
            blocks in proptest::collection::vec(any::<Block>(), 0..40),
            cut: prop::sample::Index,
        ) {
            let Some(detected) = Token::detect() else { return Ok(()) };
            for start in [Token::encryptor, Token::decryptor] {
                let both = [detected, Token { avx: false }].map(|ni| {
                    let (mut ige, mut data) = (start(ni, &key, &iv), blocks.clone());
                    // In two pieces, the second of which goes on where the first stopped.
                    let (first, second) = data.split_at_mut(cut.index(blocks.len() + 1));
                    ni.run(&mut ige, first);
                    ni.run(&mut ige, second);
                    data
                });
                prop_assert_eq!(&both[0], &both[1]);
            }
            let at_once = [detected, Token { avx: false }].map(|ni| {
                let mut data = blocks.clone();
                ni.encrypt(&key, &iv, &mut data);
                data
            });
            let mut ige = detected.encryptor(&key, &iv);
            let mut pieces = blocks;
            let cut = cut.index(pieces.len() + 1);
            detected.run(&mut ige, &mut pieces[..cut]);
            detected.run(&mut ige, &mut pieces[cut..]);
            prop_assert_eq!(at_once, [pieces.clone(), pieces]);
        }
    }
}
