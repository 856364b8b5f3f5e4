//! Factorization of `pq` (auth_key page, step 3).

/// Splits `pq` into two different primes `(p, q)` with `p < q`.
///
/// `None` when `pq` is anything else: at most 1, a prime, a square, or a product of more than two primes.
/// Deterministic; the work is bounded.
#[must_use]
pub fn factor(pq: u64) -> Option<(u64, u64)> {
    let _ = pq;
    todo!()
}
