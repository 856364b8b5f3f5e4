//! The client's side: it knows the password.

use crypto_bigint::U256;
use zeroize::Zeroizing;

use super::{
    Algo, SrpError, WideExponent, client_proof, multiplier, password_hash, scrambler, verifier_number,
};
use crate::crypto::dh::{Group, KeyPair, PublicValue};
use crate::crypto::modular::LEN;

/// What `inputCheckPasswordSRP` carries besides `srp_id`.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// `A`, 256 bytes big-endian.
    pub a: [u8; LEN],
    /// `M1`, 32 bytes.
    pub m1: [u8; 32],
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof")
    }
}

/// Proves to the server that the client knows the password (SR-2). `srp_b` is `srp_B` of `account.getPassword`;
/// it may be shorter than 256 bytes.
///
/// Draws 256 bytes of `rng` for `a`, again if `A` is out of range. Slow by design: see [`password_hash`].
///
/// # Errors
/// [`SrpError::Group`] and [`SrpError::PublicValue`] when the server's numbers fail the checks of SR-1,
/// [`SrpError::ZeroU`].
pub fn prove(
    algo: &Algo<'_>,
    srp_b: &[u8],
    password: &[u8],
    rng: &mut dyn rand::CryptoRng,
) -> Result<Proof, SrpError> {
    let group = Group::check(algo.p, algo.g, rng)?;
    let b = group.check_public(srp_b)?;
    let x = password_hash(password, algo.salt1, algo.salt2);
    let a = KeyPair::generate(&group, rng);
    prove_with(&group, (algo.salt1, algo.salt2), &b, &x, &a)
}

pub(super) fn prove_with(
    group: &Group,
    salts: (&[u8], &[u8]),
    b: &PublicValue,
    x: &[u8; 32],
    a: &KeyPair,
) -> Result<Proof, SrpError> {
    let b_bytes = b.to_bytes();
    let u = scrambler(a.public(), &b_bytes)?;
    let modulus = group.modulus();
    // t = B - k v
    let v = Zeroizing::new(verifier_number(group, x));
    let kv = modulus.residue(&multiplier(group)) * modulus.residue(&v);
    let t = Zeroizing::new((modulus.residue(b.number()) - kv).retrieve());
    // S = t ^ (a + u x)
    let x = Zeroizing::new(U256::from_be_slice(x));
    let u: WideExponent = U256::from_be_slice(&u).resize();
    let ux = Zeroizing::new(u.wrapping_mul(&*x));
    let exponent = Zeroizing::new(a.exponent().resize().wrapping_add(&*ux));
    let shared = Zeroizing::new(modulus.pow_secret(&t, &*exponent));
    Ok(Proof { a: *a.public(), m1: client_proof(group, salts, a.public(), &b_bytes, &shared) })
}
