//! Two-step verification: SRP-6a with Telegram's hashes (<https://core.telegram.org/api/srp>; SR-1..SR-3).

use thiserror::Error;

use super::dh::{GroupError, PublicValueError};

/// `passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow` as `account.getPassword` gives it.
#[derive(Clone, Copy, Debug)]
pub struct Algo<'a> {
    /// `salt1`.
    pub salt1: &'a [u8],
    /// `salt2`.
    pub salt2: &'a [u8],
    /// `g`.
    pub g: i32,
    /// `p`, big-endian.
    pub p: &'a [u8],
}

/// Why a proof cannot be made or is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SrpError {
    /// `p` or `g`.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// `srp_B` or `A`.
    #[error(transparent)]
    PublicValue(#[from] PublicValueError),
    /// `u = 0`.
    #[error("the SRP scrambling parameter is zero")]
    ZeroU,
    /// The password is wrong.
    #[error("the SRP proof does not match")]
    WrongPassword,
}

/// What `inputCheckPasswordSRP` carries besides `srp_id`.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// `A`, 256 bytes big-endian.
    pub a: [u8; 256],
    /// `M1`.
    pub m1: [u8; 32],
}

/// `x = PH2(password, salt1, salt2)`. Slow by design (100,000 rounds): keep it off the I/O thread.
#[must_use]
pub fn password_hash(password: &[u8], salt1: &[u8], salt2: &[u8]) -> zeroize::Zeroizing<[u8; 32]> {
    let _ = (password, salt1, salt2);
    todo!()
}

/// The verifier `v = g^x mod p` that is stored by the server (`new_password_hash`, SR-3).
///
/// # Errors
/// [`SrpError::Group`].
pub fn verifier(algo: &Algo<'_>, password: &[u8]) -> Result<[u8; 256], SrpError> {
    let _ = (algo, password);
    todo!()
}

/// The client's proof that it knows the password (SR-2).
///
/// # Errors
/// [`SrpError`].
pub fn prove(
    algo: &Algo<'_>,
    srp_b: &[u8],
    password: &[u8],
    rng: &mut dyn rand::CryptoRng,
) -> Result<Proof, SrpError> {
    let _ = (algo, srp_b, password, rng);
    todo!()
}

/// The server's side of one password check; good for one attempt.
pub struct Challenge {}

impl Challenge {
    /// Draws `b`.
    ///
    /// # Errors
    /// [`SrpError::Group`].
    pub fn new(
        algo: &Algo<'_>,
        verifier: &[u8; 256],
        rng: &mut dyn rand::CryptoRng,
    ) -> Result<Self, SrpError> {
        let _ = (algo, verifier, rng);
        todo!()
    }

    /// `srp_B`, 256 bytes big-endian.
    #[must_use]
    pub fn srp_b(&self) -> [u8; 256] {
        todo!()
    }

    /// Checks the client's `A` and `M1`.
    ///
    /// # Errors
    /// [`SrpError::PublicValue`], [`SrpError::ZeroU`], [`SrpError::WrongPassword`].
    pub fn verify(self, a: &[u8], m1: &[u8]) -> Result<(), SrpError> {
        let _ = (a, m1);
        todo!()
    }
}
