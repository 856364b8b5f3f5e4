//! The cryptography of MTProto 2.0: pure functions on byte slices, no I/O, no clock, no global randomness.
//!
//! Where randomness is needed the caller hands in a [`rand::CryptoRng`]. Everything that comes from the other
//! side is checked before it is used, every number has a fixed width (leading zero bytes are kept), and every
//! secret is wiped when it is dropped and never shown by `Debug`.
//!
//! | module | what it does | where it is specified |
//! |---|---|---|
//! | [`hash`] | SHA-1, SHA-256, SHA-512 over several slices | FIPS 180-4 |
//! | [`aes`] | AES-256-IGE and AES-256-CTR | FIPS 197, <https://core.telegram.org/mtproto/description> |
//! | [`kdf`] | `msg_key` and the AES key and iv of a message | EN-3, EN-5 |
//! | [`packet`] | seals and opens an encrypted packet in place | EN-1, EN-6 |
//! | [`packet_v1`] | the same for MTProto 1.0, which only key binding still uses | EN-5, PF-2 |
//! | [`auth_key`] | the key that two peers share, its id and its auxiliary hash | <https://core.telegram.org/mtproto/auth_key> |
//! | [`rsa`], [`keys`] | RSA_PAD, raw RSA, PEM, the built-in public keys | the same page, step 4 |
//! | [`factor`] | splits `pq` into its two primes | the same page, step 3 |
//! | [`dh`] | Diffie-Hellman with every check of the security guidelines | <https://core.telegram.org/mtproto/security_guidelines> |
//! | [`nonces`] | what the key exchange derives from its nonces | the auth_key page, steps 6 to 9 |
//! | [`srp`] | two-step verification | <https://core.telegram.org/api/srp> |

pub mod aes;
pub mod auth_key;
pub mod dh;
pub mod factor;
pub mod hash;
pub mod kdf;
pub mod keys;
mod modular;
pub mod nonces;
pub mod packet;
pub mod packet_v1;
pub mod rsa;
mod sha256;
pub mod srp;
#[cfg(test)]
pub(crate) mod vectors;
mod wiped;

pub use auth_key::AuthKey;
pub use kdf::Side;
pub use packet::{OpenError, Sealed, open, seal};
