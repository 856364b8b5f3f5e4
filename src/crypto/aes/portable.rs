//! IGE on the `aes` crate: any processor.
//!
//! The whole loop runs inside one backend closure. Calling the cipher block by block would set its round keys
//! up anew each time, which costs half the speed.

use aes::{Aes256Dec, Aes256Enc};
use cipher::consts::U16;
use cipher::{
    Array, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend,
    BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, KeyInit,
};
use zeroize::Zeroize;

use super::Block;

enum Cipher {
    Encrypt(Aes256Enc),
    Decrypt(Aes256Dec),
}

/// One message in one direction.
pub(super) struct Ige {
    cipher: Cipher,
    chain: Chain,
}

/// What the next block needs of the last one. Encryption and decryption are the same walk,
/// `out = AES(in ^ last_out) ^ last_in`, with the two halves of the iv exchanged.
#[derive(Clone, Copy)]
struct Chain {
    last_out: u128,
    last_in: u128,
}

impl Ige {
    pub(super) fn encryptor(key: &[u8; 32], iv: &[u8; 32]) -> Self {
        let (ciphertext, plaintext) = halves(iv);
        Self {
            cipher: Cipher::Encrypt(Aes256Enc::new(key.into())),
            chain: Chain { last_out: ciphertext, last_in: plaintext },
        }
    }

    pub(super) fn decryptor(key: &[u8; 32], iv: &[u8; 32]) -> Self {
        let (ciphertext, plaintext) = halves(iv);
        Self {
            cipher: Cipher::Decrypt(Aes256Dec::new(key.into())),
            chain: Chain { last_out: plaintext, last_in: ciphertext },
        }
    }

    pub(super) fn run(&mut self, blocks: &mut [Block]) {
        let walk = Walk { chain: &mut self.chain, blocks };
        match &self.cipher {
            Cipher::Encrypt(aes) => aes.encrypt_with_backend(walk),
            Cipher::Decrypt(aes) => aes.decrypt_with_backend(walk),
        }
    }
}

impl Drop for Ige {
    fn drop(&mut self) {
        self.chain.last_out.zeroize();
        self.chain.last_in.zeroize();
    }
}

fn halves(iv: &[u8; 32]) -> (u128, u128) {
    let (first, second) = iv.split_at(16);
    (native(first.try_into().expect("16 bytes")), native(second.try_into().expect("16 bytes")))
}

// Only xored, so the byte order is free: native costs nothing.
fn native(block: &Block) -> u128 {
    u128::from_ne_bytes(*block)
}

struct Walk<'a> {
    chain: &'a mut Chain,
    blocks: &'a mut [Block],
}

impl Walk<'_> {
    #[inline(always)]
    fn each(self, aes: impl Fn(&mut Array<u8, U16>)) {
        let mut chain = *self.chain;
        for block in self.blocks {
            let input = native(block);
            let mut state = Array((input ^ chain.last_out).to_ne_bytes());
            aes(&mut state);
            chain.last_out = native(&state.0) ^ chain.last_in;
            chain.last_in = input;
            *block = chain.last_out.to_ne_bytes();
        }
        *self.chain = chain;
    }
}

impl BlockSizeUser for Walk<'_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for Walk<'_> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        self.each(|block| backend.encrypt_block_inplace(block));
    }
}

impl BlockCipherDecClosure for Walk<'_> {
    #[inline(always)]
    fn call<B: BlockCipherDecBackend<BlockSize = U16>>(self, backend: &B) {
        self.each(|block| backend.decrypt_block_inplace(block));
    }
}
