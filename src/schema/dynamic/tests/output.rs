//! What people see: trees, `Debug`, JSON and its errors.

use serde_json::{Value as Json, json};

use super::registry;
use crate::schema::dynamic::{Tree, Value, fmt_debug, hex};
use crate::tl;

#[test]
fn a_body_that_cannot_be_decoded_does_not_hide_the_others() {
    let message = |body: &str| json!({"msg_id": 1, "seqno": 0, "bytes": 0, "body": {"raw": body}});
    let json =
        json!({"_": "msg_container", "messages": [message("01020304"), message("ec77be7a0700000000000000")]});
    let bytes = registry().from_json(&json).unwrap().encode().unwrap();
    let node = registry().decode(&bytes).unwrap();
    let expected = "     0     56  msg_container#73f1f8dc
     4     52    messages: vector<%Message> (2)
     8     20      [0] message#5bb8e511
     8      8        msg_id: long = 1
    16      4        seqno: int = 0
    20      4        bytes: int = 4
    24      4        body: 01020304  not decoded: at byte 24: no constructor has the id 04030201
    28     28      [1] message#5bb8e511
    28      8        msg_id: long = 1
    36      4        seqno: int = 0
    40      4        bytes: int = 12
    44     12        body: ping#7abe77ec
    48      8          ping_id: long = 7
";
    assert_eq!(Tree(&node).to_string(), expected);
    assert_eq!(node.value.encode().unwrap(), bytes);
}

#[test]
fn results_need_the_function_to_tell_their_type() {
    let ids = registry().encode_as("Vector<int>", &Value::Vector(vec![Value::Int(5).into()])).unwrap();
    let node = registry().decode_result("contacts.getContactIDs", &ids).unwrap();
    assert_eq!(node.value.to_json(), json!([5]));
    let error = registry().decode_result("contacts.getContacts", &ids).unwrap_err();
    assert_eq!(error.to_string(), "at byte 0: expected contacts.Contacts, found a Vector (1cb5c415)");

    let result = json!({"_": "rpc_result", "req_msg_id": 1, "result": {"raw": hex::encode(&ids)}});
    let bytes = registry().from_json(&result).unwrap().encode().unwrap();
    let node = registry().decode(&bytes).unwrap();
    assert!(matches!(node.value.as_object().unwrap().get("result"), Some(Value::Raw(_))));
    assert_eq!(node.value.encode().unwrap(), bytes);
}

#[test]
fn ranges_are_those_of_the_bytes() {
    let json = json!({"_": "messages.sendMessage", "peer": {"_": "inputPeerUser", "user_id": 7, "access_hash": 8},
                      "message": "hello", "random_id": 9, "silent": true});
    let bytes = registry().from_json(&json).unwrap().encode().unwrap();
    let node = registry().decode(&bytes).unwrap();
    let fields = node.value.as_object().unwrap().fields();
    let ranges: Vec<_> = fields.iter().map(|field| (field.name, field.node.range.clone())).collect();
    let expected =
        [("flags", 4..8), ("silent", 8..8), ("peer", 8..28), ("message", 28..36), ("random_id", 36..44)];
    assert_eq!(ranges, expected);
}

#[test]
fn debug_looks_like_rust_and_hides_secrets() {
    let debug = |json: Json| {
        let bytes = registry().from_json(&json).unwrap().encode().unwrap();
        struct Shown(tl::Bytes);
        impl std::fmt::Debug for Shown {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                fmt_debug(&self.0, f)
            }
        }
        format!("{:?}", Shown(bytes))
    };
    let send = json!({"_": "messages.sendMessage", "peer": {"_": "inputPeerSelf"}, "message": "hi\n", "random_id": 7,
                      "silent": true});
    let expected = r#"SendMessage { silent: true, peer: InputPeerSelf, message: "hi\n", random_id: 7 }"#;
    assert_eq!(debug(send), expected);
    let sign_in =
        json!({"_": "auth.signIn", "phone_number": "1", "phone_code_hash": "abc", "phone_code": "12345"});
    let expected = r#"SignIn { phone_number: "1", phone_code_hash: [hidden], phone_code: [hidden] }"#;
    assert_eq!(debug(sign_in), expected);
    let authorization = json!({"_": "auth.importAuthorization", "id": 1, "bytes": "c0ffee"});
    assert_eq!(debug(authorization), "ImportAuthorization { id: 1, bytes: [hidden] }");
    let part = json!({"_": "upload.saveFilePart", "file_id": 1, "file_part": 0, "bytes": "00".repeat(100)});
    let expected =
        format!("SaveFilePart {{ file_id: 1, file_part: 0, bytes: {}… (100 bytes) }}", "00".repeat(32));
    assert_eq!(debug(part), expected);

    let shown = format!("{:?}", tl::types::InputPeerUser { user_id: 3, access_hash: 4 });
    assert_eq!(shown, "InputPeerUser { user_id: 3, access_hash: 4 }");
}

