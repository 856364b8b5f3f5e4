//! AES-256-IGE over 1 MiB.

use std::hint::black_box;
use std::time::Duration;

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use serde_json::json;

use crate::measure::{Effort, Side, alternate};
use crate::python::Python;
use crate::row::{Table, Unit};

const LEN: usize = 1 << 20;
const KEY: [u8; 32] = [1; 32];
const IV: [u8; 32] = [2; 32];

pub const WORKS: [&str; 2] = ["IGE 1 MiB, encrypt", "IGE 1 MiB, decrypt"];
const CHAIN: &str = "dependent AES chain";

pub fn run(table: &mut Table, effort: Effort, python: &Result<Python, String>) {
    agree();
    for (work, encrypt) in WORKS.into_iter().zip([true, false]) {
        if !table.wants(work) {
            continue;
        }
        let mut buffers: [Vec<u8>; 4] = std::array::from_fn(|_| vec![3; LEN]);
        let [a, b, c, d] = &mut buffers;
        let mut sides = if encrypt {
            vec![
                Side::new("mtwire", || mtwire::crypto::aes::ige_encrypt(&KEY, &IV, black_box(&mut a[..]))),
                Side::new("grammers", || grammers_crypto::aes::ige_encrypt(black_box(&mut b[..]), &KEY, &IV)),
                Side::new("ferogram", || ferogram_crypto::aes::ige_encrypt(black_box(&mut c[..]), &KEY, &IV)),
                Side::new("aes crate, block by block", || naive_encrypt(black_box(&mut d[..]))),
            ]
        } else {
            vec![
                Side::new("mtwire", || mtwire::crypto::aes::ige_decrypt(&KEY, &IV, black_box(&mut a[..]))),
                Side::new("grammers", || grammers_crypto::aes::ige_decrypt(black_box(&mut b[..]), &KEY, &IV)),
                Side::new("ferogram", || ferogram_crypto::aes::ige_decrypt(black_box(&mut c[..]), &KEY, &IV)),
                Side::new("aes crate, block by block", || naive_decrypt(black_box(&mut d[..]))),
            ]
        };
        match chain::side(encrypt) {
            Some(side) => sides.push(side),
            None => table.missing(work, CHAIN, "no AES instructions that this program knows"),
        }
        if let Ok(python) = python.as_ref() {
            for name in ["TgCrypto", "cryptg"] {
                let request = move |times: u64| json!({"do": "ige", "with": name, "encrypt": encrypt, "times": times, "length": LEN});
                match python.seconds(&request(1)) {
                    Ok(_) => sides.push(Side::timed(name, move |times| {
                        Duration::from_secs_f64(
                            python.seconds(&request(times)).unwrap_or(f64::from(u32::MAX)),
                        )
                    })),
                    Err(reason) => table.missing(work, name, &reason),
                }
            }
        }
        let took = alternate(effort, sides);
        table.rows(work, Unit::MegabytesPerSecond(LEN), &took, |peer| match peer {
            "grammers" => Some(1.85),
            CHAIN => Some(0.95),
            _ => None,
        });
        if let Err(reason) = python {
            for name in ["TgCrypto", "cryptg"] {
                table.missing(work, name, reason);
            }
        }
    }
}

/// All do the same.
fn agree() {
    type Work<'a> = &'a dyn Fn(&mut [u8]);
    let data: Vec<u8> = (0..4096u32).map(|i| (i * 7) as u8).collect();
    let all = |work: [Work<'_>; 4]| {
        let results = work.map(|work| {
            let mut data = data.clone();
            work(&mut data);
            data
        });
        assert!(results.iter().all(|result| *result == results[0]), "the sides do not compute the same");
    };
    all([
        &|data| mtwire::crypto::aes::ige_encrypt(&KEY, &IV, data),
        &|data| grammers_crypto::aes::ige_encrypt(data, &KEY, &IV),
        &|data| ferogram_crypto::aes::ige_encrypt(data, &KEY, &IV),
        &naive_encrypt,
    ]);
    all([
        &|data| mtwire::crypto::aes::ige_decrypt(&KEY, &IV, data),
        &|data| grammers_crypto::aes::ige_decrypt(data, &KEY, &IV),
        &|data| ferogram_crypto::aes::ige_decrypt(data, &KEY, &IV),
        &naive_decrypt,
    ]);
}

fn halves() -> (u128, u128) {
    let half = |at: usize| u128::from_ne_bytes(std::array::from_fn(|i| IV[at + i]));
    (half(0), half(16))
}

/// What whoever has the `aes` crate and the definition of IGE would write.
fn naive_encrypt(data: &mut [u8]) {
    let aes = Aes256::new(&KEY.into());
    let (mut cipher, mut plain) = halves();
    for block in data.as_chunks_mut::<16>().0 {
        let this = u128::from_ne_bytes(*block);
        let mut state = (this ^ cipher).to_ne_bytes().into();
        aes.encrypt_block(&mut state);
        cipher = u128::from_ne_bytes(state.into()) ^ plain;
        plain = this;
        *block = cipher.to_ne_bytes();
    }
}

fn naive_decrypt(data: &mut [u8]) {
    let aes = Aes256::new(&KEY.into());
    let (mut cipher, mut plain) = halves();
    for block in data.as_chunks_mut::<16>().0 {
        let this = u128::from_ne_bytes(*block);
        let mut state = (this ^ plain).to_ne_bytes().into();
        aes.decrypt_block(&mut state);
        plain = u128::from_ne_bytes(state.into()) ^ cipher;
        cipher = this;
        *block = plain.to_ne_bytes();
    }
}

/// The limit for one message: fourteen AES instructions for each block, each of which waits for the one before, and
/// nothing else.
mod chain {
    use super::{CHAIN, Side};

    #[cfg(target_arch = "x86_64")]
    pub fn side(encrypt: bool) -> Option<Side<'static>> {
        if !std::arch::is_x86_feature_detected!("aes") {
            return None;
        }
        Some(Side::new(CHAIN, move || {
            // SAFETY: the processor has the instructions.
            if encrypt { unsafe { x86::encrypt() } } else { unsafe { x86::decrypt() } }
        }))
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub fn side(_: bool) -> Option<Side<'static>> {
        None
    }

    #[cfg(target_arch = "x86_64")]
    mod x86 {
        use std::arch::x86_64::*;
        use std::hint::black_box;

        use super::super::LEN;

        #[target_feature(enable = "aes")]
        pub fn encrypt() -> __m128i {
            let keys: [__m128i; 14] = black_box(std::array::from_fn(|i| _mm_set1_epi32(i as i32)));
            let mut state = black_box(_mm_setzero_si128());
            for _ in 0..LEN / 16 {
                for key in &keys[..13] {
                    state = _mm_aesenc_si128(state, *key);
                }
                state = _mm_aesenclast_si128(state, keys[13]);
            }
            state
        }

        #[target_feature(enable = "aes")]
        pub fn decrypt() -> __m128i {
            let keys: [__m128i; 14] = black_box(std::array::from_fn(|i| _mm_set1_epi32(i as i32)));
            let mut state = black_box(_mm_setzero_si128());
            for _ in 0..LEN / 16 {
                for key in &keys[..13] {
                    state = _mm_aesdec_si128(state, *key);
                }
                state = _mm_aesdeclast_si128(state, keys[13]);
            }
            state
        }
    }
}
