//! Calls against the world, without sockets and encryption.

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::mpsc;

use super::{
    Event,
    accounts::Password,
    call::{Answer, Call, Caller, Push},
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
        let (sender, events) = mpsc::channel(100);
        let policy = Policy {
            banned: ["12025550100".to_owned()].into(),
            flood_wait: [("12025550101".to_owned(), 42)].into(),
            code_lifetime: 300,
        };
        let mut world = World::new(policy, StdRng::seed_from_u64(7), sender);
        world.dcs =
            (1..=3).map(|id| DcAddress { id, host: "127.0.0.1".into(), port: 1000 + id as u16 }).collect();
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
        let mut call =
            Call { world: &mut self.world, caller, msg_id: self.msg_id, now: self.now, pushes: Vec::new() };
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

    fn event(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
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

#[test]
fn a_test_number_logs_in_with_the_code_of_its_dc() {
    let mut bench = Bench::new(&[PHONE]);
    let mut caller = bench.client(2);
    let sent = bench.send_code(&mut caller, "+999 66 2 1234").unwrap();
    assert_eq!(sent.r#type, enums::auth::SentCodeType::Sms(types::auth::SentCodeTypeSms { length: 5 }));
    assert_eq!(sent.next_type, Some(enums::auth::CodeType::Call));
    assert_eq!(bench.event(), Some(Event::Code { phone: PHONE.into(), code: "22222".into() }));
    let user = user(bench.sign_in_with(&mut caller, PHONE, &sent.phone_code_hash, "22222").unwrap());
    assert!(user.is_self);
    assert_eq!(user.phone.as_deref(), Some(PHONE));
    assert_eq!(bench.event(), Some(Event::SignedIn { user_id: user.id, dc: 2 }));
}

#[test]
fn a_number_is_sent_to_its_home() {
    let mut bench = Bench::new(&["12025550123,dc=3"]);
    let mut caller = bench.client(2);
    assert_eq!(bench.send_code(&mut caller, "9996611234"), Err(refused(303, "PHONE_MIGRATE_1")));
    assert_eq!(bench.send_code(&mut caller, "12025550123"), Err(refused(303, "PHONE_MIGRATE_3")));
    assert_eq!(bench.send_code(&mut caller, "9996641234"), Err(refused(400, "PHONE_NUMBER_INVALID")));
    assert!(bench.send_code(&mut caller, "12025550999").is_ok());
    assert!(bench.client(3).dc == 3);
}

#[test]
fn numbers_and_api_keys_are_checked() {
    let mut bench = Bench::new(&[]);
    let mut caller = bench.client(2);
    for (phone, error) in [
        ("", refused(400, "PHONE_NUMBER_INVALID")),
        ("hello", refused(400, "PHONE_NUMBER_INVALID")),
        ("+1 202 555 0100", refused(400, "PHONE_NUMBER_BANNED")),
        ("+1 202 555 0101", refused(420, "FLOOD_WAIT_42")),
    ] {
        assert_eq!(bench.send_code(&mut caller, phone), Err(error), "{phone}");
    }
    let no_api = functions::auth::SendCode { phone_number: PHONE.into(), ..Default::default() };
    assert_eq!(bench.call(&mut caller, no_api), Err(refused(400, "API_ID_INVALID")));
}

#[test]
fn wrong_and_old_codes_are_refused() {
    let mut bench = Bench::new(&[PHONE]);
    let mut caller = bench.client(2);
    let hash = bench.send_code(&mut caller, PHONE).unwrap().phone_code_hash;
    let mut attempt = |bench: &mut Bench, hash: &str, code: &str| {
        bench.sign_in_with(&mut caller, PHONE, hash, code).map(drop).unwrap_err().1
    };
    assert_eq!(attempt(&mut bench, &hash, ""), "PHONE_CODE_EMPTY");
    assert_eq!(attempt(&mut bench, "", "22222"), "PHONE_CODE_HASH_EMPTY");
    assert_eq!(attempt(&mut bench, "x", "22222"), "PHONE_CODE_EXPIRED");
    for _ in 0..5 {
        assert_eq!(attempt(&mut bench, &hash, "12345"), "PHONE_CODE_INVALID");
    }
    assert_eq!(attempt(&mut bench, &hash, "22222"), "PHONE_CODE_EXPIRED");
}

#[test]
fn a_code_can_be_sent_again_and_cancelled() {
    let mut bench = Bench::new(&[PHONE]);
    let mut caller = bench.client(2);
    let first = bench.send_code(&mut caller, PHONE).unwrap().phone_code_hash;
    let resend = |hash: &Str| functions::auth::ResendCode {
        phone_number: PHONE.into(),
        phone_code_hash: hash.clone(),
        reason: None,
    };
    let enums::auth::SentCode::SentCode(second) = bench.call(&mut caller, resend(&first)).unwrap() else {
        panic!()
    };
    assert_eq!(second.r#type, enums::auth::SentCodeType::Call(types::auth::SentCodeTypeCall { length: 5 }));
    assert_eq!(second.next_type, None);
    assert_eq!(bench.call(&mut caller, resend(&first)), Err(refused(400, "PHONE_CODE_EXPIRED")));
    let second = second.phone_code_hash;
    assert_eq!(bench.call(&mut caller, resend(&second)), Err(refused(406, "SEND_CODE_UNAVAILABLE")));
    let cancel = functions::auth::CancelCode { phone_number: PHONE.into(), phone_code_hash: second.clone() };
    assert_eq!(bench.call(&mut caller, cancel), Ok(true));
    let error = bench.sign_in_with(&mut caller, PHONE, &second, "22222").unwrap_err();
    assert_eq!(error, refused(400, "PHONE_CODE_EXPIRED"));
}

#[test]
fn an_account_that_is_logged_in_gets_its_code_in_the_app() {
    let mut bench = Bench::new(&["12025550123"]);
    let mut first = bench.client(2);
    let hash = bench.send_code(&mut first, "12025550123").unwrap().phone_code_hash;
    let Some(Event::Code { code, .. }) = bench.event() else { panic!() };
    bench.sign_in_with(&mut first, "12025550123", &hash, &code).unwrap();
    let mut second = bench.client(2);
    let sent = bench.send_code(&mut second, "12025550123").unwrap();
    assert_eq!(sent.r#type, enums::auth::SentCodeType::App(types::auth::SentCodeTypeApp { length: 5 }));
    assert_eq!(sent.next_type, Some(enums::auth::CodeType::Sms));
}

#[test]
fn an_unknown_number_signs_up() {
    let mut bench = Bench::new(&[]);
    let mut caller = bench.client(2);
    let hash = bench.send_code(&mut caller, PHONE).unwrap().phone_code_hash;
    let sign_up = |first: &'static str| functions::auth::SignUp {
        phone_number: PHONE.into(),
        phone_code_hash: hash.clone(),
        first_name: first.into(),
        last_name: "Lovelace".into(),
        ..Default::default()
    };
    assert_eq!(bench.call(&mut caller, sign_up("Ada")), Err(refused(400, "PHONE_CODE_INVALID")));
    let answer = bench.sign_in_with(&mut caller, PHONE, &hash, "22222").unwrap();
    let enums::auth::Authorization::SignUpRequired(required) = answer else { panic!() };
    assert!(required.terms_of_service.is_some());
    assert_eq!(bench.call(&mut caller, sign_up(" ")), Err(refused(400, "FIRSTNAME_INVALID")));
    let ada = user(bench.call(&mut caller, sign_up("Ada")).unwrap());
    assert_eq!((ada.first_name.as_deref(), ada.last_name.as_deref()), (Some("Ada"), Some("Lovelace")));
    let (_, again) = bench.logged_in(PHONE);
    assert_eq!(again.id, ada.id);
}

#[test]
fn two_step_verification_asks_for_the_password() {
    let mut bench = Bench::new(&["9996621234,password=hunter2"]);
    let mut caller = bench.client(2);
    assert_eq!(
        bench.call(&mut caller, functions::account::GetPassword {}),
        Err(refused(401, "AUTH_KEY_UNREGISTERED"))
    );
    assert_eq!(bench.sign_in(&mut caller, PHONE, "22222"), Err(refused(401, "SESSION_PASSWORD_NEEDED")));
    assert_eq!(
        bench.call(&mut caller, functions::updates::GetState {}),
        Err(refused(401, "AUTH_KEY_UNREGISTERED")),
        "the code alone logs nobody in"
    );
    let prove = |bench: &mut Bench, caller: &mut Caller, password: &str| {
        let info = bench.call(caller, functions::account::GetPassword {}).unwrap();
        assert!(info.has_password);
        let Some(algo) = info.current_algo else { panic!() };
        let enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algo) = *algo else {
            panic!()
        };
        let algo = srp::Algo { salt1: &algo.salt1, salt2: &algo.salt2, g: algo.g, p: &algo.p };
        let proof = srp::prove(&algo, &info.srp_b.unwrap(), password.as_bytes(), &mut rand::rng()).unwrap();
        functions::auth::CheckPassword {
            password: enums::InputCheckPasswordSrp::InputCheckPasswordSrp(types::InputCheckPasswordSrp {
                srp_id: info.srp_id.unwrap(),
                a: Bytes::copy_from_slice(&proof.a),
                m1: Bytes::copy_from_slice(&proof.m1),
            }),
        }
    };
    let wrong = prove(&mut bench, &mut caller, "hunter3");
    assert_eq!(bench.call(&mut caller, wrong.clone()), Err(refused(400, "PASSWORD_HASH_INVALID")));
    assert_eq!(
        bench.call(&mut caller, wrong),
        Err(refused(400, "SRP_ID_INVALID")),
        "a challenge is good once"
    );
    let right = prove(&mut bench, &mut caller, "hunter2");
    let user = user(bench.call(&mut caller, right.clone()).unwrap());
    assert_eq!(user.phone.as_deref(), Some(PHONE));
    assert_eq!(bench.call(&mut caller, right), Err(refused(400, "SRP_ID_INVALID")));
    assert!(bench.call(&mut caller, functions::updates::GetState {}).is_ok());
}

#[test]
fn an_account_without_a_password_says_so() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut caller, _) = bench.logged_in(PHONE);
    let info = bench.call(&mut caller, functions::account::GetPassword {}).unwrap();
    assert!(!info.has_password && info.current_algo.is_none() && info.srp_id.is_none());
}

#[test]
fn bots_log_in_at_home_with_the_right_token() {
    let mut bench = Bench::new(&[]);
    let mut caller = bench.client(2);
    let token = |token: &'static str| functions::auth::ImportBotAuthorization {
        api_id: 1,
        api_hash: "x".into(),
        bot_auth_token: token.into(),
        ..Default::default()
    };
    for bad in ["", "42", "42:other", "44:secret"] {
        assert_eq!(bench.call(&mut caller, token(bad)), Err(refused(400, "ACCESS_TOKEN_INVALID")), "{bad}");
    }
    assert_eq!(bench.call(&mut caller, token("43:secret")), Err(refused(303, "USER_MIGRATE_3")));
    let bot = user(bench.call(&mut caller, token("42:secret")).unwrap());
    assert!(bot.bot && bot.id == 42 && bot.bot_info_version == Some(1));
}

