//! Two-step verification: the server's side of SRP (SR-1, SR-2); in the modules below, how a password is set,
//! recovered and reset.

pub(super) mod recovery;
pub(super) mod reset;
pub(super) mod settings;

use std::{
    collections::{HashMap, VecDeque},
    sync::LazyLock,
};

use rand::{CryptoRng, Rng, SeedableRng, rngs::StdRng};
use zeroize::Zeroizing;

use crate::{
    crypto::{
        dh, hash,
        srp::{self, Algo, SrpError},
    },
    tl::{Bytes, Str, enums, functions, types},
};

use super::{
    accounts::Password,
    call::{Answer, Call, Finish, Job, Method, Outcome, encode, method},
    email, login,
    rpc_error::RpcError,
};

/// Bytes of each salt.
const SALT: usize = 16;

/// Checks that are under way at one time; the oldest is dropped when one more begins.
const MAX_CHALLENGES: usize = 10_000;

pub(super) const METHODS: &[Method] = &[
    method!(Key, account::GetPassword => get_password),
    method!(Key, auth::CheckPassword => check_password),
];

impl Password {
    /// What the server keeps of a password. Takes a tenth of a second and more: the KDF is slow by design (SR-5).
    pub fn derive(password: &[u8], rng: &mut dyn CryptoRng) -> Result<Self, SrpError> {
        let (mut salt1, mut salt2) = (vec![0; SALT], vec![0; SALT]);
        rng.fill_bytes(&mut salt1);
        rng.fill_bytes(&mut salt2);
        let verifier = srp::verifier(&algo(&salt1, &salt2), password, rng)?;
        Ok(Self { salt1, salt2, verifier: Zeroizing::new(verifier.to_vec()), hint: None })
    }
}

fn algo<'a>(salt1: &'a [u8], salt2: &'a [u8]) -> Algo<'a> {
    Algo { salt1, salt2, g: G, p: GROUP.prime() }
}

/// The generator that goes with the known prime (interop rule 2).
const G: i32 = 3;

/// The known prime with its generator.
static GROUP: LazyLock<dh::Group> = LazyLock::new(dh::Group::well_known);

/// Password checks that have begun, each good for one answer (SR-2).
#[derive(Default)]
pub(super) struct Challenges {
    by_id: HashMap<i64, Challenge>,
    order: VecDeque<i64>,
}

struct Challenge {
    user: i64,
    /// The password as it was when the check began; a change in between makes the check void.
    password: Password,
    srp: srp::Challenge,
}

impl Challenges {
    fn insert(&mut self, id: i64, challenge: Challenge) {
        while self.order.len() >= MAX_CHALLENGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        self.order.push_back(id);
        self.by_id.insert(id, challenge);
    }
}

fn get_password(call: &mut Call<'_>, _: functions::account::GetPassword) -> Outcome {
    let user = call.subject()?;
    let logged_in = call.user_id().is_ok();
    let algorithms = new_algorithms(call, user);
    let account = call.world.accounts.get(user).ok_or(RpcError::unauthorized("USER_DEACTIVATED"))?;
    let (password, security) = (account.password.clone(), &account.security);
    let unconfirmed = security.unconfirmed.as_ref().map(|u| email::pattern(&u.code.email));
    let login_email = security.login_email.as_deref().filter(|_| logged_in).map(email::pattern);
    let reset = security.password_reset.filter(|_| logged_in);
    let mut answer = types::account::Password {
        has_recovery: password.is_some() && security.recovery_email.is_some(),
        email_unconfirmed_pattern: unconfirmed.map(Str::from),
        pending_reset_date: reset.map(|date| i32::try_from(date).unwrap_or(i32::MAX)),
        login_email_pattern: login_email.map(Str::from),
        ..algorithms
    };
    let Some(password) = password else {
        return encode(&answer).map(Answer::Now);
    };
    // The job has a generator of its own: the world's stays with the world.
    let mut rng = StdRng::from_rng(&mut call.world.rng);
    let job: Job = Box::new(move || -> Finish {
        let verifier: Option<&[u8; 256]> = password.verifier.first_chunk();
        let srp = verifier
            .and_then(|v| srp::Challenge::new(&algo(&password.salt1, &password.salt2), v, &mut rng).ok());
        Box::new(move |call| {
            let srp = srp.ok_or(RpcError::internal("RPC_CALL_FAIL"))?;
            let id = call.world.random_id();
            answer.has_password = true;
            answer.hint = password.hint.clone().map(Str::from);
            answer.srp_id = Some(id);
            answer.srp_b = Some(Bytes::copy_from_slice(srp.srp_b()));
            answer.current_algo = Some(Box::new(wire(&password.salt1, &password.salt2)));
            let bytes = encode(&answer);
            call.world.challenges.insert(id, Challenge { user, password, srp });
            bytes
        })
    });
    Ok(Answer::Later(job))
}

