//! Diffie-Hellman over a 2048-bit safe prime, with every check of the security guidelines
//! (<https://core.telegram.org/mtproto/security_guidelines>).
//!
//! Exponents are secret: they are raised to in constant time and wiped on drop. Nothing about [`KeyPair`] needs
//! the peer's value, so it can be made while the peer's answer is still on its way.

mod group;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use tests::check_of_any_size;

pub use group::{Group, GroupError, PublicValue, PublicValueError};

use zeroize::{Zeroize, Zeroizing};

use super::AuthKey;
use super::modular::{self, LEN, Number};

/// A secret exponent and its public value `g^x mod p`.
pub struct KeyPair {
    group: Group,
    exponent: Number,
    public: [u8; LEN],
}

impl KeyPair {
    /// Draws a 2048-bit exponent (256 bytes of `rng`, big-endian) whose public value passes
    /// [`Group::check_public`], again if need be.
    #[must_use]
    pub fn generate(group: &Group, rng: &mut dyn rand::CryptoRng) -> Self {
        loop {
            let mut exponent = Zeroizing::new([0; LEN]);
            rng.fill_bytes(&mut exponent[..]);
            let pair = Self::from_exponent(group, &exponent);
            if group.check_public(&pair.public).is_ok() {
                return pair;
            }
        }
    }

    /// The pair of a given exponent, whatever its public value.
    pub(super) fn from_exponent(group: &Group, exponent: &[u8; LEN]) -> Self {
        let exponent = modular::from_fixed(exponent);
        let public = modular::to_be(&group.power_of_generator(&exponent));
        Self { group: group.clone(), exponent, public }
    }

    /// The group that the pair belongs to.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// `g^x mod p`, 256 bytes big-endian.
    #[must_use]
    pub fn public(&self) -> &[u8; LEN] {
        &self.public
    }

    /// The shared key `peer^x mod p`, 256 bytes, leading zeros kept (auth_key page, step 8).
    ///
    /// `peer` must come from the same group's [`Group::check_public`].
    #[must_use]
    pub fn agree(&self, peer: &PublicValue) -> AuthKey {
        let mut shared = self.group.modulus().pow_secret(peer.number(), &self.exponent);
        let key = AuthKey::from_bytes(modular::to_be(&shared));
        shared.zeroize();
        key
    }

    pub(super) fn exponent(&self) -> &Number {
        &self.exponent
    }
}

impl Drop for KeyPair {
    fn drop(&mut self) {
        self.exponent.zeroize();
    }
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair")
    }
}