#[test]
fn log_out_ends_the_login_of_this_key_only() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut one, _) = bench.logged_in(PHONE);
    let (mut two, _) = bench.logged_in(PHONE);
    assert!(bench.call(&mut one, functions::auth::LogOut {}).is_ok());
    let state = functions::updates::GetState {};
    assert_eq!(bench.call(&mut one, state.clone()), Err(refused(401, "AUTH_KEY_UNREGISTERED")));
    assert!(bench.call(&mut two, state).is_ok());
}

#[test]
fn an_authorization_is_taken_to_another_dc_once() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut home, me) = bench.logged_in(PHONE);
    for bad in [2, 9] {
        let export = functions::auth::ExportAuthorization { dc_id: bad };
        assert_eq!(bench.call(&mut home, export), Err(refused(400, "DC_ID_INVALID")));
    }
    let exported = bench.call(&mut home, functions::auth::ExportAuthorization { dc_id: 3 }).unwrap();
    let import = functions::auth::ImportAuthorization { id: exported.id, bytes: exported.bytes };
    let mut away = bench.client(3);
    assert_eq!(user(bench.call(&mut away, import.clone()).unwrap()).id, me.id);
    assert_eq!(bench.call(&mut away, import), Err(refused(400, "AUTH_BYTES_INVALID")));
    assert_eq!(
        bench.call(&mut away, functions::updates::GetState {}),
        Err(refused(303, "USER_MIGRATE_2")),
        "what belongs to the home DC stays there"
    );
}

