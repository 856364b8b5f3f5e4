//! The list of sessions, and ending others.

use super::*;

const LIST: functions::account::GetAuthorizations = functions::account::GetAuthorizations {};
const STATE: functions::updates::GetState = functions::updates::GetState {};

/// The call with an `initConnection` around it that names the device.
fn introduced<Q: Function>(model: &'static str, query: Q) -> functions::InitConnection<Q> {
    functions::InitConnection {
        api_id: 7,
        device_model: model.into(),
        system_version: "sys 1".into(),
        app_version: "1.2".into(),
        system_lang_code: "en".into(),
        lang_pack: "".into(),
        lang_code: "en".into(),
        proxy: None,
        params: None,
        query,
    }
}

fn end(hash: i64) -> functions::account::ResetAuthorization {
    functions::account::ResetAuthorization { hash }
}

#[test]
fn sessions_are_listed_with_what_they_said() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut one, _) = bench.logged_in(PHONE);
    bench.raw(&mut one, introduced("Phone", STATE).to_bytes().unwrap()).unwrap();
    bench.now += 10;
    let (mut two, _) = bench.logged_in(PHONE);
    bench.raw(&mut two, introduced("Desk", STATE).to_bytes().unwrap()).unwrap();
    let list = bench.call(&mut one, LIST).unwrap();
    assert_eq!(list.authorization_ttl_days, 180);
    let [own, other] = &list.authorizations[..] else { panic!("{list:?}") };
    assert_eq!((own.current, own.hash, &*own.device_model), (true, 0, "Phone"));
    assert_eq!((other.current, &*other.device_model, other.api_id), (false, "Desk", 7));
    assert_eq!((&*other.system_version, &*other.app_version), ("sys 1", "1.2"));
    assert_eq!(i64::from(other.date_created), bench.now);
    let seen_from_there = bench.call(&mut two, LIST).unwrap();
    assert_ne!(seen_from_there.authorizations[1].hash, other.hash);
}

#[test]
fn a_session_ends_another() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut one, me) = bench.logged_in(PHONE);
    let (mut two, _) = bench.logged_in(PHONE);
    let exported = bench.call(&mut two, functions::auth::ExportAuthorization { dc_id: 3 }).unwrap();
    let mut away = bench.client(3);
    let import = functions::auth::ImportAuthorization { id: exported.id, bytes: exported.bytes };
    bench.call(&mut away, import).unwrap();
    let list = bench.call(&mut one, LIST).unwrap();
    assert_eq!(list.authorizations.len(), 2, "what was taken to another DC is no session of its own");
    let hash = list.authorizations[1].hash;
    assert_eq!(bench.call(&mut one, end(hash + 1)), Err(refused(400, "HASH_INVALID")));
    assert_eq!(bench.call(&mut one, end(0)), Err(refused(400, "HASH_INVALID")));
    while bench.event().is_some() {}
    assert_eq!(bench.call(&mut one, end(hash)), Ok(true));
    assert_eq!(bench.event(), Some(Event::AuthorizationEnded { user_id: me.id }));
    assert!(bench.pushes.iter().any(|push| push.to == Audience::Key(two.key_id)), "it notices");
    let revoked = refused(401, "SESSION_REVOKED");
    assert_eq!(bench.call(&mut two, STATE), Err(revoked.clone()));
    let get_self = functions::users::GetUsers { id: vec![enums::InputUser::InputUserSelf] };
    assert_eq!(bench.call(&mut away, get_self), Err(revoked));
    assert_eq!(bench.call(&mut one, LIST).unwrap().authorizations.len(), 1);
    bench.sign_in(&mut two, PHONE, "22222").unwrap();
    assert!(bench.call(&mut two, STATE).is_ok(), "the key can be used again");
}

#[test]
fn all_others_are_ended_unless_the_session_is_fresh() {
    let mut bench = Bench::with(&[PHONE], r#"{"fresh_session_wait": 100}"#);
    let (mut one, _) = bench.logged_in(PHONE);
    let (mut two, _) = bench.logged_in(PHONE);
    let (mut three, _) = bench.logged_in(PHONE);
    let fresh = refused(406, "FRESH_RESET_AUTHORISATION_FORBIDDEN");
    let hash = bench.call(&mut one, LIST).unwrap().authorizations[1].hash;
    assert_eq!(bench.call(&mut one, end(hash)), Err(fresh.clone()));
    assert_eq!(bench.call(&mut one, functions::auth::ResetAuthorizations {}), Err(fresh.clone()));
    let ttl = |days| functions::account::SetAuthorizationTtl { authorization_ttl_days: days };
    assert_eq!(bench.call(&mut one, ttl(30)), Err(fresh));
    bench.now += 100;
    assert_eq!(bench.call(&mut one, functions::auth::ResetAuthorizations {}), Ok(true));
    for other in [&mut two, &mut three] {
        assert_eq!(bench.call(other, STATE), Err(refused(401, "SESSION_REVOKED")));
    }
    assert!(bench.call(&mut one, STATE).is_ok());
    assert_eq!(bench.call(&mut one, ttl(0)), Err(refused(400, "TTL_DAYS_INVALID")));
    assert_eq!(bench.call(&mut one, ttl(30)), Ok(true));
    assert_eq!(bench.call(&mut one, LIST).unwrap().authorization_ttl_days, 30);
}

#[test]
fn what_a_session_takes_can_be_changed() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut one, _) = bench.logged_in(PHONE);
    let (mut two, _) = bench.logged_in(PHONE);
    let hash = bench.call(&mut one, LIST).unwrap().authorizations[1].hash;
    let change = |hash| functions::account::ChangeAuthorizationSettings {
        hash,
        encrypted_requests_disabled: Some(true),
        ..Default::default()
    };
    assert_eq!(bench.call(&mut one, change(hash + 1)), Err(refused(400, "HASH_INVALID")));
    assert_eq!(bench.call(&mut one, change(hash)), Ok(true));
    let seen = bench.call(&mut two, LIST).unwrap();
    let own = &seen.authorizations[0];
    assert!(own.current && own.encrypted_requests_disabled && !own.call_requests_disabled);
}

#[test]
fn bots_have_no_list_of_sessions() {
    let mut bench = Bench::new(&[]);
    let mut bot = bench.client(2);
    let import = functions::auth::ImportBotAuthorization {
        api_id: 1,
        api_hash: "x".into(),
        bot_auth_token: "42:secret".into(),
        ..Default::default()
    };
    bench.call(&mut bot, import).unwrap();
    assert_eq!(bench.call(&mut bot, LIST), Err(refused(400, "BOT_METHOD_INVALID")));
}
