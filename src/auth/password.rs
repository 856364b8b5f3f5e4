//! The proof that the user knows the 2FA password.

use rand::CryptoRng;

use super::LoginError;
use crate::{
    crypto::srp::{self, Algo},
    session::Secret,
    tl::{
        enums::{InputCheckPasswordSrp, PasswordKdfAlgo},
        types,
    },
};

type Modpow = types::PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow;

/// A password and the server's numbers, good for one `auth.checkPassword`.
#[derive(Clone, Debug)]
pub struct PasswordChallenge {
    algo: Modpow,
    srp_id: i64,
    srp_b: bytes::Bytes,
    password: Secret,
}

impl PasswordChallenge {
    /// Takes the numbers out of `account.getPassword` (SR-1).
    ///
    /// # Errors
    /// [`LoginError::UnknownPasswordAlgorithm`], or [`LoginError::UnexpectedReply`] when there are none.
    pub fn new(info: &types::account::Password, password: Secret) -> Result<Self, LoginError> {
        let algo = match info.current_algo.as_deref() {
            Some(PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algo)) => algo,
            Some(PasswordKdfAlgo::Unknown) => return Err(LoginError::UnknownPasswordAlgorithm),
            None => return Err(incomplete()),
        };
        let (Some(srp_id), Some(srp_b)) = (info.srp_id, info.srp_b.clone()) else { return Err(incomplete()) };
        Ok(Self { algo: algo.clone(), srp_id, srp_b, password })
    }

    /// Computes the proof. Takes tenths of a second by design (SR-5): not on a thread that serves a connection.
    ///
    /// # Errors
    /// [`LoginError::UnsafePasswordCheck`] when the server's numbers fail their checks.
    pub fn prove(&self, rng: &mut dyn CryptoRng) -> Result<InputCheckPasswordSrp, LoginError> {
        let algo = Algo { salt1: &self.algo.salt1, salt2: &self.algo.salt2, g: self.algo.g, p: &self.algo.p };
        let proof = srp::prove(&algo, &self.srp_b, self.password.expose(), rng)?;
        Ok(InputCheckPasswordSrp::InputCheckPasswordSrp(types::InputCheckPasswordSrp {
            srp_id: self.srp_id,
            a: proof.a.to_vec().into(),
            m1: proof.m1.to_vec().into(),
        }))
    }
}

fn incomplete() -> LoginError {
    LoginError::UnexpectedReply {
        method: "account.getPassword",
        what: "a password without the numbers to check it",
    }
}