#[test]
fn the_configuration_names_every_dc() {
    let mut bench = Bench::new(&[]);
    let mut caller = bench.client(3);
    let config = bench.call(&mut caller, functions::help::GetConfig {}).unwrap();
    assert_eq!(config.this_dc, 3);
    let dcs: Vec<_> = config.dc_options.iter().map(|o| (o.id, &*o.ip_address, o.port)).collect();
    assert_eq!(dcs, [(1, "127.0.0.1", 1001), (2, "127.0.0.1", 1002), (3, "127.0.0.1", 1003)]);
}

fn init<Q>(query: Q) -> functions::InitConnection<Q> {
    functions::InitConnection {
        api_id: 1,
        device_model: "d".into(),
        system_version: "s".into(),
        app_version: "a".into(),
        system_lang_code: "en".into(),
        lang_pack: "".into(),
        lang_code: "en".into(),
        proxy: Some(types::InputClientProxy { address: "p".into(), port: 1 }),
        params: Some(enums::JsonValue::JsonObject(types::JsonObject {
            value: vec![types::JsonObjectValue {
                key: "tz_offset".into(),
                value: Box::new(enums::JsonValue::JsonNumber(types::JsonNumber { value: 3600.0 })),
            }],
        })),
        query,
    }
}

#[test]
fn wrappers_come_off_in_any_order_and_repeatedly() {
    let mut bench = Bench::new(&[]);
    let mut caller = Caller { inited: false, layer: 158, ..bench.client(1) };
    let plain = functions::help::GetAppConfig { hash: 0 };
    assert_eq!(bench.call(&mut caller, plain.clone()).unwrap_err(), refused(400, "CONNECTION_NOT_INITED"));
    let layered = functions::InvokeWithLayer { layer: 201, query: init(plain.clone()) };
    let whole = functions::InvokeAfterMsg {
        msg_id: 1,
        query: init(functions::InvokeWithLayer {
            layer: 7,
            query: functions::InvokeWithoutUpdates { query: layered },
        }),
    };
    for _ in 0..2 {
        bench.raw(&mut caller, whole.to_bytes().unwrap()).unwrap();
        assert!(caller.inited);
        assert_eq!(caller.layer, 201);
    }
    assert!(bench.call(&mut caller, plain.clone()).is_ok());
    let after = functions::InvokeAfterMsg { msg_id: 2, query: plain };
    assert_eq!(bench.raw(&mut caller, after.to_bytes().unwrap()), Err(refused(500, "MSG_WAIT_FAILED")));
    let key = bench.world.keys.authorization(caller.key_id).unwrap();
    assert_eq!((key.layer, key.device.model.as_str()), (Some(201), "d"));
}

