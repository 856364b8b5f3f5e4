//! The verifier of a new 2FA password.

use std::fmt;

use rand::CryptoRng;

use super::LoginError;
use crate::{
    crypto::srp::{self, Algo},
    session::Secret,
    tl::{
        Bytes, Str,
        enums::PasswordKdfAlgo,
        types::{
            PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow as Modpow,
            account::{Password, PasswordInputSettings},
        },
    },
};

/// Random bytes that the client adds to the first salt (SR-3).
const OWN_SALT: usize = 32;

/// A new password and the server's numbers, good for one `account.passwordInputSettings`.
#[derive(Clone)]
pub struct NewPassword {
    algo: Modpow,
    password: Secret,
    hint: String,
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPassword").finish_non_exhaustive()
    }
}

impl NewPassword {
    /// Takes the numbers out of `account.getPassword` (SR-3). An empty hint is none.
    ///
    /// # Errors
    /// [`LoginError::UnknownPasswordAlgorithm`].
    pub fn new(info: &Password, password: Secret, hint: String) -> Result<Self, LoginError> {
        match &info.new_algo {
            PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algo) => {
                Ok(Self { algo: algo.clone(), password, hint })
            }
            PasswordKdfAlgo::Unknown => Err(LoginError::UnknownPasswordAlgorithm),
        }
    }

    /// Computes the verifier. Takes tenths of a second by design (SR-5): not on a thread that serves a connection.
    ///
    /// # Errors
    /// [`LoginError::UnsafePasswordCheck`] when the server's numbers fail their checks.
    pub fn settings(&self, rng: &mut dyn CryptoRng) -> Result<PasswordInputSettings, LoginError> {
        let mut own = [0; OWN_SALT];
        rng.fill_bytes(&mut own);
        let salt1 = [&self.algo.salt1[..], &own].concat();
        let algo = Algo { salt1: &salt1, salt2: &self.algo.salt2, g: self.algo.g, p: &self.algo.p };
        let verifier = srp::verifier(&algo, self.password.expose(), rng)?;
        Ok(PasswordInputSettings {
            new_password_hash: Some(Bytes::copy_from_slice(&verifier[..])),
            hint: Some(Str::from(self.hint.clone())),
            new_algo: Some(Box::new(PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(
                Modpow { salt1: salt1.into(), ..self.algo.clone() },
            ))),
            ..PasswordInputSettings::default()
        })
    }
}
