//! Stand-in for `crypto::aes::Ctr256` until it lands.

use aes::cipher::{BlockCipherEncrypt, KeyInit};

pub(super) struct Ctr256 {
    aes: aes::Aes256,
    counter: u128,
    block: [u8; 16],
    used: usize,
}

impl Ctr256 {
    pub fn new(key: &[u8; 32], iv: &[u8; 16]) -> Self {
        Self {
            aes: aes::Aes256::new(key.into()),
            counter: u128::from_be_bytes(*iv),
            block: [0; 16],
            used: 16,
        }
    }
    pub fn apply(&mut self, data: &mut [u8]) {
        for byte in data {
            if self.used == 16 {
                self.block = self.counter.to_be_bytes();
                self.counter = self.counter.wrapping_add(1);
                self.aes.encrypt_block((&mut self.block).into());
                self.used = 0;
            }
            *byte ^= self.block[self.used];
            self.used += 1;
        }
    }
}
