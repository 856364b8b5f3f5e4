//! What survives a restart, and what a start refuses.

use super::*;

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
    let mut late = bench.client(2);
    let hash = bench.send_code(&mut late, "9996629999").unwrap().phone_code_hash;
    assert!(bench.sign_in_with(&mut late, "9996629999", &hash, "33333").is_err());
    let salts = bench.world.salts;
    drop(bench);

    let mut bench = start(&[]);
    assert_eq!(bench.world.salts, salts);
    assert_eq!(bench.world.accounts.by_phone(PHONE).unwrap().password, password);
    assert!(bench.world.keys.authorization(caller.key_id).unwrap().awaiting_password.is_some());
    let state = bench.call(&mut other, functions::updates::GetState {}).unwrap();
    assert_eq!(state.pts, 2);
    // A code that was sent is still good, its tries are counted on, and one that was used is gone.
    let pending: Vec<_> =
        bench.world.codes.iter().map(|(hash, code)| (hash.to_owned(), code.attempts)).collect();
    assert_eq!(pending, [(hash.to_string(), 4)]);
    bench.sign_in_with(&mut late, "9996629999", &hash, "22222").unwrap();
    assert_eq!(bench.world.accounts.get(eve.id).unwrap().first_name, "Eve");
}

#[test]
fn accounts_that_contradict_are_refused() {
    let (sender, _events) = mpsc::channel(1);
    let mut world = World::new(Policy::default(), StdRng::seed_from_u64(7), sender);
    world.dcs = vec![DcAddress { id: 1, host: "127.0.0.1".into(), port: 1 }];
    for (account, bot) in [
        ("9996611234,dc=2", None),
        ("9996621234", None),
        ("12025550123", Some("no token")),
        ("12025550123", Some("42:abc,dc=9")),
        ("12025550123", Some("42:abc,colour=red")),
    ] {
        let result = world
            .register(&[account.parse().unwrap()], &bot.map(str::to_owned).into_iter().collect::<Vec<_>>());
        assert!(matches!(result, Err(Error::Account { .. })), "{account}");
    }
    assert_eq!(world.accounts.by_phone("12025550123").unwrap().dc, 1);
}
