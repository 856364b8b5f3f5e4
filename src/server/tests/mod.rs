//! Calls against the world, without sockets and encryption.

mod calls;
mod codes;
mod devices;
mod emails;
mod logins;
mod messages;
mod passwords;
mod qr;
mod state;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::mpsc;

use super::{
    Event,
    accounts::Password,
    call::{Answer, Audience, Call, Caller, Push},
    dispatch::dispatch,
    keys::KeyEntry,
    policy::Policy,
    world::World,
    *,
};
use crate::{
    crypto::{AuthKey, srp},
    tl::{Bytes, Deserialize, Function, Reader, Serialize, Str, enums, functions, types},
};

/// A world of three DCs with a clock that stands still unless it is moved.
struct Bench {
    world: World,
    events: mpsc::Receiver<Event>,
    now: i64,
    msg_id: i64,
    pushes: Vec<Push>,
}

/// Error code and name, as a test compares them.
type Refusal = (i32, String);

impl Bench {
    fn new(accounts: &[&str]) -> Self {
        Self::with(accounts, "{}")
    }

    /// A world with a scenario.
    fn with(accounts: &[&str], scenario: &str) -> Self {
        let (sender, events) = mpsc::channel(100);
        let policy = Policy {
            banned: ["12025550100".to_owned()].into(),
            flood_wait: [("12025550101".to_owned(), 42)].into(),
            ..Policy::default()
        };
        let mut world = World::new(policy, StdRng::seed_from_u64(7), sender);
        world.dcs =
            (1..=3).map(|id| DcAddress { id, host: "127.0.0.1".into(), port: 1000 + id as u16 }).collect();
        world.scenario = Scenario::from_json(scenario).unwrap();
        let specs: Vec<AccountSpec> = accounts.iter().map(|a| a.parse().unwrap()).collect();
        world.register(&specs, &["42:secret".to_owned(), "43:secret,dc=3".to_owned()]).unwrap();
        Self { world, events, now: 1_800_000_000, msg_id: 1000, pushes: Vec::new() }
    }

    /// A client with a new key at a DC.
    fn client(&mut self, dc: i32) -> Caller {
        let mut key = [0; 256];
        rand::Rng::fill_bytes(&mut self.world.rng, &mut key);
        let entry = KeyEntry::new(AuthKey::from_bytes(key), dc, self.now, None, 0);
        let id = entry.key.id();
        self.world.put_key(Arc::new(entry));
        Caller { layer: 230, inited: true, ..Caller::new(dc, id, 1, None) }
    }

    fn raw(&mut self, caller: &mut Caller, body: Bytes) -> Result<Bytes, Refusal> {
        self.msg_id += 4;
        let mut call = Call::new(&mut self.world, caller, self.msg_id, self.now);
        let result = match dispatch(&mut call, body, |id| Some(id == 1)) {
            Ok(Answer::Now(bytes)) => Ok(bytes),
            Ok(Answer::Later(job)) => job()(&mut call),
            Err(error) => Err(error),
        };
        let pushes = std::mem::take(&mut call.pushes);
        self.pushes.extend(pushes);
        result.map_err(|e| (e.code, e.name.into_owned()))
    }

    fn call<F: Function>(&mut self, caller: &mut Caller, function: F) -> Result<F::Return, Refusal> {
        let bytes = self.raw(caller, function.to_bytes().unwrap())?;
        Ok(F::Return::from_bytes(bytes).unwrap())
    }

    fn send_code(&mut self, caller: &mut Caller, phone: &str) -> Result<types::auth::SentCode, Refusal> {
        let call = functions::auth::SendCode {
            phone_number: phone.to_owned().into(),
            api_id: 1,
            api_hash: Str::from_static("x"),
            ..Default::default()
        };
        match self.call(caller, call)? {
            enums::auth::SentCode::SentCode(sent) => Ok(sent),
            other => panic!("{other:?}"),
        }
    }

    fn sign_in(
        &mut self,
        caller: &mut Caller,
        phone: &str,
        code: &str,
    ) -> Result<enums::auth::Authorization, Refusal> {
        let hash = self.send_code(caller, phone)?.phone_code_hash;
        self.sign_in_with(caller, phone, &hash, code)
    }

    fn sign_in_with(
        &mut self,
        caller: &mut Caller,
        phone: &str,
        hash: &str,
        code: &str,
    ) -> Result<enums::auth::Authorization, Refusal> {
        self.call(
            caller,
            functions::auth::SignIn {
                phone_number: phone.to_owned().into(),
                phone_code_hash: hash.to_owned().into(),
                phone_code: Some(code.to_owned().into()),
                email_verification: None,
            },
        )
    }

