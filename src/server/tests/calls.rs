//! What surrounds a call: wrappers, layers, garbage.

use super::*;

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
