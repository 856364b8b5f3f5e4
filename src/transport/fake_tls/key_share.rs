//! Public keys that nobody has the other half of, but that look to everybody as if somebody had.

use curve25519_dalek::MontgomeryPoint;
use rand::CryptoRng;
use zeroize::Zeroize;

/// Length of an X25519 public key in bytes.
pub const X25519_LEN: usize = 32;
/// Length of an ML-KEM-768 encapsulation key in bytes (FIPS 203, table 3).
pub const ML_KEM_768_LEN: usize = 1184;

/// The prime of ML-KEM.
const Q: u16 = 3329;
/// Pairs of coefficients: three polynomials of 256.
const PAIRS: usize = 384;

/// A real public key of X25519 (RFC 7748). Random bytes would not do: only half of them are points of the curve, and
/// fewer are in its large subgroup, which a censor can test (FT-1).
pub fn x25519(rng: &mut dyn CryptoRng) -> [u8; X25519_LEN] {
    let mut secret = [0; 32];
    rng.fill_bytes(&mut secret);
    let public = MontgomeryPoint::mul_base_clamped(secret).to_bytes();
    secret.zeroize();
    public
}

/// What looks like an encapsulation key of ML-KEM-768: coefficients below the prime, 12 bits each, and a seed. Real ones
/// cannot be told from it, as that is what ML-KEM's security means.
pub fn ml_kem_768(rng: &mut dyn CryptoRng) -> Vec<u8> {
    let mut key = Vec::with_capacity(ML_KEM_768_LEN);
    for _ in 0..PAIRS {
        let (a, b) = (coefficient(rng), coefficient(rng));
        key.extend([a as u8, (a >> 8) as u8 | (b << 4) as u8, (b >> 4) as u8]);
    }
    let mut seed = [0; ML_KEM_768_LEN - 3 * PAIRS];
    rng.fill_bytes(&mut seed);
    key.extend(seed);
    key
}

/// A number below [`Q`], each as likely as any other.
fn coefficient(rng: &mut dyn CryptoRng) -> u16 {
    loop {
        let candidate = (rng.next_u32() & 0xfff) as u16;
        if candidate < Q {
            return candidate;
        }
    }
}