/// The algorithms for a new password (SR-3) and for Telegram Passport.
fn new_algorithms(call: &mut Call<'_>, user: i64) -> types::account::Password {
    let (salt1, salt2) = new_salts(call, user);
    let mut secure_random = [0; 256];
    call.world.rng.fill_bytes(&mut secure_random);
    types::account::Password {
        new_algo: wire(&salt1, &salt2),
        new_secure_algo: enums::SecurePasswordKdfAlgo::Sha512(types::SecurePasswordKdfAlgoSha512 {
            salt: Bytes::copy_from_slice(&salt1),
        }),
        secure_random: Bytes::copy_from_slice(&secure_random),
        ..Default::default()
    }
}

/// The server's part of the salts of a user's next password. They follow from the current one, so that nothing
/// needs to be kept between `account.getPassword` and the change.
fn new_salts(call: &Call<'_>, user: i64) -> ([u8; SALT], [u8; SALT]) {
    let current = call.world.accounts.get(user).and_then(|account| account.password.as_ref());
    let current = current.map_or(&[][..], |password| &password.salt1);
    let both = hash::sha256(&[b"new password", &call.world.salts, &user.to_le_bytes(), current]);
    let (mut salt1, mut salt2) = ([0; SALT], [0; SALT]);
    salt1.copy_from_slice(&both[..SALT]);
    salt2.copy_from_slice(&both[SALT..]);
    (salt1, salt2)
}

fn wire(salt1: &[u8], salt2: &[u8]) -> enums::PasswordKdfAlgo {
    enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(
        types::PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow {
            salt1: Bytes::copy_from_slice(salt1),
            salt2: Bytes::copy_from_slice(salt2),
            g: G,
            p: Bytes::copy_from_slice(GROUP.prime()),
        },
    )
}

fn check_password(call: &mut Call<'_>, p: functions::auth::CheckPassword) -> Outcome {
    let user = call.subject()?;
    if call.world.accounts.get(user).is_none_or(|account| account.password.is_none()) {
        return Err(RpcError::bad_request("PASSWORD_EMPTY"));
    }
    proven(call, user, p.password, move |call| login::log_in(call, user))
}

/// Goes on if the user's password is proven, or if there is none and the client knows that.
pub(super) fn proven(
    call: &mut Call<'_>,
    user: i64,
    proof: enums::InputCheckPasswordSrp,
    then: impl FnOnce(&mut Call<'_>) -> Result<Bytes, RpcError> + Send + 'static,
) -> Outcome {
    let current =
        move |call: &Call<'_>| call.world.accounts.get(user).and_then(|account| account.password.clone());
    let (proof, password) = match (proof, current(call)) {
        (enums::InputCheckPasswordSrp::InputCheckPasswordEmpty, None) => return then(call).map(Answer::Now),
        (enums::InputCheckPasswordSrp::InputCheckPasswordSrp(proof), Some(password)) => (proof, password),
        _ => return Err(RpcError::bad_request("PASSWORD_HASH_INVALID")),
    };
    let challenge = call.world.challenges.by_id.remove(&proof.srp_id);
    let challenge = challenge.filter(|c| c.user == user).ok_or(RpcError::bad_request("SRP_ID_INVALID"))?;
    if challenge.password != password {
        return Err(RpcError::bad_request("SRP_PASSWORD_CHANGED"));
    }
    let job: Job = Box::new(move || -> Finish {
        let result = challenge.srp.verify(&proof.a, &proof.m1);
        Box::new(move |call| match result {
            Ok(()) if current(call).as_ref() != Some(&password) => {
                Err(RpcError::bad_request("SRP_PASSWORD_CHANGED"))
            }
            Ok(()) => then(call),
            Err(SrpError::PublicValue(_)) => Err(RpcError::bad_request("SRP_A_INVALID")),
            Err(_) => Err(RpcError::bad_request("PASSWORD_HASH_INVALID")),
        })
    });
    Ok(Answer::Later(job))
}