#[test]
fn json_errors_name_the_path() {
    let error = |name: &str, json: Json| registry().from_json_as(name, &json).unwrap_err().to_string();
    let send = |peer: Json| json!({"peer": peer, "message": "hi", "random_id": 1});
    let cases = [
        (
            send(json!({"_": "inputPeerUser", "user_id": "x", "access_hash": 1})),
            r#"$.peer.user_id: expected long (a number or a string of digits), found "x""#,
        ),
        (send(json!({"_": "inputPeerUser", "user_id": 1})), "$.peer: field `access_hash` is missing"),
        (send(json!({"_": "inputUserSelf"})), "$.peer: `inputUserSelf` is no InputPeer"),
        (send(json!({})), "$.peer: `_` must name the InputPeer"),
        (send(json!({"_": "inputPeerSelf", "x": 1})), "$.peer: `inputPeerSelf` has no field `x`"),
        (json!([]), "$: expected messages.sendMessage, found an array"),
        (json!({"_": "help.getConfig"}), "$: `help.getConfig` is no messages.sendMessage"),
        (
            json!({"peer": {"_": "inputPeerSelf"}, "message": "", "random_id": 1,
                   "entities": [{"_": "messageEntityBold", "offset": 0, "length": 1u64 << 31}]}),
            "$.entities[0].length: expected int, found 2147483648",
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(error("messages.sendMessage", json), expected);
    }
    assert_eq!(
        error("msgs_state_info", json!({"req_msg_id": 1, "info": "0"})),
        "$.info: expected bytes (a string of hexadecimal digits), found \"0\""
    );
    assert_eq!(
        error("NoSuchType", json!({})),
        "$: `NoSuchType` is no type, constructor or function of the schema"
    );
    assert_eq!(
        registry().from_json(&json!(5)).unwrap_err().to_string(),
        "$: expected an object with `_`, found 5"
    );
}

#[test]
fn json_takes_what_people_write() {
    let long = |json: Json| registry().from_json_as("long", &json).unwrap();
    assert_eq!(long(json!(-5)), Value::Long(-5));
    assert_eq!(long(json!(i64::MAX.to_string())), Value::Long(i64::MAX));
    let config = registry().from_json_as("help.getConfig", &json!({})).unwrap();
    assert_eq!(
        config.encode().unwrap()[..],
        registry().function("help.getConfig").unwrap().definition().id.to_le_bytes()
    );
    let json = json!({"_": "codeSettings", "token": null, "allow_flashcall": false});
    assert_eq!(registry().from_json(&json).unwrap().to_json(), json!({"_": "codeSettings"}));
    // What is not UTF-8 is kept.
    let odd = Value::String(vec![0xff, b'a']);
    assert_eq!(odd.to_json(), json!({"hex": "ff61"}));
    assert_eq!(registry().from_json_as("string", &odd.to_json()).unwrap(), odd);
    for double in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1, -0.0] {
        let again = registry().from_json_as("double", &Value::Double(double).to_json()).unwrap();
        let bits = |value: &Value| registry().encode_as("double", value).unwrap();
        assert_eq!(bits(&again), bits(&Value::Double(double)), "{double}");
    }
}
