//! Two-step verification: the server's side of SRP (SR-1, SR-2).

use std::{
    collections::{HashMap, VecDeque},
    sync::LazyLock,
};

use rand::{CryptoRng, Rng, SeedableRng, rngs::StdRng};
use zeroize::Zeroizing;

use crate::{
    crypto::{
        dh,
        srp::{self, Algo, SrpError},
    },
    tl::{Bytes, Str, enums, functions, types},
};

use super::{
    accounts::Password,
    call::{Answer, Call, Finish, Job, Method, Outcome, encode, method},
    login,
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
        let verifier = srp::verifier(&algo(&salt1, &salt2), password)?;
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

/// The user whose password the caller may try: the one who gave the right code, or the one who is logged in.
fn subject(call: &Call<'_>) -> Result<i64, RpcError> {
    let key = call.permanent_key()?;
    let authorization = call.world.keys.authorization(key);
    let user = authorization.and_then(|a| a.awaiting_password.or(a.user));
    user.ok_or(RpcError::unauthorized("AUTH_KEY_UNREGISTERED"))
}

fn get_password(call: &mut Call<'_>, _: functions::account::GetPassword) -> Outcome {
    let user = subject(call)?;
    let password = call.world.accounts.get(user).and_then(|account| account.password.clone());
    let mut random = [0; 256 + 2 * SALT];
    call.world.rng.fill_bytes(&mut random);
    let Some(password) = password else {
        return encode(&answer_with(&random, None)).map(Answer::Now);
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
            let current = Current { id, srp_b: *srp.srp_b(), password: password.clone() };
            let bytes = encode(&answer_with(&random, Some(current)));
            call.world.challenges.insert(id, Challenge { user, password, srp });
            bytes
        })
    });
    Ok(Answer::Later(job))
}

struct Current {
    id: i64,
    srp_b: [u8; 256],
    password: Password,
}

fn answer_with(random: &[u8; 256 + 2 * SALT], current: Option<Current>) -> types::account::Password {
    let (secure, salts) = random.split_at(256);
    let (salt1, salt2) = salts.split_at(SALT);
    let wire = |salt1: &[u8], salt2: &[u8]| {
        enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(
            types::PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow {
                salt1: Bytes::copy_from_slice(salt1),
                salt2: Bytes::copy_from_slice(salt2),
                g: G,
                p: Bytes::copy_from_slice(GROUP.prime()),
            },
        )
    };
    types::account::Password {
        has_password: current.is_some(),
        hint: current.as_ref().and_then(|c| c.password.hint.clone()).map(Str::from),
        srp_id: current.as_ref().map(|c| c.id),
        srp_b: current.as_ref().map(|c| Bytes::copy_from_slice(&c.srp_b)),
        current_algo: current.map(|c| Box::new(wire(&c.password.salt1, &c.password.salt2))),
        new_algo: wire(salt1, salt2),
        new_secure_algo: enums::SecurePasswordKdfAlgo::Sha512(types::SecurePasswordKdfAlgoSha512 {
            salt: Bytes::copy_from_slice(salt1),
        }),
        secure_random: Bytes::copy_from_slice(secure),
        ..Default::default()
    }
}

fn check_password(call: &mut Call<'_>, p: functions::auth::CheckPassword) -> Outcome {
    let user = subject(call)?;
    let proof = match p.password {
        enums::InputCheckPasswordSrp::InputCheckPasswordSrp(proof) => proof,
        enums::InputCheckPasswordSrp::InputCheckPasswordEmpty => {
            return Err(RpcError::bad_request("PASSWORD_HASH_INVALID"));
        }
    };
    let current = call.world.accounts.get(user).and_then(|account| account.password.as_ref());
    let Some(current) = current.cloned() else { return Err(RpcError::bad_request("PASSWORD_EMPTY")) };
    let challenge = call.world.challenges.by_id.remove(&proof.srp_id);
    let challenge = challenge.filter(|c| c.user == user).ok_or(RpcError::bad_request("SRP_ID_INVALID"))?;
    if challenge.password != current {
        return Err(RpcError::bad_request("SRP_PASSWORD_CHANGED"));
    }
    let job: Job = Box::new(move || -> Finish {
        let result = challenge.srp.verify(&proof.a, &proof.m1);
        Box::new(move |call| match result {
            Ok(()) => login::log_in(call, user),
            Err(SrpError::PublicValue(_)) => Err(RpcError::bad_request("SRP_A_INVALID")),
            Err(_) => Err(RpcError::bad_request("PASSWORD_HASH_INVALID")),
        })
    });
    Ok(Answer::Later(job))
}