#[test]
fn endless_wrappers_and_garbage_are_errors() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut caller, _) = bench.logged_in(PHONE);
    let endless = [0xda9b_0d0d_u32.to_le_bytes(), 230_i32.to_le_bytes()].concat().repeat(1000);
    assert_eq!(bench.raw(&mut caller, endless.into()).unwrap_err().0, 400);
    assert_eq!(bench.raw(&mut caller, Bytes::new()).unwrap_err(), refused(400, "INPUT_FETCH_ERROR"));
    let unknown = Bytes::from_static(&[1, 2, 3, 4]);
    assert_eq!(bench.raw(&mut caller, unknown).unwrap_err(), refused(400, "INPUT_METHOD_INVALID"));
    let not_served = functions::messages::GetAllDrafts {};
    assert_eq!(bench.call(&mut caller, not_served).unwrap_err(), refused(400, "INPUT_METHOD_INVALID"));
}

#[test]
fn no_call_that_is_cut_short_panics() {
    let mut bench = Bench::new(&[PHONE, "9996611234"]);
    let (mut caller, _) = bench.logged_in(PHONE);
    let send = functions::messages::SendMessage {
        peer: enums::InputPeer::InputPeerSelf,
        message: "hello".into(),
        random_id: 5,
        ..Default::default()
    };
    let sign_in = functions::auth::SignIn { phone_number: PHONE.into(), ..Default::default() };
    let bodies = [
        send.to_bytes().unwrap(),
        sign_in.to_bytes().unwrap(),
        functions::InvokeWithLayer { layer: 230, query: send }.to_bytes().unwrap(),
        functions::contacts::ImportContacts { contacts: vec![Default::default()] }.to_bytes().unwrap(),
        functions::updates::GetDifference::default().to_bytes().unwrap(),
    ];
    for body in bodies {
        for end in 0..body.len() {
            let error = bench.raw(&mut caller, body.slice(..end)).unwrap_err();
            assert_eq!(error.0, 400, "{end} of {}", body.len());
        }
    }
}

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

