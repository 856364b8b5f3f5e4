//! What the client checks in the server's answers.

use super::Error;
use crate::crypto::factor::factor;
use crate::crypto::rsa::PublicKey;
use crate::handshake::number;

/// Guideline 14: the server must own a key that was built in, or given by the user. The first one it offers is
/// taken.
pub(super) fn trusted_key<'k>(keys: &'k [PublicKey], offered: &[i64]) -> Result<&'k PublicKey, Error> {
    offered
        .iter()
        .find_map(|fingerprint| keys.iter().find(|key| key.fingerprint() == *fingerprint))
        .ok_or_else(|| Error::UnknownKeys(offered.to_vec()))
}

/// Step 3: `pq` is a product of two different primes and fits in 64 bits. Gives `(p, q)` with `p < q`.
pub(super) fn factors(pq: &[u8]) -> Result<(u64, u64), Error> {
    let pq = number::from_bytes(pq).ok_or(Error::PqLength(pq.len()))?;
    factor(pq).ok_or(Error::PqNotTwoPrimes(pq))
}
