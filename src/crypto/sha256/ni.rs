//! SHA-256 with the instructions of x86-64, for what `sha2` cannot do: its rounds among those of AES or of
//! another hash. Unsafe for loads and stores of 16 bytes.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_blend_epi16, _mm_loadu_si128, _mm_set_epi64x,
    _mm_setzero_si128, _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8,
    _mm_shuffle_epi32, _mm_storeu_si128,
};

use super::BLOCK_LEN;

/// The constants of the rounds (FIPS 180-4, section 4.2.2).
#[rustfmt::skip]
const CONSTANTS: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5], [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3], [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc], [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7], [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13], [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3], [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5], [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208], [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

/// Proof that this processor has the SHA instructions: it is only made by [`Ni::detect`].
#[derive(Clone, Copy)]
pub(in crate::crypto) struct Ni(());

impl Ni {
    pub(in crate::crypto) fn detect() -> Option<Self> {
        let there = std::arch::is_x86_feature_detected!("sha")
            && std::arch::is_x86_feature_detected!("sse4.1")
            && std::arch::is_x86_feature_detected!("ssse3");
        there.then_some(Self(()))
    }

    /// Hashes blocks into each of two states, as many as both have.
    pub(super) fn compress_two(self, states: [&mut [u32; 8]; 2], blocks: [&[[u8; BLOCK_LEN]]; 2]) {
        // SAFETY: `self` is the proof that the processor has the instructions.
        unsafe { compress_two(states, blocks) }
    }
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn compress_two(states: [&mut [u32; 8]; 2], blocks: [&[[u8; BLOCK_LEN]]; 2]) {
    let [mut one, mut other] = [Rounds::new(states[0]), Rounds::new(states[1])];
    for (block_of_one, block_of_other) in blocks[0].iter().zip(blocks[1]) {
        one.begin(load_block(block_of_one));
        other.begin(load_block(block_of_other));
        macro_rules! rounds {
            ($($quad:literal)*) => {$(
                one.four::<$quad>();
                other.four::<$quad>();
            )*};
        }
        rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        one.end();
        other.end();
    }
    let [first, second] = states;
    one.write(first);
    other.write(second);
}

/// A hash among its rounds, in registers.
pub(in crate::crypto) struct Rounds {
    // The working variables as the instructions want them, f e b a and h g d c, the lowest first.
    feba: __m128i,
    hgdc: __m128i,
    // The same before the block.
    before: [__m128i; 2],
    // The last sixteen words of the message schedule.
    words: [__m128i; 4],
}

impl Rounds {
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    #[inline]
    pub(in crate::crypto) fn new(state: &[u32; 8]) -> Self {
        let (dcba, hgfe) = halves(state);
        let cdab = _mm_shuffle_epi32::<0xb1>(dcba);
        let efgh = _mm_shuffle_epi32::<0x1b>(hgfe);
        let feba = _mm_alignr_epi8::<8>(cdab, efgh);
        let hgdc = _mm_blend_epi16::<0xf0>(efgh, cdab);
        let zero = _mm_setzero_si128();
        Self { feba, hgdc, before: [feba, hgdc], words: [zero; 4] }
    }

    /// Starts a block, of which `message` has the bytes.
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    #[inline]
    pub(in crate::crypto) fn begin(&mut self, message: [__m128i; 4]) {
        let big_endian = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
        self.before = [self.feba, self.hgdc];
        for (words, bytes) in self.words.iter_mut().zip(message) {
            *words = _mm_shuffle_epi8(bytes, big_endian);
        }
    }

    /// Rounds `4 QUAD` to `4 QUAD + 3` of 64 (FIPS 180-4, section 6.2.2).
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    #[inline]
    pub(in crate::crypto) fn four<const QUAD: usize>(&mut self) {
        let words = &mut self.words;
        if QUAD >= 4 {
            let [oldest, old, new, newest] = [0, 1, 2, 3].map(|age| words[(QUAD + age) % 4]);
            let sum = _mm_add_epi32(_mm_sha256msg1_epu32(oldest, old), _mm_alignr_epi8::<4>(newest, new));
            words[QUAD % 4] = _mm_sha256msg2_epu32(sum, newest);
        }
        let input = _mm_add_epi32(words[QUAD % 4], load_words(&CONSTANTS[QUAD]));
        self.hgdc = _mm_sha256rnds2_epu32(self.hgdc, self.feba, input);
        self.feba = _mm_sha256rnds2_epu32(self.feba, self.hgdc, _mm_shuffle_epi32::<0x0e>(input));
    }

    /// Ends a block.
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    #[inline]
    pub(in crate::crypto) fn end(&mut self) {
        self.feba = _mm_add_epi32(self.feba, self.before[0]);
        self.hgdc = _mm_add_epi32(self.hgdc, self.before[1]);
    }

    #[target_feature(enable = "sha,sse4.1,ssse3")]
    #[inline]
    pub(in crate::crypto) fn write(self, state: &mut [u32; 8]) {
        let abef = _mm_shuffle_epi32::<0x1b>(self.feba);
        let dchg = _mm_shuffle_epi32::<0xb1>(self.hgdc);
        let (low, high) = state.split_at_mut(4);
        store_words(low, _mm_blend_epi16::<0xf0>(abef, dchg));
        store_words(high, _mm_alignr_epi8::<8>(dchg, abef));
    }
}

fn halves(state: &[u32; 8]) -> (__m128i, __m128i) {
    let (low, high) = state.split_at(4);
    (load_words(low.first_chunk().expect("4 words")), load_words(high.first_chunk().expect("4 words")))
}

#[inline(always)]
fn load_words(words: &[u32; 4]) -> __m128i {
    // SAFETY: the reference is valid for reading 16 bytes, and this load needs no alignment. SSE2 is part of
    // every x86-64 processor.
    unsafe { _mm_loadu_si128(words.as_ptr().cast()) }
}

#[inline(always)]
fn load_block(block: &[u8; BLOCK_LEN]) -> [__m128i; 4] {
    let (pieces, _) = block.as_chunks::<16>();
    // SAFETY: each reference is valid for reading 16 bytes, and this load needs no alignment. SSE2 is part of every x86-64
    // processor.
    [0, 1, 2, 3].map(|at| unsafe { _mm_loadu_si128(pieces[at].as_ptr().cast()) })
}

#[inline(always)]
fn store_words(words: &mut [u32], value: __m128i) {
    let words: &mut [u32; 4] = words.first_chunk_mut().expect("4 words");
    // SAFETY: the reference is valid for writing 16 bytes, and this store needs no alignment. SSE2 is part of
    // every x86-64 processor.
    unsafe { _mm_storeu_si128(words.as_mut_ptr().cast(), value) }
}