#[test]
fn a_message_reaches_the_other_account_once() {
    let mut bench = Bench::new(&[PHONE, "9996611234"]);
    let (mut ada, me) = bench.logged_in(PHONE);
    let (mut bob, _) = bench.logged_in("9996611234");
    let other = look_up(&mut bench, &mut ada, "9996611234");
    let before = bench.call(&mut bob, functions::updates::GetState {}).unwrap();
    let send = message_to(peer(&other), "hello", 5);
    let sent = bench.call(&mut ada, send.clone()).unwrap();
    let enums::Updates::UpdateShortSentMessage(short) = &sent else { panic!("{sent:?}") };
    assert_eq!((short.out, short.id, short.pts, short.pts_count), (true, 1, 2, 1));
    let [own, theirs] = &bench.pushes[..] else { panic!() };
    assert_eq!((own.user, own.except), (me.id, Some((ada.key_id, ada.session_id))));
    assert_eq!((theirs.user, theirs.except), (other.id, None));
    let pushed = enums::Updates::from_bytes(theirs.body.clone()).unwrap();
    let enums::Updates::UpdateShortMessage(pushed) = pushed else { panic!() };
    assert_eq!((pushed.out, pushed.user_id, &*pushed.message), (false, me.id, "hello"));
    assert_eq!((pushed.pts, pushed.pts_count), (before.pts + 1, 1));
    assert_eq!(bench.call(&mut ada, send).unwrap(), sent, "the same random_id is the same message");
    assert_eq!(bench.pushes.len(), 2);
    let ask = functions::updates::GetDifference { pts: before.pts, date: 1, ..Default::default() };
    let enums::updates::Difference::Difference(missed) = bench.call(&mut bob, ask).unwrap() else { panic!() };
    let [enums::Message::Message(message)] = &missed.new_messages[..] else { panic!() };
    assert_eq!((&*message.message, message.out, message.id), ("hello", false, 1));
    assert_eq!(missed.state.pts, before.pts + 1);
    assert!(missed.users.iter().any(|u| matches!(u, enums::User::User(u) if u.id == me.id)));
}