    /// A client that is logged in with a test number.
    fn logged_in(&mut self, phone: &str) -> (Caller, types::User) {
        let digit = &phone[5..6];
        let mut caller = self.client(digit.parse().unwrap());
        let authorization = self.sign_in(&mut caller, phone, &digit.repeat(5)).unwrap();
        (caller, user(authorization))
    }

    /// The boxed `auth.SentCode` for a number.
    fn sent(&mut self, caller: &mut Caller, phone: &str) -> Result<enums::auth::SentCode, Refusal> {
        self.sent_with(caller, phone, &[])
    }

    /// The same with tokens of earlier log-outs.
    fn sent_with(
        &mut self,
        caller: &mut Caller,
        phone: &str,
        tokens: &[Bytes],
    ) -> Result<enums::auth::SentCode, Refusal> {
        let call = functions::auth::SendCode {
            phone_number: phone.to_owned().into(),
            api_id: 1,
            api_hash: Str::from_static("x"),
            settings: types::CodeSettings { logout_tokens: Some(tokens.to_vec()), ..Default::default() },
        };
        self.call(caller, call)
    }

    /// The code of the newest event that has one.
    fn newest_code(&mut self) -> String {
        let mut newest = None;
        while let Some(event) = self.event() {
            if let Event::Code { code, .. } | Event::EmailCode { code, .. } = event {
                newest = Some(code);
            }
        }
        newest.expect("no code was sent")
    }

    /// The proof that the caller knows the password.
    fn prove(&mut self, caller: &mut Caller, password: &str) -> enums::InputCheckPasswordSrp {
        let info = self.call(caller, functions::account::GetPassword {}).unwrap();
        let algo = modpow(info.current_algo.as_deref().unwrap());
        let algo = srp::Algo { salt1: &algo.salt1, salt2: &algo.salt2, g: algo.g, p: &algo.p };
        let proof = srp::prove(&algo, &info.srp_b.unwrap(), password.as_bytes(), &mut rand::rng()).unwrap();
        enums::InputCheckPasswordSrp::InputCheckPasswordSrp(types::InputCheckPasswordSrp {
            srp_id: info.srp_id.unwrap(),
            a: Bytes::copy_from_slice(&proof.a),
            m1: Bytes::copy_from_slice(&proof.m1),
        })
    }

    /// Settings that make this the password.
    fn new_password(&mut self, caller: &mut Caller, password: &str) -> types::account::PasswordInputSettings {
        let info = self.call(caller, functions::account::GetPassword {}).unwrap();
        let mut algo = modpow(&info.new_algo).clone();
        algo.salt1 = [&algo.salt1[..], &[7; 32]].concat().into();
        let verifier = {
            let algo = srp::Algo { salt1: &algo.salt1, salt2: &algo.salt2, g: algo.g, p: &algo.p };
            srp::verifier(&algo, password.as_bytes(), &mut rand::rng()).unwrap()
        };
        types::account::PasswordInputSettings {
            new_algo: Some(Box::new(
                enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algo),
            )),
            new_password_hash: Some(Bytes::copy_from_slice(&*verifier)),
            hint: Some("new".into()),
            ..Default::default()
        }
    }

    fn event(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }
}

/// The parameters of the one algorithm that there is.
fn modpow(
    algo: &enums::PasswordKdfAlgo,
) -> &types::PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow {
    match algo {
        enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algo) => algo,
        enums::PasswordKdfAlgo::Unknown => panic!(),
    }
}

fn user(authorization: enums::auth::Authorization) -> types::User {
    let enums::auth::Authorization::Authorization(authorization) = authorization else { panic!() };
    let enums::User::User(user) = authorization.user else { panic!() };
    user
}

fn refused(code: i32, name: &str) -> Refusal {
    (code, name.to_owned())
}

const PHONE: &str = "9996621234";

fn peer(user: &types::User) -> enums::InputPeer {
    enums::InputPeer::User(types::InputPeerUser { user_id: user.id, access_hash: user.access_hash.unwrap() })
}

fn message_to(peer: enums::InputPeer, text: &str, random_id: i64) -> functions::messages::SendMessage {
    functions::messages::SendMessage {
        peer,
        message: text.to_owned().into(),
        random_id,
        ..Default::default()
    }
}

/// The other user as `caller` finds it.
fn look_up(bench: &mut Bench, caller: &mut Caller, phone: &str) -> types::User {
    let found =
        bench.call(caller, functions::contacts::ResolvePhone { phone: phone.to_owned().into() }).unwrap();
    let [enums::User::User(user)] = &found.users[..] else { panic!() };
    user.clone()
}
