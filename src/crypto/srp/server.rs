//! The server's side: it knows the verifier.

use crypto_bigint::U256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Algo, SrpError, client_proof, multiplier, scrambler};
use crate::crypto::dh::{Group, KeyPair};
use crate::crypto::modular::{self, LEN, Number};

/// One question to a client that claims to know a password. It is good for one answer (`srp_id`).
pub struct Challenge {
    group: Group,
    salt1: Vec<u8>,
    salt2: Vec<u8>,
    verifier: Zeroizing<Number>,
    b: KeyPair,
    srp_b: [u8; LEN],
}

impl Challenge {
    /// Draws 256 bytes of `rng` for `b`, again if `B` is out of range. `verifier` is that of
    /// [`super::verifier`].
    ///
    /// # Errors
    /// [`SrpError::Group`].
    pub fn new(
        algo: &Algo<'_>,
        verifier: &[u8; LEN],
        rng: &mut dyn rand::CryptoRng,
    ) -> Result<Self, SrpError> {
        let group = Group::check(algo.p, algo.g, rng)?;
        loop {
            let challenge = Self::with(&group, algo, verifier, KeyPair::generate(&group, rng));
            if group.check_public(&challenge.srp_b).is_ok() {
                return Ok(challenge);
            }
        }
    }

    /// `B = k v + g^b`.
    pub(super) fn with(group: &Group, algo: &Algo<'_>, verifier: &[u8; LEN], b: KeyPair) -> Self {
        let verifier = Zeroizing::new(modular::from_fixed(verifier));
        let modulus = group.modulus();
        let kv = modulus.residue(&multiplier(group)) * modulus.residue(&verifier);
        let g_b = modulus.residue(&modular::from_fixed(b.public()));
        let srp_b = modular::to_be(&(kv + g_b).retrieve());
        Self {
            group: group.clone(),
            salt1: algo.salt1.to_vec(),
            salt2: algo.salt2.to_vec(),
            verifier,
            b,
            srp_b,
        }
    }

    /// `srp_B`, 256 bytes big-endian.
    #[must_use]
    pub fn srp_b(&self) -> &[u8; LEN] {
        &self.srp_b
    }

    /// Checks `A` (big-endian) and `M1` of the client; the latter in constant time.
    ///
    /// # Errors
    /// [`SrpError::PublicValue`] when `A` is degenerate, [`SrpError::ZeroU`], [`SrpError::WrongPassword`].
    pub fn verify(self, a: &[u8], m1: &[u8]) -> Result<(), SrpError> {
        let a = self.group.check_public_loosely(a)?;
        let a_bytes = a.to_bytes();
        let u = scrambler(&a_bytes, &self.srp_b)?;
        let shared = self.shared(a.number(), &u);
        let expected = client_proof(&self.group, (&self.salt1, &self.salt2), &a_bytes, &self.srp_b, &shared);
        if bool::from(expected[..].ct_eq(m1)) { Ok(()) } else { Err(SrpError::WrongPassword) }
    }

    /// `S = (A v^u)^b`.
    pub(super) fn shared(&self, a: &Number, u: &[u8; 32]) -> Zeroizing<Number> {
        let modulus = self.group.modulus();
        let v_u = Zeroizing::new(modulus.pow_secret(&self.verifier, &U256::from_be_slice(u)));
        let base = Zeroizing::new((modulus.residue(a) * modulus.residue(&v_u)).retrieve());
        Zeroizing::new(modulus.pow_secret(&base, self.b.exponent()))
    }
}

impl std::fmt::Debug for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Challenge")
    }
}