#[test]
fn a_message_to_oneself_is_answered_in_the_long_form() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut ada, me) = bench.logged_in(PHONE);
    let sent = bench.call(&mut ada, message_to(enums::InputPeer::InputPeerSelf, "note", 9)).unwrap();
    let enums::Updates::Updates(updates) = sent else { panic!("{sent:?}") };
    let [enums::Update::MessageId(id), enums::Update::NewMessage(new)] = &updates.updates[..] else {
        panic!()
    };
    assert_eq!((id.id, id.random_id, new.pts, new.pts_count), (1, 9, 2, 1));
    let enums::Message::Message(message) = &new.message else { panic!() };
    assert!(message.out && &*message.message == "note");
    assert!(matches!(&updates.users[..], [enums::User::User(user)] if user.id == me.id));
    assert_eq!(bench.pushes.len(), 1, "one message, not two");
}

#[test]
fn differences_come_in_slices_and_end() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut ada, _) = bench.logged_in(PHONE);
    for n in 0..150 {
        bench.call(&mut ada, message_to(enums::InputPeer::InputPeerSelf, "note", n + 1)).unwrap();
    }
    let ask = |pts| functions::updates::GetDifference { pts, date: 1, ..Default::default() };
    let enums::updates::Difference::Slice(slice) = bench.call(&mut ada, ask(1)).unwrap() else { panic!() };
    assert_eq!((slice.new_messages.len(), slice.intermediate_state.pts), (100, 101));
    let enums::updates::Difference::Difference(rest) = bench.call(&mut ada, ask(101)).unwrap() else {
        panic!()
    };
    assert_eq!((rest.new_messages.len(), rest.state.pts), (50, 151));
    assert!(matches!(bench.call(&mut ada, ask(151)).unwrap(), enums::updates::Difference::Empty(_)));
    assert_eq!(bench.call(&mut ada, ask(152)).unwrap_err(), refused(400, "PERSISTENT_TIMESTAMP_INVALID"));
    let limited = functions::updates::GetDifference { pts_total_limit: Some(10), ..ask(1) };
    assert!(matches!(bench.call(&mut ada, limited).unwrap(), enums::updates::Difference::TooLong(_)));
}

#[test]
fn messages_need_a_known_peer_and_a_text() {
    let mut bench = Bench::new(&[PHONE, "9996611234"]);
    let (mut ada, _) = bench.logged_in(PHONE);
    let other = look_up(&mut bench, &mut ada, "9996611234");
    let stranger = enums::InputPeer::User(types::InputPeerUser { user_id: other.id, access_hash: 1 });
    for (peer, text, error) in [
        (stranger, "x", "PEER_ID_INVALID"),
        (enums::InputPeer::Empty, "x", "PEER_ID_INVALID"),
        (enums::InputPeer::InputPeerSelf, " ", "MESSAGE_EMPTY"),
        (enums::InputPeer::InputPeerSelf, &"x".repeat(4097), "MESSAGE_TOO_LONG"),
    ] {
        assert_eq!(bench.call(&mut ada, message_to(peer, text, 1)).unwrap_err(), refused(400, error));
    }
}

#[test]
fn send_message_is_read_in_the_form_of_each_layer() {
    let old = |id: u32, reply: &[u8], bits: u32| {
        let mut body = Vec::new();
        body.extend(id.to_le_bytes());
        body.extend(bits.to_le_bytes());
        body.extend(0x7da0_7ec9_u32.to_le_bytes()); // inputPeerSelf
        body.extend(reply);
        body.extend(b"\x02hi\0");
        body.extend(77_i64.to_le_bytes());
        // A field of a later layer, which must not disturb.
        body.extend([9; 8]);
        Bytes::from(body)
    };
    let number = 5_i32.to_le_bytes();
    let object = |id: u32| [id.to_le_bytes(), [0; 4], number].concat();
    let forms = [
        old(0x1cc2_0387, &[], 0),
        old(0x1cc2_0387, &[number, number].concat(), 1 | 1 << 9),
        old(0x0d9d_75a4, &number, 1),
        old(0x280d_096f, &object(0x9c53_86e4), 1),
        old(0xdff8_042c, &object(0x22c0_f6d5), 1),
        old(0x983f_9745, &object(0x22c0_f6d5), 1),
        old(0xfbf2_340a, &object(0xb070_38b0), 1),
        old(0xfe05_dc9a, &object(0x869f_be10), 1),
        old(0x545c_d15a, &object(0x869f_be10), 1),
        old(0xfef4_8f62, &object(0x3bd4_b7c2), 1),
    ];
    for body in forms {
        let mut bench = Bench::new(&[PHONE]);
        let (mut ada, _) = bench.logged_in(PHONE);
        bench.raw(&mut ada, body).unwrap();
        let enums::Updates::UpdateShortMessage(pushed) =
            enums::Updates::from_bytes(bench.pushes[0].body.clone()).unwrap()
        else {
            panic!()
        };
        assert_eq!(&*pushed.message, "hi");
    }
}

#[test]
fn the_ids_of_old_forms_are_those_of_their_definitions() {
    for (id, definition) in [
        (
            0x0d9d_75a4_u32,
            "messages.sendMessage flags:# peer:InputPeer reply_to_msg_id:flags.0?int message:string random_id:long reply_markup:flags.2?ReplyMarkup entities:flags.3?Vector<MessageEntity> schedule_date:flags.10?int send_as:flags.13?InputPeer = Updates;",
        ),
        (
            0x1cc2_0387,
            "messages.sendMessage flags:# peer:InputPeer reply_to_msg_id:flags.0?int top_msg_id:flags.9?int message:string random_id:long reply_markup:flags.2?ReplyMarkup entities:flags.3?Vector<MessageEntity> schedule_date:flags.10?int send_as:flags.13?InputPeer = Updates;",
        ),
        (
            0x280d_096f,
            "messages.sendMessage flags:# peer:InputPeer reply_to:flags.0?InputReplyTo message:string random_id:long reply_markup:flags.2?ReplyMarkup entities:flags.3?Vector<MessageEntity> schedule_date:flags.10?int send_as:flags.13?InputPeer = Updates;",
        ),
        (0x3ef1_a9bf, "auth.resendCode phone_number:string phone_code_hash:string = auth.SentCode;"),
        (
            0x80ee_e427,
            "auth.signUp phone_number:string phone_code_hash:string first_name:string last_name:string = auth.Authorization;",
        ),
        (0xf93c_cba3, "contacts.resolveUsername username:string = contacts.ResolvedPeer;"),
        (
            0xf392_b7f4,
            "inputPhoneContact client_id:long phone:string first_name:string last_name:string = InputContact;",
        ),
        (
            0x2593_9651,
            "updates.getDifference flags:# pts:int pts_total_limit:flags.0?int date:int qts:int = updates.Difference;",
        ),
        (
            0x9c53_86e4,
            "inputReplyToMessage flags:# reply_to_msg_id:int top_msg_id:flags.0?int = InputReplyTo;",
        ),
        (0x15b0_f283, "inputReplyToStory user_id:InputUser story_id:int = InputReplyTo;"),
    ] {
        let schema = crate::schema::parse(&format!("---functions---\n{definition}")).unwrap();
        assert_eq!(format!("{:08x}", schema.functions[0].id), format!("{id:08x}"), "{definition}");
    }
}

#[test]
fn every_layer_reads_its_own_user() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut ada, _) = bench.logged_in(PHONE);
    let get = functions::users::GetUsers { id: vec![enums::InputUser::InputUserSelf] }.to_bytes().unwrap();
    let mut tails = Vec::new();
    for (layer, id) in [(158, 0x8f97_c628_u32), (166, 0xeb60_2f25), (220, 0x3177_4388), (230, 0xb1b8_cc83)] {
        ada.layer = layer;
        let mut reader = Reader::new(bench.raw(&mut ada, get.clone()).unwrap());
        assert_eq!([reader.u32(), reader.u32(), reader.u32()], [crate::tl::VECTOR, 1, id]);
        tails.push(reader.rest());
    }
    assert!(tails.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn contacts_are_imported_and_listed() {
    let mut bench = Bench::new(&[PHONE, "9996611234"]);
    let (mut ada, _) = bench.logged_in(PHONE);
    let contact = |phone: &'static str, client_id| types::InputPhoneContact {
        client_id,
        phone: phone.into(),
        first_name: "B".into(),
        ..Default::default()
    };
    let import = functions::contacts::ImportContacts {
        contacts: vec![contact("+999 66 1 1234", 8), contact("+1 202 555 0199", 9)],
    };
    let imported = bench.call(&mut ada, import).unwrap();
    assert_eq!(imported.imported.iter().map(|i| i.client_id).collect::<Vec<_>>(), [8]);
    let enums::contacts::Contacts::Contacts(list) =
        bench.call(&mut ada, functions::contacts::GetContacts { hash: 0 }).unwrap()
    else {
        panic!()
    };
    assert_eq!(list.contacts.len(), 1);
    let [enums::User::User(bob)] = &list.users[..] else { panic!() };
    assert!(bob.contact && bob.phone.is_some());
}

#[test]
fn the_state_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let start = |accounts: &[&str]| {
        let mut bench = Bench::new(&[]);
        let opened = journal::open(dir.path()).unwrap();
        bench.world.load(opened).unwrap();
        let specs: Vec<AccountSpec> = accounts.iter().map(|a| a.parse().unwrap()).collect();
        bench.world.register(&specs, &[]).unwrap();
        bench
    };
    let mut bench = start(&["9996621234,password=p"]);
    let password = bench.world.accounts.by_phone(PHONE).unwrap().password.clone();
    let mut caller = bench.client(2);
    assert!(bench.sign_in(&mut caller, PHONE, "22222").is_err());
    let mut other = bench.client(1);
    let hash = bench.send_code(&mut other, "9996611234").unwrap().phone_code_hash;
    bench.sign_in_with(&mut other, "9996611234", &hash, "11111").unwrap();
    let sign_up = functions::auth::SignUp {
        phone_number: "9996611234".into(),
        phone_code_hash: hash,
        first_name: "Eve".into(),
        ..Default::default()
    };
    let eve = user(bench.call(&mut other, sign_up).unwrap());
    bench.call(&mut other, message_to(enums::InputPeer::InputPeerSelf, "note", 3)).unwrap();
    let salts = bench.world.salts;
    drop(bench);

    let mut bench = start(&[]);
    assert_eq!(bench.world.salts, salts);
    assert_eq!(bench.world.accounts.by_phone(PHONE).unwrap().password, password);
    assert!(bench.world.keys.authorization(caller.key_id).unwrap().awaiting_password.is_some());
    let state = bench.call(&mut other, functions::updates::GetState {}).unwrap();
    assert_eq!(state.pts, 2);
    assert_eq!(bench.world.accounts.get(eve.id).unwrap().first_name, "Eve");
}

#[test]
fn passwords_are_not_kept() {
    let derived = Password::derive(b"hunter2", &mut StdRng::seed_from_u64(1)).unwrap();
    assert!(!derived.verifier.windows(7).any(|w| w == b"hunter2"));
}

#[test]
fn accounts_that_contradict_are_refused() {
    let (sender, _events) = mpsc::channel(1);
    let policy = Policy { banned: Default::default(), flood_wait: Default::default(), code_lifetime: 1 };
    let mut world = World::new(policy, StdRng::seed_from_u64(7), sender);
    world.dcs = vec![DcAddress { id: 1, host: "127.0.0.1".into(), port: 1 }];
    for (account, bot) in [("9996611234,dc=2", None), ("9996621234", None), ("12025550123", Some("no token"))]
    {
        let result = world
            .register(&[account.parse().unwrap()], &bot.map(str::to_owned).into_iter().collect::<Vec<_>>());
        assert!(matches!(result, Err(Error::Account { .. })), "{account}");
    }
    assert_eq!(world.accounts.by_phone("12025550123").unwrap().dc, 1);
}
